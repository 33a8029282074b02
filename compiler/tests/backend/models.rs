//! The catalogue through the whole compiler, up to the emitters.

use netc_compiler::graph::Graph;
use netc_compiler::loader::Files;
use netc_compiler::{resolve, shape};
use netc_grammar::Sources;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../models")
}

/// The graph of `models/NAME.net`.
pub(crate) fn model(name: &str) -> Graph {
    let file = format!("{name}.net");
    let path = folder().join(&file);
    graph(
        &file,
        &std::fs::read_to_string(path).expect("a readable model"),
    )
}

/// The graph of a text, with its shapes.
pub(crate) fn graph(name: &str, text: &str) -> Graph {
    let mut graph = resolved(name, text);
    let mut diagnostics = Vec::new();
    shape::infer(&mut graph, &mut diagnostics);
    assert!(
        !diagnostics.iter().any(|d| d.is_error()),
        "{name}: {diagnostics:#?}\n{text}"
    );
    graph
}

/// The graph of a text, without shapes.
pub(crate) fn resolved(name: &str, text: &str) -> Graph {
    let mut sources = Sources::default();
    let root = sources.add(name, text);
    let (tree, mut diagnostics) = netc_grammar::parse(&sources, root);
    let mut files = Files { root: folder() };
    match resolve::resolve(&mut sources, root, tree, &mut files, &mut diagnostics) {
        Some(resolve::Resolved::Net(graph)) if !diagnostics.iter().any(|d| d.is_error()) => *graph,
        _ => panic!("{name}: {diagnostics:#?}\n{text}"),
    }
}

/// The names of all models.
pub(crate) fn names() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).expect("the catalogue");
    let files = entries.map(|entry| {
        entry
            .expect("an entry")
            .file_name()
            .into_string()
            .expect("UTF-8")
    });
    let mut names: Vec<String> = files
        .filter_map(|file| file.strip_suffix(".net").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() > 20);
    names
}
