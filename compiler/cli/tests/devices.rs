//! Devices, through the binary: what is said where there is no GPU, and training on the emulated one.

#![allow(clippy::unwrap_used, reason = "a test fails by its panics")]

mod common;

use common::world::{NET, World, figures};
use netc_emulated_device::{Libraries, Missing};
use serde_json::Value;
use std::fs;
use std::process::Command;

/// The emulated device's libraries, or a visible skip where they cannot be built.
fn libraries() -> Option<Libraries> {
    match Libraries::build() {
        Ok(libraries) => Some(libraries),
        Err(Missing::Compiler(reason)) => {
            #[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
            {
                eprintln!("SKIPPED: {reason}");
            }
            None
        }
        Err(broken) => panic!("{broken}"),
    }
}

/// netc on the emulated device.
fn emulated(world: &World, libraries: &Libraries, line: &str) -> Command {
    let mut netc = world.netc(line);
    netc.envs(libraries.environment());
    netc.env("NETC_CACHE", world.path("cache"));
    netc
}

/// What a command printed that has to end with this code.
fn said(mut netc: Command, code: i32) -> (String, String) {
    let output = netc.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(code), "{netc:?}\n{out}{err}");
    (out, err)
}

#[test]
fn without_a_driver_each_command_ends_with_one_sentence() {
    let world = World::new();
    let (devices, _) = world.run(0, "devices --json");
    let devices: Value = serde_json::from_str(&devices).unwrap();
    assert_eq!(devices["devices"][0]["device"], "cpu");
    if devices["missing"].is_null() {
        return;
    }
    let sentence = "error: no NVIDIA driver found: there is no libcuda on this machine; --device cpu runs here\n";
    for line in [
        "run stripes.net --seed 1 -i x.npy -o y.npy --device cuda",
        "predict stripes.net --seed 1 x.png --device cuda",
        "train stripes.net --data data --out run --device cuda",
        "eval stripes.net --data data --run run --device cuda:1",
        "bench stripes.net --device cuda",
        "bench stripes.net --train --device cuda",
    ] {
        let (out, err) = world.run(2, line);
        assert!(out.is_empty(), "{line}: {out}");
        assert!(err.ends_with(sentence), "{line}: {err}");
    }
    assert!(!world.path("run").exists());
    world.run(0, "bench stripes.net --device auto --seconds 0.01");
    let (_, err) = world.run(2, "bench stripes.net --precision tf32");
    assert!(
        err.contains("the CPU infers in f32, bf16 or int8, not in tf32"),
        "{err}"
    );
}

#[test]
fn a_run_on_the_gpu_is_that_of_the_cpu_and_goes_on_there() {
    let Some(libraries) = libraries() else { return };
    let world = World::new();
    world.idx("train", 96, 1);
    let unclaimed = NET.replace("expect accuracy >= 0.8", "");
    fs::write(world.path("stripes.net"), unclaimed).unwrap();
    let train = "train stripes.net --data data";
    let gpu = |line: &str| said(emulated(&world, &libraries, line), 0);
    gpu(&format!("{train} --out gpu --epochs 1 --device cuda"));
    world.run(0, &format!("{train} --out cpu --epochs 1"));
    near(&world, "gpu", "cpu");

    // From one device to the other, and back.
    world.run(0, &format!("{train} --resume gpu --epochs 2"));
    gpu(&format!("{train} --resume cpu --epochs 2 --device cuda"));
    near(&world, "gpu", "cpu");
    let (out, _) = gpu("eval stripes.net --run gpu --data data --json --device cuda");
    let on_gpu: Value = serde_json::from_str(&out).unwrap();
    let (out, _) = world.run(0, "eval stripes.net --run gpu --data data --json");
    let on_cpu: Value = serde_json::from_str(&out).unwrap();
    let loss = |figures: &Value| figures["loss"].as_f64().unwrap();
    assert!(
        (loss(&on_gpu) - loss(&on_cpu)).abs() < 1e-4,
        "{on_gpu} {on_cpu}"
    );
}

/// The losses of two runs are the same but for rounding, which Adam's first steps enlarge.
fn near(world: &World, one: &str, other: &str) {
    let losses = |run: &str| {
        let rows = figures(&world.path(run));
        let loss = |row: &String| {
            let fields: Vec<&str> = row.split(',').collect();
            [1, 3].map(|i| fields[i].parse::<f64>().unwrap())
        };
        rows[1..].iter().flat_map(loss).collect::<Vec<f64>>()
    };
    let (one, other) = (losses(one), losses(other));
    let mut pairs = one.iter().zip(&other);
    assert_eq!(one.len(), other.len());
    assert!(
        pairs.all(|(a, b)| (a - b).abs() < 1e-2 * b),
        "{one:?} {other:?}"
    );
}

#[test]
fn what_is_missing_beside_the_driver_is_said() {
    let Some(libraries) = libraries() else { return };
    let world = World::new();
    let bench = "bench stripes.net --device cuda --seconds 0.01";
    let mut netc = world.netc(bench);
    netc.envs(libraries.environment_without_nvrtc());
    netc.env("NETC_CACHE", world.path("cache"));
    let (_, err) = said(netc, 2);
    assert!(err.contains("run-time compiler is missing"), "{err}");
    let mut netc = world.netc("devices");
    netc.envs(libraries.environment_without_nvrtc());
    let (out, _) = said(netc, 0);
    assert!(out.contains("cuda:0 cannot be used"), "{out}");

    // A compiled program that is damaged is made anew.
    said(emulated(&world, &libraries, bench), 0);
    let cache = world.path("cache/cuda");
    for file in fs::read_dir(&cache).unwrap() {
        fs::write(file.unwrap().path(), b"not a program").unwrap();
    }
    said(emulated(&world, &libraries, bench), 0);
    for file in fs::read_dir(&cache).unwrap() {
        assert!(fs::read(file.unwrap().path()).unwrap().len() > 100);
    }

    // Times of layers would be those of recording them.
    for layers in ["", "--train "] {
        let line = format!("{bench} {layers}--layers");
        let (_, err) = said(emulated(&world, &libraries, &line), 2);
        assert!(err.contains("have no times of their own"), "{err}");
    }
}
