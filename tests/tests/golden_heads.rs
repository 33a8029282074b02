//! Outputs beside the network's own, against PyTorch's float64 and between the two ways to run.

use netc_compiler::Options;
use netc_runtime::{Executor, Model};
use netc_tests::generated::Generated;
use netc_tests::generated::heads::Heads;
use netc_tests::networks::{compile_file, path};
use netc_tests::seeded;
use serde_json::Value;

/// Absolute error allowed, as a share of the largest reference value.
const TOLERANCE: f64 = 1e-4;

#[test]
fn outputs_have_names_and_auxiliary_heads_are_left_out() {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/reference/networks.json"
    ));
    let all: Value = serde_json::from_str(&text.expect("the file")).expect("JSON");
    let case = &all["networks"]["heads"];
    let rows = case["outputs"]["boxes"].as_array().expect("rows");
    let numbers = |row: &Value| -> Vec<f64> {
        let row = row.as_array().into_iter().flatten();
        row.filter_map(Value::as_f64).collect()
    };
    let expected: Vec<f64> = rows.iter().flat_map(numbers).collect();

    let output = compile_file(&path("heads"), &Options::default());
    let plan = output.plan.expect("a network");
    let steps = plan.forward.iter().map(|step| step.name.as_str());
    assert!(steps.clone().all(|name| name != "conv8" && name != "fc3"));
    assert!(plan.params.iter().any(|param| param.name == "fc3.weight"));

    let weights = seeded::weights(&plan.params);
    let scale = case["input_scale"].as_f64().expect("a number");
    let images = seeded::input(3 * plan.input.iter().product::<usize>(), scale);
    let executor = Executor::new(&plan, &weights).expect("a plan");
    let mut workspace = executor.workspace(3);
    executor.forward(&mut workspace, &images).expect("images");
    let found = executor
        .kept(&workspace, "boxes")
        .expect("an output")
        .expect("a pass");
    let largest = expected.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!((f64::from(*found) - expected).abs() <= TOLERANCE * largest);
    }

    let model = Heads::load(&weights.to_bytes()).expect("weights");
    let mut workspace = model.workspace(3);
    model.forward(&mut workspace, &images).expect("images");
    assert_eq!(Heads::output_boxes(&workspace).expect("a pass"), found);
}
