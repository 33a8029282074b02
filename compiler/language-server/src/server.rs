//! The adapter between a connection and the features.

use crate::analysis::{Analysis, bytes};
use crate::position::Text;
use crate::{actions, completion, definition, diagnostics, hints, hover, outline, tokens};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use netc_compiler::format::format;
use netc_compiler::{Files, Loader};
use netc_grammar::{FileId, Parsed, Span};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

/// How long nothing must be asked before diagnostics are made ready.
const PAUSE: Duration = Duration::from_millis(15);

/// Speaks with an editor until it says goodbye.
///
/// # Errors
/// Why the connection broke.
pub fn serve(connection: &Connection) -> Result<(), String> {
    connection
        .initialize(capabilities())
        .map_err(|e| e.to_string())?;
    let mut server = Server::default();
    while let Some(message) = server.next(connection)? {
        match message {
            Message::Request(request) => {
                if connection
                    .handle_shutdown(&request)
                    .map_err(|e| e.to_string())?
                {
                    return Ok(());
                }
                send(connection, server.answer(request).into())?;
            }
            Message::Notification(note) => server.take(connection, note)?,
            Message::Response(_) => {}
        }
    }
    Ok(())
}

fn send(connection: &Connection, message: Message) -> Result<(), String> {
    connection.sender.send(message).map_err(|e| e.to_string())
}

fn capabilities() -> Value {
    json!({
        "textDocumentSync": { "openClose": true, "change": 2, "save": true },
        "hoverProvider": true,
        "completionProvider": { "triggerCharacters": ["(", ",", "=", ">", " "] },
        "definitionProvider": true,
        "referencesProvider": true,
        "renameProvider": { "prepareProvider": true },
        "documentSymbolProvider": true,
        "documentFormattingProvider": true,
        "codeActionProvider": { "codeActionKinds": ["quickfix"] },
        "inlayHintProvider": true,
        "semanticTokensProvider": {
            "legend": { "tokenTypes": tokens::KINDS, "tokenModifiers": [] },
            "full": true,
            "range": true,
        },
    })
}

/// An open file.
#[derive(Debug)]
struct Document {
    text: Text,
    version: Value,
    /// What is known of the text as it is now.
    analysis: Option<Analysis>,
    /// What was known of an earlier one.
    before: Option<Parsed>,
    /// Its diagnostics have been sent.
    told: bool,
}

#[derive(Debug, Default)]
struct Server {
    /// By their addresses.
    documents: BTreeMap<String, Document>,
}

/// Reads open files as they are on the screen, others from the disk.
struct Open<'a>(&'a BTreeMap<String, Document>);

impl Loader for Open<'_> {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let open = self.0.iter().find(|(uri, _)| path_of(uri) == path);
        match open {
            Some((_, document)) => Ok(document.text.as_str().as_bytes().to_vec()),
            None => Files::default().read(path),
        }
    }
}

type Answer = Result<Value, (ErrorCode, String)>;

impl Server {
    /// The next message. While there is none, texts are analysed, and after a pause diagnostics are brought up to date: what is asked
    /// after a change need not wait for them, and several quick changes have them once.
    fn next(&mut self, connection: &Connection) -> Result<Option<Message>, String> {
        loop {
            if let Ok(message) = connection.receiver.try_recv() {
                return Ok(Some(message));
            }
            let untold = self.documents.iter().find(|(_, document)| !document.told);
            let Some((uri, document)) = untold else {
                return Ok(connection.receiver.recv().ok());
            };
            let uri = uri.clone();
            if document.analysis.is_none() {
                self.analysis(&uri);
                continue;
            }
            match connection.receiver.recv_timeout(PAUSE) {
                Ok(message) => return Ok(Some(message)),
                Err(error) if error.is_timeout() => self.tell(connection, &uri)?,
                Err(_) => return Ok(None),
            }
        }
    }

    fn tell(&mut self, connection: &Connection, uri: &str) -> Result<(), String> {
        let Some(analysis) = self.with_edits(uri) else {
            return Ok(());
        };
        let diagnostics = diagnostics::diagnostics(analysis, uri);
        let Some(document) = self.documents.get_mut(uri) else {
            return Ok(());
        };
        document.told = true;
        let params = json!({
            "uri": uri,
            "version": document.version,
            "diagnostics": diagnostics,
        });
        let method = "textDocument/publishDiagnostics".to_owned();
        send(connection, Notification { method, params }.into())
    }

    fn analysis(&mut self, uri: &str) -> Option<&Analysis> {
        let document = self.documents.get_mut(uri)?;
        if document.analysis.is_none() {
            let before = document.before.take();
            let document = self.documents.get(uri)?;
            let mut loader = Open(&self.documents);
            let analysis = Analysis::new(&path_of(uri), &document.text, before, &mut loader);
            self.documents.get_mut(uri)?.analysis = Some(analysis);
        }
        self.documents.get(uri)?.analysis.as_ref()
    }

    /// With the edits that diagnostics suggest, tried.
    fn with_edits(&mut self, uri: &str) -> Option<&Analysis> {
        self.analysis(uri)?;
        let mut analysis = self.documents.get_mut(uri)?.analysis.take()?;
        analysis.try_edits(&mut Open(&self.documents));
        let document = self.documents.get_mut(uri)?;
        Some(document.analysis.insert(analysis))
    }

    fn take(&mut self, connection: &Connection, note: Notification) -> Result<(), String> {
        let params = note.params;
        let document = &params["textDocument"];
        let uri = document["uri"].as_str().unwrap_or("").to_owned();
        match note.method.as_str() {
            "textDocument/didOpen" => {
                let text = document["text"].as_str().unwrap_or("").to_owned();
                self.set(uri, Text::new(text), document["version"].clone(), None);
            }
            "textDocument/didChange" => {
                let Some(mut old) = self.documents.remove(&uri) else {
                    return Ok(());
                };
                old.forget();
                let changes = params["contentChanges"].as_array();
                let changes = changes.into_iter().flatten();
                let text = changes.fold(old.text, |text, change| text.changed(change));
                self.set(uri, text, document["version"].clone(), old.before);
            }
            "textDocument/didClose" => {
                self.documents.remove(&uri);
                let method = "textDocument/publishDiagnostics".to_owned();
                let params = json!({ "uri": uri, "diagnostics": [] });
                send(connection, Notification { method, params }.into())?;
            }
            // A file that others use may have changed.
            "textDocument/didSave" => self.documents.values_mut().for_each(Document::forget),
            _ => {}
        }
        Ok(())
    }

    fn set(&mut self, uri: String, text: Text, version: Value, before: Option<Parsed>) {
        let document = Document {
            text,
            version,
            analysis: None,
            before,
            told: false,
        };
        self.documents.insert(uri, document);
    }

    fn answer(&mut self, request: Request) -> Response {
        let uri = request.params["textDocument"]["uri"]
            .as_str()
            .unwrap_or("")
            .to_owned();
        let analysis = match request.method.as_str() {
            "textDocument/codeAction" => self.with_edits(&uri),
            _ => self.analysis(&uri),
        };
        let answer = match analysis {
            Some(analysis) => asked(analysis, &uri, &request.method, &request.params),
            None => Err((ErrorCode::InvalidParams, format!("`{uri}` is not open"))),
        };
        match answer {
            Ok(value) => Response::new_ok(request.id, value),
            Err((code, message)) => Response::new_err(request.id, code as i32, message),
        }
    }
}

impl Document {
    fn forget(&mut self) {
        let parsed = self.analysis.take().map(Analysis::into_parsed);
        self.before = parsed.or(self.before.take());
        self.told = false;
    }
}

fn asked(analysis: &Analysis, uri: &str, method: &str, params: &Value) -> Answer {
    let offset = analysis.text.offset(&params["position"]);
    let range = || -> Range<usize> {
        let range = &params["range"];
        analysis.text.offset(&range["start"])..analysis.text.offset(&range["end"])
    };
    Ok(match method {
        "textDocument/hover" => hover::hover(analysis, offset),
        "textDocument/completion" => completion::completion(analysis, offset),
        "textDocument/definition" => match definition::definition(analysis, offset) {
            Some((file, span)) => location(analysis, uri, file, span),
            None => Value::Null,
        },
        "textDocument/references" => {
            let declaration = params["context"]["includeDeclaration"].as_bool();
            let spans = definition::references(analysis, offset, declaration.unwrap_or(true));
            let spans = spans.into_iter();
            spans
                .map(|span| location(analysis, uri, span.file, span))
                .collect()
        }
        "textDocument/prepareRename" => definition::renameable(analysis, offset),
        "textDocument/rename" => {
            let new = params["newName"].as_str().unwrap_or("");
            let edit = definition::rename(analysis, uri, offset, new);
            edit.map_err(|why| (ErrorCode::RequestFailed, why))?
        }
        "textDocument/documentSymbol" => outline::outline(analysis),
        "textDocument/codeAction" => actions::actions(analysis, uri, &range()),
        "textDocument/inlayHint" => hints::hints(analysis, &range()),
        "textDocument/semanticTokens/full" => {
            tokens::tokens(analysis, &(0..analysis.text.as_str().len()))
        }
        "textDocument/semanticTokens/range" => tokens::tokens(analysis, &range()),
        "textDocument/formatting" => formatting(analysis),
        _ => {
            return Err((
                ErrorCode::MethodNotFound,
                format!("netc does not know `{method}`"),
            ));
        }
    })
}

/// The file as `netc fmt` writes it; one with errors stays as it is.
fn formatting(analysis: &Analysis) -> Value {
    let text = analysis.text.as_str();
    match format("", text) {
        Ok(formatted) if formatted != text => {
            json!([{ "range": analysis.text.range(0..text.len()), "newText": formatted }])
        }
        Ok(_) => json!([]),
        Err(_) => Value::Null,
    }
}

fn location(analysis: &Analysis, uri: &str, file: FileId, span: Span) -> Value {
    let source = analysis.sources.get(file);
    let (uri, range) = match file {
        crate::analysis::ROOT => (uri.to_owned(), analysis.text.range(bytes(span))),
        _ => (
            uri_of(&source.name),
            Text::new(source.text.clone()).range(bytes(span)),
        ),
    };
    json!({ "uri": uri, "range": range })
}

/// The path of a file's address; what is no file keeps its address as its name.
fn path_of(uri: &str) -> String {
    let Some(path) = uri.strip_prefix("file://") else {
        return uri.to_owned();
    };
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (first, escaped) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    let path = String::from_utf8_lossy(&bytes).into_owned();
    // `/C:/nets/a.net`
    match path.as_bytes() {
        [b'/', drive, b':', ..] if drive.is_ascii_alphabetic() => path[1..].to_owned(),
        _ => path,
    }
}

/// The address of a file.
fn uri_of(path: &str) -> String {
    let mut uri = "file://".to_owned();
    if !path.starts_with('/') {
        uri.push('/');
    }
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => uri += &format!("%{byte:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_paths() {
        for path in ["/home/a b/é.net", "/nets/100%.net"] {
            assert_eq!(path_of(&uri_of(path)), path);
        }
        assert_eq!(path_of("file:///c%3A/nets/a.net"), "c:/nets/a.net");
        assert_eq!(path_of("untitled:1"), "untitled:1");
    }
}
