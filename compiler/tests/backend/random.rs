//! Random graphs, and an oracle that computes with symbols instead of numbers.
//!
//! Every element of every value is a hash of what it depends on: of the layer, and of the elements that the layer reads. The
//! oracle computes them from the graph; the plan's steps compute them over an arena. If both ends agree, every step read what
//! it should, and nothing was overwritten too early.

use crate::builder::Builder;
use netc_compiler::graph::{Graph, Layer, Node, NodeId, Order, PoolKind};
pub(crate) use netc_plan::random::SplitMix64 as Random;
use netc_plan::{Act, Op, Operation, Plan, Slot, Source, Step, View};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

/// A graph of about `layers` layers: chains, skips, joins, dense blocks, some of them read again much later.
pub(crate) fn graph(random: &mut Random, layers: usize) -> Graph {
    let mut b = Builder::new([6, 5, 3]);
    let mut at = NodeId(0);
    let mut seen = vec![at];
    // Vectors made on the way, which need a value without gaps; joined at the end.
    let mut sides = Vec::new();
    for _ in 0..layers {
        let [h, w, c] = b.shape(at);
        let like: Vec<NodeId> = seen
            .iter()
            .copied()
            .filter(|id| b.shape(*id)[..2] == [h, w])
            .collect();
        let equal: Vec<NodeId> = seen
            .iter()
            .copied()
            .filter(|id| b.shape(*id) == [h, w, c])
            .collect();
        let any = |random: &mut Random, from: &[NodeId]| from[random.below(from.len())];
        at = match random.below(25) {
            0 | 1 => b.conv(at, 1 + random.below(4), 3, 1, 1, 1),
            2 => b.conv(at, 2, 1, 1, 0, 1),
            3 | 4 => b.relu(at),
            5 => b.act(at, [Act::Sigmoid, Act::Silu][random.below(2)]),
            6 | 7 => b.bn(at),
            8 => b.dropout(at),
            9 if h * w > 1 => b.lrn(at),
            10 if h > 2 && w > 2 => b.pool(at, PoolKind::Max, 2, 1, 0),
            11 if c < 12 => {
                let count = 1 + random.below(3);
                let inputs: Vec<NodeId> = (0..=count)
                    .map(|i| if i == 0 { at } else { any(random, &like) })
                    .collect();
                b.concat(&inputs)
            }
            12 => {
                let count = 1 + random.below(3);
                let inputs: Vec<NodeId> = (0..=count)
                    .map(|i| if i == 0 { at } else { any(random, &equal) })
                    .collect();
                b.add(&inputs)
            }
            13 if c < 12 => {
                // A dense layer: what comes in, and something made of it.
                let x = b.bn(at);
                let x = b.relu(x);
                let x = b.conv(x, 2, 3, 1, 1, 1);
                b.concat(&[at, x])
            }
            14 if h > 1 && w > 1 => {
                let padded = b.pad(at, [1, 0, 0, 1]);
                b.conv(padded, 2, 3, 1, 0, 1)
            }
            15 if h < 8 && w < 8 => b.upsample(at),
            16 => {
                // Squeeze and excite, the one pixel before the picture or after it; sometimes read again.
                let pooled = b.global_pool(at);
                let gate = b.conv(pooled, c, 1, 1, 0, 1);
                if random.below(3) == 0 {
                    seen.push(gate);
                }
                let mut inputs = vec![gate; 1 + random.below(2)];
                inputs.insert(random.below(inputs.len() + 1), at);
                b.mul(&inputs)
            }
            22 | 23 => b.learnt(at, random.below(5)),
            17 => {
                let inputs = [at, any(random, &equal), any(random, &equal)];
                b.mul(&inputs[..2 + random.below(2)])
            }
            18 if c > 1 => b.slice(at, random.below(c - 1), 1 + random.below(c)),
            19 if c % 2 == 0 => {
                // ShuffleNetV2: one half goes past.
                let [one, two] = [0, 1].map(|part| b.split(at, 2, part));
                let two = b.conv(two, c / 2, 3, 1, 1, 1);
                let two = b.relu(two);
                b.concat(&[one, two])
            }
            24 if h < 6 && w < 6 => b.deconv(at, 1 + random.below(3)),
            20 if c > 2 => {
                // Parts that overlap, and one channel that nobody reads.
                let [one, two] = [b.slice(at, 0, c - 1), b.slice(at, 0, 1)];
                let one = b.relu(one);
                b.concat(&[two, one])
            }
            9 => any(random, &like),
            21 => {
                // A residual block, or a convolution onto anything that has its shape.
                let x = b.conv(at, c, 3, 1, 1, 1);
                let x = if random.below(2) == 0 { b.bn(x) } else { x };
                let other = if random.below(2) == 0 {
                    at
                } else {
                    any(random, &equal)
                };
                b.add(&[x, other])
            }
            _ => b.softmax(at),
        };
        if random.below(8) == 0 {
            sides.push(b.fc(at, 2));
        }
        seen.push(at);
    }
    if !sides.is_empty() {
        sides.push(b.fc(at, 2));
        let end = b.concat(&sides);
        return b.finish("Random", end);
    }
    let end = match random.below(5) {
        0 => {
            // Symbols do not know that a mean and a pointwise convolution may change places.
            let at = b.relu(at);
            b.global_pool(at)
        }
        1 => b.fc(at, 4),
        2 => {
            let flat = b.flatten(at, Order::Chw);
            let flat = b.relu(flat);
            b.fc(flat, 3)
        }
        3 => {
            let flat = b.flatten(
                at,
                if random.below(2) == 0 {
                    Order::Chw
                } else {
                    Order::Hwc
                },
            );
            let flat = b.bn(flat);
            let one = b.fc(flat, 3);
            let two = b.fc(flat, 2);
            let both = b.concat(&[one, flat, two]);
            b.softmax(both)
        }
        _ => at,
    };
    b.finish("Random", end)
}

/// A network as text, with brackets and taps inside each other. Every value has one shape.
pub(crate) fn text(random: &mut Random, layers: usize) -> String {
    let mut taps = 0;
    let chain = chain(random, layers, 0, &mut Vec::new(), &mut taps);
    format!("net Random\nINPUT(4x4x2) => {chain}\n")
}

fn chain(
    random: &mut Random,
    layers: usize,
    depth: usize,
    visible: &mut Vec<String>,
    taps: &mut usize,
) -> String {
    let outside = visible.len();
    let mut stages = Vec::new();
    for _ in 0..layers.max(1) {
        let mut stage = match random.below(8) {
            0 | 1 if depth < 4 => {
                let count = 2 + random.below(2);
                let branches: Vec<String> = (0..count)
                    .map(|i| match random.below(3) {
                        0 if i > 0 => "SKIP".into(),
                        _ => chain(random, layers / 3, depth + 1, visible, taps),
                    })
                    .collect();
                format!("[ {} ] => ADD", branches.join(" | "))
            }
            2 | 3 if !visible.is_empty() => {
                format!("ADD({})", visible[random.below(visible.len())])
            }
            4 => "BN".into(),
            5 => "RELU".into(),
            _ => "CONV(2, 3x3, same)".into(),
        };
        if random.below(3) == 0 {
            *taps += 1;
            let name = format!("tap{taps}");
            stage.push_str(&format!(" as {name}"));
            visible.push(name);
        }
        stages.push(stage);
    }
    visible.truncate(outside);
    stages.join(" => ")
}

pub(crate) fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A value: elements in HWC order.
pub(crate) type Value = Vec<u64>;

pub(crate) fn image(elements: usize) -> Value {
    (0..elements).map(|i| hash(("image", i))).collect()
}

fn activate(act: Act, value: Value) -> Value {
    match act {
        Act::None => value,
        act => value
            .into_iter()
            .map(|x| hash((format!("{act:?}"), x)))
            .collect(),
    }
}

fn normalise(layer: &str, eps: f32, channels: usize, value: &[u64]) -> Value {
    value
        .iter()
        .enumerate()
        .map(|(i, x)| hash(("bn", layer, eps.to_bits(), i % channels, x)))
        .collect()
}

pub(crate) fn padded(
    [h, w, c]: [usize; 3],
    [top, bottom, left, right]: [usize; 4],
    value: &[u64],
) -> Value {
    let zero = hash("zero");
    let mut out = Vec::new();
    for y in 0..h + top + bottom {
        for x in 0..w + left + right {
            let inside = y >= top && y < top + h && x >= left && x < left + w;
            for k in 0..c {
                out.push(if inside {
                    value[((y - top) * w + x - left) * c + k]
                } else {
                    zero
                });
            }
        }
    }
    out
}

pub(crate) fn sliced(pixel: usize, channels: Range<usize>, value: &[u64]) -> Value {
    let pixels = value.chunks(pixel);
    pixels
        .flat_map(|pixel| &pixel[channels.clone()])
        .copied()
        .collect()
}

fn chw([h, w, c]: [usize; 3], value: &[u64]) -> Value {
    let pixels = h * w;
    (0..pixels * c)
        .map(|i| value[(i % pixels) * c + i / pixels])
        .collect()
}

/// An operation that mixes everything: each output depends on all inputs and on its own place.
fn mixed(what: impl Hash, outputs: usize, value: &[u64]) -> Value {
    let all = hash((what, value));
    (0..outputs).map(|i| hash((i, all))).collect()
}

/// The elements of every node, from the graph.
pub(crate) fn oracle(graph: &Graph) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for node in &graph.nodes {
        let value = evaluate(graph, node, &values);
        values.push(value);
    }
    values
}

pub(crate) fn evaluate(graph: &Graph, node: &Node, values: &[Value]) -> Value {
    let shape = |id: NodeId| graph.node(id).shape.hwc().expect("known");
    let outputs = node.shape.elements();
    let Some(&first) = node.inputs.first() else {
        return image(outputs);
    };
    let (x, [h, w, c]) = (&values[first.0], shape(first));
    match &node.layer {
        Layer::Input(_) => image(outputs),
        Layer::Conv(conv) => mixed(
            ("conv", &node.name),
            outputs,
            &padded([h, w, c], conv.pad.cells, x),
        ),
        Layer::Deconv(_) => mixed(("deconv", &node.name), outputs, x),
        Layer::Fc { .. } => mixed(("fc", &node.name), outputs, x),
        Layer::BatchNorm { eps, .. } => normalise(&node.name, *eps, c, x),
        Layer::Activation(act) => activate(*act, x.clone()),
        Layer::Dropout { .. } | Layer::Flatten(Order::Hwc) => x.clone(),
        Layer::Flatten(Order::Chw) => chw([h, w, c], x),
        Layer::Op(Op::Pad(d)) => padded([h, w, c], d.pad, x),
        Layer::Op(Op::Add(_)) => {
            let rest = node.inputs.iter().skip(1);
            rest.fold(x.clone(), |sum, input| add(&sum, &values[input.0]))
        }
        Layer::Op(Op::Mul(_)) => {
            let rest = node.inputs.iter().skip(1);
            rest.fold(x.clone(), |all, input| mul(&all, &values[input.0]))
        }
        Layer::Concat => {
            let mut out = Vec::new();
            for pixel in 0..h * w {
                for input in &node.inputs {
                    let c = shape(*input)[2];
                    out.extend(&values[input.0][pixel * c..][..c]);
                }
            }
            out
        }
        Layer::Pool(_) => mixed("MaxPool", outputs, x),
        Layer::Op(Op::Slice(d)) => sliced(c, d.from..d.to, x),
        Layer::Split { parts, part } => sliced(c, part * c / parts..(part + 1) * c / parts, x),
        Layer::Op(Op::DropPath(_)) => x.clone(),
        Layer::Op(op) if op.has_params() => {
            let value = learnt(op, &node.name, x);
            activate(op.fused(), value)
        }
        Layer::Op(op) => mixed(op.name(), outputs, x),
        other => panic!("{other:?} is not drawn"),
    }
}

fn add(a: &[u64], b: &[u64]) -> Value {
    a.iter()
        .zip(b)
        .map(|(a, b)| hash(("add", a.min(b), a.max(b))))
        .collect()
}

/// Symmetric, as products are. The shorter one is spread over the longer one.
pub(crate) fn mul(a: &[u64], b: &[u64]) -> Value {
    let (long, short) = if a.len() < b.len() { (b, a) } else { (a, b) };
    let pairs = long.iter().zip(short.iter().cycle());
    let product = |(a, b): (&u64, &u64)| hash(("mul", a.min(b), a.max(b)));
    pairs.map(product).collect()
}

/// An operation with parameters that mixes everything.
fn learnt(op: &Op, layer: &str, x: &[u64]) -> Value {
    mixed((op.name(), layer), x.len(), x)
}

/// Runs the plan over symbols and gives the arena.
pub(crate) struct Machine {
    arena: Value,
    image: Value,
}

impl Machine {
    pub(crate) fn run(plan: &Plan) -> Self {
        let mut machine = Self {
            arena: vec![0; plan.arena / 4],
            image: image(plan.input.iter().product()),
        };
        for step in &plan.forward {
            let inputs: Vec<Value> = step.inputs.iter().map(|view| machine.read(view)).collect();
            let output = execute(step, &inputs);
            machine.write(&step.output, &output);
        }
        machine
    }

    pub(crate) fn read(&self, view: &View) -> Value {
        let (memory, offset) = match view.slot {
            Slot::Input => (&self.image, 0),
            Slot::Arena(offset) => (&self.arena, offset / 4),
        };
        let pixels = 0..view.shape[0] * view.shape[1];
        pixels
            .flat_map(|pixel| {
                &memory[offset + pixel * view.pixel + view.channel..][..view.shape[2]]
            })
            .copied()
            .collect()
    }

    fn write(&mut self, view: &View, value: &[u64]) {
        let Slot::Arena(offset) = view.slot else {
            panic!("writes the input")
        };
        for (pixel, elements) in value.chunks(view.shape[2]).enumerate() {
            self.arena[offset / 4 + pixel * view.pixel + view.channel..][..view.shape[2]]
                .copy_from_slice(elements);
        }
    }
}

pub(crate) fn execute(step: &Step, inputs: &[Value]) -> Value {
    let x = &inputs[0];
    let outputs = step.output.len();
    let folded = |source: &Source, value: Value| match &source.fold {
        None => value,
        Some(fold) => normalise(&fold.layer, fold.eps, step.output.shape[2], &value),
    };
    match (step.op, &step.source) {
        (Op::Conv(d), Some(source)) => {
            let value = mixed(("conv", &source.layer), outputs, &padded(d.input, d.pad, x));
            activate(d.act, folded(source, value))
        }
        (Op::ConvAdd(d), Some(source)) => {
            let value = mixed(("conv", &source.layer), outputs, &padded(d.input, d.pad, x));
            activate(d.act, add(&folded(source, value), &inputs[1]))
        }
        (Op::Deconv(d), Some(source)) => {
            let value = mixed(("deconv", &source.layer), outputs, x);
            activate(d.act, folded(source, value))
        }
        (Op::Fc(d), Some(source)) => {
            let x = match &source.pointwise {
                None => x.clone(),
                Some(pointwise) => {
                    let conv = pointwise.conv(d.input);
                    let source = Source {
                        fold: pointwise.fold.clone(),
                        ..Source::of(pointwise.layer.as_str())
                    };
                    let step = Step {
                        op: conv.into(),
                        source: Some(source),
                        output: View::input(conv.output()),
                        ..step.clone()
                    };
                    execute(&step, std::slice::from_ref(x))
                }
            };
            let x = source.chw.map_or(x.clone(), |shape| chw(shape, &x));
            activate(
                d.act,
                folded(source, mixed(("fc", &source.layer), outputs, &x)),
            )
        }
        (Op::BatchNorm(d), Some(source)) => {
            activate(d.act, normalise(&source.layer, d.eps, d.input[2], x))
        }
        (Op::BatchNormTraining(d), Some(source)) => {
            activate(d.act, normalise(&source.layer, d.eps, d.input[2], x))
        }
        (Op::Activation(d), _) => activate(d.act, x.clone()),
        (Op::Add(d), _) => activate(d.act, add(x, &inputs[1])),
        (Op::Mul(d), _) => activate(d.act, mul(x, &inputs[1])),
        (Op::Copy(_), _) => x.clone(),
        (Op::Slice(d), _) => sliced(d.input[2], d.from..d.to, x),
        (Op::Transpose(d), _) => chw(d.input, x),
        (Op::Pad(d), _) => padded(d.input, d.pad, x),
        (Op::MaxPool(d), _) => activate(d.act, mixed("MaxPool", outputs, x)),
        (op, Some(source)) => activate(op.fused(), learnt(&op, &source.layer, x)),
        (op, None) => mixed(op.name(), outputs, x),
    }
}
