//! The texts of the repository.

use std::path::{Path, PathBuf};

/// A text, and where it stands.
pub(crate) struct Text {
    pub(crate) place: String,
    pub(crate) text: String,
}

/// What is built, or came from elsewhere.
const FOREIGN: [&str; 4] = ["target", "node_modules", ".git", "runs"];

/// The files of the repository with this ending, in order.
fn paths(ending: &str) -> Vec<PathBuf> {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")];
    let mut found = Vec::new();
    while let Some(path) = open.pop() {
        let name = path.file_name().and_then(|name| name.to_str());
        if path.is_dir() {
            if !name.is_some_and(|name| FOREIGN.contains(&name)) {
                let entries = std::fs::read_dir(path).unwrap();
                open.extend(entries.map(|entry| entry.unwrap().path()));
            }
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn place(path: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let parts = path.strip_prefix(root).unwrap().components();
    let parts: Vec<_> = parts
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

/// Every network; a few of the broken ones are no text at all.
pub(crate) fn files() -> Vec<Text> {
    let read = |path: PathBuf| {
        let text = netc_grammar::decode(std::fs::read(&path).unwrap()).ok()?;
        Some(Text {
            place: place(&path),
            text,
        })
    };
    paths("net").into_iter().filter_map(read).collect()
}

/// Every example in a fence of a page.
pub(crate) fn examples() -> Vec<Text> {
    let mut found = Vec::new();
    for path in paths("md") {
        let page = std::fs::read_to_string(&path).unwrap();
        let mut open: Option<(bool, Text)> = None;
        for (index, line) in page.lines().enumerate() {
            match (line.trim_start().strip_prefix("```"), &mut open) {
                (Some(says), None) => {
                    let place = format!("{}:{}", place(&path), index + 1);
                    let text = String::new();
                    open = Some((says.starts_with("net"), Text { place, text }));
                }
                (Some(_), Some(_)) => {
                    let closed = open.take().filter(|(is_net, _)| *is_net);
                    found.extend(closed.map(|(_, text)| text));
                }
                (None, Some((_, text))) => text.text += &format!("{line}\n"),
                (None, None) => {}
            }
        }
    }
    found
}
