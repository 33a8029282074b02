//! How long an editor waits in files of 10,000 layers: `cargo run --release -p netc-language-server --example latency`.
//!
//! In each file 200 places are changed at random: a stage comes or goes, a number or a letter is typed, an arrow or a bracket is taken
//! away. Directly after the change it asks what an editor asks: hover, then inlay hints and semantic tokens of the visible lines; then it
//! waits for the diagnostics, changes the text back, and waits again. Times are from the question to its answer, the first from the
//! change; that of the diagnostics is from the change as well. Messages go through channels, not through text.

use lsp_server::{Connection, Message, Notification, Request};
use netc_language_server::serve;
use serde_json::{Value, json};
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error>>;

const CHANGES: usize = 200;

/// What is measured, in the order of asking.
const ASKED: [&str; 4] = [
    "textDocument/hover",
    "textDocument/inlayHint",
    "textDocument/semanticTokens/range",
    "diagnostics",
];

/// An editor with one file.
struct Editor {
    connection: Connection,
    uri: String,
    lines: Vec<String>,
}

fn main() -> Outcome<()> {
    let mut out = std::io::stdout();
    let files = [("one chain", chain()?), ("blocks and repeats", blocks()?)];
    for (name, text) in files {
        let lines = text.lines().count();
        writeln!(out, "{name}: {lines} lines, {} bytes", text.len())?;
        let mut times = vec![Vec::new(); ASKED.len()];
        let editor = Editor::open(text)?;
        let mut random = Random(1);
        for _ in 0..CHANGES {
            editor.change_and_ask(&mut random, &mut times)?;
        }
        for (what, times) in ASKED.iter().zip(&mut times) {
            times.sort_by(f64::total_cmp);
            let at = |share: usize| times[(times.len() - 1) * share / 100];
            let (half, most, worst) = (at(50), at(95), at(100));
            writeln!(
                out,
                "  {what}: median {half:.1} ms, 95 of 100 under {most:.1} ms, worst {worst:.1} ms"
            )?;
        }
    }
    Ok(())
}

/// 10,000 layers in one chain.
fn chain() -> Outcome<String> {
    let mut text = "INPUT(16x16x8)\n".to_owned();
    for _ in 0..5_000 {
        writeln!(text, "=> CONV(8, 3x3, same) => RELU")?;
    }
    Ok(text)
}

/// 10,000 layers that are written in blocks, groups that are repeated and branches, with comments.
fn blocks() -> Outcome<String> {
    let mut text = "net Large\nlet wide = 8\n".to_owned();
    for i in 0..100 {
        writeln!(
            text,
            "\n// Part {i}.\nblock part{i}(n) = CONV(n, 3x3, same) => BN => RELU"
        )?;
        for _ in 0..9 {
            writeln!(
                text,
                "    => (CONV(n, 3x3, same) => BN => RELU) * 2 // twice"
            )?;
            writeln!(text, "    => [ CONV(n, 1x1) => BN | SKIP ] => ADD => RELU")?;
        }
    }
    text += "\nINPUT(16x16x8)\n";
    for i in 0..100 {
        writeln!(text, "=> part{i}(wide)")?;
    }
    text += "=> GLOBALPOOL => FC(10)\n\nexpect layers >= 9_000\n\ntrain { epochs = 3 }\n";
    Ok(text)
}

/// Numbers that are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

impl Editor {
    fn open(text: String) -> Outcome<Self> {
        let (ours, theirs) = Connection::memory();
        std::thread::spawn(move || serve(&theirs));
        let editor = Self {
            connection: ours,
            uri: "file:///nowhere/large.net".to_owned(),
            lines: text.lines().map(str::to_owned).collect(),
        };
        editor.ask("initialize", json!({ "capabilities": {} }))?;
        editor.tell("initialized", json!({}))?;
        let document =
            json!({ "uri": editor.uri, "languageId": "netc", "version": 1, "text": text });
        editor.tell("textDocument/didOpen", json!({ "textDocument": document }))?;
        editor.wait_for_diagnostics()?;
        Ok(editor)
    }

    fn tell(&self, method: &str, params: Value) -> Outcome<()> {
        let method = method.to_owned();
        Ok(self
            .connection
            .sender
            .send(Notification { method, params }.into())?)
    }

    /// Asks, and waits for the answer; whether diagnostics came before it.
    fn ask(&self, method: &str, params: Value) -> Outcome<bool> {
        let request = Request::new(1.into(), method.to_owned(), params);
        self.connection.sender.send(request.into())?;
        let mut diagnostics = false;
        while !matches!(self.connection.receiver.recv()?, Message::Response(_)) {
            diagnostics = true;
        }
        Ok(diagnostics)
    }

    fn wait_for_diagnostics(&self) -> Outcome<()> {
        while !matches!(self.connection.receiver.recv()?, Message::Notification(_)) {}
        Ok(())
    }

    /// Writes another text in place of a line's part.
    fn change(&self, line: usize, (start, end): (usize, usize), new: &str) -> Outcome<()> {
        let place = |character: usize| json!({ "line": line, "character": character });
        let change = json!({ "range": { "start": place(start), "end": place(end) }, "text": new });
        let document = json!({ "uri": self.uri, "version": 2 });
        let params = json!({ "textDocument": document, "contentChanges": [change] });
        self.tell("textDocument/didChange", params)
    }

    fn change_and_ask(&self, random: &mut Random, times: &mut [Vec<f64>]) -> Outcome<()> {
        let line = random.below(self.lines.len());
        let text = &self.lines[line];
        let start = random.below(text.len() + 1);
        let rest = text.len() - start;
        let (length, new) = match random.below(6) {
            0 => (0, "3"),
            1 => (0, "x"),
            2 => (rest.min(1), ""),
            3 => (rest.min(2), "=> RELU "),
            4 => (0, " => RELU => "),
            _ => (rest, ""),
        };
        let old = &text[start..start + length];
        let began = Instant::now();
        self.change(line, (start, start + length), new)?;
        let first = line.saturating_sub(20);
        let params = json!({
            "textDocument": { "uri": self.uri },
            "position": { "line": line, "character": 4 },
            "range": {
                "start": { "line": first, "character": 0 },
                "end": { "line": line + 20, "character": 0 },
            },
        });
        let (mut asked, mut told) = (began, None);
        for (method, times) in ASKED.iter().zip(times.iter_mut()).take(ASKED.len() - 1) {
            if self.ask(method, params.clone())? {
                told = Some(began.elapsed());
            }
            times.push(asked.elapsed().as_secs_f64() * 1e3);
            asked = Instant::now();
        }
        if told.is_none() {
            self.wait_for_diagnostics()?;
        }
        let all = told.unwrap_or_else(|| began.elapsed()).as_secs_f64() * 1e3;
        times
            .last_mut()
            .into_iter()
            .for_each(|times| times.push(all));
        self.change(line, (start, start + new.len()), old)?;
        self.wait_for_diagnostics()
    }
}
