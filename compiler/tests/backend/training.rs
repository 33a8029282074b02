//! Training plans of the catalogue and of random graphs.
//!
//! The oracle of `random` goes backward too. Symbols are numbers of 64 bits that wrap, and backward through a layer
//! multiplies the output's gradient with numbers that depend on what the layer has to remember. That is linear in the gradient,
//! as derivatives are, so that contributions add up to the same in any order, and a gradient that is lost, counted twice or made
//! from a value that was overwritten gives another number.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::builder::Builder;
use crate::models;
use crate::random::{self, Random, Value, evaluate, execute, hash, image, padded};
use netc_compiler::emit::{EmitInfo, train_rust};
use netc_compiler::graph::{Graph, Layer, NodeId, Order, PoolKind};
use netc_compiler::{RecipeChoice, Training, training};
use netc_plan::{self as plan, Act, Literal, Op, Operation, Plan, Slot, Step, View, validate};

fn planned(graph: &Graph) -> Option<Plan> {
    let plan = training(graph, &RecipeChoice::BuiltIn, None).ok()?.plan;
    validate(&plan).unwrap_or_else(|problem| panic!("{}: {problem}\n{plan:#?}", graph.name));
    Some(plan)
}

#[test]
fn every_model_has_a_training_plan() {
    for name in models::names() {
        let plan = planned(&models::model(&name)).expect("a network that can be trained");
        let copies = plan
            .forward
            .iter()
            .filter(|step| matches!(step.op, Op::Copy(_)));
        assert_eq!(copies.count(), 0, "{name} copies");
        // Half the memory of values and gradients that all have places of their own.
        let values: usize = plan.forward.iter().map(|step| step.output.len()).sum();
        assert!(plan.arena < 2 * 4 * values, "{name} needs {}", plan.arena);
        println!(
            "{name}: {} steps forward, {} backward, {} bytes, {:.2} of all values",
            plan.forward.len(),
            plan.backward.len(),
            plan.arena,
            plan.arena as f64 / (4 * values) as f64
        );
    }
}

#[test]
fn every_model_is_printed_as_training_code() {
    for name in models::names() {
        let graph = models::model(&name);
        let trained = training(&graph, &RecipeChoice::BuiltIn, None);
        let Training { plan, recipe } = trained.expect("a network that can be trained");
        let info = EmitInfo::of(&graph, &format!("{name}.net"));
        let text = train_rust(&plan, &recipe, &info);
        syn::parse_file(&text).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert!(!text.contains("__netc"), "{name}");
        let calls = |method: &str| text.matches(method).count();
        assert_eq!(calls(".forward("), plan.forward.len(), "{name}");
        assert_eq!(calls(".backward("), plan.backward.len(), "{name}");
        check_gradients(&plan, &text);
        if let Some(folder) = std::env::var_os("NETC_PRINT") {
            let path = std::path::Path::new(&folder).join(format!("train_{name}.rs"));
            std::fs::write(path, text).expect("a folder to write to");
        }
    }
}

/// Each gradient is printed under a name that means its view, and no other.
fn check_gradients(plan: &Plan, text: &str) {
    let dense = |text: &str| text.split_whitespace().collect::<String>();
    let module = text.split("mod grad {").nth(1).expect("the module");
    let module = dense(module.split("\n}").next().expect("its end"));
    let constants: BTreeMap<&str, &str> = module
        .split(';')
        .filter_map(|line| line.strip_prefix("pub(super)const")?.split_once(":View="))
        .collect();
    let scores = text.split("gradient: grad::").nth(1).expect("the loss");
    let scores = scores.split(',').next().expect("a name");
    assert_eq!(constants[scores], dense(&plan.loss[0].gradient.literal()));
    let calls: Vec<String> = text.split(".backward(").skip(1).map(dense).collect();
    for (back, call) in plan.backward.iter().zip(calls) {
        let call = call.split(';').next().expect("a call");
        let views = back.input_gradients.iter().flatten().map(|to| to.view);
        let expected = [back.output_gradient].into_iter().chain(views);
        let expected: Vec<String> = expected.map(|view| dense(&view.literal())).collect();
        let names = call.split("grad::").skip(1);
        let names = names.map(|rest| rest.split([',', ')']).next().expect("a name"));
        let found: Vec<&str> = names.map(|name| constants[name]).collect();
        assert_eq!(found, expected, "{call}");
    }
}

#[test]
fn time_grows_with_the_number_of_layers() {
    let seconds = |layers: usize| {
        let mut b = Builder::new([8, 8, 4]);
        let mut x = NodeId(0);
        for _ in 0..layers / 6 {
            let start = x;
            x = b.conv(x, 4, 3, 1, 1, 1);
            x = b.bn(x);
            x = b.relu(x);
            x = b.add(&[x, start]);
            let y = b.conv(x, 4, 1, 1, 0, 1);
            let z = b.concat(&[x, y]);
            x = b.conv(z, 4, 1, 1, 0, 1);
        }
        let graph = b.finish("Deep", x);
        let start = std::time::Instant::now();
        let plan = training(&graph, &RecipeChoice::BuiltIn, None);
        let plan = plan.expect("parameters").plan;
        assert!(plan.forward.len() * 3 > layers);
        start.elapsed().as_secs_f64()
    };
    seconds(1_000);
    // Generous, for an unoptimised build on a busy machine; a quadratic pass takes minutes.
    let time = seconds(20_000);
    assert!(time < 10.0, "{time}");
}

/// CONCATs whose inputs stand side by side in another one.
#[test]
fn gradients_of_views_of_views() {
    for read_late in [false, true] {
        let mut b = Builder::new([6, 5, 3]);
        let x = b.conv(NodeId(0), 4, 3, 1, 1, 1);
        let y = b.conv(NodeId(0), 2, 1, 1, 0, 1);
        let both = b.concat(&[x, y]);
        let early = b.conv(both, 3, 1, 1, 0, 1);
        let z = b.conv(early, 3, 3, 1, 1, 1);
        let all = b.concat(&[x, y, z]);
        let on = b.conv(all, 3, 1, 1, 0, 1);
        let late = b.conv(both, 3, 1, 1, 0, 1);
        let end = b.add(&[on, if read_late { late } else { z }]);
        let graph = b.finish("Views", end);
        let plan = planned(&graph).expect("a network that can be trained");
        assert_eq!(Machine::run(&plan), oracle(&graph), "{plan:#?}");
        let copies = plan
            .forward
            .iter()
            .filter(|step| step.text.starts_with("copy"));
        // What is read late needs a gradient of its own; so does z, which is added last.
        assert_eq!(copies.count(), if read_late { 2 } else { 1 });
    }
}

/// A value that is read in another shape has a name of its own, until something else is written there.
#[test]
fn names_of_views_end_with_their_values() {
    let mut b = Builder::new([8, 8, 4]);
    let x = b.conv(NodeId(0), 4, 3, 1, 1, 1);
    let mut branch = |drops: bool| {
        let pooled = b.pool(x, PoolKind::Avg, 2, 2, 0);
        let flat = b.flatten(pooled, Order::Hwc);
        if drops { b.dropout(flat) } else { flat }
    };
    let branches = [branch(true), branch(false), branch(false)];
    let all = b.concat(&branches);
    let end = b.fc(all, 10);
    let graph = b.finish("Branches", end);
    let Training { plan, recipe } =
        training(&graph, &RecipeChoice::BuiltIn, None).expect("parameters");
    check_gradients(&plan, &train_rust(&plan, &recipe, &EmitInfo::default()));
}

#[test]
fn training_plans_of_random_graphs_compute_the_gradients_of_the_graphs() {
    let mut trained = 0;
    for seed in 0..600 {
        let mut random = Random(seed);
        let layers = 1 + random.below(24);
        let graph = random::graph(&mut random, layers);
        let Some(plan) = planned(&graph) else {
            continue;
        };
        trained += 1;
        let expected = oracle(&graph);
        let found = Machine::run(&plan);
        assert_eq!(found, expected, "seed {seed}\n{graph:#?}\n{plan:#?}");
        // Formatting takes its time.
        if seed < 60 {
            let recipe = training(&graph, &RecipeChoice::BuiltIn, None);
            let recipe = recipe.expect("as before").recipe;
            let text = train_rust(&plan, &recipe, &EmitInfo::default());
            check_gradients(&plan, &text);
        }
    }
    assert!(trained > 500, "only {trained} have parameters");
}

/// What a training step leaves: the scores, and a gradient for each layer with parameters.
#[derive(Debug, PartialEq)]
struct Outcome {
    scores: Value,
    gradients: BTreeMap<String, u64>,
}

fn loss(scores: &[u64]) -> Value {
    scores
        .iter()
        .enumerate()
        .map(|(i, x)| hash(("loss", i, x)))
        .collect()
}

fn drop(index: usize, value: &[u64]) -> Value {
    let drop = |(i, x): (usize, &u64)| x.wrapping_mul(hash(("dropout", index, i)));
    value.iter().enumerate().map(drop).collect()
}

/// Backward through an operation that mixes everything: to each of the inputs from all outputs.
fn mixed_back(what: &str, remembered: u64, inputs: usize, dy: &[u64]) -> Value {
    let all = weighted(what, dy);
    (0..inputs)
        .map(|i| hash((what, remembered, i)).wrapping_mul(all))
        .collect()
}

fn weighted(what: &str, dy: &[u64]) -> u64 {
    let terms = dy.iter().enumerate();
    terms.fold(0, |sum, (i, dy)| {
        sum.wrapping_add(hash((what, i)).wrapping_mul(*dy))
    })
}

/// The gradient of a layer's parameters.
fn parameters(layer: &str, x: &[u64], dy: &[u64]) -> u64 {
    hash(("parameters", x)).wrapping_mul(weighted(layer, dy))
}

/// `seen` is the value that the derivative follows from.
fn act_back(act: Act, seen: &[u64], dy: &[u64]) -> Value {
    if act == Act::None {
        return dy.to_vec();
    }
    let pairs = seen.iter().zip(dy);
    pairs
        .map(|(y, dy)| hash((format!("{act:?}"), "back", y)).wrapping_mul(*dy))
        .collect()
}

fn norm_back(layer: &str, x: &[u64], dy: &[u64]) -> Value {
    let pairs = x.iter().zip(dy);
    pairs
        .map(|(x, dy)| hash((layer, "back", x)).wrapping_mul(*dy))
        .collect()
}

/// From the output of products from left to right to each operand: for each element what its partner makes of the gradient, summed
/// where one pixel was spread.
fn mul_back(operands: &[&[u64]], dy: &[u64]) -> Vec<Value> {
    let (last, before) = operands.split_last().expect("operands");
    if before.is_empty() {
        return vec![dy.to_vec()];
    }
    let start = before[0].to_vec();
    let rest = before[1..].iter();
    let all = rest.fold(start, |all, next| random::mul(&all, next));
    let to = |operand: &[u64], other: &[u64]| {
        let mut sums = vec![0; operand.len()];
        for (i, dy) in dy.iter().enumerate() {
            let factor = hash(("mul", "back", other[i % other.len()]));
            let at = i % operand.len();
            sums[at] = factor.wrapping_mul(*dy).wrapping_add(sums[at]);
        }
        sums
    };
    let mut gradients = mul_back(before, &to(&all, last));
    gradients.push(to(last, &all));
    gradients
}

fn cropped([h, w, c]: [usize; 3], [top, _, left, right]: [usize; 4], value: &[u64]) -> Value {
    let row = (w + left + right) * c;
    (top..top + h)
        .flat_map(|y| &value[y * row + left * c..][..w * c])
        .copied()
        .collect()
}

fn conv_back(
    layer: &str,
    shape: [usize; 3],
    pad: [usize; 4],
    x: &[u64],
    dy: &[u64],
) -> (u64, Value) {
    let x = padded(shape, pad, x);
    let dx = mixed_back(layer, hash(&x), x.len(), dy);
    (parameters(layer, &x, dy), cropped(shape, pad, &dx))
}

/// Nothing for the other channels.
fn unsliced(pixel: usize, channels: Range<usize>, dy: &[u64]) -> Value {
    let mut dx = vec![0; dy.len() / channels.len() * pixel];
    for (dx, dy) in dx.chunks_mut(pixel).zip(dy.chunks(channels.len())) {
        dx[channels.clone()].copy_from_slice(dy);
    }
    dx
}

fn hwc([h, w, c]: [usize; 3], value: &[u64]) -> Value {
    let pixels = h * w;
    (0..pixels * c)
        .map(|i| value[(i % c) * pixels + i / c])
        .collect()
}

fn add_to(sum: &mut [u64], value: &[u64]) {
    for (sum, value) in sum.iter_mut().zip(value) {
        *sum = sum.wrapping_add(*value);
    }
}

/// A training step of the graph, with a place for everything.
fn oracle(graph: &Graph) -> Outcome {
    let dropped_softmax = softmax_in_loss(graph);
    let mut dropouts = BTreeMap::new();
    let mut values: Vec<Value> = Vec::new();
    for (id, node) in graph.nodes.iter().enumerate() {
        let value = match node.layer {
            _ if Some(id) == dropped_softmax => values[node.inputs[0].0].clone(),
            Layer::Dropout { .. } | Layer::Op(Op::DropPath(_)) => {
                let index = dropouts.len();
                dropouts.insert(id, index);
                drop(index, &values[node.inputs[0].0])
            }
            _ => evaluate(graph, node, &values),
        };
        values.push(value);
    }
    let mut gradients = BTreeMap::new();
    let mut back: Vec<Value> = values.iter().map(|value| vec![0; value.len()]).collect();
    back[graph.output.0] = loss(&values[graph.output.0]);
    for (id, node) in graph.nodes.iter().enumerate().skip(1).rev() {
        if !leads(graph, id) {
            continue;
        }
        let (gradient, inputs) = if Some(id) == dropped_softmax {
            (None, vec![back[id].clone()])
        } else {
            node_back(graph, id, &values, &back[id], dropouts.get(&id).copied())
        };
        gradients.extend(gradient.map(|gradient| (node.name.clone(), gradient)));
        for (input, gradient) in node.inputs.iter().zip(inputs) {
            add_to(&mut back[input.0], &gradient);
        }
    }
    Outcome {
        scores: values[graph.output.0].clone(),
        gradients,
    }
}

/// Whether the output depends on the node.
fn leads(graph: &Graph, id: usize) -> bool {
    let mut reached = vec![false; graph.nodes.len()];
    reached[graph.output.0] = true;
    for (id, node) in graph.nodes.iter().enumerate().rev() {
        if reached[id] {
            for input in &node.inputs {
                reached[input.0] = true;
            }
        }
    }
    reached[id]
}

fn softmax_in_loss(graph: &Graph) -> Option<usize> {
    let mut id = graph.output;
    while let Layer::Flatten(Order::Hwc) = graph.node(id).layer {
        id = graph.node(id).inputs[0];
    }
    let channels = |id: NodeId| graph.node(id).shape.hwc().expect("known")[2];
    let last = matches!(graph.node(id).layer, Layer::Op(Op::Softmax(_)))
        && channels(id) == channels(graph.output);
    last.then_some(id.0)
}

/// The gradient of a node's parameters, and of each of its inputs.
fn node_back(
    graph: &Graph,
    id: usize,
    values: &[Value],
    dy: &[u64],
    dropout: Option<usize>,
) -> (Option<u64>, Vec<Value>) {
    let node = &graph.nodes[id];
    let input = node.inputs[0];
    let (x, shape) = (
        &values[input.0],
        graph.node(input).shape.hwc().expect("known"),
    );
    let mixed = |what: &str, remembered: u64| vec![mixed_back(what, remembered, x.len(), dy)];
    match &node.layer {
        Layer::Conv(conv) => {
            let (gradient, dx) = conv_back(&node.name, shape, conv.pad.cells, x, dy);
            (Some(gradient), vec![dx])
        }
        Layer::Fc { .. } | Layer::Deconv(_) => (
            Some(parameters(&node.name, x, dy)),
            mixed(&node.name, hash(x)),
        ),
        Layer::BatchNorm { .. } => (
            Some(parameters(&node.name, x, dy)),
            vec![norm_back(&node.name, x, dy)],
        ),
        Layer::Activation(act) => {
            let seen = if act.from_value() { &values[id] } else { x };
            (None, vec![act_back(*act, seen, dy)])
        }
        Layer::Dropout { .. } | Layer::Op(Op::DropPath(_)) => {
            (None, vec![drop(dropout.expect("counted"), dy)])
        }
        Layer::Op(op) if op.has_params() => (
            Some(parameters(&node.name, x, dy)),
            mixed(&node.name, hash(x)),
        ),
        Layer::Flatten(Order::Hwc) => (None, vec![dy.to_vec()]),
        Layer::Flatten(Order::Chw) => (None, vec![hwc(shape, dy)]),
        Layer::Op(Op::Pad(d)) => (None, vec![cropped(shape, d.pad, dy)]),
        Layer::Op(Op::Add(_)) => (None, node.inputs.iter().map(|_| dy.to_vec()).collect()),
        Layer::Op(Op::Mul(_)) => {
            let operands = node.inputs.iter().map(|input| &values[input.0][..]);
            (None, mul_back(&operands.collect::<Vec<_>>(), dy))
        }
        Layer::Concat => (None, parts(graph, id, dy)),
        Layer::Pool(_) => (None, mixed("MaxPool", hash(x))),
        Layer::Op(Op::Slice(d)) => (None, vec![unsliced(shape[2], d.from..d.to, dy)]),
        Layer::Split { parts, part } => {
            let size = shape[2] / parts;
            (
                None,
                vec![unsliced(shape[2], part * size..(part + 1) * size, dy)],
            )
        }
        Layer::Op(op) => {
            let saved = op.saved();
            let remembered = match (saved.inputs, saved.output) {
                (true, _) => hash(x),
                (_, true) => hash(&values[id]),
                _ => 0,
            };
            (None, mixed(op.name(), remembered))
        }
        other => panic!("{other:?} is not drawn"),
    }
}

fn parts(graph: &Graph, id: usize, dy: &[u64]) -> Vec<Value> {
    let channels = |id: NodeId| graph.node(id).shape.hwc().expect("known")[2];
    let pixel = channels(NodeId(id));
    let mut first = 0;
    let inputs = graph.nodes[id].inputs.iter().map(|input| {
        let count = channels(*input);
        first += count;
        let pixels = dy.chunks(pixel);
        pixels
            .flat_map(|pixel| &pixel[first - count..first])
            .copied()
            .collect()
    });
    inputs.collect()
}

/// Runs a training plan over symbols in one arena that starts full of rubbish.
struct Machine {
    arena: Value,
    image: Value,
    gradients: BTreeMap<String, u64>,
}

impl Machine {
    fn run(plan: &Plan) -> Outcome {
        let mut machine = Self {
            arena: (0..plan.arena / 4).map(|i| hash(("rubbish", i))).collect(),
            image: image(plan.input.iter().product()),
            gradients: BTreeMap::new(),
        };
        for step in &plan.forward {
            let inputs: Vec<Value> = step.inputs.iter().map(|view| machine.read(view)).collect();
            machine.write(&step.output, &forward(step, &inputs), false);
        }
        for step in &plan.loss {
            let scores = machine.read(&step.scores);
            machine.write(&step.gradient, &loss(&scores), false);
        }
        for back in &plan.backward {
            let step = &plan.forward[back.step];
            let dy = machine.read(&back.output_gradient);
            let (gradient, inputs) = machine.backward(step, &dy);
            if let (Some(gradient), Some(source)) = (gradient, &step.source) {
                machine.gradients.insert(source.layer.clone(), gradient);
            }
            // A step may overwrite the gradient that it reads.
            let rubbish: Value = dy.iter().map(|dy| hash(("rubbish", dy))).collect();
            machine.write(&back.output_gradient, &rubbish, false);
            for (to, gradient) in back.input_gradients.iter().zip(inputs) {
                if let Some(to) = to {
                    machine.write(&to.view, &gradient, to.accumulate);
                }
            }
        }
        Outcome {
            scores: machine.read(&plan.result),
            gradients: machine.gradients,
        }
    }

    /// The gradient of a step's parameters, and of each of its inputs, from what it may read.
    fn backward(&self, step: &Step, dy: &[u64]) -> (Option<u64>, Vec<Value>) {
        let saved = step.op.saved();
        let read = |saved: bool, view: &View| if saved { self.read(view) } else { Vec::new() };
        let x = read(saved.inputs, &step.inputs[0]);
        let y = read(saved.output, &step.output);
        let source = step.source.as_ref();
        let layer = source.map_or_else(String::new, |source| source.layer.clone());
        let dy = &act_back(step.op.fused(), &y, dy);
        let mixed = |what: &str, remembered: u64| {
            vec![mixed_back(what, remembered, step.inputs[0].len(), dy)]
        };
        match step.op {
            Op::Dropout(plan::Dropout { index, .. })
            | Op::DropPath(plan::DropPath { index, .. }) => (None, vec![drop(index, dy)]),
            Op::BatchNormTraining(_) => (
                Some(parameters(&layer, &x, dy)),
                vec![norm_back(&layer, &x, dy)],
            ),
            Op::Conv(d) => {
                let (gradient, dx) = conv_back(&layer, d.input, d.pad, &x, dy);
                (Some(gradient), vec![dx])
            }
            Op::Fc(_) | Op::Deconv(_) => {
                (Some(parameters(&layer, &x, dy)), mixed(&layer, hash(&x)))
            }
            Op::Activation(d) => {
                let seen = if d.act.from_value() { &y } else { &x };
                (None, vec![act_back(d.act, seen, dy)])
            }
            Op::Add(_) => (None, vec![dy.to_vec(); 2]),
            Op::Mul(_) => (None, mul_back(&[&x, &self.read(&step.inputs[1])], dy)),
            Op::Copy(_) => (None, vec![dy.to_vec()]),
            Op::Slice(d) => (None, vec![unsliced(d.input[2], d.from..d.to, dy)]),
            Op::Transpose(d) => (None, vec![hwc(d.input, dy)]),
            Op::Pad(d) => (None, vec![cropped(d.input, d.pad, dy)]),
            Op::Softmax(_) => (None, mixed("Softmax", hash(&y))),
            op if op.has_params() => (Some(parameters(&layer, &x, dy)), mixed(&layer, hash(&x))),
            op @ (Op::MaxPool(_) | Op::Lrn(_)) => (None, mixed(op.name(), hash(&x))),
            op => (None, mixed(op.name(), 0)),
        }
    }

    fn read(&self, view: &View) -> Value {
        let memory = match view.slot {
            Slot::Input => &self.image,
            Slot::Arena(_) => &self.arena,
        };
        places(view).map(|place| memory[place]).collect()
    }

    fn write(&mut self, view: &View, value: &[u64], accumulate: bool) {
        assert_ne!(view.slot, Slot::Input, "writes the input");
        for (place, element) in places(view).zip(value) {
            let before = if accumulate { self.arena[place] } else { 0 };
            self.arena[place] = before.wrapping_add(*element);
        }
    }
}

fn places(view: &View) -> impl Iterator<Item = usize> + use<> {
    let offset = match view.slot {
        Slot::Input => 0,
        Slot::Arena(offset) => offset / 4,
    };
    let view = *view;
    (0..view.len())
        .map(move |i| offset + i / view.shape[2] * view.pixel + view.channel + i % view.shape[2])
}

fn forward(step: &Step, inputs: &[Value]) -> Value {
    match step.op {
        Op::Dropout(plan::Dropout { index, .. }) | Op::DropPath(plan::DropPath { index, .. }) => {
            drop(index, &inputs[0])
        }
        _ => execute(step, inputs),
    }
}
