//! How long an editor waits in a file of 10,000 layers: `cargo run --release -p netc-language-server --example latency`.

use lsp_server::{Connection, Message, Notification, Request};
use netc_language_server::serve;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

const URI: &str = "file:///nowhere/large.net";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = "INPUT(16x16x8)\n".to_owned();
    for _ in 0..5_000 {
        writeln!(text, "=> CONV(8, 3x3, same) => RELU")?;
    }
    let (ours, theirs) = Connection::memory();
    std::thread::spawn(move || serve(&theirs));
    let ask = |method: &str, params: Value| -> Result<f64, Box<dyn std::error::Error>> {
        let start = Instant::now();
        let request = Request::new(1.into(), method.to_owned(), params);
        ours.sender.send(request.into())?;
        while !matches!(ours.receiver.recv()?, Message::Response(_)) {}
        Ok(start.elapsed().as_secs_f64() * 1e3)
    };
    let tell = |method: &str, params: Value| {
        let method = method.to_owned();
        ours.sender.send(Notification { method, params }.into())
    };
    ask("initialize", json!({ "capabilities": {} }))?;
    tell("initialized", json!({}))?;
    let document = json!({ "uri": URI, "languageId": "netc", "version": 1, "text": text });
    tell("textDocument/didOpen", json!({ "textDocument": document }))?;
    let position = json!({ "line": 2_500, "character": 4 });
    let range = json!({ "start": { "line": 2_480, "character": 0 }, "end": { "line": 2_520, "character": 0 } });
    let params = json!({
        "textDocument": { "uri": URI }, "position": position, "range": range, "context": {},
    });
    let mut out = std::io::stdout();
    writeln!(
        out,
        "opened: {:.1} ms",
        ask("textDocument/hover", params.clone())?
    )?;
    for method in [
        "hover",
        "completion",
        "definition",
        "references",
        "inlayHint",
        "documentSymbol",
        "semanticTokens/full",
        "codeAction",
    ] {
        let method = format!("textDocument/{method}");
        let quiet = ask(&method, params.clone())?;
        let edit = json!({ "range": { "start": position, "end": position }, "text": " " });
        let document = json!({ "uri": URI, "version": 2 });
        let change = json!({ "textDocument": document, "contentChanges": [edit] });
        tell("textDocument/didChange", change)?;
        let typed = ask(&method, params.clone())?;
        writeln!(
            out,
            "{method}: {quiet:.1} ms, directly after a change {typed:.1} ms"
        )?;
    }
    Ok(())
}
