//! The entry for build scripts: a thin adapter over [`compile`](crate::compile).

use crate::{Files, Loader, Options, Output, compile};
use netc_grammar::render;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::exit;

/// Compiles a network in a build script: `models/alexnet.net` becomes `$OUT_DIR/alexnet.rs`.
///
/// The whole `main` of a `build.rs`:
///
/// ```no_run
/// netc_compiler::build("models/alexnet.net");
/// ```
///
/// The crate includes it with `netc_runtime::include_net!("alexnet")`. Cargo is told to run the script again when a file that
/// was read changes. Diagnostics go to standard error, where cargo shows them; if the network has errors, the script ends
/// with exit code 1 and no panic. The path is relative to the crate's folder, in which cargo runs build scripts.
pub fn build(path: impl AsRef<Path>) {
    if let Err(message) = try_build(path.as_ref()) {
        let mut stderr = std::io::stderr().lock();
        // Nothing is left to do if standard error is closed.
        let _ = writeln!(stderr, "{message}");
        exit(1);
    }
}

fn try_build(path: &Path) -> Result<(), String> {
    let name = path
        .to_str()
        .ok_or_else(|| format!("error: the path {} is not UTF-8", path.display()))?;
    let out = std::env::var_os("OUT_DIR").map(PathBuf::from).ok_or(
        "error: OUT_DIR is not set: netc_compiler::build is for build scripts that cargo runs",
    )?;
    watch(name)?;
    let text = Files::default()
        .read(name)
        .map_err(|why| format!("error: cannot read `{name}`: {why}"))?;
    let options = Options {
        code: true,
        ..Options::default()
    };
    let output = compile(name, text, &options, &mut Files::default());
    for file in &output.files {
        watch(file)?;
    }
    show_warnings(&output)?;
    let Some(code) = &output.code else {
        let text = render(&output.sources, &output.diagnostics, false);
        return Err(if text.is_empty() {
            format!("error: `{name}` holds blocks and constants but no network")
        } else {
            text
        });
    };
    let stem = path.file_stem().unwrap_or_default();
    let target = out.join(stem).with_extension("rs");
    std::fs::write(&target, code)
        .map_err(|e| format!("error: cannot write {}: {e}", target.display()))
}

/// Tells cargo to run the build script again when the file changes.
fn watch(file: &str) -> Result<(), String> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "cargo::rerun-if-changed={file}")
        .map_err(|e| format!("error: cannot speak to cargo: {e}"))
}

/// Passes warnings on to cargo, one line each.
fn show_warnings(output: &Output) -> Result<(), String> {
    let mut stdout = std::io::stdout().lock();
    for d in output.diagnostics.iter().filter(|d| !d.is_error()) {
        let line = output.sources.line_col(d.span()).0.line;
        let file = &output.sources.get(d.span().file).name;
        writeln!(
            stdout,
            "cargo::warning={file}:{line}: {} [{}]",
            d.headline,
            d.code.as_str()
        )
        .map_err(|e| format!("error: cannot speak to cargo: {e}"))?;
    }
    Ok(())
}
