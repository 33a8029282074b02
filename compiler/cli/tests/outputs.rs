//! An output never replaces an input of its command, whatever names lead to it.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod common;

use common::{Folder, npy, tensor};
use std::path::Path;

/// Inputs of every kind, small enough for every command. `u.net` uses `blocks.net`.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("blocks.net", "block head(n) = FC(n)\n");
    folder.write("u.net", "use \"blocks.net\"\nINPUT(2) => head(2)\n");
    let made = folder.netc(["weights", "init", "u.net", "--seed", "1", "-o", "w"]);
    made.succeeds();
    folder.write("x.npy", npy("<f4", "False", "(2,)", &[0; 8]));
    let made = folder.netc(["export", "u.net", "-w", "w", "-o", "u.onnx"]);
    made.succeeds();
    folder.write("maps", "l=fc1\n");
    let foreign = [
        tensor("l.weight", &[2, 2], &[0.0; 4]),
        tensor("l.bias", &[2], &[0.0; 2]),
    ];
    folder.write("foreign", common::safetensors(&foreign));
    let picture = "INPUT(2x2x1) => FC(2)\ntrain { data = folder epochs = 1 batch = 1 }\n";
    folder.write("p.net", picture);
    let made = folder.netc(["weights", "init", "p.net", "--seed", "1", "-o", "pw"]);
    made.succeeds();
    for class in ["a", "b"] {
        for set in ["train", "test"] {
            let place = Path::new("data").join(set).join(class);
            std::fs::create_dir_all(folder.path(&place)).unwrap();
            let path = folder.path(place.join("1.png"));
            image::GrayImage::new(2, 2).save(path).unwrap();
        }
    }
    let table =
        "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,waited\n1,1,0,1,0,1,1,0\n";
    std::fs::create_dir_all(folder.path("past/run")).unwrap();
    folder.write("past/run/metrics.csv", table);
    folder
}

/// A command, its output option, and its inputs.
type Case = (
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
);

/// Every command and option that writes a file.
const CASES: &[Case] = &[
    (&["compile", "u.net"], "--output", &["u.net", "blocks.net"]),
    (&["u.net"], "-o", &["u.net", "blocks.net"]),
    (&["u.net", "--emit", "json"], "-o", &["u.net", "blocks.net"]),
    (&["u.net", "--emit", "svg"], "-o", &["u.net"]),
    (&["u.net", "--emit", "net"], "-o", &["u.net"]),
    (
        &["u.net", "--target", "embedded", "--weights", "w"],
        "-o",
        &["u.net", "blocks.net", "w"],
    ),
    (&["graph", "u.net"], "--output", &["u.net", "blocks.net"]),
    (
        &["run", "u.net", "--weights", "w", "--input", "x.npy"],
        "--output",
        &["u.net", "blocks.net", "w", "x.npy"],
    ),
    (
        &["weights", "init", "u.net", "--seed", "2"],
        "--output",
        &["u.net", "blocks.net"],
    ),
    (
        &[
            "weights",
            "import",
            "foreign",
            "--for",
            "u.net",
            "--map-file",
            "maps",
        ],
        "--output",
        &["u.net", "blocks.net", "foreign", "maps"],
    ),
    (
        &["train", "p.net", "--data", "data"],
        "--sheet",
        &["p.net", "data/train/a/1.png", "data/test/b/1.png"],
    ),
    (&["train", "p.net", "--data", "data"], "--out", &["data"]),
    (
        &["quantize", "p.net", "--weights", "pw", "--data", "data"],
        "--output",
        &["p.net", "pw", "data/train/a/1.png"],
    ),
    (&["tune", "u.net"], "--output", &["u.net", "blocks.net"]),
    (&["import", "u.onnx"], "--output", &["u.onnx"]),
    (
        &["import", "u.onnx", "--output", "new.net"],
        "--weights",
        &["u.onnx"],
    ),
    (
        &["export", "u.net", "--weights", "w"],
        "--output",
        &["u.net", "blocks.net", "w"],
    ),
    (&["watch", "u.net"], "--output", &["u.net", "blocks.net"]),
    (&["runs", "past"], "--output", &["past/run/metrics.csv"]),
];

#[test]
fn no_command_replaces_an_input() {
    let folder = folder();
    for (command, option, inputs) in CASES {
        for input in *inputs {
            let is_folder = folder.path(input).is_dir();
            let old = (!is_folder).then(|| folder.read(input));
            for other in names(&folder, input) {
                let args = command.iter().copied().chain([*option, other.as_str()]);
                let run = folder.netc(args);
                run.fails(2, &["error: `", "  = help: name another f"]);
                assert!(run.err.contains(&format!("`{other}`")), "{}", run.err);
                assert_eq!(old, (!is_folder).then(|| folder.read(input)), "{run:?}");
            }
        }
    }
    let left = folder.files();
    assert!(
        !left
            .iter()
            .any(|name| name == "runs" || name.ends_with(".rs")),
        "{left:?}"
    );
}

/// The names that lead to a file.
fn names(folder: &Folder, input: &str) -> Vec<String> {
    let mut names = vec![input.to_owned(), format!("./{input}")];
    names.push(folder.path(input).to_string_lossy().into_owned());
    #[cfg(unix)]
    {
        let link = format!("link-to-{}", input.replace('/', "-"));
        let _ = std::os::unix::fs::symlink(folder.path(input), folder.path(&link));
        names.push(link);
    }
    if folder.path(input).is_file() {
        let link = format!("twin-of-{}", input.replace('/', "-"));
        let _ = std::fs::hard_link(folder.path(input), folder.path(&link));
        names.push(link);
    }
    names
}

/// A command that learns to write files must be named above.
#[test]
fn every_option_that_writes_is_tried() {
    let folder = Folder::new();
    let help = folder.netc(["--help"]).out;
    let commands = help.split("Commands:").nth(1).unwrap();
    let commands = commands.lines().skip(1).take_while(|line| !line.is_empty());
    let mut all: Vec<Vec<&str>> = Vec::new();
    for line in commands {
        match line.split_whitespace().next().unwrap() {
            "weights" => all.extend(["import", "show", "init"].map(|inner| vec!["weights", inner])),
            // What it would replace is a file of the set, which it replaces with the very same.
            "data" => {}
            command => all.push(vec![command]),
        }
    }
    assert!(all.len() > 10, "{help}");
    for command in all {
        let help = folder.netc(command.iter().copied().chain(["--help"])).out;
        for option in ["--output", "--out", "--sheet"] {
            let offered = help.split_whitespace().any(|word| word == option);
            let tried = CASES
                .iter()
                .any(|(args, tried, _)| args.starts_with(&command) && *tried == option);
            assert_eq!(offered, tried, "netc {} {option}", command.join(" "));
        }
    }
}

#[test]
#[cfg(unix)]
fn standard_input_and_output_are_files_too() {
    let folder = folder();
    let file = || std::fs::File::open(folder.path("u.net")).unwrap();
    let from = folder
        .command()
        .args(["-", "-o", "u.net"])
        .stdin(file())
        .output();
    common::Run::of(from.unwrap())
        .fails(2, &["`u.net` is the same file as the input standard input"]);
    let more = std::fs::File::options()
        .append(true)
        .open(folder.path("u.net"));
    let to = folder
        .command()
        .args(["graph", "u.net"])
        .stdout(more.unwrap())
        .output();
    common::Run::of(to.unwrap()).fails(
        2,
        &["standard output is the same file as the input `u.net`"],
    );
    assert!(folder.text("u.net").ends_with("head(2)\n"));
}

/// A network may be trained where its run keeps it.
#[test]
fn a_run_goes_on_with_its_own_network() {
    let folder = folder();
    let train = |file: &str, more: &[&str]| {
        let args = ["train", file, "--data", "data", "--threads", "1"];
        folder.netc(args.iter().chain(more)).succeeds();
    };
    train("p.net", &["--out", "run"]);
    let kept = folder.read("run/p.net");
    train("run/p.net", &["--resume", "run", "--epochs", "2"]);
    assert_eq!(folder.read("run/p.net"), kept);
}
