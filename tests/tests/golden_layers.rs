//! Layers and their gradients against PyTorch's float64 (`tests/reference/layers.py`), through the language and the compiler: the executor, the
//! plain reference, and both kinds of kernels of training, forward and backward.

use netc_compiler::graph::Graph;
use netc_compiler::lower::Purpose;
use netc_compiler::{Options, plan};
use netc_plan::{Op, Param, Plan};
use netc_runtime::train::{self, Setting, Single};
use netc_runtime::{Executor, Model, Weights, reference};
use netc_tests::networks::{compile_text, workspace};
use serde_json::Value;
use std::path::PathBuf;

/// What single precision leaves, relative to the largest number of a tensor.
const FAST: f64 = 1e-5;
/// What double precision leaves.
const PLAIN: f64 = 1e-12;

fn files() -> Vec<PathBuf> {
    let folder = workspace().join("tests/reference/layers");
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Every case, and the file that it stands in.
fn cases() -> Vec<(String, Value)> {
    let mut cases = Vec::new();
    for path in files() {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).expect("a file");
        let of_file: Vec<Value> = serde_json::from_str(&text).expect("JSON");
        assert!(!of_file.is_empty(), "{name} has no case");
        cases.extend(of_file.into_iter().map(|case| (name.clone(), case)));
    }
    cases
}

fn numbers(list: &Value) -> Vec<f64> {
    let all = list.as_array().expect("a list").iter();
    all.map(|x| x.as_f64().expect("a number")).collect()
}

fn lists(lists: &Value) -> Vec<Vec<f64>> {
    let all = lists.as_array().expect("a list").iter();
    all.map(numbers).collect()
}

fn narrow(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|&x| x as f32).collect()
}

fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&x| x.into()).collect()
}

fn near(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-30_f64, |m, x| m.max(x.abs()));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs();
        assert!(
            error <= tolerance * largest,
            "{what}[{i}]: {found}, PyTorch {expected}, {:e} of the largest",
            error / largest
        );
    }
}

/// The numbers of a tensor, by the last part of its name.
fn tensor(all: &Value, param: &Param) -> Vec<f64> {
    let leaf = param.name.rsplit('.').next().unwrap_or_default();
    numbers(&all[leaf])
}

fn graph_of(net: &str) -> Graph {
    compile_text(net, &Options::default())
        .graph
        .expect("a network")
}

/// The plan that trains, one step a layer.
fn training(graph: &Graph) -> Plan {
    // That of a network which has something to train.
    let other = graph_of("INPUT(2) => FC(2) train { loss = mse }");
    let recipe = other.default_recipe().expect("a recipe");
    plan(graph, Purpose::Train(recipe), false)
}

#[test]
fn the_executor_and_the_reference_give_what_pytorch_gives() {
    for (file, case) in cases() {
        let net = case["net"].as_str().expect("a network");
        let what = format!("{file}: {net}");
        let (image, out) = (numbers(&case["image"]), numbers(&case["out"]));
        let graph = graph_of(net);
        for optimised in [false, true] {
            let plan = plan(&graph, Purpose::Infer(&[]), optimised);
            let tensors = plan.params.iter();
            let tensors = tensors.map(|p| (p.name.clone(), narrow(&tensor(&case["tensors"], p))));
            let weights =
                Weights::from_tensors(tensors, &plan.params).expect("the layer's tensors");
            let executor = Executor::new(&plan, &weights).expect("a valid plan");
            let batch = case["batch"].as_u64().expect("a number") as usize;
            let mut workspace = executor.workspace(batch);
            let fast = executor.forward(&mut workspace, &narrow(&image));
            near(&what, &wide(fast.expect("whole images")), &out, FAST);
            let plain = reference::run::<f64>(&plan, &weights, &image);
            near(&what, &plain, &out, PLAIN);
        }
    }
}

/// BN is folded into weights that lie with the inputs first.
#[test]
fn bn_after_deconv_is_folded() {
    let graph = graph_of("INPUT(3x4x6) => DECONV(4, 3x2/2, groups=2, bias=false) => BN => RELU");
    let plans = [false, true].map(|optimised| plan(&graph, Purpose::Infer(&[]), optimised));
    assert_eq!(plans.each_ref().map(|plan| plan.forward.len()), [3, 1]);
    let weights = netc_tests::seeded::weights(&plans[0].params);
    let images: Vec<f64> = netc_tests::seeded::uniform("images", 2 * 3 * 4 * 6).collect();
    let [apart, folded] = plans
        .each_ref()
        .map(|plan| reference::run::<f64>(plan, &weights, &images));
    near("folded", &folded, &apart, PLAIN);
    let executor = Executor::new(&plans[1], &weights).expect("a valid plan");
    let mut workspace = executor.workspace(2);
    let fast = executor.forward(&mut workspace, &narrow(&images));
    near("fast", &wide(fast.expect("whole images")), &apart, FAST);
}

#[test]
fn training_gives_what_pytorch_gives() {
    for (file, case) in cases() {
        let net = case["net"].as_str().expect("a network");
        let plan = training(&graph_of(net));
        let step = plan.forward.last().expect("a step");
        let layer = step.source.as_ref().map_or("", |source| &source.layer);
        let params = plan.params.iter();
        let params = params.filter(|p| {
            p.name
                .strip_prefix(layer)
                .is_some_and(|l| l.starts_with('.'))
        });
        let params: Vec<Param> = params.cloned().collect();
        let what = format!("{file}: {net}");
        check(&what, &case, &step.op, &params);
    }
}

fn check(what: &str, case: &Value, op: &Op, params: &[Param]) {
    let values: Vec<_> = params.iter().map(|p| tensor(&case["tensors"], p)).collect();
    let (x, dy) = (lists(&case["x"]), numbers(&case["dy"]));
    let plain = train::plain(op, params, &values, &x, &dy);
    compare(&format!("{what}, plain"), case, params, &plain, PLAIN);
    let all_narrow = |all: &[Vec<f64>]| all.iter().map(|x| narrow(x)).collect::<Vec<_>>();
    let (values, x, dy) = (all_narrow(&values), all_narrow(&x), narrow(&dy));
    for setting in [
        Setting::default(),
        Setting {
            in_place: true,
            ..Setting::default()
        },
    ] {
        let fast = train::fast(op, params, &values, &x, &dy, setting);
        let all_wide = |all: &[Vec<f32>]| all.iter().map(|x| wide(x)).collect();
        let fast = Single {
            output: wide(&fast.output),
            inputs: all_wide(&fast.inputs),
            gradients: all_wide(&fast.gradients),
            params: all_wide(&fast.params),
        };
        compare(&format!("{what}, fast"), case, params, &fast, FAST);
    }
}

fn compare(what: &str, case: &Value, params: &[Param], found: &Single<f64>, tolerance: f64) {
    near(
        &format!("{what}, y"),
        &found.output,
        &numbers(&case["y"]),
        tolerance,
    );
    let expected = lists(&case["dx"]);
    assert_eq!(found.inputs.len(), expected.len(), "{what}");
    for (i, (found, expected)) in found.inputs.iter().zip(&expected).enumerate() {
        near(&format!("{what}, dx{i}"), found, expected, tolerance);
    }
    for (param, found) in params.iter().zip(&found.gradients) {
        let expected = tensor(&case["dtensors"], param);
        near(
            &format!("{what}, gradient of {}", param.name),
            found,
            &expected,
            tolerance,
        );
    }
}
