//! Packed weights replace the file's: a run takes the memory of one of them, not of both.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

mod common;

use common::{Folder, npy};
use std::process::Stdio;
use std::time::Duration;

/// An FC that takes most of the weights and is in the file's order of columns, as in networks from PyTorch, and one that is not.
const WIDE: &str = "net Wide
INPUT(28x28x3) => CONV(64, 3x3/2) => RELU => FLATTEN(chw) => FC(2048) => RELU => FC(2048) => RELU => FC(10)
";

/// The peak of a process, in bytes; the last one that was seen before it ended.
fn peak(folder: &Folder, args: &[&str]) -> usize {
    let mut command = folder.command();
    let silent = command.args(args).stderr(Stdio::null());
    let mut child = silent.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = peak.max(kilobytes.map_or(0, |n: usize| n << 10));
        std::thread::sleep(Duration::from_micros(200));
    }
    assert!(child.wait().unwrap().success());
    peak
}

#[test]
fn weights_are_held_once() {
    let folder = Folder::new();
    folder.write("wide.net", WIDE);
    let init = [
        "weights",
        "init",
        "wide.net",
        "--seed",
        "1",
        "-o",
        "wide.safetensors",
    ];
    folder.netc(init).succeeds();
    let weights = std::fs::metadata(folder.path("wide.safetensors")).unwrap();
    let weights = usize::try_from(weights.len()).unwrap();
    folder.write(
        "x.npy",
        npy("<f4", "False", "(28, 28, 3)", &[0; 28 * 28 * 3 * 4]),
    );
    let run = |network: &str, source: &[&str]| {
        let line = ["run", network, "-i", "x.npy", "-o", "y.npy"];
        let args: Vec<&str> = line.into_iter().chain(source.iter().copied()).collect();
        peak(&folder, &args)
    };
    // The process itself: its code, the compiler's work.
    folder.write("small.net", "INPUT(28x28x3) => GLOBALPOOL => FC(10)");
    let process = run("small.net", &["--seed", "1"]);
    let found = run("wide.net", &["--weights", "wide.safetensors"]) - process;
    assert!(
        weights > 90 << 20 && found < weights + weights / 10 + (20 << 20),
        "{found} bytes for {weights} of weights, and {process} of the process"
    );
    assert!(found > weights / 2, "{found} bytes were not seen");
}
