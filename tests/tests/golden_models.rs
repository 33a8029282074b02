//! Whole networks against PyTorch's float64, three ways: the executor, the generated Rust, the plain reference.

use netc_compiler::Options;
use netc_plan::{Param, Plan};
use netc_runtime::{Executor, Model, Weights, reference};
use netc_tests::generated::{Check, Generated, each};
use netc_tests::networks::{compile_file, path};
use netc_tests::reference::{Network, networks};
use netc_tests::seeded;

/// Absolute error allowed, as a share of the largest reference value.
const TOLERANCE: f64 = 1e-4;

/// What is read off a network: its output, or its logits where the reference values are logits and it ends in SOFTMAX.
fn logits_of(case: &Network) -> Plan {
    let path = path(&case.name);
    let plain = Options {
        optimise: false,
        ..Options::default()
    };
    let plan = compile_file(&path, &plain).plan.expect("a network");
    let end = plan.forward.last().expect("a step");
    if !(case.logits && plan.probabilities) {
        return plan;
    }
    let before = end.inputs[0];
    Plan {
        result: before,
        forward: plan.forward[..plan.forward.len() - 1].to_vec(),
        ..plan
    }
}

fn compare(case: &Network, way: &str, found: &[f64]) {
    let each = found.len() / case.batch;
    let largest = case
        .output
        .iter()
        .flatten()
        .fold(0f64, |m, v| m.max(v.abs()));
    for (image, row) in case.output.iter().enumerate() {
        for (i, expected) in row.iter().enumerate() {
            let found = found[image * each + i];
            assert!(
                (found - expected).abs() <= TOLERANCE * largest,
                "{} {way}: image {image}, number {i} is {found}, PyTorch has {expected}",
                case.name
            );
        }
    }
}

fn softmax(rows: &[f64], classes: usize) -> Vec<f64> {
    let exp = |row: &[f64]| {
        let top = row.iter().fold(f64::MIN, |m, v| m.max(*v));
        let e: Vec<f64> = row.iter().map(|v| (v - top).exp()).collect();
        let sum: f64 = e.iter().sum();
        e.into_iter().map(move |v| v / sum).collect::<Vec<f64>>()
    };
    rows.chunks(classes).flat_map(exp).collect()
}

fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

/// Networks whose plain reference takes too long for a test that runs at every commit: their kernels and their graphs are
/// compared with references elsewhere, and the two fast ways are compared with PyTorch here.
const TOO_LONG_FOR_REFERENCE: u64 = 400_000_000;

#[test]
fn executor_and_plain_reference_agree_with_pytorch() {
    for case in networks() {
        let file = path(&case.name);
        let output = compile_file(&file, &Options::default());
        let graph = output.graph.as_ref().expect("a network");
        let plan = output.plan.as_ref().expect("a network").clone();
        let weights = seeded::weights(&plan.params);
        let total = netc_compiler::params::total(graph);
        assert_eq!(
            (total.params, total.trainable),
            (case.params, case.trainable),
            "{}",
            case.name
        );
        let image: usize = plan.input.iter().product();
        let images = seeded::input(case.batch * image, case.input_scale);

        let logits = logits_of(&case);
        let run = |plan: &Plan| {
            let executor = Executor::new(plan, &weights).expect("valid weights");
            let mut workspace = executor.workspace(case.batch);
            widen(
                executor
                    .forward(&mut workspace, &images)
                    .expect("a valid batch"),
            )
        };
        let plain = run(&logits);
        compare(&case, "executor, unoptimised", &plain);

        let optimised = run(&plan);
        let expected = if plan.probabilities && case.logits {
            softmax(&plain, plan.output[plan.output.len() - 1])
        } else {
            plain
        };
        let largest = expected.iter().fold(0f64, |m, v| m.max(v.abs()));
        for (a, b) in optimised.iter().zip(&expected) {
            assert!(
                (a - b).abs() <= TOLERANCE * largest,
                "{}: optimised {a}, plain {b}",
                case.name
            );
        }
        if total.macs * case.batch as u64 <= TOO_LONG_FOR_REFERENCE {
            compare(
                &case,
                "plain reference",
                &widen(&reference::run::<f32>(&logits, &weights, &images)),
            );
        }
    }
}

/// Networks with more numbers than this take too long to draw; they start like the others.
const TOO_MANY_TO_DRAW: usize = 15_000_000;

/// The generated code and the executor must give the same bits.
struct SameBits {
    cases: Vec<Network>,
    checked: usize,
}

impl Check for SameBits {
    fn network<N: Generated>(&mut self, stem: &str) {
        let case = self.cases.iter().find(|c| c.name == stem);
        let (batch, scale) = case.map_or((2, 1.0), |c| (c.batch, c.input_scale));
        let plan = compile_file(&path(stem), &Options::default())
            .plan
            .expect("a network");
        let weights: Weights = seeded::weights(&plan.params);
        let model = N::load(&weights.to_bytes()).expect("valid weights");
        let images = seeded::input(batch * plan.input.iter().product::<usize>(), scale);

        let bits = |model: &dyn Model| {
            let mut workspace = model.workspace(batch);
            let outputs = model.forward(&mut workspace, &images);
            let outputs = outputs.expect("a valid batch").iter();
            outputs.map(|value| value.to_bits()).collect::<Vec<u32>>()
        };
        let executor = |weights| Executor::new(&plan, weights).expect("valid weights");
        assert!(
            bits(&model) == bits(&executor(&weights)),
            "{stem}: the generated code and the executor differ"
        );
        drop(model);
        if plan.params.iter().map(Param::len).sum::<usize>() <= TOO_MANY_TO_DRAW {
            let drawn = Weights::random(7, &plan.params);
            assert!(
                bits(&N::seeded(7)) == bits(&executor(&drawn)),
                "{stem}: initial weights differ"
            );
        }
        self.checked += 1;
    }
}

#[test]
fn generated_code_is_bit_identical_to_the_executor() {
    let mut check = SameBits {
        cases: networks(),
        checked: 0,
    };
    each(&mut check);
    assert_eq!(check.checked, netc_tests::networks::all().len());
}
