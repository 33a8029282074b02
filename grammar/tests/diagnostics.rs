//! What is said about every file in `tests/diagnostics`, against its snapshot; and that every code of this crate is among them.

#[path = "common/dump.rs"]
mod dump;
#[path = "common/inputs.rs"]
mod inputs;

use netc_grammar::{Code, Diagnostic, Sources, decode, parse, render};
use std::collections::BTreeSet;

/// The diagnostics of one file, and the tree that is left.
fn check(name: &str, bytes: Vec<u8>) -> (Sources, Vec<Diagnostic>, String) {
    let mut sources = Sources::default();
    match decode(bytes) {
        Ok(text) => {
            let file = sources.add(name, text);
            let (tree, diagnostics) = parse(&sources, file);
            (sources, diagnostics, dump::dump(&tree))
        }
        Err(error) => {
            let (_, diagnostic) = error.report(&mut sources, name);
            (sources, vec![diagnostic], String::new())
        }
    }
}

#[test]
fn diagnostics() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/diagnostics");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("diagnostics/*.net", |path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let (sources, diagnostics, tree) = check(&name, std::fs::read(path).unwrap());
            assert!(!diagnostics.is_empty(), "{name} is valid");
            let text = render(&sources, &diagnostics, false);
            let tree: Vec<_> = tree
                .lines()
                .map(|line| line.get(..120).unwrap_or(line))
                .take(40)
                .collect();
            insta::assert_snapshot!(format!("{text}what is left:\n\n{}", tree.join("\n")));
        });
    });
}

#[test]
fn every_code_of_the_grammar_has_a_file() {
    let mut seen: BTreeSet<Code> = inputs::read("tests/diagnostics")
        .into_iter()
        .flat_map(|(name, bytes)| check(&name, bytes).1)
        .map(|diagnostic| diagnostic.code)
        .collect();
    let large = vec![b' '; netc_grammar::limits::MAX_FILE_BYTES + 1];
    seen.extend(check("large.net", large).1.iter().map(|d| d.code));
    let own = Code::ALL
        .iter()
        .filter(|code| code.as_str().starts_with("E01"));
    let missing: Vec<_> = own.filter(|code| !seen.contains(code)).collect();
    assert!(
        missing.is_empty(),
        "no file in tests/diagnostics gives {missing:?}"
    );
}
