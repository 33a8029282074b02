//! Random numbers and small plans.

#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) use netc_runtime::plan::random::SplitMix64 as Rng;
use netc_runtime::plan::{
    AdaptiveAvgPool, Copy, GlobalPool, Init, Op, Operation, Param, Pixels, Plan, Source, Step,
    Tensor, Upsample, View,
};

pub(crate) fn param(name: &str, shape: &[usize]) -> Param {
    Param::new(name, shape, Init::Uniform(1.0))
}

/// The parameters that an operation called `layer` reads.
pub(crate) fn params(op: &Op) -> Vec<Param> {
    let tensors = op.tensors().into_iter();
    let param = |tensor: Tensor| Param {
        trainable: tensor.role.is_trained(),
        ..param(&format!("layer.{}", tensor.leaf), &tensor.shape)
    };
    tensors.map(param).collect()
}

/// Random numbers for these; variances are positive, and sums of products stay near 1.
pub(crate) fn tensors(rng: &mut Rng, params: &[Param]) -> Vec<(String, Vec<f32>)> {
    let tensor = |p: &Param| {
        let mut numbers = rng.numbers(p.len());
        if p.name.ends_with("running_var") {
            numbers.iter_mut().for_each(|v| *v = 1.0 + 0.5 * *v);
        }
        if p.name.ends_with("weight") && p.shape.len() > 1 {
            let fan_in: usize = p.shape[1..].iter().product();
            let scale = (3.0 / fan_in as f32).sqrt();
            numbers.iter_mut().for_each(|w| *w *= scale);
        }
        (p.name.clone(), numbers)
    };
    params.iter().map(tensor).collect()
}

pub(crate) fn step(name: &str, op: impl Into<Op>, inputs: &[View], output: View) -> Step {
    let op = op.into();
    let source = op.has_params().then(|| Source::of(name));
    Step {
        name: name.into(),
        text: op.name().into(),
        op,
        source,
        inputs: inputs.to_vec(),
        output,
    }
}

pub(crate) fn plan(input: &[usize], steps: Vec<Step>, params: Vec<Param>, result: View) -> Plan {
    let views = steps
        .iter()
        .flat_map(|s| s.inputs.iter().chain([&s.output]));
    let end = |view: &View| match view.slot {
        netc_runtime::plan::Slot::Arena(offset) => offset.saturating_add(view.bytes()),
        netc_runtime::plan::Slot::Input => 0,
    };
    Plan {
        name: "Test".into(),
        input: input.to_vec(),
        output: vec![result.len()],
        probabilities: false,
        distances: false,
        pixels: Pixels::default(),
        params,
        arena: views.map(end).max().unwrap_or(0),
        forward: steps,
        result,
        kept: Vec::new(),
        joins: Vec::new(),
        blocks: Vec::new(),
        by_rows: Vec::new(),
        loss: Vec::new(),
        backward: Vec::new(),
        update: Vec::new(),
    }
}

/// Steps that make a picture of any shape of numbers of an image: it is pooled to the height and width, and its channels are repeated.
fn picture(image: View, pooled: View, to: View) -> Vec<Step> {
    let [h, w, channels] = pooled.shape;
    let pool = AdaptiveAvgPool {
        input: image.shape,
        size: [h, w],
    };
    let mut steps = vec![step("pooled", pool, &[image], pooled)];
    for from in (0..to.shape[2]).step_by(channels) {
        let input = [h, w, channels.min(to.shape[2] - from)];
        let [some, place] = [pooled.part(0, input), to.part(from, input)];
        steps.push(step(&format!("some{from}"), Copy { input }, &[some], place));
    }
    steps
}

/// The operation `layer`, whose inputs and output lie between other channels of wider buffers; an input of another shape than the first lies in
/// one of its own. The result is the output's whole
/// buffer, so that a write beside the output shows.
pub(crate) fn strided(rng: &mut Rng, op: Op) -> Plan {
    let [h, w, c] = op.input();
    let [oh, ow, oc] = op.output();
    let arity = op.arity();
    let (mut before, mut after) = (rng.size(0, 3), rng.size(0, 3));
    // What runs over pixels as over a vector reads dense pictures.
    if op.flattens() && h * w > 1 {
        (before, after) = (0, 0);
    }
    let (first, last) = (rng.size(0, 3), rng.size(0, 3));
    let wide = before + arity * c + after;
    let out = [oh, ow, first + oc + last];
    let buffer = View::arena(0, [h, w, wide]);
    let output = View::arena(buffer.bytes(), [oh, ow, oc]).channels(first, out[2]);
    let part = |i: usize, start: usize, all: usize| {
        move |view: View| {
            View {
                shape: [h, w, c],
                ..view
            }
            .channels(start + i * c, all)
        }
    };
    let whole = View::arena(buffer.bytes(), out);
    // What lies beside the output: a number of the image.
    let one = View::arena(buffer.bytes() + whole.bytes(), [1, 1, 1]);
    let mut end = buffer.bytes() + whole.bytes() + one.bytes();
    let image = [h, w, arity * c];
    let mut pictures = Vec::new();
    let operands = (0..arity).filter_map(|i| {
        if op.operand(i) == op.input() {
            let from = part(i, 0, arity * c)(View::input(image));
            return Some((from, part(i, before, wide)(buffer)));
        }
        let [oh, ow, oc] = op.operand(i);
        // A pixel of as many numbers as an operand has, or fewer, is read as it lies.
        if oh * ow > 1 || oc > c {
            let to = View::arena(end, [oh, ow, before + oc + after]);
            end += to.bytes();
            let to = to.part(before, [oh, ow, oc]);
            let pooled = View::arena(end, [oh, ow, arity * c]);
            end += pooled.bytes();
            pictures.push((View::input(image), pooled, to));
            return None;
        }
        let all = image.iter().product();
        let from = View::input([1, 1, all]);
        let to = View::arena(end, [1, 1, wide]);
        end += to.bytes();
        let shape = op.operand(i);
        let [from, to] = [from.channels(i * c, all), to.channels(before, wide)];
        Some((View { shape, ..from }, View { shape, ..to }))
    });
    let operands: Vec<(View, View)> = operands.collect();
    let inputs = operands.iter().map(|(_, to)| *to);
    let inputs = inputs.chain(pictures.iter().map(|(_, _, to)| *to));
    let inputs: Vec<View> = inputs.collect();
    let copies = operands.into_iter().enumerate();
    let copies = copies.map(|(i, (from, to))| {
        let input = from.shape;
        step(&format!("copy{i}"), Copy { input }, &[from], to)
    });
    let mut steps: Vec<Step> = copies.collect();
    for (from, pooled, to) in pictures {
        steps.extend(picture(from, pooled, to));
    }
    let params = params(&op);
    let channel = View::input([h, w, 1]).channels(0, arity * c);
    let mean = GlobalPool {
        input: [h, w, 1],
        ..GlobalPool::DEFAULT
    };
    steps.push(step("mean", mean, &[channel], one));
    for i in (0..first).chain(first + oc..out[2]) {
        let beside = View {
            shape: [oh, ow, 1],
            ..whole.channels(i, out[2])
        };
        let spread = Upsample {
            input: [1, 1, 1],
            factor: [oh, ow],
            ..Upsample::DEFAULT
        };
        steps.push(step(&format!("beside{i}"), spread, &[one], beside));
    }
    steps.push(step("layer", op, &inputs, output));
    plan(&image, steps, params, whole)
}
