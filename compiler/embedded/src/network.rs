//! The steps of a network, all of which compute with bytes, and where their values lie.

use crate::Refusal;
use crate::arena::{self, Lifetime};
use netc_plan::{self as plan, Act, Element, Op, Plan, Slot, View, overlap};
use netc_runtime::cpu::Quantisation;
use netc_runtime::{ByteEnding, ByteOp, ByteStep, Quantised};
use std::collections::BTreeSet;

/// A network for a microcontroller.
#[derive(Clone, Debug)]
pub struct Network {
    /// In order. Views of the input are bytes; those of the arena have their own offsets here, not the plan's.
    pub steps: Vec<Step>,
    /// Where the output lies after the last step: numbers.
    pub output: View,
    /// Bytes of the arena.
    pub arena: usize,
    /// How the input is quantised.
    pub input: Quantisation,
}

/// A step.
#[derive(Clone, Debug)]
pub struct Step {
    /// The layer's name; a quantisation is called after who reads it.
    pub name: String,
    /// What the step stands for.
    pub text: String,
    /// What is read.
    pub inputs: Vec<View>,
    /// What is written.
    pub output: View,
    /// What is computed.
    pub kernel: Kernel,
}

/// What a step computes; see [`ByteOp`].
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "as in `ByteOp`")]
pub enum Kernel {
    Conv {
        d: plan::Conv,
        weights: Vec<i8>,
        zero: u8,
        filters: Vec<[f32; 2]>,
        added: Option<f32>,
        ending: Ending,
    },
    MaxPool {
        d: plan::MaxPool,
        empty: u8,
        table: Option<Box<[u8; 256]>>,
    },
    Mean {
        unit: f32,
        zero: f32,
    },
    Add {
        scales: [f32; 2],
        shift: f32,
        bounds: [u8; 2],
    },
    Table(Vec<[u8; 256]>),
    Quantise {
        scale: f32,
        zero: u8,
    },
}

/// What becomes of sums; see [`ByteEnding`].
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "as in `ByteEnding`")]
pub enum Ending {
    Bytes(u8, u8),
    Steps(Box<[f32; 255]>),
    Numbers([f32; 2]),
}

impl Network {
    /// The network of a plan, quantised for it.
    ///
    /// # Errors
    /// If the file is another network's, or for each step that computes with anything but bytes.
    pub fn of(plan: &Plan, quantised: &Quantised) -> Result<Self, Refusal> {
        let told = |e: netc_runtime::Error| Refusal {
            problems: e.problems().to_vec(),
        };
        let input = quantised.input().map_err(told)?;
        let mut from = quantised.steps(plan).map_err(told)?;
        if !plan.kept.is_empty() {
            return Err(Refusal::of(
                "networks of several outputs are not written for microcontrollers",
            ));
        }
        let mut output = plan.result;
        // The largest score is the largest probability.
        if let Some(last) = from.pop_if(|last| matches!(last.what, ByteOp::Floats(Op::Softmax(_))))
        {
            output = last.inputs[0];
        }
        let mut problems = Vec::new();
        let mut steps = Vec::new();
        let mut free = Free(plan.arena);
        for step in from {
            match converted(step, &mut free) {
                Ok(converted) => steps.extend(converted),
                Err(why) => problems.push(why),
            }
        }
        if steps
            .last()
            .is_none_or(|last| last.output.element != Element::F32)
        {
            problems.push("the output is bytes".to_owned());
        }
        if !problems.is_empty() {
            return Err(Refusal { problems });
        }
        let mut network = Self {
            steps,
            output,
            arena: 0,
            input,
        };
        network.place();
        Ok(network)
    }

    /// Gives every value a place: values that are needed at the same time have different ones.
    fn place(&mut self) {
        let values = Values::of(&self.steps, &self.output);
        let buffers = values.buffers(&self.steps);
        let (offsets, arena) = arena::pack(&buffers.lifetimes);
        let moved = |view: View, value: Option<usize>| match value {
            Some(value) => View {
                slot: Slot::Arena(offsets[buffers.of[value]]),
                ..view
            },
            None => view,
        };
        for (i, step) in self.steps.iter_mut().enumerate() {
            for (view, value) in step.inputs.iter_mut().zip(&values.reads[i]) {
                *view = moved(*view, *value);
            }
            step.output = moved(step.output, Some(i));
        }
        self.output = moved(self.output, values.result);
        self.arena = arena;
    }
}

/// Who reads what. Value `i` is the output of step `i`.
struct Values {
    /// For each step and input one of the values there; none for the network's input.
    reads: Vec<Vec<Option<usize>>>,
    /// For each value the last step that reads it; the number of steps where the caller does.
    last: Vec<usize>,
    result: Option<usize>,
}

/// The pieces of memory of a network.
struct Buffers {
    lifetimes: Vec<Lifetime>,
    /// For each value the buffer that it lies in.
    of: Vec<usize>,
}

impl Values {
    fn of(steps: &[Step], output: &View) -> Self {
        let mut latest: Vec<(View, usize)> = Vec::new();
        let mut last: Vec<usize> = (0..steps.len()).collect();
        let mut reads = Vec::with_capacity(steps.len());
        let read = |latest: &[(View, usize)], last: &mut Vec<usize>, view: &View, by: usize| {
            let there = latest.iter().filter(|(other, _)| overlap(other, view));
            let mut first = None;
            for (_, value) in there {
                last[*value] = by;
                first.get_or_insert(*value);
            }
            first
        };
        for (i, step) in steps.iter().enumerate() {
            let inputs = step.inputs.iter();
            reads.push(
                inputs
                    .map(|view| read(&latest, &mut last, view, i))
                    .collect(),
            );
            latest.retain(|(other, _)| !overlap(other, &step.output));
            latest.push((step.output, i));
        }
        let result = read(&latest, &mut last, output, steps.len());
        Self {
            reads,
            last,
            result,
        }
    }

    /// A value shares the buffer of another one that is still read, if it lies in its pixels (a CONCAT), or in its very place.
    fn buffers(&self, steps: &[Step]) -> Buffers {
        let mut buffers = Buffers {
            lifetimes: Vec::new(),
            of: Vec::new(),
        };
        for (i, step) in steps.iter().enumerate() {
            let view = step.output;
            let same = |other: &View| {
                other.slot == view.slot
                    && other.pixel == view.pixel
                    && other.bytes() == view.bytes()
            };
            let partner = (0..i)
                .rev()
                .find(|j| self.last[*j] >= i && same(&steps[*j].output));
            let last = self.last[i];
            let buffer = match partner {
                Some(partner) => {
                    let buffer = buffers.of[partner];
                    let lifetime = &mut buffers.lifetimes[buffer];
                    lifetime.to = lifetime.to.max(last);
                    buffer
                }
                None => {
                    buffers.lifetimes.push(Lifetime {
                        bytes: view.bytes(),
                        from: i,
                        to: last,
                    });
                    buffers.lifetimes.len() - 1
                }
            };
            buffers.of.push(buffer);
        }
        buffers
    }
}

/// The step, and before it the quantisation of what it reads, if that is floats; or why it cannot be written.
fn converted(step: ByteStep, free: &mut Free) -> Result<Vec<Step>, String> {
    let ByteStep {
        name,
        text,
        mut inputs,
        output,
        what,
    } = step;
    let floats = |what: &str| format!("{text} ({name}) computes with floats{what}");
    let mut steps = Vec::new();
    let kernel = match what {
        ByteOp::Conv {
            d,
            weights,
            input,
            filters,
            added,
            ending,
        } => {
            let ending = ending_of(ending).map_err(|act| {
                floats(&format!(
                    ": {act:?} does not rise everywhere, or gives floats"
                ))
            })?;
            if inputs.len() > 1 && inputs[1].element != Element::U8 {
                return Err(floats(": what is added to it"));
            }
            match inputs[0].slot {
                // The caller gives bytes.
                Slot::Input => inputs[0].element = Element::U8,
                Slot::Arena(_) if inputs[0].element == Element::F32 => {
                    let bytes = free.take(inputs[0].shape);
                    steps.push(Step {
                        name: format!("{name}_input"),
                        text: format!("bytes for {name}"),
                        inputs: vec![inputs[0]],
                        output: bytes,
                        kernel: Kernel::Quantise {
                            scale: 1.0 / input.scale,
                            zero: input.zero_point,
                        },
                    });
                    inputs[0] = bytes;
                }
                Slot::Arena(_) => {}
            }
            let dense = inputs[0].is_dense();
            if d.input[..2] == [1, 1] && inputs[0].shape != d.input {
                // A fully connected layer reads the whole picture as one pixel.
                if !dense {
                    return Err(floats(": it reads a part of a wider picture as a vector"));
                }
                inputs[0] = View {
                    shape: d.input,
                    pixel: d.input[2],
                    ..inputs[0]
                };
            }
            Kernel::Conv {
                d,
                weights,
                zero: input.zero_point,
                filters,
                added,
                ending,
            }
        }
        ByteOp::MaxPool { d, empty, table } => Kernel::MaxPool { d, empty, table },
        ByteOp::Mean { unit, zero } => Kernel::Mean { unit, zero },
        ByteOp::Add {
            scales,
            shift,
            bounds,
        } => {
            let all = inputs.iter().chain([&output]);
            if all.clone().any(|view| view.element != Element::U8) {
                return Err(floats(""));
            }
            let bounds = bounds.map(|bound| bound.clamp(0.0, 255.0).round_ties_even() as u8);
            Kernel::Add {
                scales,
                shift,
                bounds,
            }
        }
        ByteOp::Table(tables) => Kernel::Table(tables),
        _ => return Err(floats("")),
    };
    if inputs
        .iter()
        .any(|view| view.slot == Slot::Input && view.element != Element::U8)
    {
        return Err(floats(": it reads the network's input"));
    }
    steps.push(Step {
        name,
        text,
        inputs,
        output,
        kernel,
    });
    Ok(steps)
}

/// Memory behind the plan's arena, for values that the plan does not have.
struct Free(usize);

impl Free {
    /// A buffer of bytes that no other step has.
    fn take(&mut self, shape: [usize; 3]) -> View {
        let view = View {
            element: Element::U8,
            ..View::arena(self.0, shape)
        };
        self.0 = self.0.saturating_add(view.bytes());
        view
    }
}

fn ending_of(ending: ByteEnding) -> Result<Ending, Act> {
    match ending {
        ByteEnding::Bytes(low, high) => Ok(Ending::Bytes(low, high)),
        ByteEnding::Steps(steps) => Ok(Ending::Steps(steps)),
        ByteEnding::Numbers(bounds) => Ok(Ending::Numbers(bounds)),
        ByteEnding::Other(act) => Err(act),
        _ => Err(Act::None),
    }
}

/// The kernels that the steps call, by their types' names.
pub(crate) fn kernels(steps: &[Step]) -> BTreeSet<&'static str> {
    steps.iter().map(|step| step.kernel.name()).collect()
}

impl Kernel {
    /// The type's name in `netc-embedded`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Kernel::Conv { .. } => "Conv",
            Kernel::MaxPool { .. } => "MaxPool",
            Kernel::Mean { .. } => "Mean",
            Kernel::Add { .. } => "Add",
            Kernel::Table(_) => "Table",
            Kernel::Quantise { .. } => "Quantise",
        }
    }
}
