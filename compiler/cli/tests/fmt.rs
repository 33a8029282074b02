//! `netc fmt`.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod common;

use common::Folder;

const ROUGH: &str = "INPUT(8x8x3)=>CONV(4,3x3)   =>RELU // first\n=>DENSE(10)\n";
const FINE: &str = "INPUT(8x8x3) => CONV(4, 3x3) => RELU   // first\n=> FC(10)\n";
const BROKEN: &str = "INPUT(8x8x3) => FC(10\n";

#[test]
fn files_and_folders_are_formatted_in_place() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("nets/deep")).unwrap();
    for name in ["a.net", "nets/b.net", "nets/deep/c.net", "nets/other.txt"] {
        folder.write(name, ROUGH);
    }
    folder.write("nets/fine.net", FINE);
    let listed = folder.netc(["fmt", "--check", "a.net", "nets"]);
    listed.fails(1, &["Checked 4 files, 3 to format"]);
    assert_eq!(listed.out, "a.net\nnets/b.net\nnets/deep/c.net\n");
    assert_eq!(folder.read("a.net"), ROUGH.as_bytes());
    let run = folder.netc(["fmt", "a.net", "nets"]);
    run.succeeds();
    for name in ["a.net", "nets/b.net", "nets/deep/c.net", "nets/fine.net"] {
        assert_eq!(folder.read(name), FINE.as_bytes());
    }
    assert_eq!(folder.read("nets/other.txt"), ROUGH.as_bytes());
    let again = folder.netc(["fmt", "--check", "a.net", "nets"]);
    assert_eq!(again.succeeds().out, "");
}

#[test]
fn standard_input_goes_to_standard_output() {
    let folder = Folder::new();
    for (text, args) in [(ROUGH, "--stdin"), (FINE, "--stdin"), (ROUGH, "-")] {
        let run = folder.netc_reading(text.as_bytes(), ["fmt", args]);
        assert_eq!(run.succeeds().out, FINE);
    }
    let listed = folder.netc_reading(ROUGH.as_bytes(), ["fmt", "--check", "-"]);
    listed.fails(1, &[]);
    assert_eq!(listed.out, "<stdin>\n");
    folder.netc(["fmt"]).fails(2, &["FILE"]);
}

#[test]
fn broken_files_are_left_alone_and_hide_no_others() {
    let folder = Folder::new();
    folder.write("bad.net", BROKEN);
    folder.write("latin1.net", b"// \xe9\nINPUT(2) => FC(2)\n");
    folder.write("good.net", ROUGH);
    let run = folder.netc(["fmt", "bad.net", "latin1.net", "good.net"]);
    run.fails(
        1,
        &[
            "E0105",
            "bad.net:1:",
            "2 errors in 2 files, which netc leaves alone",
        ],
    );
    assert_eq!(folder.read("bad.net"), BROKEN.as_bytes());
    assert_eq!(folder.read("good.net"), FINE.as_bytes());
    let run = folder.netc(["fmt", "no.net", "good.net"]);
    run.fails(2, &["`no.net`: no such file"]);
    let piped = folder.netc_reading(BROKEN.as_bytes(), ["fmt", "--stdin"]);
    piped.fails(1, &["<stdin>:1:"]);
    assert_eq!(piped.out, "");
}

#[cfg(unix)]
#[test]
fn links_stay_links_and_read_only_files_stay_as_they_are() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new();
    folder.write("real.net", ROUGH);
    folder.write("kept.net", ROUGH);
    symlink("real.net", folder.path("link.net")).unwrap();
    symlink(".", folder.path("round")).unwrap();
    let mode = std::fs::Permissions::from_mode(0o444);
    std::fs::set_permissions(folder.path("kept.net"), mode).unwrap();
    folder.netc(["fmt", "link.net"]).succeeds();
    assert!(folder.path("link.net").is_symlink());
    assert_eq!(folder.read("real.net"), FINE.as_bytes());
    let run = folder.netc(["fmt", "."]);
    run.fails(2, &["cannot write `./kept.net`"]);
    assert_eq!(folder.read("kept.net"), ROUGH.as_bytes());
}
