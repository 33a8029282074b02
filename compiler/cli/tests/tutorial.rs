//! The tutorial: its commands do what they say, in its order.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by its panics")]

mod common;

use common::{Folder, Run};
use std::path::Path;
use std::process::Command;

/// Each fence of a page: what stands behind its signs, and its text.
fn fences(page: &str) -> Vec<(&str, &str)> {
    let parts = page.split("\n```").collect::<Vec<_>>();
    let inside = parts.iter().skip(1).step_by(2);
    inside.map(|part| part.split_once('\n').unwrap()).collect()
}

#[test]
fn every_command_of_the_tutorial_succeeds() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tutorial.md");
    let page = std::fs::read_to_string(page).unwrap();
    let netc = Path::new(env!("CARGO_BIN_EXE_netc")).parent().unwrap();
    let path = format!(
        "{}:{}",
        netc.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let folder = Folder::new();
    let mut commands = 0;
    for (says, text) in fences(&page) {
        if let Some(name) = says.strip_prefix("net,file=") {
            folder.write(name, text);
        }
        if says != "console" {
            continue;
        }
        for line in text.lines().filter_map(|line| line.strip_prefix("$ ")) {
            assert!(line.starts_with("netc "), "{line}");
            let mut shell = Command::new("sh");
            shell
                .args(["-c", line])
                .env("PATH", &path)
                .current_dir(folder.path(""));
            let run = Run::of(shell.output().unwrap());
            assert_eq!(run.code, 0, "{line}\n{run:?}");
            commands += 1;
        }
    }
    assert!(commands > 6, "{commands}");
    for left in [
        "runs/digits/index.html",
        "runs.html",
        "reader/src/main.rs",
        "digits.rs",
        "small.safetensors",
    ] {
        assert!(folder.path(left).exists(), "{left}");
    }
    let learnt = folder.netc(["runs", "runs/digits", "--json"]);
    let learnt: serde_json::Value = serde_json::from_str(learnt.out.trim()).unwrap();
    assert!(learnt["accuracy"].as_f64().unwrap() > 0.96, "{learnt}");
}
