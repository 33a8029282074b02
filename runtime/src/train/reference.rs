//! The plain reference of training: the same plan computed by the definitions, in `f32` or `f64`, slowly.

use super::loss;
use crate::cpu::{self, Real};
use crate::plan::{self, Act, Gradient, LossStep, Op, Plan, for_each_op};
use crate::reference::{Given, Memory, Params, Plain};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Tensors by name: `conv1.weight`.
pub type Tensors<T> = BTreeMap<String, Vec<T>>;

/// What a training step computes, before the update.
#[derive(Clone, Debug)]
pub struct PlainStep<T> {
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
    plan: &Plan,
    params: &Tensors<T>,
    images: &[T],
    labels: &[u32],
    draw: [u64; 2],
) -> PlainStep<T> {
    let image: usize = plan.input.iter().product();
    let mut memory = Memory::new(images, images.len() / image, plan.arena);
    let mut values = Vec::new();
    for step in &plan.forward {
        let inputs: Vec<Vec<T>> = step.inputs.iter().map(|&view| memory.read(view)).collect();
        let len = step.output.len() * memory.batch;
        let y = forward(&step.op, &given(step, params, draw), &inputs, len);
        memory.write(step.output, &y);
        values.push((inputs, y));
    }
    let mut total = T::zero();
    for step in &plan.loss {
        total += judge(step, labels, &mut memory);
    }
    let scores = memory.read(plan.result);

    let (mut gradients, mut running) = (Tensors::new(), Tensors::new());
    for back in &plan.backward {
        let step = &plan.forward[back.step];
        let (inputs, y) = &values[back.step];
        let dy = memory.read(back.output_gradient);
        let result = backward(&step.op, &given(step, params, draw), inputs, y, dy);
        let layer = layer(step);
        for (dx, place) in result.inputs.iter().zip(&back.input_gradients) {
            hand_on(&mut memory, dx, *place);
        }
        for (leaf, own) in result.params {
            let all = gradients
                .entry(format!("{layer}.{leaf}"))
                .or_insert_with(|| vec![T::zero(); own.len()]);
            all.iter_mut().zip(own).for_each(|(all, own)| *all += own);
        }
        for (leaf, values) in result.running {
            running.insert(format!("{layer}.{leaf}"), values);
        }
    }
    for param in &plan.params {
        if let Some(gradient) = gradients.get_mut(&param.name) {
            crate::weights::unconnected(param).for_each(|i| gradient[i] = T::zero());
        }
    }
    PlainStep {
        loss: total,
        gradients,
        running,
        scores,
    }
}

/// Writes or adds the gradient of an input, where somebody needs it.
fn hand_on<T: Real>(memory: &mut Memory<'_, T>, dx: &[T], place: Option<Gradient>) {
    let Some(place) = place else { return };
    let mut all = match place.accumulate {
        true => memory.read(place.view),
        false => vec![T::zero(); dx.len()],
    };
    all.iter_mut().zip(dx).for_each(|(all, &dx)| *all += dx);
    memory.write(place.view, &all);
}

fn layer(step: &plan::Step) -> &str {
    let source = step.source.as_ref();
    source.map_or("", |source| &source.layer)
}

fn given<'a, T>(step: &'a plan::Step, tensors: &'a Tensors<T>, draw: [u64; 2]) -> Given<'a, T> {
    let params = Params::Named(tensors, layer(step));
    Given { params, draw }
}

/// The mean loss of the batch, times its weight; writes the gradient of the scores.
fn judge<T: Real>(step: &LossStep, labels: &[u32], memory: &mut Memory<'_, T>) -> T {
    let scores = memory.read(step.scores);
    let classes = step.scores.shape[2];
    let mut gradient = vec![T::zero(); scores.len()];
    let mut total = T::zero();
    let share = T::of(step.weight.into()) / T::of(labels.len() as f64);
    let places = scores
        .chunks_exact(classes)
        .zip(gradient.chunks_exact_mut(classes));
    for ((scores, gradient), &label) in places.zip(labels) {
        let mut target = vec![T::zero(); classes];
        target[label as usize] = T::one();
        total += loss::reference(step.loss, scores, &target, gradient) * share;
        gradient.iter_mut().for_each(|g| *g = *g * share);
    }
    memory.write(step.gradient, &gradient);
    total
}

/// What backward reads.
pub(crate) struct Pass<'a, T> {
    /// The inputs, dense.
    pub(crate) x: &'a [Vec<T>],
    /// The output.
    pub(crate) y: &'a [T],
    /// The gradient of the output; before a fused activation.
    pub(crate) dy: &'a [T],
}

/// What backward through one operation gives.
pub(crate) struct Gradients<T> {
    /// Of each input; zeros to begin with.
    pub(crate) inputs: Vec<Vec<T>>,
    /// Of the parameters, by the last part of their names.
    pub(crate) params: Vec<(&'static str, Vec<T>)>,
    /// Running statistics after the step.
    pub(crate) running: Vec<(&'static str, Vec<T>)>,
}

/// Backward through an operation, by its derivative; one implementation beside each kernel.
pub(crate) trait PlainBackward: Plain {
    /// Adds to the gradients of inputs, and gives those of parameters.
    fn plain_backward<T: Real>(
        &self,
        given: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    );
}

impl<T: Real> Gradients<T> {
    /// The gradients of a weight and, if there is one, a bias.
    pub(crate) fn affine(&mut self, weight: Vec<T>, bias: Option<Vec<T>>) {
        self.params.push(("weight", weight));
        self.params.extend(bias.map(|bias| ("bias", bias)));
    }
}

macro_rules! plain {
    ($({ $op:ident, $($_rest:tt)* })*) => {
        /// One operation of a plan that trains by its definition, for any number of dense images; `len` is the output's.
        pub(super) fn forward<T: Real>(
            op: &Op,
            given: &Given<'_, T>,
            inputs: &[Vec<T>],
            len: usize,
        ) -> Vec<T> {
            let mut y = vec![T::zero(); len];
            match op {
                $(Op::$op(d) => d.plain(given, inputs, &mut y),)*
                other => panic!("{} in a plan that trains", other.name()),
            }
            y
        }

        /// Backward through one operation.
        pub(super) fn backward<T: Real>(
            op: &Op,
            given: &Given<'_, T>,
            x: &[Vec<T>],
            y: &[T],
            mut dy: Vec<T>,
        ) -> Gradients<T> {
            if op.fused() != Act::None {
                cpu::activation::derivative::reference(op.fused(), None, y, &mut dy);
            }
            let mut all = Gradients {
                inputs: x.iter().map(|x| vec![T::zero(); x.len()]).collect(),
                params: Vec::new(),
                running: Vec::new(),
            };
            let pass = Pass { x, y, dy: &dy };
            match op {
                $(Op::$op(d) => d.plain_backward(given, &pass, &mut all),)*
                other => panic!("{} in a plan that trains", other.name()),
            }
            all
        }
    };
}
for_each_op!(plain, train);

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
