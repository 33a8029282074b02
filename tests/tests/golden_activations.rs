//! Activations that the given operations lack, and their derivatives, against PyTorch's float64: the fast kernels and the plain reference.

use netc_plan::{Activation, Op};
use netc_runtime::train::{self, Setting};
use netc_tests::networks::compile_text;
use serde_json::Value;

const FIGURES: &str = include_str!("../reference/activations.json");

fn numbers(case: &Value, key: &str) -> Vec<f64> {
    let all = case[key].as_array().into_iter().flatten();
    all.map(|number| number.as_f64().expect("a number"))
        .collect()
}

/// The operation that a layer of this name becomes.
fn operation(name: &str) -> Activation {
    let output = compile_text(
        &format!("INPUT(1) => {name}"),
        &netc_compiler::Options::default(),
    );
    let plan = output.plan.expect("a network");
    match plan.forward[0].op {
        Op::Activation(d) => d,
        other => panic!("{name} is {other:?}"),
    }
}

fn near(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        let error = (found - expected).abs();
        assert!(error <= tolerance, "{what}: {found}, PyTorch {expected}");
    }
}

#[test]
fn values_and_derivatives_are_pytorchs() {
    let cases: Vec<Value> = serde_json::from_str(FIGURES).expect("JSON");
    assert_eq!(cases.len(), 2);
    for case in &cases {
        let name = case["name"].as_str().expect("a name");
        let [x, y, dx] = ["x", "y", "dx"].map(|key| numbers(case, key));
        let op = Op::Activation(Activation {
            input: [1, 1, x.len()],
            ..operation(name)
        });
        let ones = vec![1.0; x.len()];
        let plain = train::plain(&op, &[], &[], std::slice::from_ref(&x), &ones);
        near(name, &plain.output, &y, 1e-15);
        // PyTorch's derivative of HARD_SIGMOID is 1 / 6 in single precision.
        near(name, &plain.inputs[0], &dx, 1e-8);
        let narrow: Vec<f32> = x.iter().map(|&x| x as f32).collect();
        let ones = vec![1.0; x.len()];
        let fast = train::fast(&op, &[], &[], &[narrow], &ones, Setting::default());
        let wide = |all: &[f32]| -> Vec<f64> { all.iter().map(|&y| y.into()).collect() };
        near(name, &wide(&fast.output), &y, 1e-6);
        near(name, &wide(&fast.inputs[0]), &dx, 1e-6);
    }
}
