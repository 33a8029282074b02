//! The corpus of every fuzz target once more: what was found once stays mended.

use netc_fuzzed::{TARGETS, Target, written};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// For one file, on a busy machine. Most take less than a millisecond.
const PATIENCE: Duration = Duration::from_secs(20);

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// What a folder holds, in order.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}

/// Names of files without their endings.
fn stems(folder: &Path) -> BTreeSet<String> {
    let stem = |path: &PathBuf| {
        path.file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
    };
    entries(folder).iter().filter_map(stem).collect()
}

#[test]
fn each_target_has_a_program_and_a_corpus() {
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names.len(), TARGETS.len());
    assert_eq!(stems(&fuzz().join("fuzz_targets")), names);
    assert_eq!(stems(&fuzz().join("corpus")), names);
}

/// All of it, target by target: none panics or takes its time, and each has something that is accepted and something that is not.
/// `NETC_UPDATE=1` writes anew what only netc can write.
#[test]
fn the_corpus_is_answered() {
    if std::env::var_os("NETC_UPDATE").is_some() {
        for (name, bytes) in written() {
            let path = fuzz().join("corpus").join(name).join("written.safetensors");
            std::fs::write(path, bytes).expect("a file is written");
        }
    }
    let problems: Vec<String> = TARGETS.iter().flat_map(answered).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What is wrong with the answers of a target to its corpus.
fn answered((name, target): &(&str, Target)) -> Vec<String> {
    let files = entries(&fuzz().join("corpus").join(name));
    let (mut accepted, mut problems) = (0, Vec::new());
    for path in &files {
        let bytes = std::fs::read(path).expect("a file");
        let begun = Instant::now();
        match std::panic::catch_unwind(|| target(&bytes)) {
            Ok(answer) => accepted += usize::from(answer),
            Err(_) => problems.push(format!("{name} fails on {}", path.display())),
        }
        let took = begun.elapsed();
        if took > PATIENCE {
            problems.push(format!("{name} takes {took:?} for {}", path.display()));
        }
    }
    if !(1..files.len()).contains(&accepted) {
        let all = files.len();
        problems.push(format!("{name} accepts {accepted} of {all} files"));
    }
    problems
}
