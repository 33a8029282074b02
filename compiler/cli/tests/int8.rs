//! From a trained network to one that runs in int8, through the binary.

#![allow(clippy::unwrap_used, reason = "a test fails by its panics")]

mod common;

use common::world::World;
use serde_json::Value;

#[test]
fn a_quantised_network_is_as_good() {
    let world = World::new();
    world.run(0, "train stripes.net --data data --out run");
    let weights = "run/last.safetensors";
    let quantize = format!("quantize stripes.net -w {weights} --data data -o q.safetensors");
    let (out, err) = world.run(0, &quantize);
    assert!(out.is_empty() && err.contains("Quantised"), "{out}{err}");
    let first = world.bytes("q.safetensors");
    world.run(0, &quantize);
    assert!(world.bytes("q.safetensors") == first, "not the same bytes");

    let accuracy = |line: &str| {
        let (out, _) = world.run(0, line);
        let judged: Value = serde_json::from_str(&out).unwrap();
        judged["accuracy"].as_f64().unwrap()
    };
    let exact = accuracy(&format!("eval stripes.net -w {weights} --data data --json"));
    let int8 = "eval stripes.net -w q.safetensors --data data --precision int8 --json";
    assert!((accuracy(int8) - exact).abs() <= 0.02);
    // What the run noted about its weights is kept: the class, by its name.
    image::GrayImage::from_fn(8, 8, |_, y| image::Luma([if y == 4 { 230 } else { 0 }]))
        .save(world.path("two.png"))
        .unwrap();
    let predict = "predict stripes.net -w q.safetensors --precision int8 two.png --json";
    let (out, _) = world.run(0, predict);
    let predicted: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(predicted["top"][0]["label"], "2", "{predicted}");
    let (out, _) = world.run(
        0,
        "bench stripes.net --precision int8 --layers --seconds 0.01 --json",
    );
    assert!(
        out.contains("int8 ") && out.contains(r#""precision":"int8""#),
        "{out}"
    );
}

#[test]
fn what_is_not_quantised_is_refused() {
    let world = World::new();
    world.run(0, "weights init stripes.net --seed 1 -o w.safetensors");
    let refused = |code: i32, line: &str, says: &str| {
        let (_, err) = world.run(code, line);
        assert!(err.contains(says), "{line}: {err}");
    };
    refused(
        1,
        "eval stripes.net -w w.safetensors --data data --precision int8",
        "not a quantised network: `netc quantize`",
    );
    world.run(
        0,
        "quantize stripes.net -w w.safetensors --data data -o q.safetensors --images 8",
    );
    refused(
        1,
        "eval stripes.net -w q.safetensors --data data",
        "`--precision int8` runs it",
    );
    refused(
        2,
        "train stripes.net --data data --precision int8",
        "no network learns in int8",
    );
    refused(
        2,
        "quantize stripes.net -w w.safetensors --data data -o w.safetensors",
        "w.safetensors",
    );
    refused(
        2,
        "eval stripes.net -w none.safetensors --data data --precision int8",
        "cannot read `none.safetensors`",
    );
}
