//! The queries: each compiles, and what they find in a small file is a snapshot.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tree_sitter::{Language, Parser, Query, QueryCursor, StreamingIterator as _};

const SAMPLE: &str = r#"net Sample
use "blocks.net" // with `unit`
let width = 64
block fire(s, e) = CONV(s, 1x1, init=normal(0.01)) => RELU
    => [ CONV(e, 3x3, same, bias=false) => RELU | SKIP ] => CONCAT
INPUT(32x32x3) => CONV => (fire(16, width/2) => RELU) * 2 as stem => FC(10)
where CONV = (32, 3x3), INPUT = 3
output boxes = stem => unit
expect params >= 60_965 /* of /* all */ */
train small { optimizer = adam(lr=-1e-4), schedule = steps(2: 0.8) augment = rotate(8) => zoom(0.1) }
"#;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn queries(name: &str) -> BTreeMap<String, Query> {
    let language = Language::from(tree_sitter_netc::LANGUAGE);
    let entries = std::fs::read_dir(folder(name)).unwrap();
    let query = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let query = Query::new(&language, &text);
        let query = query.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (
            path.file_stem().unwrap().to_string_lossy().into_owned(),
            query,
        )
    };
    entries.map(query).collect()
}

/// What a query captures: where from, where to, as what.
fn captures(query: &Query) -> Vec<(usize, usize, String)> {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_netc::LANGUAGE.into())
        .unwrap();
    let tree = parser.parse(SAMPLE, None).unwrap();
    assert!(!tree.root_node().has_error());
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches(query, tree.root_node(), SAMPLE.as_bytes());
    let mut found = Vec::new();
    while let Some(found_match) = matches.next() {
        for capture in found_match.captures {
            let name = query.capture_names()[capture.index as usize];
            let range = capture.node.byte_range();
            found.push((range.start, range.end, name.to_owned()));
        }
    }
    found.sort();
    found
}

fn snapshot(editor: &str, name: &str, query: &Query) {
    let mut text = String::new();
    for (start, end, capture) in captures(query) {
        let first = SAMPLE[start..end].lines().next().unwrap_or_default();
        let row = SAMPLE[..start].matches('\n').count() + 1;
        writeln!(text, "{row:2}  {capture:28} {first}").unwrap();
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/queries");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("{editor}-{name}"), text));
}

#[test]
fn the_queries_for_neovim_and_others() {
    let queries = queries("queries");
    let names: Vec<&String> = queries.keys().collect();
    assert_eq!(names, ["folds", "highlights", "indents", "locals"]);
    queries
        .iter()
        .for_each(|(name, query)| snapshot("all", name, query));
}

#[test]
fn the_queries_for_helix() {
    let queries = queries("../helix/runtime/queries/netc");
    let names: Vec<&String> = queries.keys().collect();
    assert_eq!(names, ["highlights", "indents", "textobjects"]);
    queries
        .iter()
        .for_each(|(name, query)| snapshot("helix", name, query));
}

/// Editors differ in which of two colours wins.
#[test]
fn a_node_has_one_colour_everywhere() {
    let ranges = |folder: &str| {
        let captures = captures(&queries(folder)["highlights"]);
        let ranges: Vec<(usize, usize)> = captures.iter().map(|c| (c.0, c.1)).collect();
        let mut once = ranges.clone();
        once.dedup();
        assert_eq!(ranges, once, "{folder}");
        ranges
    };
    let coloured = ranges("queries");
    assert_eq!(coloured, ranges("../helix/runtime/queries/netc"));
    // All but space is coloured.
    let mut rest = SAMPLE.to_owned();
    for (start, end) in coloured {
        rest.replace_range(start..end, &" ".repeat(end - start));
    }
    assert_eq!(rest.trim(), "");
}
