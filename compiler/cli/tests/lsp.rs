//! `netc lsp`: a client of a few lines over standard input and output. What is answered to what is tested with the server itself.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod common;

use common::Folder;
use serde_json::{Value, json};

fn framed(messages: &[Value]) -> Vec<u8> {
    let frame = |message: &Value| {
        let text = message.to_string();
        format!("Content-Length: {}\r\n\r\n{text}", text.len())
    };
    messages.iter().map(frame).collect::<String>().into_bytes()
}

fn messages(mut text: &str) -> Vec<Value> {
    let mut messages = Vec::new();
    while let Some((head, rest)) = text.split_once("\r\n\r\n") {
        let length: usize = head.rsplit(' ').next().unwrap().parse().unwrap();
        messages.push(serde_json::from_str(&rest[..length]).unwrap());
        text = &rest[length..];
    }
    messages
}

#[test]
fn an_editor_is_served_over_standard_input_and_output() {
    let folder = Folder::new();
    let uri = "file:///nowhere/a.net";
    let document = json!({ "uri": uri, "languageId": "netc", "version": 1, "text": "INPUT(8x8x3) => CONV(4, 9x9)\n" });
    let request = |id: u32, method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    let note = |method: &str, params: Value| json!({ "jsonrpc": "2.0", "method": method, "params": params });
    let place =
        json!({ "textDocument": { "uri": uri }, "position": { "line": 0, "character": 17 } });
    let said = framed(&[
        request(1, "initialize", json!({ "capabilities": {} })),
        note("initialized", json!({})),
        note("textDocument/didOpen", json!({ "textDocument": document })),
        request(2, "textDocument/hover", place),
        request(3, "shutdown", Value::Null),
        note("exit", Value::Null),
    ]);
    let run = folder.netc_reading(&said, ["lsp", "--stdio"]);
    let heard = messages(&run.succeeds().out);
    let answer = |id: u32| heard.iter().find(|m| m["id"] == id).unwrap();
    assert_eq!(answer(1)["result"]["capabilities"]["hoverProvider"], true);
    let hover = answer(2)["result"]["contents"]["value"].as_str().unwrap();
    assert!(hover.contains("convolution"), "{hover}");
    assert_eq!(answer(3)["result"], Value::Null);
}

#[test]
fn an_editor_that_goes_ends_the_server() {
    let folder = Folder::new();
    let run = folder.netc_reading(b"", ["lsp"]);
    run.fails(2, &["the editor has gone"]);
    folder.netc_reading(b"no protocol\n", ["lsp"]).fails(2, &[]);
}
