//! `netc new`: crates that build and classify.

#![allow(clippy::unwrap_used, reason = "a test fails by its panics")]

mod common;

use common::{Folder, Run};
use std::path::Path;
use std::process::Command;

const WAYS: [(&str, &str); 3] = [
    ("macro", "--macro"),
    ("build-script", "--build-script"),
    ("cli", "--cli"),
];

/// The three crates as one workspace, so that what they share is built once, by the versions that this workspace has.
#[test]
fn the_three_crates_build_pass_their_test_and_classify() {
    let folder = Folder::new();
    for (name, way) in WAYS {
        let name = format!("by-{name}");
        let run = folder.netc(["new", &name, way]);
        assert!(run.succeeds().err.contains("Created by-"), "{}", run.err);
    }
    folder.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"by-*\"]\n[profile.dev.package.netc-runtime]\nopt-level = 3\n",
    );
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::copy(root.join("Cargo.lock"), folder.path("Cargo.lock")).unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new");
    let cargo = |verb: &str| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["--offline", verb, "--workspace"]);
        cargo.current_dir(folder.path(""));
        cargo.env("CARGO_TARGET_DIR", &target);
        let run = Run::of(cargo.output().unwrap());
        run.succeeds();
        run
    };
    let tests = cargo("test").out;
    let passed = tests.matches("the_drawing_is_a_three ... ok").count();
    assert_eq!(passed, WAYS.len(), "{tests}");
    cargo("build");
    for (name, _) in WAYS {
        let name = format!("by-{name}");
        let mut program = Command::new(target.join("debug").join(&name));
        program.current_dir(folder.path(&name));
        let run = Run::of(program.output().unwrap());
        assert!(run.succeeds().out.contains("This is a 3 ("), "{run:?}");
    }
}

#[test]
fn the_weights_are_as_good_as_the_network_claims() {
    let folder = Folder::new();
    folder.netc(["new", "digits"]).succeeds();
    let [net, weights] = [
        "digits/models/digits.net",
        "digits/models/digits.safetensors",
    ];
    let run = folder.netc(["eval", net, "--weights", weights]);
    assert!(
        run.succeeds().err.contains("Holds expect accuracy"),
        "{}",
        run.err
    );
}

#[test]
fn a_crate_is_whole_or_not_there() {
    let folder = Folder::new();
    folder.write("digits", "a file");
    folder
        .netc(["new", "digits"])
        .fails(2, &["`digits` is there already"]);
    assert_eq!(folder.text("digits"), "a file");
    for name in ["2net", "fn", "std", "a b", "netc-runtime", ".", ".."] {
        folder.netc(["new", name]).fails(2, &["error: "]);
    }
    folder
        .netc(["new", "mine", "--netc", "."])
        .fails(2, &["names no clone of netc"]);
    folder
        .netc(["new", "mine", "--cli", "--macro"])
        .fails(2, &["cannot be used with"]);
    assert_eq!(folder.files(), ["digits"]);
    folder.netc(["new", "deep/er/mine"]).succeeds();
    assert!(
        folder
            .text("deep/er/mine/Cargo.toml")
            .contains("name = \"mine\"")
    );
    assert!(
        !folder
            .text("deep/er/mine/Cargo.toml")
            .contains("[workspace]")
    );
    // Inside another crate.
    folder.netc(["new", "deep/er/mine/inner"]).succeeds();
    let manifest = folder.text("deep/er/mine/inner/Cargo.toml");
    assert!(manifest.contains("\n[workspace]\n"), "{manifest}");
}
