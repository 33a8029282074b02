//! `test/corpus/` in tree-sitter's own format: what `tree-sitter test` runs. `NETC_UPDATE=1` writes the trees anew.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};
use tree_sitter::Parser;

/// One case: a name between rules of `=`, a text, a rule of `-`, a tree.
struct Case {
    name: String,
    text: String,
    tree: String,
}

fn is_rule(line: &str, sign: char) -> bool {
    line.len() >= 3 && line.chars().all(|c| c == sign)
}

fn cases(file: &str) -> Vec<Case> {
    let lines: Vec<&str> = file.lines().collect();
    let mut heads = Vec::new();
    for at in 0..lines.len().saturating_sub(2) {
        if is_rule(lines[at], '=') && is_rule(lines[at + 2], '=') {
            heads.push(at);
        }
    }
    let ends = heads.iter().skip(1).copied().chain([lines.len()]);
    let case = |(at, end): (usize, usize)| {
        let body = &lines[at + 3..end];
        let rule = body.iter().rposition(|line| is_rule(line, '-')).unwrap();
        Case {
            name: lines[at + 1].to_owned(),
            text: body[..rule].join("\n"),
            tree: body[rule + 1..].join("\n"),
        }
    };
    heads.iter().copied().zip(ends).map(case).collect()
}

fn spaced(tree: &str) -> String {
    let words: Vec<&str> = tree.split_whitespace().collect();
    words.join(" ").replace(" )", ")")
}

/// The tree with a node a line.
fn indented(tree: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    for word in spaced(tree).split(' ') {
        let opens = word.starts_with('(');
        let in_field = out.ends_with(": ");
        if !out.is_empty() && !in_field && (opens || word.ends_with(':')) {
            out = format!("{}\n{}", out.trim_end(), "  ".repeat(depth));
        }
        out += &format!("{word} ");
        depth += usize::from(opens);
        depth -= word.matches(')').count();
    }
    out.trim_end().to_owned()
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("test/corpus");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_case_has_its_tree() {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_netc::LANGUAGE.into())
        .unwrap();
    let mut count = 0;
    for path in files() {
        let kept = std::fs::read_to_string(&path).unwrap();
        let mut fresh = String::new();
        for Case { name, text, tree } in cases(&kept) {
            let found = parser.parse(&text, None).unwrap().root_node().to_sexp();
            let rule = "=".repeat(80);
            fresh += &format!(
                "{rule}\n{name}\n{rule}\n{text}\n---\n\n{}\n\n",
                indented(&found)
            );
            if std::env::var_os("NETC_UPDATE").is_none() {
                assert_eq!(
                    indented(&found),
                    indented(&tree),
                    "{}: {name}",
                    path.display()
                );
            }
            count += 1;
        }
        if std::env::var_os("NETC_UPDATE").is_some() {
            std::fs::write(&path, fresh.trim_end().to_owned() + "\n").unwrap();
        }
    }
    assert!(count > 20, "only {count} cases");
}
