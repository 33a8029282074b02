//! The plain reference of training: the same plan computed by the definitions, in `f32` or `f64`, slowly.

use super::loss;
use crate::cpu::{self, Real, dropout};
use crate::plan::{Act, Op, TrainOp, TrainPlan};
use crate::reference::Memory;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Tensors by name: `conv1.weight`.
pub type Tensors<T> = BTreeMap<String, Vec<T>>;

/// What a training step computes, before the update.
#[derive(Clone, Debug)]
pub struct Step<T> {
    /// The mean loss, without L2 terms.
    pub loss: T,
    /// The gradients of all parameters that have any.
    pub gradients: Tensors<T>,
    /// Moving statistics after the step.
    pub running: Tensors<T>,
    /// The scores, dense.
    pub scores: Vec<T>,
}

/// One training step without its update.
///
/// # Panics
/// If images, labels and parameters are not the plan's.
#[must_use]
pub fn step<T: Real>(
    plan: &TrainPlan,
    params: &Tensors<T>,
    images: &[T],
    labels: &[u32],
    [seed, step]: [u64; 2],
) -> Step<T> {
    let image: usize = plan.input.iter().product();
    let mut memory = Memory::new(images, images.len() / image, plan.arena);
    let key = |op: &TrainOp| match op {
        TrainOp::Dropout { index, .. } => dropout::base(seed, step, *index),
        _ => 0,
    };
    let layer = |name: &Option<String>| Layer {
        params,
        name: name.clone().unwrap_or_default(),
    };
    let mut values = Vec::new();
    for step in &plan.forward {
        let inputs: Vec<Vec<T>> = step.inputs.iter().map(|&view| memory.read(view)).collect();
        let len = step.output.len() * memory.batch;
        let y = forward(&step.op, &layer(&step.layer), &inputs, len, key(&step.op));
        memory.write(step.output, &y);
        values.push((inputs, y));
    }

    let scores = memory.read(plan.loss.scores);
    let classes = plan.loss.scores.shape[2];
    let mut gradient = vec![T::zero(); scores.len()];
    let mut total = T::zero();
    let count = T::of(labels.len() as f64);
    let places = scores
        .chunks_exact(classes)
        .zip(gradient.chunks_exact_mut(classes));
    for ((scores, gradient), &label) in places.zip(labels) {
        let mut target = vec![T::zero(); classes];
        target[label as usize] = T::one();
        total += loss::reference(plan.loss.loss, scores, &target, gradient) / count;
        gradient.iter_mut().for_each(|g| *g = *g / count);
    }
    memory.write(plan.loss.gradient, &gradient);

    let (mut gradients, mut running) = (Tensors::new(), Tensors::new());
    for back in &plan.backward {
        let step = &plan.forward[back.step];
        let (inputs, y) = &values[back.step];
        let dy = memory.read(back.output_gradient);
        let given = layer(&step.layer);
        let result = backward(&step.op, &given, inputs, y, dy, key(&step.op));
        for (dx, place) in result.inputs.iter().zip(&back.input_gradients) {
            let Some(place) = place else { continue };
            let mut all = match place.accumulate {
                true => memory.read(place.view),
                false => vec![T::zero(); dx.len()],
            };
            all.iter_mut().zip(dx).for_each(|(all, &dx)| *all += dx);
            memory.write(place.view, &all);
        }
        for (leaf, own) in result.params {
            let all = gradients
                .entry(format!("{}.{leaf}", given.name))
                .or_insert_with(|| vec![T::zero(); own.len()]);
            all.iter_mut().zip(own).for_each(|(all, own)| *all += own);
        }
        for (leaf, values) in result.running {
            running.insert(format!("{}.{leaf}", given.name), values);
        }
    }
    for param in &plan.params {
        if let Some(gradient) = gradients.get_mut(&param.name) {
            crate::weights::unconnected(param).for_each(|i| gradient[i] = T::zero());
        }
    }
    Step {
        loss: total,
        gradients,
        running,
        scores,
    }
}

/// The parameters of a layer.
pub(super) struct Layer<'p, T> {
    pub(super) params: &'p Tensors<T>,
    pub(super) name: String,
}

impl<'p, T: Real> Layer<'p, T> {
    fn get(&self, leaf: &str) -> &'p [T] {
        let name = format!("{}.{leaf}", self.name);
        let tensor = self.params.get(&name);
        tensor.unwrap_or_else(|| panic!("no tensor `{name}`"))
    }

    /// Zeros where there is no bias.
    fn bias(&self, len: usize) -> Vec<T> {
        let name = format!("{}.bias", self.name);
        self.params
            .get(&name)
            .cloned()
            .unwrap_or_else(|| vec![T::zero(); len])
    }
}

/// One operation in training mode, for any number of dense images; `len` is the output's, `key` that of a DROPOUT.
pub(super) fn forward<T: Real>(
    op: &TrainOp,
    layer: &Layer<'_, T>,
    inputs: &[Vec<T>],
    len: usize,
    key: u64,
) -> Vec<T> {
    let x = &inputs[0];
    let mut y = vec![T::zero(); len];
    let norm = |d: &crate::plan::BatchNorm, mean: &[T], variance: &[T], y: &mut [T]| {
        let statistics = cpu::batch_norm::Statistics {
            weight: layer.get("weight"),
            bias: layer.get("bias"),
            mean,
            variance,
        };
        cpu::batch_norm::reference(d, statistics, x, y);
    };
    let op = match op {
        TrainOp::Same(op) => op,
        TrainOp::BatchNorm { op, .. } => {
            let [mean, variance] = cpu::batch_norm::train::statistics(op.input[2], x);
            norm(op, &mean, &variance, &mut y);
            return y;
        }
        TrainOp::Dropout { input, p, .. } => {
            dropout::reference(*p, key, input.iter().product(), x, &mut y);
            return y;
        }
    };
    match op {
        Op::Conv(d) => {
            cpu::conv::reference::conv(d, layer.get("weight"), &layer.bias(d.filters), x, &mut y);
        }
        Op::Fc(d) => cpu::fc::reference(d, layer.get("weight"), &layer.bias(d.units), x, &mut y),
        Op::MaxPool(d) => cpu::max_pool::reference(d, x, &mut y),
        Op::AvgPool(d) => cpu::avg_pool::reference(d, x, &mut y),
        Op::GlobalPool(d) => cpu::global_pool::reference(d, x, &mut y),
        Op::BatchNorm(d) => {
            norm(
                d,
                layer.get("running_mean"),
                layer.get("running_var"),
                &mut y,
            );
        }
        Op::Lrn(d) => cpu::lrn::reference(d, x, &mut y),
        Op::Activation(d) => cpu::activation::reference(d, x, &mut y),
        Op::Softmax(d) => cpu::softmax::reference(d, x, &mut y),
        Op::Transpose(d) => cpu::transpose::reference(d, x, &mut y),
        Op::Pad(d) => cpu::pad::reference(d, x, &mut y),
        Op::Upsample(d) => cpu::upsample::reference(d, x, &mut y),
        Op::Add(d) => cpu::add::reference(d, [x, &inputs[1]], &mut y),
        Op::Copy(d) => cpu::copy::reference(d, x, &mut y),
        Op::Subsample(d) => {
            let (coefficient, bias) = (layer.get("coefficient"), layer.get("bias"));
            cpu::subsample::reference(d, coefficient, bias, x, &mut y);
        }
        Op::Rbf(d) => cpu::rbf::reference(d, layer.get("prototypes"), x, &mut y),
    }
    y
}

/// What the way back through one operation gives.
pub(super) struct Gradients<T> {
    /// Of each input.
    pub(super) inputs: Vec<Vec<T>>,
    /// Of the parameters, by the last part of their names.
    pub(super) params: Vec<(&'static str, Vec<T>)>,
    /// Moving statistics after the step.
    pub(super) running: Vec<(&'static str, Vec<T>)>,
}

/// The way back through one operation.
pub(super) fn backward<T: Real>(
    op: &TrainOp,
    layer: &Layer<'_, T>,
    inputs: &[Vec<T>],
    y: &[T],
    mut dy: Vec<T>,
    key: u64,
) -> Gradients<T> {
    let x = &inputs[0];
    if op.act() != Act::None && !matches!(op, TrainOp::Same(Op::Activation(_))) {
        cpu::activation::train::reference(op.act(), None, y, &mut dy);
    }
    let mut all = Gradients {
        inputs: inputs.iter().map(|x| vec![T::zero(); x.len()]).collect(),
        params: Vec::new(),
        running: Vec::new(),
    };
    let mut dx = core::mem::take(&mut all.inputs[0]);
    let zeros = |len| vec![T::zero(); len];
    let affine = |[weight, bias]: [Vec<T>; 2], has_bias: bool| {
        let mut params = vec![("weight", weight)];
        params.extend(has_bias.then_some(("bias", bias)));
        params
    };
    let norm = |d: &crate::plan::BatchNorm, statistics: [&[T]; 2], batch, dx: &mut [T]| {
        let [mut weight, mut bias] = [zeros(d.input[2]), zeros(d.input[2])];
        let gain = layer.get("weight");
        let params = [&mut weight[..], &mut bias[..]];
        cpu::batch_norm::train::reference(d, gain, statistics, batch, [x, &dy], dx, params);
        affine([weight, bias], true)
    };
    match op {
        TrainOp::BatchNorm { op, momentum } => {
            let [mean, variance] = cpu::batch_norm::train::statistics(op.input[2], x);
            all.params = norm(op, [&mean, &variance], true, &mut dx);
            let keep = T::of((*momentum).into());
            let moved = |leaf, batch: &[T]| {
                let old = layer.get(leaf).iter().zip(batch);
                (
                    leaf,
                    old.map(|(&old, &new)| old * keep + new * (T::one() - keep))
                        .collect(),
                )
            };
            all.running = vec![
                moved("running_mean", &mean),
                moved("running_var", &variance),
            ];
        }
        TrainOp::Dropout { input, p, .. } => {
            dropout::reference(*p, key, input.iter().product(), &dy, &mut dx);
        }
        TrainOp::Same(Op::Conv(d)) => {
            let weight = layer.get("weight");
            let [mut dw, mut db] = [zeros(weight.len()), zeros(d.filters)];
            cpu::conv::train::reference::conv(d, weight, [x, &dy], &mut dx, [&mut dw, &mut db]);
            all.params = affine([dw, db], d.bias);
        }
        TrainOp::Same(Op::Fc(d)) => {
            let weight = layer.get("weight");
            let [mut dw, mut db] = [zeros(weight.len()), zeros(d.units)];
            cpu::fc::train::reference(d, weight, [x, &dy], &mut dx, [&mut dw, &mut db]);
            all.params = affine([dw, db], d.bias);
        }
        TrainOp::Same(Op::MaxPool(d)) => cpu::max_pool::train::reference(d, x, &dy, &mut dx),
        TrainOp::Same(Op::AvgPool(d)) => cpu::avg_pool::train::reference(d, &dy, &mut dx),
        TrainOp::Same(Op::GlobalPool(d)) => cpu::global_pool::train::reference(d, &dy, &mut dx),
        TrainOp::Same(Op::BatchNorm(d)) => {
            let statistics = [layer.get("running_mean"), layer.get("running_var")];
            all.params = norm(d, statistics, false, &mut dx);
        }
        TrainOp::Same(Op::Lrn(d)) => cpu::lrn::train::reference(d, x, &dy, &mut dx),
        TrainOp::Same(Op::Activation(d)) => {
            cpu::activation::train::reference(d.act, Some(x), y, &mut dy);
            dx = dy;
        }
        TrainOp::Same(Op::Softmax(d)) => {
            cpu::softmax::train::reference(d.input[2], y, &dy, &mut dx)
        }
        TrainOp::Same(Op::Transpose(d)) => cpu::transpose::train::reference(d, &dy, &mut dx),
        TrainOp::Same(Op::Pad(d)) => cpu::pad::train::reference(d, &dy, &mut dx),
        TrainOp::Same(Op::Upsample(d)) => cpu::upsample::train::reference(d, &dy, &mut dx),
        TrainOp::Same(Op::Add(_)) => {
            cpu::add::train::reference(&dy, &mut dx);
            cpu::add::train::reference(&dy, &mut all.inputs[1]);
        }
        TrainOp::Same(Op::Copy(_)) => cpu::add::train::reference(&dy, &mut dx),
        TrainOp::Same(Op::Subsample(d)) => {
            let [mut dk, mut db] = [zeros(d.input[2]), zeros(d.input[2])];
            let coefficient = layer.get("coefficient");
            cpu::subsample::train::reference(d, coefficient, [x, &dy], &mut dx, [&mut dk, &mut db]);
            all.params = vec![("coefficient", dk), ("bias", db)];
        }
        TrainOp::Same(Op::Rbf(d)) => {
            cpu::rbf::train::reference(d, layer.get("prototypes"), x, &dy, &mut dx)
        }
    }
    all.inputs[0] = dx;
    all
}

/// Adds each gradient where its number came from, for dense images: `from(y, x, c)` of the output is a place in the input.
pub(crate) fn gather<T: Real>(
    [input, output]: [[usize; 3]; 2],
    dz: &[T],
    dx: &mut [T],
    from: impl Fn([usize; 3]) -> Option<usize>,
) {
    let [_, w, c] = output;
    let images = dz.chunks_exact(output.iter().product());
    for (dz, dx) in images.zip(dx.chunks_exact_mut(input.iter().product())) {
        for (i, &dz) in dz.iter().enumerate() {
            if let Some(at) = from([i / (w * c), i / c % w, i % c]) {
                dx[at] += dz;
            }
        }
    }
}
