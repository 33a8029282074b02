//! Writes `src/parser.c` and its neighbours from `grammar.js`, as `tree-sitter generate` does; with `--check` it says which of them are
//! not what the grammar gives. It needs node, which reads the grammar.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use tree_sitter_generate::{ABI_VERSION_MAX, OptLevel, generate_parser_in_directory};

const FILES: [&str; 6] = [
    "grammar.json",
    "node-types.json",
    "parser.c",
    "tree_sitter/alloc.h",
    "tree_sitter/array.h",
    "tree_sitter/parser.h",
];

fn generate(grammar: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let mut remarks = Vec::new();
    let result = generate_parser_in_directory(
        grammar,
        Some(out),
        None::<&Path>,
        ABI_VERSION_MAX,
        None,
        Some("node"),
        true,
        OptLevel::default(),
        &mut remarks,
    );
    remarks.iter().for_each(|remark| eprintln!("{remark}"));
    Ok(result?)
}

/// The files that are not what the grammar gives.
fn stale(grammar: &Path, kept: &Path) -> Result<Vec<&'static str>, Box<dyn Error>> {
    let fresh = tempfile::tempdir()?;
    generate(grammar, fresh.path())?;
    let read = |folder: &Path, file: &str| std::fs::read(folder.join(file)).ok();
    let differs = |file: &&str| read(kept, file) != read(fresh.path(), file);
    Ok(FILES.into_iter().filter(differs).collect())
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let grammar = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let kept = grammar.join("src");
    if std::env::args().nth(1).as_deref() != Some("--check") {
        generate(&grammar, &kept)?;
        return Ok(ExitCode::SUCCESS);
    }
    let stale = stale(&grammar, &kept)?;
    if stale.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "not what grammar.js gives: {}; run editors/tree-sitter-netc/generate without --check",
        stale.join(", ")
    );
    Ok(ExitCode::FAILURE)
}
