//! The entry for build scripts: a thin adapter over [`compile`](crate::compile).

use crate::{Files, Loader, Options, Output, compile};
use netc_grammar::render;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::exit;
use std::sync::Mutex;

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
///
/// Several networks are several calls; two files of one name, in different folders, are an error. Where cargo's profile leaves
/// `netc-runtime` without optimisation, as `dev` does, a warning says what to put into `Cargo.toml`.
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
    tell(&format!("rerun-if-changed={name}"))?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    announce(&stem, name)?;
    let text = Files::default()
        .read(name)
        .map_err(|why| format!("error: cannot read `{name}`: {why}"))?;
    let options = Options {
        code: true,
        ..Options::default()
    };
    let output = compile(name, text, &options, &mut Files::default());
    for file in output.files.iter().filter(|file| *file != name) {
        tell(&format!("rerun-if-changed={file}"))?;
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
    let target = out.join(format!("{stem}.rs"));
    std::fs::write(&target, code)
        .map_err(|e| format!("error: cannot write {}: {e}", target.display()))
}

/// The networks of this run of the build script: what `include_net!` calls them, and their files.
static NETWORKS: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// Makes a network known to `include_net!`, which finds it in the environment and knows there what others there are.
fn announce(stem: &str, file: &str) -> Result<(), String> {
    let mut networks = NETWORKS.lock().unwrap_or_else(|e| e.into_inner());
    if networks.is_empty() {
        warn_if_slow()?;
    }
    let other = networks.insert(stem.to_owned(), file.to_owned());
    if let Some(other) = other.filter(|other| other != file) {
        return Err(format!(
            "error: `{other}` and `{file}` would both be `include_net!(\"{stem}\")`: rename one of the files"
        ));
    }
    let names: Vec<String> = networks.keys().map(|name| format!("`{name}`")).collect();
    tell(&format!("rustc-env=NETC_NETWORK_{stem}={stem}.rs"))?;
    tell(&format!("rustc-env=NETC_NETWORKS={}", names.join(", ")))
}

/// Unoptimised kernels are hundreds of times slower. The runtime's own build script says how it is compiled.
fn warn_if_slow() -> Result<(), String> {
    if std::env::var("DEP_NETC_RUNTIME_OPT_LEVEL").is_ok_and(|level| level == "0") {
        tell(
            "warning=netc-runtime is compiled without optimisation: networks run some hundred times slower than they could. \
             In the Cargo.toml of the workspace: [profile.dev.package.netc-runtime] opt-level = 3",
        )?;
    }
    Ok(())
}

/// A line for cargo.
fn tell(line: &str) -> Result<(), String> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "cargo::{line}").map_err(|e| format!("error: cannot speak to cargo: {e}"))
}

/// Passes warnings on to cargo, one line each.
fn show_warnings(output: &Output) -> Result<(), String> {
    for d in output.diagnostics.iter().filter(|d| !d.is_error()) {
        let line = output.sources.line_col(d.span()).0.line;
        let file = &output.sources.get(d.span().file).name;
        let (headline, code) = (&d.headline, d.code.as_str());
        tell(&format!("warning={file}:{line}: {headline} [{code}]"))?;
    }
    Ok(())
}
