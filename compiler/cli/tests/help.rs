//! The help texts, the manual, the completions.

mod common;

use common::Folder;

const COMMANDS: &[&str] = &[
    "",
    "compile",
    "check",
    "summary",
    "explain",
    "run",
    "predict",
    "train",
    "eval",
    "bench",
    "weights",
    "weights import",
    "weights show",
    "weights init",
    "graph",
    "completions",
    "man",
];

#[test]
fn help_texts() {
    let folder = Folder::new();
    let mut text = String::new();
    for command in COMMANDS {
        let run = folder.netc(command.split_whitespace().chain(["--help"]));
        assert_eq!(run.succeeds().err, "");
        assert!(
            run.out.lines().all(|line| line.chars().count() <= 130),
            "{}",
            run.out
        );
        text += &format!("$ netc {command}\n{}\n", run.out);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_version_is_the_crate_s() {
    let run = Folder::new().netc(["--version"]);
    assert_eq!(
        run.succeeds().out,
        concat!("netc ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn every_command_has_a_page() {
    let folder = Folder::new();
    for command in COMMANDS {
        let page = command.replace(' ', "-");
        let run = folder.netc(["man", &page].into_iter().filter(|arg| !arg.is_empty()));
        let title = if page.is_empty() {
            "netc".to_owned()
        } else {
            format!("netc-{page}")
        };
        assert!(
            run.succeeds().out.contains(&format!(".TH {title} 1")),
            "{}",
            run.out
        );
    }
    let own = folder.netc(["man"]).out;
    assert!(own.contains("Compiles neural networks"), "{own}");
    folder
        .netc(["man", "nothing"])
        .fails(2, &["there is no command `nothing`"]);
}

#[test]
fn every_shell_has_completions() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = folder.netc(["completions", shell]);
        assert!(run.succeeds().out.contains("predict"), "{shell}");
    }
    folder
        .netc(["completions", "cmd"])
        .fails(2, &["possible values"]);
}
