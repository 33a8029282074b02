//! What `netc_compiler::build` says to cargo. It ends the process where a network has errors, so each case runs in a process of
//! its own: this test file again.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The build script: compiles the files that the environment names.
#[test]
fn build_script() {
    for file in std::env::var("NETC_TEST_FILES")
        .iter()
        .flat_map(|files| files.split(';'))
    {
        netc_compiler::build(file);
    }
}

const NET: &str = "INPUT(4x4x1) => FC(2)\n";

/// A folder with these files.
fn folder(name: &str, files: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    for file in files {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, NET).unwrap();
    }
    std::fs::create_dir_all(folder.join("out")).unwrap();
    folder
}

/// Runs the build script there, with the runtime compiled at this level.
fn run(folder: &Path, files: &str, level: &str) -> (Output, String, String) {
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["build_script", "--exact", "--nocapture"])
        .env("NETC_TEST_FILES", files)
        .env("OUT_DIR", folder.join("out"))
        .env("DEP_NETC_RUNTIME_OPT_LEVEL", level)
        .current_dir(folder)
        .output()
        .unwrap();
    let [out, err] =
        [&run.stdout, &run.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    (run, out, err)
}

/// The lines for cargo that begin so.
fn lines<'a>(out: &'a str, start: &str) -> Vec<&'a str> {
    out.lines()
        .filter_map(|line| line.strip_prefix(start))
        .collect()
}

#[test]
fn networks_are_compiled_and_announced() {
    let folder = folder("announced", &["models/one.net", "models/two.net"]);
    let (run, out, err) = run(&folder, "models/one.net;models/two.net", "3");
    assert!(run.status.success(), "{err}");
    assert!(folder.join("out/one.rs").is_file() && folder.join("out/two.rs").is_file());
    assert_eq!(
        lines(&out, "cargo::rerun-if-changed="),
        ["models/one.net", "models/two.net"]
    );
    assert_eq!(
        lines(&out, "cargo::rustc-env=NETC_NETWORK_"),
        ["one=one.rs", "two=two.rs"]
    );
    assert_eq!(
        lines(&out, "cargo::rustc-env=NETC_NETWORKS="),
        ["`one`", "`one`, `two`"]
    );
    assert!(lines(&out, "cargo::warning=").is_empty(), "{out}");
}

#[test]
fn two_files_of_one_name_are_an_error() {
    let folder = folder("twice", &["a/net.net", "b/net.net"]);
    let (run, _, err) = run(&folder, "a/net.net;b/net.net", "3");
    assert_eq!(run.status.code(), Some(1));
    assert!(
        err.contains("error: `a/net.net` and `b/net.net` would both be `include_net!(\"net\")`"),
        "{err}"
    );
}

#[test]
fn an_unoptimised_runtime_is_a_warning_once() {
    let folder = folder("slow", &["one.net", "two.net"]);
    let (_, out, _) = run(&folder, "one.net;two.net", "0");
    let warnings = lines(&out, "cargo::warning=");
    assert_eq!(warnings.len(), 1, "{out}");
    assert!(warnings[0].contains("[profile.dev.package.netc-runtime] opt-level = 3"));
}
