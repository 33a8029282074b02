//! Means are taken before a pointwise convolution: the steps before and after.

use netc_compiler::{Options, compile};
use netc_plan::validate;
use std::collections::BTreeMap;

/// Each step: its name and what it stands for.
fn steps(text: &str, optimise: bool) -> Vec<String> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let options = Options {
        optimise,
        ..Options::default()
    };
    let output = compile("a.net", text.into(), &options, &mut files);
    let rendered = output.rendered();
    let plan = output.plan.expect(&rendered);
    validate(&plan).expect("a valid plan");
    let steps = plan.forward.iter();
    let steps = steps.map(|step| format!("{}: {}", step.name, step.text));
    steps.collect()
}

#[test]
fn fewer_pixels_are_multiplied() {
    let text = "INPUT(8x12x6) => CONV(6, 3x3, same) => RELU => CONV(4, 1x1, bias=false) => BN => AVGPOOL(2x2) => RELU => FC(3)";
    assert_eq!(
        steps(text, false),
        [
            "conv1: CONV(6, 3x3, same)",
            "relu1: RELU",
            "conv2: CONV(4, 1x1, bias=false)",
            "bn1: BN",
            "avgpool1: AVGPOOL(2x2)",
            "relu2: RELU",
            "fc1: FC(3)",
        ]
    );
    assert_eq!(
        steps(text, true),
        [
            "conv1: CONV(6, 3x3, same) + RELU",
            "avgpool1: AVGPOOL(2x2)",
            "conv2: CONV(4, 1x1, bias=false) + BN + RELU",
            "fc1: FC(3)",
        ]
    );
    let whole =
        "INPUT(5x7x6) => CONV(6, 3x3, same) => RELU => CONV(4, 1x1) => GLOBALPOOL => SOFTMAX";
    assert_eq!(
        steps(whole, true)[1..3],
        ["globalpool1: GLOBALPOOL", "conv2: CONV(4, 1x1)"]
    );
}

/// DenseNet's transitions, which the file writes as one.
#[test]
fn blocks_stay_what_they_are() {
    let text = "block transition(c) = BN => RELU => CONV(c, 1x1, bias=false) => AVGPOOL(2x2)\n\
        INPUT(8x12x6) => CONV(6, 3x3, same) => RELU => transition(5) => transition(4) => FC(3)";
    assert_eq!(
        steps(text, true)[1..7],
        [
            "bn1: BN + RELU",
            "avgpool1: AVGPOOL(2x2)",
            "conv2: CONV(5, 1x1, bias=false)",
            "bn2: BN + RELU",
            "avgpool2: AVGPOOL(2x2)",
            "conv3: CONV(4, 1x1, bias=false)",
        ]
    );
}

/// Behind an activation, with padding, of many channels that are few behind it, of maxima, of windows, with other readers: the order stays.
#[test]
fn other_means_stay_behind() {
    for text in [
        "INPUT(8x8x6) => CONV(4, 1x1) => RELU => AVGPOOL(2x2) => FC(3)",
        "INPUT(8x8x6) => CONV(4, 1x1) => AVGPOOL(3x3/2, pad=1) => FC(3)",
        "INPUT(8x8x90) => CONV(4, 1x1) => AVGPOOL(3x3/1) => FC(3)",
        "INPUT(8x8x6) => CONV(4, 1x1) => POOL(2x2) => FC(3)",
        "INPUT(8x8x6) => CONV(4, 3x3) => AVGPOOL(2x2) => FC(3)",
        "INPUT(8x8x6) => CONV(4, 1x1) as a => AVGPOOL(2x2) => UPSAMPLE(2x2) => ADD(a) => FC(3)",
    ] {
        let steps = steps(text, true);
        assert!(steps[0].contains("CONV("), "{text}: {steps:?}");
    }
}
