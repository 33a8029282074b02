//! Every operation against PyTorch's float64, through the language, the compiler, the executor and the plain reference.

use netc_compiler::Options;
use netc_plan::{Op, Plan, Step, View};
use netc_runtime::{Executor, Model, Weights, reference};
use netc_tests::networks::compile_text;
use netc_tests::reference::{Case, operations};
use netc_tests::seeded;

/// The stage that stands for a case, and which of its tensors are the layer's.
fn stage(case: &Case) -> Option<(String, &'static str, &'static [&'static str])> {
    let attrs = &case.attrs;
    let size = |key: &str| {
        let s = case.sizes(key);
        format!("{}x{}", s[0], s[1])
    };
    let pad = |key: &str| {
        let p = case.sizes(key);
        format!("({}, {}, {}, {})", p[0], p[1], p[2], p[3])
    };
    let conv = || {
        let connect = match &attrs["connect"] {
            serde_json::Value::Null => String::new(),
            table => format!(", connect={table}"),
        };
        format!(
            "CONV({}, {}/{}, {}, dilation={}, groups={}, bias={}{connect})",
            attrs["filters"],
            size("kernel"),
            size("stride"),
            pad("pad_tblr"),
            attrs["dilation"],
            attrs["groups"],
            attrs["bias"]
        )
    };
    let pool = |name: &str| {
        format!(
            "{name}({}/{}, {})",
            size("kernel"),
            size("stride"),
            pad("pad_tblr")
        )
    };
    let bare = |name: &str| Some((name.to_owned(), "", &[][..]));
    match case.op.as_str() {
        "conv" => Some((conv(), "conv1", &["weight", "bias"])),
        "maxpool" => Some((pool("MAXPOOL"), "", &[])),
        "avgpool" => Some((pool("AVGPOOL"), "", &[])),
        "global_avgpool" => bare("GLOBALPOOL"),
        "fc" => {
            let bias = attrs.get("bias").and_then(|b| b.as_bool()).unwrap_or(true);
            Some((
                format!("FC({}, bias={bias})", attrs["units"]),
                "fc1",
                &["weight", "bias"],
            ))
        }
        "relu" | "sigmoid" | "tanh" | "leaky_relu" | "elu" | "gelu" | "silu" | "relu6"
        | "lecun_tanh" | "softmax" => bare(&case.op.to_uppercase()),
        "flatten" => bare(&format!(
            "FLATTEN({})",
            attrs["order"].as_str().unwrap_or_default()
        )),
        "lrn" => {
            let [n, k, alpha, beta] = ["n", "k", "alpha", "beta"].map(|key| &attrs[key]);
            bare(&format!("LRN(n={n}, k={k}, alpha={alpha}, beta={beta})"))
        }
        "batchnorm" if attrs["mode"] == "infer" => Some((
            format!("BN(eps={})", attrs["eps"]),
            "bn1",
            &["weight", "bias", "running_mean", "running_var"],
        )),
        "subsample" => Some((
            format!("SUBSAMPLE({}/{})", size("kernel"), size("stride")),
            "subsample1",
            &["coefficient", "bias"],
        )),
        "rbf" => Some((
            format!("RBF({})", attrs["classes"]),
            "rbf1",
            &["prototypes"],
        )),
        "upsample" => bare(&format!("UPSAMPLE({})", size("factor"))),
        "pad" => bare(&format!("PAD({})", pad("pad_tblr"))),
        _ => None,
    }
}

/// The parts that the training plan brings; the other cases must all be computed here.
const LATER: &[&str] = &[
    "batchnorm",
    "softmax+cross_entropy",
    "mse",
    "optimizer",
    "lenet5_criterion",
];

#[test]
fn every_forward_case_is_pytorchs() {
    let mut seen = 0;
    for case in operations() {
        match stage(&case) {
            Some((text, layer, tensors)) => {
                let (shape, _) = case.need("x");
                let sizes: Vec<String> = shape[1..].iter().map(usize::to_string).collect();
                let text = format!("net Case\nINPUT({}) => {text}\n", sizes.join("x"));
                for optimise in [false, true] {
                    let options = Options {
                        optimise,
                        ..Options::default()
                    };
                    let plan = compile_text(&text, &options).plan.expect("a network");
                    check(&case, &plan, layer, tensors, case.need("x").1);
                }
            }
            None if case.tensor("x0").is_some() => {
                check(&case, &two_inputs(&case), "", &[], &beside(&case))
            }
            None => {
                assert!(
                    LATER.contains(&case.op.as_str()),
                    "{} is not tested",
                    case.name
                );
                continue;
            }
        }
        seen += 1;
    }
    assert_eq!(seen, 53);
}

fn check(case: &Case, plan: &Plan, layer: &str, tensors: &[&str], x: &[f64]) {
    let values = tensors.iter().filter_map(|&name| {
        let mut values = narrow(case.tensor(name)?.1);
        let name = format!("{layer}.{name}");
        let param = plan.params.iter().find(|p| p.name == name)?;
        seeded::keep_connected(&mut values, param);
        Some((name, values))
    });
    let weights = Weights::from_tensors(values, &plan.params)
        .unwrap_or_else(|e| panic!("{}: {e}", case.name));
    let (shape, y) = case.need("y");
    let x = narrow(x);
    let executor = Executor::new(plan, &weights).unwrap_or_else(|e| panic!("{}: {e}", case.name));
    let mut workspace = executor.workspace(shape[0]);
    let fast = executor
        .forward(&mut workspace, &x)
        .unwrap_or_else(|e| panic!("{}: {e}", case.name));
    near(&case.name, fast.iter().map(|&v| f64::from(v)), y, 2e-5);
    let plain = reference::run::<f32>(plan, &weights, &x);
    near(&case.name, plain.iter().map(|&v| f64::from(v)), y, 2e-5);
    let wide: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
    near(
        &case.name,
        reference::run::<f64>(plan, &weights, &wide),
        y,
        2e-7,
    );
}

/// Absolute error relative to the largest value.
fn near(name: &str, found: impl IntoIterator<Item = f64>, expected: &[f64], tolerance: f64) {
    let found: Vec<f64> = found.into_iter().collect();
    assert_eq!(found.len(), expected.len(), "{name}");
    let largest = expected.iter().fold(1e-30f64, |m, v| m.max(v.abs()));
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * largest,
            "{name}[{i}]: {a}, PyTorch {b}"
        );
    }
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&v| v as f32).collect()
}

/// ADD and CONCAT of two inputs: the input holds both side by side, and the steps read their parts of it.
fn two_inputs(case: &Case) -> Plan {
    let [a, b] = ["x0", "x1"].map(|name| case.need(name).0[3]);
    let (h, w) = (case.need("x0").0[1], case.need("x0").0[2]);
    let left = View::input([h, w, a]).channels(0, a + b);
    let right = View::input([h, w, b]).channels(a, a + b);
    let c = case.need("y").0[3];
    let result = View::arena(0, [h, w, c]);
    let step = |name: &str, op: Op, inputs: Vec<View>, output: View| Step {
        name: name.to_owned(),
        text: name.to_owned(),
        op,
        source: None,
        inputs,
        output,
    };
    let steps = if case.op == "add" {
        let add = netc_plan::Add {
            input: [h, w, a],
            ..netc_plan::Add::DEFAULT
        };
        vec![step("add1", add.into(), vec![left, right], result)]
    } else {
        let part = |name: &str, from: View, channel: usize| {
            let to = View {
                shape: from.shape,
                ..result.channels(channel, c)
            };
            step(
                name,
                netc_plan::Copy { input: from.shape }.into(),
                vec![from],
                to,
            )
        };
        vec![part("copy1", left, 0), part("copy2", right, a)]
    };
    Plan {
        name: "Case".to_owned(),
        input: vec![h, w, a + b],
        output: vec![h, w, c],
        probabilities: false,
        distances: false,
        pixels: netc_plan::Pixels::default(),
        params: Vec::new(),
        arena: result.bytes(),
        forward: steps,
        joins: Vec::new(),
        blocks: Vec::new(),
        by_rows: Vec::new(),
        result,
        kept: Vec::new(),
        loss: Vec::new(),
        backward: Vec::new(),
        update: Vec::new(),
    }
}

/// The pixels of both inputs, side by side.
fn beside(case: &Case) -> Vec<f64> {
    let (left, right) = (case.need("x0"), case.need("x1"));
    let pixels = left.1.chunks(left.0[3]).zip(right.1.chunks(right.0[3]));
    pixels
        .flat_map(|(l, r)| l.iter().chain(r).copied())
        .collect()
}
