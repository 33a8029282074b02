//! Steps that are computed in one give the numbers of the steps one by one; the plan and the generated Rust show them.

use netc_compiler::Options;
use netc_plan::{Plan, validate};
use netc_tests::networks::compile_text;
use netc_tests::numbers::{drawn_images, drawn_weights, outputs};

/// The plan, optimised or not, and the optimised one as Rust.
fn plans(text: &str) -> ([Plan; 2], String) {
    let mut code = String::new();
    let plans = [false, true].map(|optimise| {
        let options = Options {
            optimise,
            code: optimise,
            ..Options::default()
        };
        let output = compile_text(text, &options);
        code = output.code.clone().unwrap_or_default();
        let plan = output.plan.expect("a network");
        assert_eq!(validate(&plan), Ok(()), "{text}");
        plan
    });
    (plans, code)
}

/// Each step: its name, its operation and what it stands for.
fn steps(plan: &Plan) -> Vec<String> {
    let step = |step: &netc_plan::Step| format!("{}: {}: {}", step.name, step.op.name(), step.text);
    plan.forward.iter().map(step).collect()
}

/// That both plans give the same numbers for two images.
fn compare([before, after]: &[Plan; 2], text: &str) {
    let weights = drawn_weights(before);
    let images = drawn_images(before, 2);
    let [expected, found] = [before, after].map(|plan| outputs(plan, &weights, &images));
    let largest = expected.iter().fold(0.0_f32, |max, x| max.max(x.abs()));
    for (found, expected) in found.iter().zip(&expected) {
        let error = (found - expected).abs();
        assert!(error <= 2e-5 * largest, "{text}: {found}, {expected}");
    }
}

#[test]
fn a_convolution_adds_what_add_would() {
    let text = "INPUT(9x8x6) => CONV(6, 3x3, same) => RELU \
        => [ CONV(6, 3x3, same, bias=false) => BN | SKIP ] => ADD => RELU => FC(3)";
    let (plans, code) = plans(text);
    assert_eq!(
        steps(&plans[0]),
        [
            "conv1: Conv: CONV(6, 3x3, same)",
            "relu1: Activation: RELU",
            "conv2: Conv: CONV(6, 3x3, same, bias=false)",
            "bn1: BatchNorm: BN",
            "add1: Add: ADD",
            "relu2: Activation: RELU",
            "fc1: Fc: FC(3)",
        ]
    );
    assert_eq!(
        steps(&plans[1]),
        [
            "conv1: Conv: CONV(6, 3x3, same) + RELU",
            "conv2: ConvAdd: CONV(6, 3x3, same, bias=false) + BN + ADD + RELU",
            "fc1: Fc: FC(3)",
        ]
    );
    // It writes over what it adds, and reads from elsewhere.
    let both = &plans[1].forward[1];
    assert_eq!(both.inputs, [plans[1].forward[0].output; 2]);
    assert_ne!(both.inputs[1], both.output);
    assert!(
        code.contains("// conv2: CONV(6, 3x3, same, bias=false) + BN + ADD + RELU, 9x8x6"),
        "{code}"
    );
    assert!(
        code.contains("self.conv2.run(mem, [at::CONV1, at::CONV1], at::CONV2)"),
        "{code}"
    );
    compare(&plans, text);
}

/// Of two convolutions the later one adds; what is added is overwritten where nobody else reads it.
#[test]
fn the_later_of_two_convolutions_adds() {
    let text = "INPUT(9x8x6) => CONV(4, 1x1) => RELU \
        => [ CONV(5, 3x3, same) => RELU => CONV(8, 1x1) | CONV(8, 1x1) ] => ADD => GELU => FC(3)";
    let (plans, _) = plans(text);
    let after = steps(&plans[1]);
    assert_eq!(
        after[2..4],
        [
            "conv3: Conv: CONV(8, 1x1)",
            "conv4: ConvAdd: CONV(8, 1x1) + ADD + GELU",
        ]
    );
    let both = &plans[1].forward[3];
    assert_eq!(both.inputs[1], both.output);
    compare(&plans, text);
}

/// Whatever lies where: no step writes over what it has yet to read.
#[test]
fn what_is_added_may_lie_anywhere() {
    for text in [
        // The image itself, a slice, a part of a CONCAT, and a CONCAT of which the convolution reads a part.
        "INPUT(6x6x4) => [ CONV(4, 3x3, same) | SKIP ] => ADD => RELU => FC(3)",
        "INPUT(6x6x4) => CONV(8, 1x1) as a => SLICE(0, 4) => [ CONV(4, 1x1) | SKIP ] => ADD => [ SKIP | CONV(2, 1x1) ] => CONCAT => FC(3)",
        "INPUT(6x6x4) => CONV(4, 1x1) as a => CONV(4, 1x1) as b => CONCAT(a) as c => CONV(4, 3x3, same) => ADD(b) => [ SKIP | CONV(2, 1x1) ] => CONCAT => FC(3)",
        "INPUT(6x6x4) => CONV(3, 1x1) as a => [ SKIP | CONV(3, 1x1) ] => CONCAT as b => SLICE(1, 4) => CONV(6, 1x1) => ADD(b) => FC(3)",
        "INPUT(6x6x4) => [ CONV(3, 1x1) as a | CONV(3, 1x1) ] => CONCAT as b => CONV(3, 1x1) => ADD(a) => CONV(6, 3x3, same) => ADD(b) => FC(3)",
        "INPUT(6x6x4) => CONV(4, 1x1) as a => CONV(4, 1x1) => ADD(a) as b => CONV(4, 1x1) => ADD(a) => CONV(4, 3x3, same) => ADD(b) => FC(3)",
    ] {
        let (plans, _) = plans(text);
        let fused = plans[1].forward.iter();
        let fused = fused.filter(|step| step.op.name() == "ConvAdd").count();
        let adds = plans[0].forward.iter();
        let adds = adds.filter(|step| step.op.name() == "Add").count();
        assert_eq!(fused, adds, "{text}: {:?}", steps(&plans[1]));
        compare(&plans, text);
    }
}

/// A convolution with an activation, with other readers, with a filter a channel or computed by rows with a larger one that it reads stays as it is, and so
/// does what is added to itself.
#[test]
fn what_cannot_be_added_stays() {
    for text in [
        "INPUT(6x6x4) => [ CONV(4, 1x1) => RELU | SKIP ] => ADD => FC(3)",
        "INPUT(6x6x4) => [ DWCONV(3x3, same) | SKIP ] => ADD => FC(3)",
        "INPUT(6x6x4) => [ CONV(8, 1x1) => DWCONV(3x3, same) => RELU => CONV(4, 1x1) | SKIP ] => ADD => FC(3)",
        "INPUT(6x6x4) => CONV(4, 1x1) as a => ADD(a) => FC(3)",
        "INPUT(6x6x4) as x => CONV(4, 1x1) as a => ADD(x) => MUL(a) => FC(3)",
    ] {
        let (plans, _) = plans(text);
        let mut all = plans[1].forward.iter();
        assert!(
            all.all(|step| step.op.name() != "ConvAdd"),
            "{text}: {:?}",
            steps(&plans[1])
        );
        compare(&plans, text);
    }
}
