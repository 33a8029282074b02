//! The cases of the `onnx` package's own tests whose operators networks of pictures have: each is imported and computed, or refused
//! with a reason. The snapshot is the list. `tests/reference/onnx_nodes.py` wrote the cases.

#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

use netc_compiler::graph::Graph;
use netc_compiler::lower::Purpose;
use netc_compiler::params;
use netc_exchange::onnx::{self, Source};
use netc_runtime::{Device, Executor, Model, Weights};
use safetensors::SafeTensors;
use std::collections::BTreeSet;
use std::fmt::Write;

/// How far numbers may be apart, as a share of the largest.
const LIMIT: f32 = 1e-5;

/// The cases whose figures were written down with four digits.
const ROUNDED: &[&str] = &["averagepool_2d_ceil_last_window_starts_on_pad"];

/// Numbers and their shape.
struct Array {
    shape: Vec<usize>,
    values: Vec<f32>,
}

impl Array {
    fn of(file: &SafeTensors<'_>, name: &str) -> Self {
        let tensor = file.tensor(name).unwrap();
        let numbers = tensor.data().as_chunks::<4>().0.iter();
        Self {
            shape: tensor.shape().to_vec(),
            values: numbers.map(|b| f32::from_le_bytes(*b)).collect(),
        }
    }

    /// `[n, c, h, w]` or `[n, c, h]` as `[n, h, w, c]`.
    fn channels_last(&self) -> Vec<f32> {
        self.moved(&self.shape)
    }

    fn moved(&self, shape: &[usize]) -> Vec<f32> {
        let [n, c, ref rest @ ..] = shape[..] else {
            return self.values.clone();
        };
        let area: usize = rest.iter().product();
        let at = |image: usize, cell: usize, channel: usize| (image * c + channel) * area + cell;
        let pixels = (0..n).flat_map(|image| (0..area).map(move |cell| (image, cell)));
        let all = pixels.flat_map(|(i, cell)| (0..c).map(move |channel| at(i, cell, channel)));
        all.map(|at| self.values[at]).collect()
    }
}

/// What an imported network makes of images.
fn computed(graph: &Graph, weights: Vec<(String, Vec<f32>)>, images: &[f32]) -> Vec<f32> {
    let plan = netc_compiler::plan(graph, Purpose::Infer(&[]), true);
    let weights = Weights::from_tensors(weights, &params::all(graph, None)).unwrap();
    let executor = Executor::new(&plan, &weights.on(Device::cpu())).unwrap();
    let one: usize = plan.input.iter().product();
    let mut workspace = executor.workspace(images.len() / one);
    executor.forward(&mut workspace, images).unwrap().to_vec()
}

/// How far apart, as a share of the largest number; NaN where there are none.
fn apart(ours: &[f32], theirs: &[f32]) -> f32 {
    if ours.len() != theirs.len() {
        return f32::NAN;
    }
    let largest = theirs
        .iter()
        .fold(f32::MIN_POSITIVE, |most, x| most.max(x.abs()));
    let far = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
    far.fold(0.0, f32::max) / largest
}

/// One line: what became of a case.
fn verdict(model: &[u8], input: &Array, output: &Array, limit: f32) -> String {
    let imported = onnx::import(Source {
        name: "case",
        bytes: model.to_vec(),
        beside: &|name, _, _| Err(format!("there is no `{name}`")),
        input: None,
    });
    let imported = match imported {
        Ok(imported) => imported,
        Err(refusal) => {
            let why = refusal.details.first().unwrap_or(&refusal.headline);
            return format!("refused: {}", why.replace('\n', " "));
        }
    };
    // Pictures have their channels elsewhere, unless the model itself moves them.
    let hwc = imported.graph.nodes[0].shape.sizes();
    let as_is = input.shape.len() != 4
        || (input.shape[1..] == hwc[..] && input.shape[3] == hwc[2] && input.shape[1] != hwc[2]);
    let images = match as_is && input.shape.len() != 3 {
        true => input.values.clone(),
        false => input.channels_last(),
    };
    let ours = computed(&imported.graph, imported.weights, &images);
    // As a picture, as it is, or as a picture without an axis for the batch.
    let without = output.moved(&[&[1], &output.shape[..]].concat());
    let wanted = [output.channels_last(), output.values.clone(), without];
    let distances = wanted.iter().map(|theirs| apart(&ours, theirs));
    let far = distances.fold(f32::NAN, f32::min);
    match far <= limit {
        true => "passes".to_owned(),
        false => format!("DIFFERS by {far:.1e}"),
    }
}

#[test]
fn every_case_passes_or_says_why_not() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/reference/onnx_nodes.safetensors"
    );
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensors = file.names();
    let cases: BTreeSet<&str> = tensors
        .iter()
        .map(|name| name.split('/').next().unwrap())
        .collect();
    assert!(cases.len() > 200);
    let mut list = String::new();
    let mut passed = 0;
    for case in &cases {
        let model = file.tensor(&format!("{case}/model")).unwrap();
        let input = Array::of(&file, &format!("{case}/input"));
        let output = Array::of(&file, &format!("{case}/output"));
        let limit = if ROUNDED.contains(case) { 1e-3 } else { LIMIT };
        let verdict = verdict(model.data(), &input, &output, limit);
        passed += usize::from(verdict == "passes");
        writeln!(list, "{case}: {verdict}").unwrap();
    }
    let list = format!("{passed} of {} pass\n\n{list}", cases.len());
    insta::assert_snapshot!("onnx_nodes", list);
    assert!(!list.contains("DIFFERS"), "{list}");
}
