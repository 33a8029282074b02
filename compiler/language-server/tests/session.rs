//! What an editor asks, and what it is told.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use lsp_server::{Connection, Message, Notification, Request, ResponseError};
use netc_language_server::serve;
use serde_json::{Value, json};
use std::thread::JoinHandle;

const URI: &str = "file:///nowhere/a.net";

/// An editor with a server of its own.
struct Editor {
    connection: Connection,
    server: Option<JoinHandle<Result<(), String>>>,
    count: i32,
}

impl Editor {
    fn new() -> Self {
        let (ours, theirs) = Connection::memory();
        let server = Some(std::thread::spawn(move || serve(&theirs)));
        let mut editor = Self {
            connection: ours,
            server,
            count: 0,
        };
        editor.ask("initialize", json!({ "capabilities": {} }));
        editor.tell("initialized", json!({}));
        editor
    }

    fn with(text: &str) -> Self {
        let editor = Self::new();
        editor.open(URI, text);
        editor
    }

    fn open(&self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "netc", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    fn tell(&self, method: &str, params: Value) {
        let method = method.to_owned();
        self.connection
            .sender
            .send(Notification { method, params }.into())
            .unwrap();
    }

    fn respond(&mut self, method: &str, params: Value) -> Result<Value, ResponseError> {
        self.count += 1;
        let id = self.count.into();
        let request = Request::new(id, method.to_owned(), params);
        self.connection.sender.send(request.into()).unwrap();
        loop {
            if let Message::Response(response) = self.connection.receiver.recv().unwrap() {
                return response.response_result;
            }
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.respond(method, params).unwrap()
    }

    /// Asks about a place, given by its line and character.
    fn at(&mut self, method: &str, line: u32, character: u32) -> Value {
        let position = json!({ "line": line, "character": character });
        let document = json!({ "uri": URI });
        self.ask(
            method,
            json!({ "textDocument": document, "position": position }),
        )
    }

    fn diagnostics(&self) -> Value {
        loop {
            let message = self.connection.receiver.recv().unwrap();
            if let Message::Notification(note) = message {
                return note.params["diagnostics"].clone();
            }
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.server.take().unwrap().join().unwrap().unwrap();
    }
}

const NET: &str = "net Small
let wide = 8
block conv(n) = CONV(n, 3x3, same) => RELU

INPUT(32x32x3)
=> conv(wide) => conv(2 * wide) as stem
=> POOL(2x2) => CONV(16, 1x1) => [ SKIP | CONV(16, 1x1) ] => ADD as sum
=> CONCAT(sum) => FC(10)
";

#[test]
fn mistakes_are_shown_as_they_are_typed_and_fixed() {
    let mut editor = Editor::with("INPUT(8x8x3) => CONVV(4, 3x3) => FC(wide)\n");
    let shown = editor.diagnostics();
    assert_eq!(shown.as_array().unwrap().len(), 2, "{shown}");
    assert_eq!(shown[0]["severity"], 1);
    assert_eq!(
        shown[0]["range"]["start"],
        json!({ "line": 0, "character": 16 })
    );
    let range =
        json!({ "start": { "line": 0, "character": 17 }, "end": { "line": 0, "character": 17 } });
    let actions = editor.ask(
        "textDocument/codeAction",
        json!({ "textDocument": { "uri": URI }, "range": range, "context": { "diagnostics": [] } }),
    );
    let edit = &actions[0]["edit"]["changes"][URI][0];
    assert_eq!(edit["newText"], "CONV", "{actions}");
    let changes = json!([
        { "range": edit["range"], "text": edit["newText"] },
        { "range": { "start": { "line": 0, "character": 35 }, "end": { "line": 0, "character": 39 } }, "text": "10" },
    ]);
    let document = json!({ "uri": URI, "version": 2 });
    editor.tell(
        "textDocument/didChange",
        json!({ "textDocument": document, "contentChanges": changes }),
    );
    assert_eq!(editor.diagnostics(), json!([]));
}

#[test]
fn hover_knows_shapes_numbers_options_and_names() {
    let mut editor = Editor::with(NET);
    let mut text = |line, character| {
        let hover = editor.at("textDocument/hover", line, character);
        hover["contents"]["value"].as_str().unwrap_or("").to_owned()
    };
    let layer = text(6, 16);
    assert!(
        layer.contains("16x16x16 -> 16x16x16, 272 parameters, 65,536 MACs"),
        "{layer}"
    );
    assert!(
        layer.contains("convolution") && layer.contains("`groups`"),
        "{layer}"
    );
    let block = text(5, 4);
    assert!(
        block.contains("2 layers: 32x32x3 -> 32x32x8, 224 parameters"),
        "{block}"
    );
    assert!(
        block.contains("block conv(n) = CONV(n, 3x3, same) => RELU"),
        "{block}"
    );
    // Inside the block: each use.
    let inside = text(2, 18);
    assert!(
        inside.contains("32x32x3 -> 32x32x8") && inside.contains("32x32x8 -> 32x32x16"),
        "{inside}"
    );
    assert!(text(1, 5).contains("let wide = 8"));
    assert_eq!(text(3, 0), "");
}

#[test]
fn completion_fits_the_place() {
    let mut editor = Editor::with(&format!("{NET}expect \ntrain {{\n  \n}}\n// C\n"));
    let mut labels = |line, character| -> Vec<String> {
        let items = editor.at("textDocument/completion", line, character);
        let label = |item: &Value| item["label"].as_str().unwrap().to_owned();
        items.as_array().unwrap().iter().map(label).collect()
    };
    let stages = labels(6, 3);
    assert!(stages.contains(&"AVGPOOL".into()) && stages.contains(&"conv".into()));
    assert!(!stages.contains(&"expect".into()));
    let options = labels(6, 28);
    assert!(
        ["groups", "same", "wide"]
            .iter()
            .all(|n| options.contains(&(*n).into())),
        "{options:?}"
    );
    assert!(!options.contains(&"stem".into()));
    let taps = labels(7, 10);
    assert!(
        taps.contains(&"stem".into()) && taps.contains(&"sum".into()),
        "{taps:?}"
    );
    assert!(labels(8, 7).contains(&"accuracy".into()));
    assert!(labels(10, 2).contains(&"optimizer".into()));
    assert!(labels(12, 4).is_empty());
}

#[test]
fn names_are_found_and_changed() {
    let mut editor = Editor::with(NET);
    let defined = editor.at("textDocument/definition", 5, 4);
    assert_eq!(
        defined["range"]["start"],
        json!({ "line": 2, "character": 6 })
    );
    let tap = editor.at("textDocument/definition", 7, 11);
    assert_eq!(tap["range"]["start"], json!({ "line": 6, "character": 68 }));
    let uses = editor.at("textDocument/references", 1, 5);
    assert_eq!(uses.as_array().unwrap().len(), 3);
    let ready = editor.at("textDocument/prepareRename", 2, 11);
    assert_eq!(ready["placeholder"], "n");
    let params = |name: &str| json!({ "textDocument": { "uri": URI }, "position": { "line": 2, "character": 11 }, "newName": name });
    let edit = editor.ask("textDocument/rename", params("filters"));
    assert_eq!(edit["changes"][URI].as_array().unwrap().len(), 2);
    for (name, why) in [("CAPS", "no name"), ("wide", "taken"), ("a b", "no name")] {
        let refused = editor
            .respond("textDocument/rename", params(name))
            .unwrap_err();
        assert!(refused.message.contains(why), "{refused:?}");
    }
    assert_eq!(editor.at("textDocument/prepareRename", 6, 16), Value::Null);
}

#[test]
fn other_files_are_read_as_they_are_on_the_screen() {
    let mut editor = Editor::new();
    editor.open(
        "file:///nowhere/parts.net",
        "let wide = 4\nblock head(n) = FC(n)\n",
    );
    editor.open(URI, "use \"parts.net\"\nINPUT(8) => FC(wide) => head(2)\n");
    let defined = editor.at("textDocument/definition", 1, 25);
    assert_eq!(defined["uri"], "file:///nowhere/parts.net");
    assert_eq!(
        defined["range"]["start"],
        json!({ "line": 1, "character": 6 })
    );
    let file = editor.at("textDocument/definition", 0, 8);
    assert_eq!(file["uri"], "file:///nowhere/parts.net");
    let refused = editor.respond("textDocument/rename", json!({
        "textDocument": { "uri": URI }, "position": { "line": 1, "character": 25 }, "newName": "tail"
    }));
    assert!(refused.unwrap_err().message.contains("another file"));
    let items = editor.at("textDocument/completion", 1, 24);
    assert!(
        items
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["label"] == "head")
    );
}

#[test]
fn shapes_outline_tokens_and_form() {
    let mut editor = Editor::with(NET);
    let document = json!({ "uri": URI });
    let range =
        json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let hints = editor.ask(
        "textDocument/inlayHint",
        json!({ "textDocument": document, "range": range }),
    );
    let labels: Vec<&str> = hints
        .as_array()
        .unwrap()
        .iter()
        .map(|h| h["label"].as_str().unwrap())
        .collect();
    let wanted = [
        "32x32x3", "32x32x8", "32x32x16", "16x16x16", "16x16x16", "16x16x16", "16x16x16",
        "16x16x32", "10",
    ];
    assert_eq!(labels, wanted);
    let outline = editor.ask(
        "textDocument/documentSymbol",
        json!({ "textDocument": document }),
    );
    let names: Vec<&str> = outline
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Small", "wide", "conv", "network"]);
    let tokens = editor.ask(
        "textDocument/semanticTokens/full",
        json!({ "textDocument": document }),
    );
    let data = tokens["data"].as_array().unwrap();
    // `net` is a keyword, and `Small`, 4 further, what it names.
    assert_eq!(data[..8], [0, 0, 3, 3, 0, 0, 4, 5].map(|n| json!(n)));
    assert_eq!(data.len() % 5, 0);
    let same = editor.ask(
        "textDocument/formatting",
        json!({ "textDocument": document }),
    );
    assert_eq!(same, json!([]));
    editor.open(URI, "INPUT(8)=>DENSE(2)");
    let edits = editor.ask(
        "textDocument/formatting",
        json!({ "textDocument": document }),
    );
    assert_eq!(edits[0]["newText"], "INPUT(8) => FC(2)\n");
    editor.open(URI, "INPUT(8)=>DENSE(2");
    let none = editor.ask(
        "textDocument/formatting",
        json!({ "textDocument": document }),
    );
    assert_eq!(none, Value::Null);
    let unknown = editor.respond(
        "textDocument/foldingRange",
        json!({ "textDocument": document }),
    );
    assert!(unknown.is_err());
    let closed = editor.respond(
        "textDocument/hover",
        json!({ "textDocument": { "uri": "file:///b.net" } }),
    );
    assert!(closed.unwrap_err().message.contains("not open"));
}

/// No text and no place breaks the server.
#[test]
fn anything_may_be_typed() {
    let mut editor = Editor::new();
    let methods = [
        "hover",
        "completion",
        "definition",
        "references",
        "prepareRename",
    ];
    for end in 0..NET.len() {
        let text = format!("{}\u{e9}", &NET[..end]);
        editor.open(URI, &text);
        let line = text.matches('\n').count() as u32;
        for method in methods {
            editor.at(&format!("textDocument/{method}"), line, (end % 40) as u32);
        }
        let whole = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
        for method in [
            "inlayHint",
            "documentSymbol",
            "semanticTokens/full",
            "formatting",
            "codeAction",
        ] {
            let params = json!({ "textDocument": { "uri": URI }, "range": whole });
            editor.ask(&format!("textDocument/{method}"), params);
        }
    }
}

/// After each change everything is as if the text had just been opened, though most of its tree is an earlier one's.
#[test]
fn changes_leave_nothing_behind() {
    let stages = "=> conv(wide) => [ SKIP | CONV(16, 1x1) => RELU => BN ] => ADD\n".repeat(3);
    let mut text = NET.replace("=> POOL(2x2)", &format!("{stages}=> POOL(2x2)"));
    let mut editor = Editor::with(&text);
    editor.diagnostics();
    let mut random = 1_u64;
    let mut below = |n: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) as usize % n
    };
    let typed = [
        "",
        "8",
        " => RELU",
        "(",
        "=> CONVV(3)\n",
        " as here",
        "// c",
        ", bias=false",
    ];
    for version in 2..40 {
        let lines: Vec<&str> = text.split('\n').collect();
        let line = below(lines.len());
        let start = below(lines[line].len() + 1);
        let end = (start + below(4)).min(lines[line].len());
        let new = typed[below(typed.len())];
        let before: usize = lines[..line].iter().map(|l| l.len() + 1).sum();
        let changed = [&text[..before + start], new, &text[before + end..]].concat();
        let place = |character: usize| json!({ "line": line, "character": character });
        let change = json!({ "range": { "start": place(start), "end": place(end) }, "text": new });
        let document = json!({ "uri": URI, "version": version });
        editor.tell(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [change] }),
        );
        let mut fresh = Editor::with(&changed);
        assert_eq!(editor.diagnostics(), fresh.diagnostics(), "{changed}");
        let whole = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
        let params = json!({ "textDocument": { "uri": URI }, "range": whole });
        for method in [
            "inlayHint",
            "documentSymbol",
            "semanticTokens/full",
            "codeAction",
        ] {
            let method = format!("textDocument/{method}");
            assert_eq!(
                editor.ask(&method, params.clone()),
                fresh.ask(&method, params.clone()),
                "{changed}"
            );
        }
        // Where little is wrong, the next change is to this text.
        match editor.ask("textDocument/codeAction", params) {
            Value::Array(fixes) if fixes.len() < 3 => text = changed,
            _ => {
                let all = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
                editor.tell("textDocument/didChange", all);
                editor.diagnostics();
            }
        }
    }
}

#[test]
fn tokens_of_a_part_are_those_of_the_whole() {
    let mut editor = Editor::with(NET);
    let mut tokens = |method: &str, first: u32, last: u32| {
        let range = json!({ "start": { "line": first, "character": 0 }, "end": { "line": last, "character": 0 } });
        let params = json!({ "textDocument": { "uri": URI }, "range": range });
        let answer = editor.ask(&format!("textDocument/semanticTokens/{method}"), params);
        let data = answer["data"].as_array().unwrap().clone();
        let (mut line, mut column) = (0, 0);
        let place = |token: &[Value]| {
            let number = |i: usize| token[i].as_u64().unwrap();
            column = if number(0) == 0 {
                column + number(1)
            } else {
                number(1)
            };
            line += number(0);
            [line, column, number(2), number(3)]
        };
        data.chunks(5).map(place).collect::<Vec<_>>()
    };
    let whole = tokens("full", 0, 0);
    let part: Vec<_> = whole
        .into_iter()
        .filter(|token| (2..4).contains(&token[0]))
        .collect();
    assert!(part.len() > 5);
    assert_eq!(tokens("range", 2, 4), part);
}
