//! The help texts, the manual, the completions.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

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
    "tune",
    "weights",
    "weights import",
    "weights show",
    "weights init",
    "graph",
    "new",
    "watch",
    "runs",
    "data",
    "data get",
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
        text += &format!("$ netc {command}\n{}\n", run.out);
    }
    insta::assert_snapshot!(text);
}

/// The help of a command in a terminal of this width.
fn help(folder: &Folder, command: &str, width: usize) -> String {
    let mut netc = folder.command();
    netc.args(command.split_whitespace()).arg("--help");
    let output = netc.env("COLUMNS", width.to_string()).output();
    common::Run::of(output.unwrap()).succeeds().out.clone()
}

#[test]
fn texts_are_as_wide_as_the_terminal() {
    let folder = Folder::new();
    for command in COMMANDS {
        for width in [80, 100] {
            let text = help(&folder, command, width);
            let lines: Vec<&str> = text.lines().collect();
            for line in &lines {
                assert!(line.chars().count() <= width, "netc {command}: {line}");
            }
            // What stands after the options is wrapped once: no line ends where the next word would have fitted.
            let end = lines.iter().position(|line| line.starts_with("Examples:"));
            let prose = lines.split_at(end.unwrap_or(lines.len())).1;
            for pair in prose.windows(2) {
                let word = pair[1].split(' ').next().unwrap_or_default();
                let is_prose = |line: &str| !line.is_empty() && !line.starts_with(' ');
                if pair.iter().all(|line| is_prose(line)) && !pair[1].starts_with('`') {
                    let fits = pair[0].chars().count() + 1 + word.chars().count() <= width;
                    assert!(!fits, "netc {command}: {} | {}", pair[0], pair[1]);
                }
            }
        }
    }
    let mut explain = folder.command();
    let text = explain
        .args(["explain", "E0101"])
        .env("COLUMNS", "60")
        .output();
    let text = common::Run::of(text.unwrap()).succeeds().out.clone();
    assert!(
        text.lines().all(|line| line.chars().count() <= 60),
        "{text}"
    );
}

#[test]
fn help_is_a_command_too() {
    let folder = Folder::new();
    for (words, options) in [
        (&["help"][..], &["--help"][..]),
        (&["help", "summary"], &["summary", "--help"]),
        (
            &["help", "weights", "import"],
            &["weights", "import", "--help"],
        ),
        (
            &["weights", "help", "import"],
            &["weights", "import", "--help"],
        ),
    ] {
        let wanted = folder.netc(options).out;
        assert_eq!(folder.netc(words).succeeds().out, wanted, "{words:?}");
    }
    folder.netc(["help", "sumary"]).fails(2, &["sumary"]);
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
            run.succeeds().out.contains(&format!(
                ".TH {title} 1  \"netc {}\" netc\n",
                env!("CARGO_PKG_VERSION")
            )),
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
