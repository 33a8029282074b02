//! What pest parses parses here too, to the same tree: every file of the repository, every example of its pages, and random programs.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod mutations;
mod nodes;
#[path = "../../../../grammar/tests/common/programs.rs"]
mod programs;
mod syntax;
mod texts;

use netc_grammar::{Diagnostic, Sources, parse};
use std::collections::BTreeSet;
use texts::Text;
use tree_sitter::{Node, Parser, Tree};

/// The tree that tree-sitter makes of a text.
fn tree(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_netc::LANGUAGE.into())
        .unwrap();
    parser.parse(text, None).unwrap()
}

/// The innermost node that is wrong or missing.
fn wrong(node: Node<'_>) -> Option<Node<'_>> {
    let children: Vec<Node<'_>> = node.children(&mut node.walk()).collect();
    let inner = children.into_iter().find_map(wrong);
    inner.or((node.is_error() || node.is_missing()).then_some(node))
}

/// What pest makes of a text; its codes, if it refuses the text.
fn by_pest(text: &str) -> Result<String, BTreeSet<&'static str>> {
    let mut sources = Sources::default();
    let file = sources.add("a.net", text);
    let (tree, diagnostics) = parse(&sources, file);
    let errors = diagnostics.iter().filter(|d| Diagnostic::is_error(d));
    let codes: BTreeSet<&str> = errors.map(|d| d.code.as_str()).collect();
    if codes.is_empty() {
        Ok(syntax::file(&tree))
    } else {
        Err(codes)
    }
}

/// Compares both trees, if pest parses the text; whether it does.
fn agree(place: &str, text: &str) -> bool {
    let Ok(expected) = by_pest(text) else {
        return false;
    };
    let tree = tree(text);
    let root = tree.root_node();
    if let Some(node) = wrong(root) {
        let at = node.byte_range();
        let (before, behind) = (&text[..at.start], &text[at.end..]);
        panic!(
            "{place}: {before}\n>>> {node:?}\n{}\n<<<{behind}",
            &text[at]
        );
    }
    let found = nodes::file(root, text);
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected, "\n{place}\n{text}");
    }
    assert_eq!(found.len(), expected.len(), "{place}\n{text}");
    true
}

fn parsed(texts: &[Text]) -> usize {
    let agree = |text: &&Text| agree(&text.place, &text.text);
    texts.iter().filter(agree).count()
}

#[test]
fn every_file_of_the_repository() {
    let files = texts::files();
    let parsed = parsed(&files);
    assert!(parsed > 200, "only {parsed} of {} files", files.len());
}

#[test]
fn every_example_of_its_pages() {
    let examples = texts::examples();
    let parsed = parsed(&examples);
    assert!(parsed > 80, "only {parsed} of {} examples", examples.len());
}

#[test]
fn random_programs() {
    const COUNT: u64 = 5_000;
    let parsed = (0..COUNT).filter(|seed| {
        let text = programs::program(*seed);
        agree(&format!("program {seed}"), &text)
    });
    let parsed = parsed.count();
    assert!(parsed > 4_000, "pest parses only {parsed} of {COUNT}");
}

#[test]
fn mutated_files() {
    let seeds = texts::files();
    let mut parsed = 0;
    for (number, text) in mutations::of(&seeds, 4_000).iter().enumerate() {
        parsed += usize::from(agree(&format!("mutation {number}"), text));
    }
    assert!(parsed > 500, "pest parses only {parsed}");
}

/// Why what pest refuses may be no error here.
const LENIENT: [(&str, &str); 4] = [
    ("E0108", "a lone carriage return is a space"),
    ("E0113", "a number may be as large as it likes"),
    (
        "E0131",
        "brackets and operators may nest as deep as they like",
    ),
    ("E0132", "a file may be empty"),
];

#[test]
fn what_pest_refuses_is_an_error_here_too() {
    let mut accepted = String::new();
    let (mut refused, mut unexplained) = (0, Vec::new());
    for Text { place, text } in texts::files() {
        let Err(codes) = by_pest(&text) else {
            continue;
        };
        refused += 1;
        if wrong(tree(&text).root_node()).is_none() {
            let explained = |code: &&str| LENIENT.iter().any(|(known, _)| known == code);
            unexplained.extend(codes.iter().copied().filter(|code| !explained(code)));
            if place.starts_with("fuzz/") {
                continue; // its files come and go
            }
            let codes: Vec<&str> = codes.into_iter().collect();
            accepted += &format!("{place}: {}\n", codes.join(", "));
        }
    }
    assert!(refused > 30, "pest refuses only {refused}");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/parses");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("accepted", accepted));
    assert_eq!(unexplained, [""; 0]);
}
