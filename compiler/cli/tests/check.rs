//! `netc check`, `netc explain`, `netc summary` and the tools around them.

mod common;

use common::{Folder, Run, TINY};
use std::process::Stdio;

#[test]
fn every_diagnostic_of_every_file_is_shown() {
    let folder = Folder::new();
    folder.write("a.net", "INPUT(8x8x3) => FC(wide) => POL\n");
    folder.write("b.net", TINY);
    folder.write("c.net", "INPUT(4x4x3) => CONV(4, 9x9)\n");
    let run = folder.netc(["check", "a.net", "b.net", "c.net"]);
    run.fails(
        1,
        &[
            "wide",
            "POL",
            "a.net:1:",
            "c.net:1:",
            "error: 3 errors in 2 of 3 files",
        ],
    );
    assert_eq!(run.out, "");

    let good = folder.netc(["check", "b.net"]);
    assert_eq!(good.succeeds().err, "     Checked 1 file, no errors\n");
    // A file that cannot be opened outweighs the errors of the others, and hides none.
    folder
        .netc(["check", "no.net", "a.net"])
        .fails(2, &["`no.net`: no such file", "wide"]);
    let piped = folder.netc_reading(b"INPUT(8x8x3) => FC(wide)\n", ["check", "-"]);
    piped.fails(1, &["<stdin>:1:"]);
}

#[cfg(unix)]
#[test]
fn a_file_without_end_is_too_large() {
    let folder = Folder::new();
    folder.write("a.net", "use \"/dev/zero\"\nINPUT(8x8x3) => FC(3)\n");
    for file in ["/dev/zero", "a.net"] {
        folder.netc(["check", file]).fails(1, &["E0130"]);
    }
}

#[test]
fn machines_read_standard_output() {
    let folder = Folder::new();
    folder.write("a.net", "INPUT(8x8x3)\n=> FC(wide) => POL\n");
    let json = folder.netc(["check", "--format", "json", "a.net"]);
    assert_eq!((json.code, json.err.as_str()), (1, ""));
    let lines: Vec<serde_json::Value> = json
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["file"], "a.net");
    assert_eq!(lines[0]["line"], 2);
    assert_eq!(lines[0]["severity"], "error");
    let github = folder.netc(["check", "--format", "github", "a.net"]);
    assert_eq!(github.code, 1);
    assert!(
        github.out.starts_with("::error file=a.net,line=2"),
        "{}",
        github.out
    );
    assert_eq!(github.out.lines().count(), 2);
}

#[test]
fn any_bytes_are_answered() {
    let folder = Folder::new();
    for (name, bytes) in [
        ("empty.net", &b""[..]),
        ("latin.net", b"INPUT(8x8x3) // caf\xe9\n=> FC(2)"),
        ("nul.net", b"INPUT(8x8x3)\0 => FC(2)"),
        ("huge.net", b"INPUT(8x8x3) => FC(999999999999999999999999)"),
        (
            "wide.net",
            b"INPUT(8x8x3) => FC(4000000000) => FC(4000000000) => FC(4000000000)",
        ),
    ] {
        folder.write(name, bytes);
        let run = folder.netc(["check", name]);
        run.fails(1, &["error[E", name]);
    }
    folder.write("bom.net", b"\xef\xbb\xbfINPUT(8x8x3)\r\n=> FC(2)\r\n");
    folder.netc(["check", "bom.net"]).succeeds();
}

#[test]
fn a_closed_pipe_is_quiet() {
    let folder = Folder::new();
    folder.write("tiny.net", TINY);
    for args in [
        &["summary", "tiny.net"][..],
        &["explain"],
        &["completions", "zsh"],
        &["--help"],
    ] {
        let mut command = folder.command();
        command
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_noticed() {
    let folder = Folder::new();
    folder.write("tiny.net", TINY);
    for args in [
        &["summary", "tiny.net"][..],
        &["explain", "E0101"],
        &["man"],
    ] {
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let run = Run::of(folder.command().args(args).stdout(full).output().unwrap());
        run.fails(2, &["cannot write to standard output: the disk is full"]);
    }
}

#[test]
fn codes_are_explained() {
    let folder = Folder::new();
    let upper = folder.netc(["explain", "E0101"]);
    assert!(upper.succeeds().out.len() > 100);
    for name in ["e0101", "error[E0101]:"] {
        assert_eq!(folder.netc(["explain", name]).succeeds().out, upper.out);
    }
    let all = folder.netc(["explain"]);
    assert!(all.succeeds().out.starts_with("E0101  "), "{}", all.out);
    folder
        .netc(["explain", "E01O1"])
        .fails(2, &["there is no code `E01O1`", "did you mean E01"]);
    folder
        .netc(["explain", "pooling"])
        .fails(2, &["`netc explain` lists all codes"]);
}

#[test]
fn a_summary_has_four_forms() {
    let folder = Folder::new();
    folder.write("tiny.net", TINY);
    let table = folder.netc(["summary", "tiny.net"]);
    assert!(table.succeeds().out.contains("parameters"));
    let json = folder.netc(["summary", "tiny.net", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.succeeds().out).unwrap();
    assert_eq!(json["name"], "Tiny");
    assert_eq!(json["input"], serde_json::json!([8, 8, 3]));
    assert_eq!(json["output"], serde_json::json!([3]));
    let rows = json["layers"].as_array().unwrap();
    let sum: u64 = rows.iter().map(|row| row["params"].as_u64().unwrap()).sum();
    assert_eq!(json["params"], sum);
    let arrow = folder.netc(["summary", "tiny.net", "--arrow"]);
    assert!(
        arrow
            .succeeds()
            .out
            .starts_with("INPUT => CONV => BN => RELU => ["),
        "{}",
        arrow.out
    );
    let keras = folder.netc(["summary", "tiny.net", "--keras"]);
    assert!(
        keras.succeeds().out.contains("(None, 8, 8, 4)"),
        "{}",
        keras.out
    );
    folder
        .netc(["summary", "tiny.net", "--keras", "--json"])
        .fails(2, &["cannot be used with"]);
}

#[test]
fn a_graph_is_drawn() {
    let folder = Folder::new();
    folder.write("tiny.net", TINY);
    assert!(
        folder
            .netc(["graph", "tiny.net"])
            .succeeds()
            .out
            .starts_with("<svg")
    );
    assert!(
        folder
            .netc(["graph", "tiny.net", "--emit", "dot"])
            .succeeds()
            .out
            .starts_with("digraph")
    );
    folder.netc(["graph", "tiny.net", "-o", "t.dot"]).succeeds();
    assert!(folder.text("t.dot").starts_with("digraph"));
    folder.netc(["graph", "tiny.net", "-o", "t.svg"]).succeeds();
    assert!(folder.text("t.svg").starts_with("<svg"));
}

#[test]
fn a_graph_is_drawn_as_png() {
    let folder = Folder::new();
    folder.write("tiny.net", TINY);
    folder.netc(["graph", "tiny.net", "-o", "t.PNG"]).succeeds();
    let bytes = folder.read("t.PNG");
    assert_eq!(
        bytes,
        folder.netc(["graph", "tiny.net", "--emit", "png"]).bytes
    );
    let picture = image::load_from_memory_with_format(&bytes, image::ImageFormat::Png).unwrap();
    // Two pixels a unit.
    let svg = folder.netc(["graph", "tiny.net"]).out;
    let size = format!(
        "width=\"{}\" height=\"{}\"",
        picture.width() / 2,
        picture.height() / 2
    );
    assert!(svg.contains(&size), "{size}\n{svg}");
    // The title, its font included: the network's name in dark ink, from x = 40 on above y = 60.
    let title = picture.crop_imm(80, 84, 120, 40).to_luma8();
    assert!(title.pixels().filter(|p| p.0[0] < 96).count() > 300);
    // The colour of the cards, and of the lines between them.
    let picture = picture.to_rgb8();
    for colour in [[0xf1, 0xf5, 0xf9], [0x94, 0xa3, 0xb8]] {
        assert!(picture.pixels().any(|p| p.0 == colour), "{colour:?}");
    }
}

#[test]
fn a_graph_of_a_kind_that_netc_cannot_draw_is_refused() {
    let folder = Folder::new();
    folder.write("tiny.net", TINY);
    for (name, says) in [
        ("t.pdf", ".pdf"),
        ("t.jpeg", ".jpeg"),
        ("a.b/t.txt", ".txt"),
    ] {
        folder
            .netc(["graph", "tiny.net", "-o", name])
            .fails(2, &[says, ".svg, .png or .dot", "--emit"]);
    }
    let pdf = folder.netc(["graph", "tiny.net", "-o", "t.pdf"]);
    pdf.fails(2, &["dot -Tpdf"]);
    assert_eq!(folder.files(), ["tiny.net"]);
    // What --emit says counts.
    folder
        .netc(["graph", "tiny.net", "-o", "t.txt", "--emit", "dot"])
        .succeeds();
    assert!(folder.text("t.txt").starts_with("digraph"));
}
