//! The networks that the tests know: the catalogue, and those written for the tests.

use netc_compiler::{Files, Options, Output, compile};
use std::path::{Path, PathBuf};

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every network of `models/`, `models/tiny/` and `tests/networks/`, relative to the workspace, in order.
///
/// # Panics
/// If a folder cannot be read.
pub fn all() -> Vec<String> {
    nets(&["models", "models/tiny", "tests/networks"])
}

/// The networks of these folders, in order.
fn nets(folders: &[&str]) -> Vec<String> {
    let mut paths = Vec::new();
    for folder in folders {
        let entries = match std::fs::read_dir(workspace().join(folder)) {
            Ok(entries) => entries.flatten(),
            Err(e) => panic!("{folder}: {e}"),
        };
        let names = entries.filter_map(|e| e.file_name().into_string().ok());
        paths.extend(
            names
                .filter(|n| n.ends_with(".net"))
                .map(|n| format!("{folder}/{n}")),
        );
    }
    paths.sort();
    paths
}

/// The path of the network with this file stem; that of torchvision's is called `torchvision/resnet18`.
///
/// # Panics
/// If there is none.
pub fn path(stem: &str) -> String {
    let file = format!("/{stem}.net");
    let mut paths = all().into_iter().chain(nets(&["models/torchvision"]));
    match paths.find(|path| path.ends_with(&file)) {
        Some(path) => path,
        None => panic!("no network is called {stem}"),
    }
}

/// Compiles a file, path relative to the workspace.
///
/// # Panics
/// If it cannot be read or has errors.
pub fn compile_file(path: &str, options: &Options) -> Output {
    let text = match std::fs::read(workspace().join(path)) {
        Ok(text) => text,
        Err(e) => panic!("{path}: {e}"),
    };
    let output = compile(path, text, options, &mut Files { root: workspace() });
    assert!(!output.has_errors(), "{}", output.rendered());
    output
}

/// Compiles a text that may use no files.
///
/// # Panics
/// If it has errors.
pub fn compile_text(text: &str, options: &Options) -> Output {
    let output = compile("test.net", text.into(), options, &mut Files::default());
    assert!(!output.has_errors(), "{text}\n{}", output.rendered());
    output
}
