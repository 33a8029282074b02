//! The generated code that examples keep is what netc writes now.

use std::path::Path;
use std::process::Command;

#[test]
fn the_example_of_the_command_line_is_up_to_date() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let example = workspace.join("examples/cli");
    let output = Command::new(env!("CARGO_BIN_EXE_netc"))
        .args(["examples/cli/models/lenet.net", "-o", "-"])
        .current_dir(&workspace)
        .output()
        .expect("netc runs");
    assert!(output.status.success(), "{output:?}");
    let kept = std::fs::read_to_string(example.join("src/lenet.rs")).expect("the example");
    let written = String::from_utf8(output.stdout).expect("Rust is text");
    assert_eq!(
        written, kept,
        "netc examples/cli/models/lenet.net -o examples/cli/src/lenet.rs"
    );
}
