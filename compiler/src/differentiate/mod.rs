//! Differentiation: from the program to a training plan, with the way back and one memory plan for both ways.
//!
//! Time runs through the units forward, the loss, and the units backward. `needs` finds which values have gradients and how
//! long the way back needs each value; the passes of `schedule` place the values, CONCATs without copies as in inference;
//! `gradients` walks back, gives gradients their places and notes when each is written and read. Then everything is packed
//! into one arena.

mod gradients;
mod needs;
mod validate;

pub use validate::validate;

use std::collections::BTreeMap;

use netc_plan::{
    BackwardStep, Copy, Gradient, LossStep, Op, Param, TrainOp, TrainPlan, TrainStep, View,
};

use crate::graph::{Graph, Layer};
use crate::program::{Program, Unit, UnitId, What};
use crate::schedule::concat::{Concats, Part};
use crate::schedule::in_place::{Buffers, Place};
use crate::schedule::names::{Names, type_name};
use crate::schedule::pack::pack;
use crate::schedule::values::Values;
use gradients::{Back, Gradients};
use needs::Needs;

/// How the parameters start, and what the loss asks of them.
pub(crate) struct Parameters {
    /// Every tensor of the weights file.
    pub(crate) all: Vec<Param>,
    /// Factor of the squared weights, for each.
    pub(crate) l2: Vec<f32>,
}

/// The plan of a training step.
pub(crate) fn differentiate(
    graph: &Graph,
    program: &Program,
    loss: netc_plan::Loss,
    parameters: Parameters,
) -> TrainPlan {
    let ops = &operations(graph, program);
    let values = &Values::find(program);
    let concats = &Concats::place_to_train(program, values);
    let needs = Needs::find(program, values, ops);
    let buffers = Buffers::assign(program, values, concats, &needs.until);
    let gradients = Gradients::trace(program, values, concats, ops, &needs.gradient);
    let (offsets, arena) = pack(&[&buffers.lifetimes[..], &gradients.lifetimes].concat());
    let (for_values, for_gradients) = offsets.split_at(buffers.lifetimes.len());
    let layout = Layout {
        program,
        values,
        concats,
        ops,
        buffers: &buffers,
        gradients: &gradients,
        for_values,
        for_gradients,
    };
    let (forward, index) = layout.forward();
    TrainPlan {
        name: type_name(&program.name),
        input: program.input_sizes.clone(),
        output: program.output_sizes.clone(),
        pixels: program.pixels.clone(),
        params: parameters.all,
        l2: parameters.l2,
        arena,
        forward,
        loss: LossStep {
            loss,
            scores: layout.value(program.output, program.units[program.output].shape),
            gradient: layout.gradient(program.output, program.units[program.output].shape),
        },
        backward: layout.backward(&index),
    }
}

/// What each unit computes in training; `None` for those that compute nothing.
fn operations(graph: &Graph, program: &Program) -> Vec<Option<TrainOp>> {
    let nodes = graph.nodes.iter();
    let momentum: BTreeMap<&str, f32> = nodes
        .filter_map(|node| match node.op {
            Layer::BatchNorm { momentum, .. } => Some((node.name.as_str(), momentum)),
            _ => None,
        })
        .collect();
    let mut dropouts = 0;
    let mut operation = |unit: &Unit| match unit.what {
        What::Input | What::Concat | What::Reshape => None,
        What::Dropout { p } => {
            dropouts += 1;
            Some(TrainOp::Dropout {
                input: unit.shape,
                p,
                index: dropouts - 1,
            })
        }
        What::Run {
            op: Op::BatchNorm(op),
            ..
        } => Some(TrainOp::BatchNorm {
            op,
            momentum: momentum[unit.name.as_str()],
        }),
        What::Run { op, .. } => Some(TrainOp::Same(op)),
    };
    program.units.iter().map(&mut operation).collect()
}

/// A forward step: that of a unit, or the copy of one part of a CONCAT.
type StepOf = (UnitId, Option<usize>);

/// All that is known about where values and gradients lie.
struct Layout<'a> {
    program: &'a Program,
    values: &'a Values,
    concats: &'a Concats,
    ops: &'a [Option<TrainOp>],
    buffers: &'a Buffers,
    gradients: &'a Gradients,
    for_values: &'a [usize],
    for_gradients: &'a [usize],
}

impl Layout<'_> {
    /// The forward program, and the index of each step in it.
    fn forward(&self) -> (Vec<TrainStep>, BTreeMap<StepOf, usize>) {
        let mut names = Names::default();
        let mut steps = Vec::with_capacity(self.program.units.len());
        let mut index = BTreeMap::new();
        for (id, unit) in self.program.units.iter().enumerate() {
            if let Some(op) = self.ops[id] {
                index.insert((id, None), steps.len());
                steps.push(self.step(id, op, names.unique(&unit.name)));
            }
            let parts = self.concats.parts(id).iter().enumerate();
            for (part, copy) in parts.filter(|(_, part)| part.copied) {
                index.insert((id, Some(part)), steps.len());
                let name = names.unique(&format!("{}_copy{}", unit.name, part + 1));
                steps.push(self.copy(id, *copy, name));
            }
        }
        (steps, index)
    }

    fn step(&self, id: UnitId, op: TrainOp, name: String) -> TrainStep {
        let unit = &self.program.units[id];
        let layer = match &unit.what {
            What::Run { source, .. } => source.as_ref().map(|source| source.layer.clone()),
            _ => None,
        };
        TrainStep {
            name,
            text: unit.text.clone(),
            op,
            layer,
            inputs: unit
                .inputs
                .iter()
                .map(|input| self.value(*input, op.input()))
                .collect(),
            output: self.value(id, unit.shape),
        }
    }

    /// The step that copies a part of a CONCAT to its channels.
    fn copy(&self, concat: UnitId, part: Part, name: String) -> TrainStep {
        let whole = self.program.units[concat].shape;
        let input = &self.program.units[part.input];
        TrainStep {
            name,
            text: format!("copy of {}", input.name),
            op: TrainOp::Same(Copy { input: input.shape }.into()),
            layer: None,
            inputs: vec![self.value(part.input, input.shape)],
            output: channels(self.value(concat, whole), part, input.shape),
        }
    }

    fn backward(&self, index: &BTreeMap<StepOf, usize>) -> Vec<BackwardStep> {
        let steps = self.gradients.steps.iter();
        steps.map(|back| self.back(back, index)).collect()
    }

    fn back(&self, back: &Back, index: &BTreeMap<StepOf, usize>) -> BackwardStep {
        let unit = &self.program.units[back.unit];
        let whole = self.gradient(back.unit, unit.shape);
        let (output_gradient, read_as) = match back.part {
            None => (
                whole,
                self.ops[back.unit].map_or(unit.shape, |op| op.input()),
            ),
            Some(part) => {
                let part = self.concats.parts(back.unit)[part];
                let shape = self.program.units[part.input].shape;
                (channels(whole, part, shape), shape)
            }
        };
        BackwardStep {
            step: index[&(back.unit, back.part)],
            output_gradient,
            input_gradients: back
                .inputs
                .iter()
                .map(|to| {
                    to.map(|to| Gradient {
                        view: self.gradient(to.value, read_as),
                        accumulate: to.accumulate,
                    })
                })
                .collect(),
        }
    }

    /// The value of a unit, read as `shape`.
    fn value(&self, id: UnitId, shape: [usize; 3]) -> View {
        let place = self.buffers.place(self.values.root(id));
        view(place, self.for_values, shape)
    }

    /// The gradient of a unit's value, read as `shape`.
    fn gradient(&self, id: UnitId, shape: [usize; 3]) -> View {
        let place = self.gradients.place(self.values.root(id));
        view(place, self.for_gradients, shape)
    }
}

/// A part of a CONCAT or of its gradient.
fn channels(whole: View, part: Part, shape: [usize; 3]) -> View {
    View {
        shape,
        channel: whole.channel + part.channel,
        ..whole
    }
}

fn view(place: Option<Place>, offsets: &[usize], shape: [usize; 3]) -> View {
    let Some(place) = place else {
        return View::input(shape);
    };
    let view = View::arena(offsets[place.buffer], shape);
    match place.channels {
        None => view,
        Some((channel, pixel)) => view.channels(channel, pixel),
    }
}
