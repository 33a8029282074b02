//! The Rust for microcontrollers: as it looks, and compiled and run here, beside the executor.

#![allow(clippy::unwrap_used, reason = "a test fails by its panics")]

mod common;

use common::Case;
use netc_embedded_build::{HEAD, embedded};
use std::path::Path;
use std::process::Command;

const NETWORKS: [&str; 5] = [
    "tiny/autoencoder",
    "tiny/ds_cnn",
    "tiny/mobilenet_v1_025",
    "tiny/resnet8",
    "lenet5_mnist",
];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn case(name: &str) -> Case {
    Case::read(&root().join(format!("models/{name}.net")))
}

fn stem(name: &str) -> &str {
    name.rsplit('/').next().unwrap()
}

/// The text without numbers that come out of random weights, which differ in their last bits from machine to machine.
fn settled(code: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let mut settled = String::new();
    let mut word = String::new();
    for c in code.chars().chain(['\n']) {
        if is_part(c) {
            word.push(c);
            continue;
        }
        let is_float = word.parse::<f64>().is_ok() && word.contains(['.', 'e']);
        let is_float = is_float && word != "0.0" && !word.ends_with('.');
        settled += if is_float { "0.123" } else { &word };
        word.clear();
        settled.push(c);
    }
    // Zero points too.
    let zero = |line: &str| match line.trim_start().split_once(": ") {
        Some((field @ ("zero" | "empty"), _)) => format!("    {field}: 99,"),
        _ => line.to_owned(),
    };
    let lines: Vec<String> = settled.lines().map(zero).collect();
    lines.join("\n")
}

#[test]
fn the_code_of_each_network() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    for name in NETWORKS {
        let case = case(name);
        let file = format!("{}.net", stem(name));
        let written = embedded(&case.plan, &case.quantised, &file, "network.weights").unwrap();
        assert!(written.weights.starts_with(HEAD));
        settings.bind(|| insta::assert_snapshot!(stem(name), settled(&written.code)));
    }
}

/// A program of all networks, each of which writes the bits of its outputs.
#[test]
fn compiled_and_run() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("src");
    std::fs::create_dir(&source).unwrap();
    let manifest = format!(
        "[package]\nname = \"all\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\nnetc-embedded = {{ path = {:?} }}\n",
        root().join("runtime/embedded")
    );
    std::fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    let (mut modules, mut main, mut expected) = (String::new(), String::new(), String::new());
    for name in NETWORKS {
        let case = case(name);
        let (stem, network) = (stem(name), &case.plan.name);
        let weights = format!("{stem}.weights");
        let written = embedded(&case.plan, &case.quantised, "x.net", &weights).unwrap();
        std::fs::write(source.join(format!("{stem}.rs")), &written.code).unwrap();
        std::fs::write(source.join(weights), &written.weights).unwrap();
        let input = case.input(5);
        std::fs::write(source.join(format!("{stem}.input")), &input).unwrap();
        modules += &format!("#[deny(warnings)]\nmod {stem};\n");
        main += &format!(
            "    let mut output: {stem}::Output = std::array::from_fn(|_| 0.0);
    let mut workspace = Box::new({stem}::Workspace::new());
    {stem}::{network}::forward(&mut workspace, include_bytes!(\"{stem}.input\"), &mut output);
    output.iter().for_each(|x| println!(\"{{:08x}}\", x.to_bits()));
    println!(\"{stem} {{}}\", {stem}::{network}::pixel(0, 200));\n"
        );
        let outputs = case.expected(&input);
        expected.extend(outputs.iter().map(|x| format!("{:08x}\n", x.to_bits())));
        expected += &format!("{stem} {}\n", pixel(&case, 200));
    }
    std::fs::write(
        source.join("main.rs"),
        format!("{modules}fn main() {{\n{main}}}\n"),
    )
    .unwrap();
    let target = root().join("target/embedded-host");
    let run = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline", "--release", "--target-dir"])
        .arg(target)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    assert_eq!(String::from_utf8_lossy(&run.stdout), expected);
}

/// The input's byte for a byte of a picture, worked out in f64.
fn pixel(case: &Case, byte: u8) -> u8 {
    let pixels = &case.plan.pixels;
    let number = (f64::from(byte) * f64::from(pixels.scale) - f64::from(pixels.mean[0]))
        / f64::from(pixels.std[0]);
    let input = case.quantised.input().unwrap();
    let byte = number / f64::from(input.scale) + f64::from(input.zero_point);
    byte.clamp(0.0, 255.0).round() as u8
}
