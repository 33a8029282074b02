//! Backward through every operation, the losses and the update rules against PyTorch's float64: the fast kernels and the
//! plain reference.

use netc_compiler::{Options, RecipeChoice, Train};
use netc_plan::{self as plan, Act, Init, Loss, LossStep, Op, Optimizer, Param, UpdateStep, View};
use netc_runtime::train::{self, Layout, LossKernel, Setting, Single, TrainMem, Trainer, Update};
use netc_runtime::{Weights, Workspace};
use netc_tests::networks::compile_text;
use netc_tests::reference::{Case, operations};
use netc_tests::seeded;
use std::collections::BTreeMap;

/// The parameters of an operation, in the order of its kernel.
const LEAVES: &[&str] = &[
    "weight",
    "bias",
    "coefficient",
    "prototypes",
    "running_mean",
    "running_var",
];

#[test]
fn every_way_back_is_pytorchs() {
    let mut seen = 0;
    for case in operations() {
        let inputs: Vec<&str> = match case.tensor("x0") {
            Some(_) => vec!["x0", "x1"],
            None => vec!["x"],
        };
        let shape = case.tensor(inputs[0]).map(|(shape, _)| picture(shape));
        let Some(op) = shape.and_then(|input| operation(&case, input)) else {
            continue;
        };
        for (around, accumulate, in_place, threads) in [
            (0, None, false, 1),
            (3, Some(0.5), false, 2),
            (1, None, true, 3),
        ] {
            let setting = Setting {
                around,
                accumulate,
                in_place,
                threads,
            };
            check_fast(&case, &op, &inputs, setting);
        }
        check_plain(&case, &op, &inputs);
        seen += 1;
    }
    assert_eq!(seen, 52);
}

/// The sizes of one image.
fn picture(shape: &[usize]) -> [usize; 3] {
    match *shape {
        [_, n] => [1, 1, n],
        [_, h, w, c] => [h, w, c],
        _ => panic!("{shape:?}"),
    }
}

fn operation(case: &Case, input: [usize; 3]) -> Option<Op> {
    let two = |key: &str| -> [usize; 2] { case.sizes(key).try_into().expect("two sizes") };
    let four = |key: &str| -> [usize; 4] { case.sizes(key).try_into().expect("four sizes") };
    let number = |key: &str| case.attrs[key].as_f64().map(|x| x as f32);
    let count = |key: &str| case.attrs[key].as_u64().expect("a count") as usize;
    let act = |act: Act| Some(Op::Activation(plan::Activation { input, act }));
    match case.op.as_str() {
        "conv" => Some(Op::Conv(plan::Conv {
            input,
            filters: count("filters"),
            kernel: two("kernel"),
            stride: two("stride"),
            pad: four("pad_tblr"),
            dilation: [count("dilation"); 2],
            groups: count("groups"),
            bias: case.attrs["bias"] == true,
            act: Act::None,
        })),
        "fc" => Some(Op::Fc(plan::Fc {
            input,
            units: count("units"),
            bias: case.attrs["bias"] != false,
            act: Act::None,
        })),
        "maxpool" => Some(Op::MaxPool(plan::MaxPool {
            input,
            window: two("kernel"),
            stride: two("stride"),
            pad: four("pad_tblr"),
            act: Act::None,
        })),
        "avgpool" => Some(Op::AvgPool(plan::AvgPool {
            input,
            window: two("kernel"),
            stride: two("stride"),
            pad: four("pad_tblr"),
            ..plan::AvgPool::DEFAULT
        })),
        "global_avgpool" => Some(Op::GlobalPool(plan::GlobalPool {
            input,
            ..plan::GlobalPool::DEFAULT
        })),
        "relu" => act(Act::Relu),
        "relu6" => act(Act::Relu6),
        "leaky_relu" => act(Act::LeakyRelu(0.01)),
        "elu" => act(Act::Elu(1.0)),
        "gelu" => act(Act::Gelu),
        "silu" => act(Act::Silu),
        "sigmoid" => act(Act::Sigmoid),
        "tanh" => act(Act::Tanh),
        "lecun_tanh" => act(Act::LecunTanh),
        "softmax" => Some(Op::Softmax(plan::Softmax { input })),
        "flatten" if case.attrs["order"] == "chw" => Some(Op::Transpose(plan::Transpose { input })),
        "flatten" => Some(Op::Copy(plan::Copy { input })),
        "add" => Some(Op::Add(plan::Add {
            input,
            act: Act::None,
        })),
        "lrn" => Some(Op::Lrn(plan::Lrn {
            input,
            n: count("n"),
            k: number("k")?,
            alpha: number("alpha")?,
            beta: number("beta")?,
        })),
        "batchnorm" if case.attrs["mode"] != "train" => None,
        "batchnorm" => Some(Op::BatchNormTraining(plan::BatchNormTraining {
            input,
            eps: number("eps")?,
            momentum: number("momentum")?,
            act: Act::None,
        })),
        "subsample" => Some(Op::Subsample(plan::Subsample {
            input,
            window: two("kernel"),
            stride: two("stride"),
            act: Act::None,
        })),
        "rbf" => Some(Op::Rbf(plan::Rbf {
            input,
            classes: count("classes"),
        })),
        "upsample" => Some(Op::Upsample(plan::Upsample {
            input,
            factor: two("factor"),
            ..plan::Upsample::DEFAULT
        })),
        "pad" => Some(Op::Pad(plan::Pad {
            input,
            pad: four("pad_tblr"),
        })),
        _ => None,
    }
}

/// The parameters of a case with their values.
fn parameters(case: &Case) -> (Vec<Param>, Vec<Vec<f64>>) {
    let found = LEAVES.iter().filter_map(|&leaf| {
        let (shape, values) = case.tensor(leaf)?;
        let mut param = Param::new(leaf, shape, Init::Constant(0.0));
        if let Some(table) = case.attrs["connect"]
            .as_array()
            .filter(|_| leaf == "weight")
        {
            let maps = table.iter().map(|row| {
                let row = row.as_array().into_iter().flatten();
                row.filter_map(|map| Some(map.as_u64()? as usize)).collect()
            });
            param.connect = Some(maps.collect());
        }
        let mut narrow: Vec<f32> = values.iter().map(|&v| v as f32).collect();
        seeded::keep_connected(&mut narrow, &param);
        Some((param, narrow.into_iter().map(f64::from).collect()))
    });
    found.unzip()
}

fn check_fast(case: &Case, op: &Op, inputs: &[&str], setting: Setting) {
    let (params, values) = parameters(case);
    let narrow = |values: &[f64]| -> Vec<f32> { values.iter().map(|&v| v as f32).collect() };
    let values: Vec<Vec<f32>> = values.iter().map(|v| narrow(v)).collect();
    let x: Vec<Vec<f32>> = inputs.iter().map(|x| narrow(case.need(x).1)).collect();
    let dy = narrow(case.need("dy").1);
    let mut found = train::fast(op, &params, &values, &x, &dy, setting);
    let before = setting.accumulate.unwrap_or(0.0);
    let gradients = found.inputs.iter_mut().flatten();
    gradients.for_each(|dx| *dx -= before);
    let wide = |all: &[f32]| -> Vec<f64> { all.iter().map(|&v| v.into()).collect() };
    let wide = |all: &[Vec<f32>]| -> Vec<Vec<f64>> { all.iter().map(|v| wide(v)).collect() };
    let found = Single {
        output: wide(&[found.output]).remove(0),
        inputs: wide(&found.inputs),
        gradients: wide(&found.gradients),
        params: wide(&found.params),
    };
    compare(case, inputs, &params, &found, 2e-5, &format!("{setting:?}"));
}

fn check_plain(case: &Case, op: &Op, inputs: &[&str]) {
    let (params, values) = parameters(case);
    let x: Vec<Vec<f64>> = inputs.iter().map(|x| case.need(x).1.to_vec()).collect();
    let found = train::plain(op, &params, &values, &x, case.need("dy").1);
    compare(case, inputs, &params, &found, 3e-7, "plain");
}

fn compare(
    case: &Case,
    inputs: &[&str],
    params: &[Param],
    found: &Single<f64>,
    tolerance: f64,
    how: &str,
) {
    let near = |what: &str, found: &[f64]| {
        if let Some((_, expected)) = case.tensor(what) {
            near(
                &format!("{} {what} ({how})", case.name),
                found,
                expected,
                tolerance,
            );
        }
    };
    near("y", &found.output);
    for (name, dx) in inputs.iter().zip(&found.inputs) {
        near(&format!("d{name}"), dx);
    }
    for ((param, gradient), after) in params.iter().zip(&found.gradients).zip(&found.params) {
        near(&format!("d{}", param.name), gradient);
        near(&format!("new_{}", param.name), after);
    }
}

/// Absolute error relative to the largest value.
fn near(name: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let largest = expected.iter().fold(1e-30f64, |m, v| m.max(v.abs()));
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * largest,
            "{name}[{i}]: {a}, PyTorch {b}"
        );
    }
}

const SGD: Optimizer = Optimizer::Sgd {
    lr: 0.1,
    momentum: 0.0,
    nesterov: false,
    weight_decay: 0.0,
    decay: 0.0,
};

#[test]
fn concat_hands_each_part_its_channels() {
    let cases = operations();
    let case = cases
        .iter()
        .find(|case| case.op == "concat")
        .expect("the case");
    let (shape, dy) = case.need("dy");
    let [h, w, c] = picture(shape);
    let parts = ["dx0", "dx1"].map(|name| (name, case.need(name)));
    let [first, second] = parts.map(|(_, (shape, _))| shape[3]);
    let text =
        format!("INPUT({h}x{w}x{c}) => [ CONV({first}, 1x1) | CONV({second}, 1x1) ] => CONCAT");
    let options = Options {
        train: Some(Train {
            recipe: RecipeChoice::BuiltIn,
            overrides: BTreeMap::new(),
        }),
        ..Options::default()
    };
    let output = compile_text(&text, &options);
    let mut plan = output.training.expect("a network that can be trained").plan;
    plan.loss[0].loss = Loss::Mse;
    // Each convolution hands on its channels of the image.
    let mut channels = 0..c;
    let tensors = plan.params.iter().map(|param| {
        let mut numbers = vec![0.0; param.len()];
        if param.name.ends_with("weight") {
            let filters = numbers.chunks_mut(c).zip(&mut channels);
            filters.for_each(|(filter, channel)| filter[channel] = 1.0);
        }
        (param.name.clone(), numbers)
    });
    let weights = Weights::from_tensors(tensors, &plan.params).expect("the plan's tensors");
    // The gradient of the loss is 2 (x - t) / n, where t is 1 for class 0 of each pixel.
    let half = dy.len() as f64 / 2.0;
    let target = |i: usize| f64::from(u8::from(i.is_multiple_of(c)));
    let images = dy.iter().enumerate();
    let images: Vec<f32> = images
        .map(|(i, dy)| (dy * half + target(i)) as f32)
        .collect();
    let mut trainer = Trainer::new(&plan, &SGD, &weights, shape[0], 2).expect("the plan's weights");
    let labels = vec![0; dy.len() / c];
    let _ = trainer.gradients(&images, &labels).expect("whole images");
    let ways_back = plan.backward.iter().rev();
    let mut seen = 0;
    for (back, (name, (_, expected))) in ways_back.zip(parts) {
        let found = trainer.read(back.output_gradient).expect("a step");
        let found: Vec<f64> = found.into_iter().map(f64::from).collect();
        near(name, &found, expected, 1e-6);
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[test]
fn the_losses_are_pytorchs() {
    let mut seen = 0;
    for case in operations() {
        let loss = match case.op.as_str() {
            "softmax+cross_entropy" => Loss::CrossEntropy {
                label_smoothing: 0.0,
            },
            "lenet5_criterion" => Loss::LeNet5 {
                j: case.attrs["j"].as_f64().expect("a number") as f32,
            },
            "mse" => Loss::Mse,
            _ => continue,
        };
        seen += 1;
        let (shape, x) = case.need("x");
        let classes = shape[1];
        let targets: Vec<f64> = match case.tensor("labels") {
            Some((_, labels)) => labels
                .iter()
                .flat_map(|&l| one_hot(l as usize, classes))
                .collect(),
            None => case.need("target").1.to_vec(),
        };
        let (mut total, mut gradient) = (0.0, vec![0.0; x.len()]);
        let rows = x.chunks(classes).zip(targets.chunks(classes));
        for ((x, t), g) in rows.zip(gradient.chunks_mut(classes)) {
            total += train::loss(loss, x, t, g) / shape[0] as f64;
            g.iter_mut().for_each(|g| *g /= shape[0] as f64);
        }
        near(&case.name, &[total], case.need("loss").1, 3e-7);
        near(&case.name, &gradient, case.need("dx").1, 3e-7);

        if let Some((_, labels)) = case.tensor("labels") {
            let labels: Vec<u32> = labels.iter().map(|&l| l as u32).collect();
            let (found, gradient) = fast_loss(loss, x, [1, 1, classes], &labels);
            near(&case.name, &[found], case.need("loss").1, 1e-6);
            near(&case.name, &gradient, case.need("dx").1, 2e-6);
        }
    }
    assert_eq!(seen, 3);
}

fn one_hot(label: usize, classes: usize) -> impl Iterator<Item = f64> {
    (0..classes).map(move |k| f64::from(u8::from(k == label)))
}

fn fast_loss(loss: Loss, x: &[f64], shape: [usize; 3], labels: &[u32]) -> (f64, Vec<f64>) {
    let step = LossStep {
        loss,
        weight: 1.0,
        scores: View::input(shape),
        gradient: View::arena(0, shape),
    };
    let kernel = LossKernel::new(step.clone());
    let image = shape.iter().product();
    let batch = x.len() / image;
    let mut workspace = Workspace::new(image, 4 * image, batch, [kernel.scratch(batch)]);
    let images: Vec<f32> = x.iter().map(|&x| x as f32).collect();
    let mem = workspace.begin(&images).expect("whole images");
    let mut mem = TrainMem::new(mem, &mut [], &mut [], 0, 0);
    let outcome = kernel.run(&mut mem, labels).expect("labels that fit");
    let gradient = workspace.read(step.gradient);
    (outcome.loss, gradient.into_iter().map(f64::from).collect())
}

#[test]
fn smoothed_and_squared_losses_agree_with_the_definition() {
    let x: Vec<f64> = seeded::uniform("scores", 6 * 7).map(|x| 4.0 * x).collect();
    let labels = [0, 6, 3, 3, 1, 5];
    let losses = [
        Loss::CrossEntropy {
            label_smoothing: 0.1,
        },
        Loss::Mse,
        Loss::LeNet5 { j: 0.5 },
    ];
    // One label an image, and one a pixel.
    for (loss, shape) in losses
        .into_iter()
        .flat_map(|loss| [(loss, [1, 1, 7]), (loss, [1, 3, 7]), (loss, [3, 2, 7])])
    {
        let (found, gradient) = fast_loss(loss, &x, shape, &labels);
        let (mut total, mut expected) = (0.0, vec![0.0; x.len()]);
        for ((x, g), &label) in x.chunks(7).zip(expected.chunks_mut(7)).zip(&labels) {
            let target: Vec<f64> = one_hot(label as usize, 7).collect();
            total += train::loss(loss, x, &target, g) / 6.0;
            g.iter_mut().for_each(|g| *g /= 6.0);
        }
        near("loss", &[found], &[total], 1e-6);
        near("gradient", &gradient, &expected, 2e-6);
    }
}

#[test]
fn the_update_rules_are_pytorchs() {
    let mut seen = 0;
    for case in operations()
        .into_iter()
        .filter(|case| case.op == "optimizer")
    {
        seen += 1;
        let number = |key: &str, usual: f64| case.attrs[key].as_f64().unwrap_or(usual);
        let (lr, decay) = (number("lr", 0.0), number("decay", 0.0));
        let (eps, weight_decay) = (number("eps", 0.0), number("weight_decay", 0.0));
        let kind = case.attrs["kind"].as_str().unwrap_or_default();
        let optimizer = match kind {
            "sgd" => Optimizer::Sgd {
                lr,
                momentum: number("momentum", 0.0),
                nesterov: case.attrs["nesterov"] == true,
                weight_decay,
                decay,
            },
            "rmsprop" => Optimizer::RmsProp {
                lr,
                rho: number("rho", 0.0),
                eps,
                weight_decay,
                decay,
            },
            "adam" | "adamw" => Optimizer::Adam {
                lr,
                beta1: number("beta1", 0.0),
                beta2: number("beta2", 0.0),
                eps,
                weight_decay,
                decoupled: kind == "adamw",
                decay,
            },
            other => panic!("{other}"),
        };
        let (shape, grads) = case.need("grads");
        let params = [Param::new("w.weight", &shape[1..], Init::Constant(0.0))];
        let steps = UpdateStep::each(&params, &[]);
        let mut update = Update::new(&optimizer, &Layout::new(&params), &steps, 1);
        let mut w: Vec<f32> = case.need("w0").1.iter().map(|&w| w as f32).collect();
        let steps = grads
            .chunks(shape[1])
            .zip(case.need("w").1.chunks(shape[1]));
        for (g, expected) in steps {
            let mut g: Vec<f32> = g.iter().map(|&g| g as f32).collect();
            update.apply(&mut w, &mut g, 1.0, 1.0);
            let found: Vec<f64> = w.iter().map(|&w| w.into()).collect();
            near(&case.name, &found, expected, 5e-7);
            assert!(g.iter().all(|g| *g == 0.0), "gradients are cleared");
        }
    }
    assert_eq!(seen, 7);
}
