//! Layers that are folded into one on loading give the numbers of the layers one by one.

use netc_plan::Op;
use netc_tests::networks::compile_text;
use netc_tests::numbers::{drawn_images, drawn_weights, outputs};

/// The names of the operations, and the outputs for two images.
fn computed(text: &str) -> (Vec<&'static str>, Vec<f32>) {
    let output = compile_text(text, &netc_compiler::Options::default());
    let plan = output.plan.expect("a network");
    let outputs = outputs(&plan, &drawn_weights(&plan), &drawn_images(&plan, 2));
    let names = plan.forward.iter().map(|step| step.op.name());
    (names.collect(), outputs)
}

/// A pointwise convolution, with its normalisation, and the FC that reads it. LEAKY_RELU(1) changes no number, and keeps them apart.
#[test]
fn a_pointwise_convolution_and_an_fc_are_one_map() {
    for (before, after) in [
        ("CONV(9, 1x1)", "FC(7)"),
        (
            "CONV(9, 1x1, bias=false) => BN",
            "FLATTEN(chw) => FC(7) => BN",
        ),
        ("CONV(3, 1x1)", "FC(7) => RELU => FC(2)"),
    ] {
        let network = |between: &str| format!("INPUT(5x4x3) => {before} => {between} {after}");
        let (folded, numbers) = computed(&network(""));
        let (apart, expected) = computed(&network("LEAKY_RELU(1) =>"));
        assert!(
            !folded.contains(&"Conv") && apart.contains(&"Conv"),
            "{before}: {folded:?}"
        );
        let largest = expected.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
        for (number, expected) in numbers.iter().zip(&expected) {
            let error = (number - expected).abs();
            assert!(
                error <= 2e-6 * largest,
                "{before}, {after}: {number}, {expected}"
            );
        }
    }
}

/// What would cost more when it is one map, or is read by others, stays as it is.
#[test]
fn what_gains_nothing_stays() {
    for network in [
        "INPUT(5x4x9) => CONV(3, 1x1) => FC(7)",
        "INPUT(5x4x3) => CONV(9, 1x1) => RELU => FC(7)",
        "INPUT(5x4x3) => CONV(9, 1x1/2) => FC(7)",
        "INPUT(5x4x3) => CONV(9, 1x1) as a => FC(7) => FC(180) as b output c = a => RELU",
    ] {
        let output = compile_text(network, &netc_compiler::Options::default());
        let Some(plan) = output.plan else {
            panic!("{network}: {:?}", output.diagnostics);
        };
        let convolutions = plan
            .forward
            .iter()
            .filter(|step| matches!(step.op, Op::Conv(_)));
        assert_eq!(convolutions.count(), 1, "{network}");
    }
}
