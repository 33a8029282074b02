//! Inference in int8: post-training quantisation of a network, and its execution.
//!
//! [`quantise`] runs a network over pictures of its training data and gives [`Quantised`]: for each convolution and fully connected layer
//! signed bytes as weights, after folding, with one scale a filter; and for each value of the network the numbers that its bytes stand
//! for. [`Prepared::with_int8`] takes it, and its executor keeps values as bytes wherever those that read and write them can.
//!
//! ```no_run
//! # fn show(plan: &netc_runtime::plan::Plan, weights: &netc_runtime::Weights, images: &[f32]) -> Result<(), netc_runtime::Error> {
//! use netc_runtime::{Model, Quantised, cpu::Machine, prepare, quantise};
//! let quantised = quantise(plan, weights, images)?;
//! quantised.save("q.safetensors")?;
//! let quantised = Quantised::from_file("q.safetensors", plan)?;
//! let executor = prepare(plan, Machine::here(), 1)?.with_int8(&quantised)?.int8_executor(&quantised)?;
//! let mut workspace = executor.workspace(1);
//! # let _ = executor.forward(&mut workspace, images)?;
//! # Ok(())
//! # }
//! ```

mod calibrate;
mod file;
mod generated;
mod pass;
mod places;
mod steps;

pub(crate) use calibrate::others_of;
pub use calibrate::quantise;
pub(crate) use generated::load;
pub(crate) use pass::{Passes, QuantisedLayer, Trace, Turn};
pub use steps::{ByteEnding, ByteOp, ByteStep};

use crate::backend::Kernel;
use crate::cpu::int8::{self, Layer};
use crate::cpu::rows::RowKernel;
use crate::cpu::{Choice, Quantisation};
use crate::plan::random::fnv1a;
use crate::plan::{Element, Op, Plan, Slot, Step, View};
use crate::weights::nearest;
use crate::{Error, ErrorKind, Executor, LayerWeights, Mem, Prepared, Scratch, Weights};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use places::Places;

/// A network's parameters for int8, from [`quantise`] or from the file that it was saved to.
pub struct Quantised {
    /// The network's name.
    pub(crate) network: String,
    /// What it computes, see [`fingerprint`].
    pub(crate) fingerprint: u64,
    /// The layers whose products are of bytes, by the names of their steps.
    pub(crate) layers: BTreeMap<String, Layer>,
    /// The smallest and the largest number of each step's output that matter; of the network's input under an empty name.
    pub(crate) ranges: BTreeMap<String, [f32; 2]>,
    /// The names of all steps, as the file lists them.
    pub(crate) steps: Vec<String>,
    /// The parameters of all other layers.
    pub(crate) rest: Weights,
    /// What was noted about the weights.
    notes: String,
}

impl Quantised {
    /// How many layers compute with bytes.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// The same with a text that is kept beside it, for whoever reads the file: what a training run noted about its weights, say.
    #[must_use]
    pub fn with_notes(mut self, notes: impl Into<String>) -> Self {
        self.notes = notes.into();
        self
    }

    /// Whether the step computes with bytes.
    fn has(&self, step: &Step) -> bool {
        self.layers.contains_key(&step.name)
    }
}

/// The steps that a file is for: FNV-1a over their names, descriptors, parameters' sources, and the steps whose outputs they read. A last
/// SOFTMAX does not count, which may be left to the loss.
pub(crate) fn fingerprint(plan: &Plan) -> u64 {
    let steps = plan.forward.iter().enumerate();
    let steps = steps.filter(|(_, step)| !matches!(step.op, Op::Softmax(_)));
    let text: String = steps
        .map(|(i, step)| {
            let read = step.inputs.iter().map(|view| writers(plan, i, view));
            let read: Vec<Vec<usize>> = read.collect();
            format!("{} {:?} {:?} {read:?}\n", step.name, step.op, step.source)
        })
        .collect();
    fnv1a(&text)
}

/// The steps before step `i` that wrote the numbers of a view, the last one first; none for the network's input. Not where they lie: that is
/// the scheduler's matter.
fn writers(plan: &Plan, i: usize, view: &View) -> Vec<usize> {
    let mut left = view.len();
    let before = plan.forward[..i].iter().enumerate().rev();
    let of_buffer = before.filter(|(_, step)| step.output.slot == view.slot);
    of_buffer
        .map_while(|(j, step)| {
            let wanted = left > 0;
            left = left.saturating_sub(step.output.len());
            wanted.then_some(j)
        })
        .collect()
}

/// Whether a step can be computed from bytes; those that have weights are quantised then.
pub(crate) fn takes_weights(step: &Step) -> bool {
    int8::Conv::fits(&step.op)
}

/// The names of the layers that hold a step's parameters.
pub(crate) fn sources(step: &Step) -> Vec<&str> {
    let Some(source) = &step.source else {
        return Vec::new();
    };
    let mut names = alloc::vec![source.layer.as_str()];
    let folds = [
        source.fold.as_ref(),
        source.pointwise.as_ref().and_then(|p| p.fold.as_ref()),
    ];
    names.extend(folds.into_iter().flatten().map(|fold| fold.layer.as_str()));
    names.extend(source.pointwise.as_ref().map(|p| p.layer.as_str()));
    names
}

impl Prepared<'_> {
    /// The same plan with int8 where the network was quantised for it.
    ///
    /// # Errors
    /// With [`ErrorKind::Weights`], if it is another network's.
    pub fn with_int8(mut self, quantised: &Quantised) -> Result<Self, Error> {
        if fingerprint(self.plan()) != quantised.fingerprint {
            return Err(Error::new(
                ErrorKind::Weights,
                quantised.foreign(self.plan()),
            ));
        }
        let places = Places::of(self.plan(), quantised)?;
        self.choices_mut().for_each(|(i, choice)| {
            if places.kernel(i).is_some() {
                choice.method = crate::cpu::Method::Int8;
                choice.precision = Element::U8;
            }
        });
        Ok(self)
    }

    /// The plan with quantised parameters, packed for its kernels; [`with_int8`](Self::with_int8) has chosen them.
    ///
    /// # Errors
    /// With [`ErrorKind::Weights`], if it is another network's.
    pub fn int8_executor(&self, quantised: &Quantised) -> Result<Executor, Error> {
        let plan = self.plan();
        if fingerprint(plan) != quantised.fingerprint {
            return Err(Error::new(ErrorKind::Weights, quantised.foreign(plan)));
        }
        let places = Places::of(plan, quantised)?;
        let stages = self
            .steps()
            .enumerate()
            .map(|(i, (step, choice))| match places.kernel(i) {
                Some(_) => int8_stage(plan, i, quantised, &places, choice),
                None => Ok(Stage::F32(Kernel::new(step, &quantised.rest, choice)?)),
            });
        let stages = stages.collect::<Result<_, Error>>()?;
        Ok(Executor::staged(
            plan.clone(),
            stages,
            quantised.rest.device().clone(),
        ))
    }
}

impl Quantised {
    /// Why it does not serve this network.
    pub(crate) fn foreign(&self, plan: &Plan) -> String {
        format!(
            "quantised for another network than `{}`: for `{}`, or for another version of it; `netc quantize` makes a file for this one",
            plan.name, self.network
        )
    }

    /// The numbers that a value's bytes stand for, by the name of its step.
    pub(crate) fn range(&self, name: &str) -> Result<[f32; 2], Error> {
        self.ranges.get(name).copied().ok_or_else(|| {
            let names: Vec<&str> = self.ranges.keys().map(String::as_str).collect();
            let near =
                nearest(name, &names).map_or(String::new(), |near| format!("; there is `{near}`"));
            Error::new(ErrorKind::Weights, format!("no range for `{name}`{near}"))
        })
    }
}

/// A kernel that may be computed by rows, what it reads and what it writes.
pub(crate) type RowStep<'s> = (&'s dyn RowKernel, &'s [View], View);

/// A step of an executor.
#[allow(clippy::large_enum_variant, reason = "one for each layer, made once")]
pub(crate) enum Stage {
    F32(Kernel),
    Int8(ByteKernel, Vec<View>, View),
}

impl Stage {
    pub(crate) fn run(&self, mem: &mut Mem<'_, '_>, step: &Step) {
        match self {
            Stage::F32(kernel) => kernel.run(mem, step),
            Stage::Int8(kernel, inputs, output) => kernel.run(mem, inputs, *output),
        }
    }

    /// Its kernel on the CPU, if it may be computed by rows, with the places of what it reads and writes.
    pub(crate) fn by_rows<'s>(&'s self, step: &'s Step) -> Option<RowStep<'s>> {
        match self {
            Stage::F32(kernel) => Some((kernel.by_rows()?, &step.inputs, step.output)),
            Stage::Int8(kernel, inputs, output) => Some((kernel.by_rows()?, inputs, *output)),
        }
    }

    pub(crate) fn scratch(&self, max_batch: usize) -> Scratch {
        match self {
            Stage::F32(kernel) => kernel.scratch(max_batch),
            Stage::Int8(ByteKernel::Conv(conv), ..) => conv.scratch(max_batch),
            Stage::Int8(..) => Scratch::default(),
        }
    }
}

/// A kernel on bytes.
#[allow(clippy::large_enum_variant, reason = "one for each layer, made once")]
pub(crate) enum ByteKernel {
    Conv(int8::Conv),
    MaxPool(int8::MaxPool),
    Mean(int8::Mean),
    Add(int8::Add),
    Map(int8::Map),
}

impl ByteKernel {
    /// It, if it may be computed by rows.
    fn by_rows(&self) -> Option<&dyn RowKernel> {
        match self {
            ByteKernel::Conv(kernel) => Some(kernel),
            ByteKernel::MaxPool(kernel) => Some(kernel),
            ByteKernel::Mean(_) | ByteKernel::Add(_) | ByteKernel::Map(_) => None,
        }
    }

    fn run(&self, mem: &mut Mem<'_, '_>, x: &[View], y: View) {
        match self {
            ByteKernel::Conv(kernel) => kernel.run(mem, x, y),
            ByteKernel::MaxPool(kernel) => kernel.run(mem, x[0], y),
            ByteKernel::Mean(kernel) => kernel.run(mem, x[0], y),
            ByteKernel::Add(kernel) => kernel.run(mem, [x[0], x[1]], y),
            ByteKernel::Map(kernel) => kernel.run(mem, x[0], y),
        }
    }
}

/// The kernel of a step that reads or writes bytes.
fn int8_stage(
    plan: &Plan,
    index: usize,
    quantised: &Quantised,
    places: &Places,
    choice: Choice,
) -> Result<Stage, Error> {
    let step = &plan.forward[index];
    let (inputs, output) = places.views(step, index);
    let x: Vec<Quantisation> = (0..inputs.len()).map(|k| places.input(index, k)).collect();
    let y = places.output(index);
    let written = (output.element == Element::U8).then_some(y);
    let read = |k: usize| (inputs[k].element == Element::U8).then_some(x[k]);
    let kernel = match step.op {
        Op::Conv(_) | Op::ConvAdd(_) | Op::Fc(_) => {
            let layer = &quantised.layers[&step.name];
            let added = (inputs.len() > 1).then(|| read(1)).flatten();
            ByteKernel::Conv(int8::Conv::new(
                step.op,
                layer,
                x[0],
                read(0).is_some(),
                [added, written],
                choice.level,
            ))
        }
        Op::MaxPool(d) => ByteKernel::MaxPool(int8::MaxPool::new(d, [x[0], y])),
        Op::GlobalPool(d) => ByteKernel::Mean(int8::Mean::new(d, x[0])),
        Op::Add(d) => ByteKernel::Add(int8::Add::new(d, [read(0), read(1)], written)),
        Op::Activation(d) => ByteKernel::Map(int8::Map::activation(step.op, d.act, [x[0], y])),
        Op::Copy(_) => ByteKernel::Map(int8::Map::activation(
            step.op,
            crate::plan::Act::None,
            [x[0], y],
        )),
        Op::BatchNorm(d) => {
            let source = step.source.as_ref();
            let source = source.ok_or_else(|| Error::plan("a step without parameters"))?;
            let layer = LayerWeights::of(&quantised.rest, source);
            let (scale, shift) = layer.normalisation(d.input[2], d.eps);
            ByteKernel::Map(int8::Map::affine(
                step.op,
                [&scale, &shift],
                d.act,
                [x[0], y],
            ))
        }
        op => return Err(Error::plan(op.name())),
    };
    Ok(Stage::Int8(kernel, inputs, output))
}

/// Whether a view is the caller's.
fn is_input(view: &View) -> bool {
    matches!(view.slot, Slot::Input)
}
