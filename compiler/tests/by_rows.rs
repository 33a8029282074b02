//! Which steps the compiler marks as computed by rows, and where it puts what they read and write.
#![allow(clippy::single_range_in_vec_init, reason = "a plan with one group")]

use netc_compiler::{Options, RecipeChoice, Train, compile};
use netc_plan::{Plan, View, overlap, validate};
use std::collections::BTreeMap;

fn plan(text: &str, options: &Options) -> Plan {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let output = compile("a.net", text.into(), options, &mut files);
    let rendered = output.rendered();
    let training = output.training.map(|training| training.plan);
    training.or(output.plan).expect(&rendered)
}

/// The names of the steps of each group.
fn groups(plan: &Plan) -> Vec<String> {
    validate(plan).expect("a valid plan");
    let groups = plan.by_rows.iter();
    let names = groups.map(|group| {
        let steps = plan.forward[group.clone()].iter();
        let names: Vec<&str> = steps.map(|step| step.name.as_str()).collect();
        names.join(" ")
    });
    names.collect()
}

fn inferred(text: &str) -> Vec<String> {
    groups(&plan(text, &Options::default()))
}

const BLOCK: &str = "INPUT(40x40x8) => CONV(48, 1x1) => BN => RELU6 => DWCONV(3x3, same) => BN => RELU6 => CONV(8, 1x1) => BN";

#[test]
fn pointwise_and_depthwise_convolutions_are_grouped_with_what_is_folded_into_them() {
    let expected = ["conv1 dwconv1 conv2"];
    assert_eq!(inferred(BLOCK), expected);
    assert_eq!(
        inferred(&format!("{BLOCK} => ADD(x)").replace("8)", "8) as x")),
        expected
    );
    let separable = "INPUT(40x40x32) => DWCONV(3x3/2) => RELU => CONV(64, 1x1) => RELU => DWCONV(5x5) => CONV(4, 1x1)";
    assert_eq!(inferred(separable), ["dwconv1 conv1", "dwconv2 conv2"]);
    let squeezed = "INPUT(40x40x8) => CONV(16, 1x1) => DWCONV(3x3) => GLOBALPOOL";
    assert_eq!(inferred(squeezed), ["conv1 dwconv1"]);
}

#[test]
fn what_others_read_is_not_grouped() {
    let tapped =
        "INPUT(40x40x8) => CONV(8, 1x1) as x => DWCONV(3x3, same) => CONV(8, 1x1) => CONCAT(x)";
    assert_eq!(inferred(tapped), ["dwconv1 conv2"]);
    let kept = Options {
        keep: vec!["dwconv1".into()],
        ..Options::default()
    };
    let plan = plan(
        "INPUT(40x40x8) => CONV(8, 1x1) => DWCONV(3x3) => CONV(8, 1x1)",
        &kept,
    );
    assert_eq!(groups(&plan), ["conv1 dwconv1"]);
}

#[test]
fn convolutions_are_grouped_with_the_windows_behind_them() {
    let pooled = "INPUT(40x40x8) => CONV(32, 3x3) => BN => RELU => POOL(2x2) => CONV(32, 3x3) => AVGPOOL(3x3/1) => CONV(4, 1x1) => FC(3)";
    assert_eq!(inferred(pooled), ["conv1 pool1", "conv2 avgpool1 conv3"]);
    let first = "INPUT(40x40x3) => CONV(32, 3x3/2, same) => RELU6 => DWCONV(3x3, same) => RELU6 => CONV(8, 1x1)";
    assert_eq!(inferred(first), ["conv1 dwconv1 conv2"]);
    let inception =
        "INPUT(40x40x8) => [ CONV(8, 1x1) | POOL(3x3/1, same) => CONV(4, 1x1) ] => CONCAT => FC(3)";
    assert_eq!(inferred(inception), ["pool1 conv2"]);
}

/// BN that nothing takes up is computed with what reads it: as in DenseNet.
#[test]
fn normalisations_are_grouped_with_what_reads_them() {
    let dense = "INPUT(40x40x3) => CONV(32, 3x3, same) => [ SKIP | BN => RELU => CONV(16, 1x1) => BN => RELU => CONV(4, 3x3, same) ] => CONCAT as x \
        => BN => RELU => CONV(32, 1x1) => AVGPOOL(2x2) as y => BN => RELU => POOL(2x2) \
        output a = x => GLOBALPOOL output b = y => GLOBALPOOL";
    let expected = ["bn1 conv2", "bn3 y conv4", "bn4 pool1"];
    assert_eq!(inferred(dense), expected);
}

/// Squeeze and excitation: the gates are multiplied in where the pointwise convolution reads.
#[test]
fn gates_are_grouped_with_the_pointwise_convolution_behind_them() {
    let text = "INPUT(40x40x8) => DWCONV(3x3, same) => SILU as x \
        => [ SKIP | GLOBALPOOL => FC(2) => SILU => FC(8) => SIGMOID ] => MUL => CONV(4, 1x1) => BN => FC(3)";
    let plan = plan(text, &Options::default());
    assert_eq!(groups(&plan), ["mul1 conv1"]);
    let code = Options {
        code: true,
        ..Options::default()
    };
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let output = compile("a.net", text.into(), &code, &mut files);
    let code = output.code.expect("generated Rust");
    assert!(
        code.contains("by_rows(mem, [at::DWCONV1, at::FC2], [(&self.mul1, at::MUL1), (&self.conv1, at::CONV1)]);"),
        "{code}"
    );
}

#[test]
fn what_gains_nothing_is_not_grouped() {
    for text in [
        "INPUT(40x40x8) => DWCONV(3x3) => DWCONV(3x3)",
        "INPUT(40x40x8) => DWCONV(3x3) => POOL(2x2)",
        "INPUT(40x40x8) => CONV(8, 3x3) => CONV(8, 3x3)",
        "INPUT(40x40x8) => CONV(16, 1x1) => CONV(8, 1x1)",
        "INPUT(40x40x8) => CONV(16, 3x3) => CONV(8, 1x1)",
        "INPUT(40x40x8) => CONV(8, 3x3) => GLOBALPOOL",
        "INPUT(40x40x8) => CONV(8, 3x3) => LRN => POOL(2x2)",
        // In place.
        "INPUT(40x40x8) => CONV(8, 3x3) => RELU => BN => POOL(2x2)",
        // Pictures that stay in caches by themselves.
        "INPUT(20x20x8) => CONV(8, 1x1) => DWCONV(3x3)",
    ] {
        assert!(inferred(text).is_empty(), "{text}: {:?}", inferred(text));
    }
}

#[test]
fn training_computes_one_by_one() {
    let options = Options {
        train: Some(Train {
            recipe: RecipeChoice::BuiltIn,
            ..Train::default()
        }),
        ..Options::default()
    };
    let text = format!("{BLOCK} => GLOBALPOOL => FC(10) => SOFTMAX");
    assert!(groups(&plan(&text, &options)).is_empty());
}

/// The first may still be read when the last is written, though it is dead where they are computed one by one.
#[test]
fn places_of_a_group_share_no_memory() {
    let text = BLOCK.replace("40x40x8) =>", "40x40x8) => CONV(8, 3x3) =>");
    let plan = plan(&text, &Options::default());
    let steps = &plan.forward[plan.by_rows[0].clone()];
    let first = steps[0].inputs.iter();
    let places: Vec<View> = first
        .chain(steps.iter().map(|step| &step.output))
        .copied()
        .collect();
    for (i, a) in places.iter().enumerate() {
        assert!(places[..i].iter().all(|b| !overlap(a, b)), "{places:?}");
    }
}

#[test]
fn plans_with_wrong_groups_are_refused() {
    let good = plan(&format!("{BLOCK} => RELU => LRN"), &Options::default());
    validate(&good).expect("a valid plan");
    let refused = |change: &dyn Fn(&mut Plan)| {
        let mut plan = good.clone();
        change(&mut plan);
        validate(&plan).expect_err("a wrong group")
    };
    let text = refused(&|plan| plan.by_rows = vec![0..1]);
    assert!(text.contains("two or three steps"), "{text}");
    let text = refused(&|plan| plan.by_rows = vec![2..9]);
    assert!(text.contains("two or three steps"), "{text}");
    let text = refused(&|plan| plan.by_rows = vec![0..2, 1..3]);
    assert!(text.contains("two or three steps"), "{text}");
    let text = refused(&|plan| plan.by_rows = vec![1..2, 2..4]);
    assert!(text.contains("two or three steps"), "{text}");
    let text = refused(&|plan| plan.by_rows = vec![2..4]);
    assert!(text.contains("not all can be computed by rows"), "{text}");
    // As if the last were written where the first is read: the image is copied into the arena before.
    let text = BLOCK.replace("40x40x8) =>", "40x40x8) => CONV(8, 3x3, same) =>");
    let mut overlapping = plan(&text, &Options::default());
    let first = overlapping.by_rows[0].start;
    let place = overlapping.forward[first].inputs[0];
    overlapping.forward[first + 2].output = place;
    overlapping.result = place;
    let text = validate(&overlapping).expect_err("one place twice");
    assert!(text.contains("their places overlap"), "{text}");
    // As if what lies between were read later.
    let text = refused(&|plan| {
        plan.by_rows = vec![0..2];
        let between = plan.forward[0].output;
        plan.forward[3] = plan.forward[1].clone();
        plan.forward[3].name = "again".into();
        plan.forward[3].inputs = vec![between];
    });
    assert!(text.contains("is still there"), "{text}");
}
