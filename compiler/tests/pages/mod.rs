//! The pages of the book, and the examples in them.
#![allow(dead_code, reason = "each test file uses a part of it")]

use netc_compiler::{Options, Output, compile};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// An example: its place, what its fence says after `net`, and its text.
pub(crate) struct Fence {
    pub(crate) place: String,
    pub(crate) says: String,
    pub(crate) text: String,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A page of the book.
pub(crate) fn page(name: &str) -> String {
    let text = std::fs::read_to_string(root().join("docs").join(name));
    text.unwrap_or_else(|error| panic!("docs/{name}: {error}"))
}

/// The pages that the book's table of contents names.
pub(crate) fn pages_of_the_book() -> Vec<String> {
    let summary = page("SUMMARY.md");
    let links = summary.split("](").skip(1);
    let pages: Vec<String> = links
        .filter_map(|link| Some(link.split_once(')')?.0.to_owned()))
        .collect();
    assert!(pages.len() > 5, "{pages:?}");
    pages
}

/// The examples of a page whose fences begin with `net`.
pub(crate) fn fences(name: &str, markdown: &str) -> Vec<Fence> {
    let mut fences: Vec<Fence> = Vec::new();
    let mut open: Option<Fence> = None;
    for (index, line) in markdown.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                open = Some(Fence {
                    place: format!("{name}:{}", index + 1),
                    says: info.to_owned(),
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => fences.extend(open.take()),
            (None, Some(fence)) => fence.text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{name}: a fence is not closed");
    fences.retain_mut(|f| match f.says.strip_prefix("net") {
        Some(says) => {
            f.says = says.trim_start_matches(',').to_owned();
            true
        }
        None => false,
    });
    fences
}

/// Examples may use the file of the reference's own example.
pub(crate) fn compiled(text: &str) -> Output {
    let blocks = "let width = 64\nblock conv(filters) = CONV(filters, 3x3, same) => BN => RELU\n";
    let mut files = BTreeMap::from([("blocks.net".to_owned(), blocks.as_bytes().to_vec())]);
    compile(
        "example.net",
        text.as_bytes().to_vec(),
        &Options::default(),
        &mut files,
    )
}
