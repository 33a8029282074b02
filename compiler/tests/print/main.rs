//! Printed networks are read again as the same graph.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod random;

use netc_compiler::graph::Graph;
use netc_compiler::{Files, Options, compile, print};
use netc_grammar::Span;
use std::path::{Path, PathBuf};

fn nets(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&root)
        .unwrap_or_else(|e| panic!("{folder}: {e}"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "net"))
        .collect();
    files.sort();
    files
}

/// The graph of a text; `None` for a library.
fn graph(name: &str, text: &str, root: &Path) -> Option<Graph> {
    let root = root.to_owned();
    let output = compile(name, text.into(), &Options::default(), &mut Files { root });
    assert!(!output.has_errors(), "{text}\n{}", output.rendered());
    output.graph
}

fn without_spans(mut graph: Graph) -> Graph {
    for node in &mut graph.nodes {
        node.span = Span::default();
        node.table = None;
        node.used_at.clear();
    }
    for claim in &mut graph.claims {
        (claim.span, claim.value_span) = (Span::default(), Span::default());
    }
    for recipe in &mut graph.recipes {
        (recipe.span, recipe.head) = (Span::default(), Span::default());
        for entry in &mut recipe.entries {
            entry.span = Span::default();
        }
    }
    graph
}

/// Prints a graph, reads it, and compares.
fn check(graph: Graph) -> String {
    let graph = without_spans(graph);
    let text = print::net(&graph).unwrap_or_else(|e| panic!("{}: {e}", graph.name));
    let again = self::graph("printed.net", &text, Path::new("."));
    let again = without_spans(again.unwrap());
    for (a, b) in graph.nodes.iter().zip(&again.nodes) {
        assert_eq!(a, b, "\n{text}");
    }
    assert_eq!(graph, again, "\n{text}");
    assert_eq!(text, print::net(&again).unwrap(), "printed twice");
    let long = text
        .lines()
        .find(|line| line.chars().count() > 100 && !line.starts_with("//"));
    assert_eq!(long, None);
    text
}

#[test]
fn the_catalogue_prints_as_itself() {
    let all = ["../models", "../tests/networks", "tests/pass"];
    let mut count = 0;
    for path in all.iter().flat_map(|folder| nets(folder)) {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap();
        if let Some(graph) = graph(name, &text, path.parent().unwrap()) {
            let printed = check(graph);
            if let Some(stem) = std::env::var_os("NETC_SHOW")
                && (name == stem || stem == "all")
            {
                println!("{printed}");
            }
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
}
