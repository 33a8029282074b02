//! What is exported is read again as the same network with the same weights, bit by bit.

#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

mod common;

use common::{graph, import, weights};
use netc_compiler::print;
use netc_exchange::onnx;

/// Exports a network and reads it again: its text without claims and comments, and its weights, are as before.
fn there_and_back(text: &str) {
    let there = graph(text);
    let before = weights(&there);
    let bytes = onnx::export(&there, &before).unwrap();
    let back = import(bytes).unwrap_or_else(|refusal| panic!("{text}\n{refusal}"));
    let bare = |graph: &netc_compiler::graph::Graph| {
        let mut graph = graph.clone();
        graph.claims.clear();
        graph.recipes.clear();
        graph.about.clear();
        print::net(&graph).unwrap()
    };
    assert_eq!(bare(&back.graph), bare(&there));
    assert_eq!(
        back.weights
            .into_iter()
            .collect::<std::collections::BTreeMap<_, _>>(),
        before
    );
}

#[test]
fn layers_of_every_kind() {
    for text in [
        "INPUT(9x9x3) => CONV(8, 3x3, same) => RELU => POOL(2x2) => CONV(4, 3x3/2, 1, bias=false) => BN(momentum=0.9) => FC(7) => RELU => FC(5) => SOFTMAX",
        "INPUT(8x8x4) => DWCONV(3x3, same) => RELU6 => CONV(8, 1x1, groups=4) => LEAKY_RELU(0.2) => GLOBALPOOL => FC(3)",
        "INPUT(8x8x4) => CONV(8, 3x3, dilation=2) => [ SIGMOID | TANH | ELU(0.5) | HARD_SIGMOID | HARD_SWISH | SILU | GELU ] => CONCAT => FC(3)",
        "INPUT(8x8x4) => PAD((0, 1, 2, 3)) => CROP((1, 0, 0, 2)) => LRN(n=3, k=1) => AVGPOOL(3x3/2, 1) => FLATTEN(chw)",
        "INPUT(8x8x4) => DECONV(6, 4x4/2, 1) => UPSAMPLE(2x2) => UPSAMPLE(2x3, bilinear) => SHUFFLE(3) => GLOBALPOOL(max) => FLATTEN",
        "INPUT(8x8x6) => [ SLICE(0, 2) | SLICE(2, 6) => RELU ] => CONCAT => SLICE(1, 5) => PRELU => PRELU(shared=true) => SCALE => FC(2)",
        "INPUT(8x8x6) => GROUPNORM(3) => LN(1e-6) => POOL(3x3/2, same) => FC(4) => LN => FC(2)",
        "INPUT(8x8x6) => [ SKIP | GLOBALPOOL => CONV(2, 1x1) => RELU => CONV(6, 1x1) => HARD_SIGMOID ] => MUL => FC(2)",
        "INPUT(12) => FC(8) => BN(momentum=0.9) => RELU => [ SKIP | FC(8) ] => ADD => FC(3)",
        "INPUT(8x8x3) => CONV(4, 3x3, same) => RELU as fine => POOL(2x2) => CONV(6, 1x1)\noutput fine\noutput boxes = fine => CONV(2, 1x1)",
        "INPUT(10x10x3) => AVGPOOL(2x2) => CONV(4, 2x2, same) => FC(3, bias=false)",
    ] {
        there_and_back(&format!("net Same {text}"));
    }
}

#[test]
fn networks_of_the_catalogue() {
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/");
    for name in [
        "allconv_mnist",
        "lenet_cifar",
        "lenet5_mnist",
        "squeezenet1_1",
        "mobilenet_v2",
    ] {
        let text = std::fs::read_to_string(format!("{models}{name}.net")).unwrap();
        let there = graph(&text);
        let before = weights(&there);
        let back = import(onnx::export(&there, &before).unwrap()).unwrap();
        let after: std::collections::BTreeMap<_, _> = back.weights.into_iter().collect();
        assert_eq!(after, before, "{name}");
    }
}

/// What trains only, and what ONNX says in pieces, leaves no trace or another one.
#[test]
fn what_does_nothing_in_inference_is_left_out() {
    let there = graph(
        "INPUT(6x6x2) => CONV(3, 3x3) => DROPOUT(0.5) => FLATTEN => DROP_PATH(0.1) => LECUN_TANH",
    );
    let back = import(onnx::export(&there, &weights(&there)).unwrap()).unwrap();
    let kinds: Vec<&str> = back
        .graph
        .nodes
        .iter()
        .map(|node| netc_compiler::layers::kind(&node.layer))
        .collect();
    assert_eq!(
        kinds,
        ["INPUT", "CONV", "SCALE", "TANH", "SCALE", "FLATTEN"]
    );
}

#[test]
fn the_largest_layers_of_lenet_5_are_written_too() {
    let there = graph(
        "INPUT(8x8x1) => CONV(4, 3x3) => SUBSAMPLE(2x2) => CONV(2, 2x2, connect=[[0, 1], [2, 3]]) => ADAPTIVE_AVGPOOL(3x3) => RBF(4)",
    );
    let before = weights(&there);
    let bytes = onnx::export(&there, &before).unwrap();
    let refusal = import(bytes).unwrap_err();
    assert!(
        refusal.details.iter().any(|line| line.contains("MatMul")),
        "{refusal}"
    );
    let missing = onnx::export(&there, &std::collections::BTreeMap::new()).unwrap_err();
    assert_eq!(missing.headline, "`conv1.weight` is missing");
}
