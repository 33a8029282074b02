//! Networks with weights that are made up, and ways there and back.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use netc_compiler::graph::Graph;
use netc_compiler::{Files, Options, compile, params};
use netc_exchange::onnx::{self, Source};
use netc_exchange::{Imported, Refusal};
use std::collections::BTreeMap;

/// The graph of a network.
pub(crate) fn graph(text: &str) -> Graph {
    let options = Options {
        optimise: false,
        ..Options::default()
    };
    let mut loader = Files { root: ".".into() };
    let output = compile("test.net", text.as_bytes().to_vec(), &options, &mut loader);
    assert!(!output.has_errors(), "{}", output.rendered());
    output.graph.unwrap()
}

/// Numbers for all tensors of a network, no two alike in a row; variances are above 0.
pub(crate) fn weights(graph: &Graph) -> BTreeMap<String, Vec<f32>> {
    let tensors = params::all(graph, None).into_iter();
    let values = tensors.enumerate().map(|(at, param)| {
        let size: usize = param.shape.iter().product();
        let number = |i: usize| 0.25 + ((i * 7919 + at * 104_729) % 1009) as f32 / 1009.0;
        (param.name, (0..size).map(number).collect())
    });
    values.collect()
}

/// Reads a model that stands alone.
pub(crate) fn import(bytes: Vec<u8>) -> Result<Imported, Refusal> {
    onnx::import(Source {
        name: "model",
        bytes,
        beside: &|name, _, _| Err(format!("there is no `{name}`")),
        input: None,
    })
}
