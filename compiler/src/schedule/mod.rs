//! Scheduling: units become steps over one arena, planned once so that nothing is allocated while the network runs.
//!
//! Where a value lies is decided in this order: `values` finds which values are views of others and how long each is
//! read; `concat` gives the inputs of a CONCAT their channels in its buffer; `in_place` lets a step overwrite what
//! nobody reads again; `gradients` walks backward and does the same for the gradients of values; `pack` gives all buffers
//! offsets, so that those alive at the same time do not overlap.

pub(crate) mod concat;
mod gradients;
pub(crate) mod in_place;
pub(crate) mod names;
pub(crate) mod pack;
pub(crate) mod values;

use std::collections::BTreeMap;
use std::ops::Range;

use netc_plan::{BackwardStep, Block, Copy, Gradient, Join, LossStep, Plan, Step, View};

use crate::differentiate::Backward;
use crate::program::{Program, UnitId, UnitKind};
use concat::{ConcatInput, Concats};
use gradients::{Back, Gradients};
use in_place::{Buffers, Place};
use names::Names;
use values::Values;

/// The plan of a program: its steps in order, and a place for each value and each gradient.
#[must_use]
pub fn schedule(program: &Program, backward: &Backward) -> Plan {
    let values = &Values::find(program);
    let concats = &Concats::place(program, values);
    let until = backward.until(program, |id| values.root(id));
    let buffers = &Buffers::assign(program, values, concats, &until);
    let gradients = &Gradients::trace(program, values, concats, &backward.wanted);
    let lifetimes = [&buffers.lifetimes[..], &gradients.lifetimes].concat();
    let (offsets, arena) = pack::pack(&lifetimes);
    let (for_values, for_gradients) = offsets.split_at(buffers.lifetimes.len());
    let places = Places {
        program,
        values,
        concats,
        buffers,
        gradients,
        for_values,
        for_gradients,
    };
    let Forward {
        steps,
        joins,
        index,
        ..
    } = places.forward();
    let kept = program.kept.iter();
    Plan {
        name: names::type_name(&program.name),
        input: program.input_sizes.clone(),
        output: program.output_sizes.clone(),
        probabilities: program.probabilities,
        distances: program.distances,
        pixels: program.pixels.clone(),
        params: program.params.clone(),
        arena,
        blocks: blocks(program, &index),
        by_rows: by_rows(program, &index),
        forward: steps,
        joins,
        result: places.value(program.output),
        kept: kept
            .map(|(name, id)| (name.clone(), places.value(*id)))
            .collect(),
        loss: places.losses(),
        backward: places.backward(&index),
        update: program.update.clone(),
    }
}

/// What the file writes as one, in steps, as far as steps are left of it.
fn blocks(program: &Program, index: &BTreeMap<(UnitId, Option<usize>), usize>) -> Vec<Block> {
    // Units, and so steps, stand in the order of the layers.
    let mut nodes: Vec<usize> = vec![0; index.len()];
    for ((unit, _), step) in index {
        nodes[*step] = program.units[*unit].node;
    }
    let blocks = program.blocks.iter().map(|block| Block {
        name: block.name.clone(),
        steps: nodes.partition_point(|node| *node < block.nodes.start)
            ..nodes.partition_point(|node| *node < block.nodes.end),
    });
    blocks.filter(|block| !block.steps.is_empty()).collect()
}

/// The steps of units that may be computed by rows.
fn by_rows(
    program: &Program,
    index: &BTreeMap<(UnitId, Option<usize>), usize>,
) -> Vec<Range<usize>> {
    let groups = program.by_rows.iter();
    let steps = groups.map(|units| index[&(units.start, None)]..index[&(units.end - 1, None)] + 1);
    steps.collect()
}

/// The places of all values and gradients.
struct Places<'a> {
    program: &'a Program,
    values: &'a Values,
    concats: &'a Concats,
    buffers: &'a Buffers,
    gradients: &'a Gradients,
    for_values: &'a [usize],
    for_gradients: &'a [usize],
}

/// The forward part.
#[derive(Default)]
struct Forward {
    steps: Vec<Step>,
    joins: Vec<Join>,
    /// The step of a unit, or of the copy of one part of a CONCAT.
    index: BTreeMap<(UnitId, Option<usize>), usize>,
    names: Names,
}

impl Places<'_> {
    fn forward(&self) -> Forward {
        let mut forward = Forward::default();
        for (id, unit) in self.program.units.iter().enumerate() {
            match &unit.kind {
                UnitKind::Input | UnitKind::Reshape => {}
                UnitKind::Slice { .. } => {
                    let name = forward.names.unique(&unit.name);
                    self.note(id, name, &mut forward);
                }
                UnitKind::Run { op, source } => {
                    let inputs = unit.inputs.iter().enumerate();
                    let inputs = inputs.map(|(i, input)| self.view(*input, op.operand(i)));
                    let step = Step {
                        name: forward.names.unique(&unit.name),
                        text: unit.text.clone(),
                        op: *op,
                        source: source.clone(),
                        inputs: inputs.collect(),
                        output: self.value(id),
                    };
                    forward.push((id, None), step);
                }
                UnitKind::Concat => self.join(id, &mut forward),
            }
        }
        forward
    }

    /// The copies that a CONCAT needs, and the place of the whole.
    fn join(&self, id: UnitId, forward: &mut Forward) {
        let unit = &self.program.units[id];
        let name = forward.names.unique(&unit.name);
        let parts = self.concats.parts(id).iter().enumerate();
        for (copies, (i, part)) in parts.filter(|(_, part)| part.copied).enumerate() {
            let step = forward.names.unique(&format!("{name}_copy{}", copies + 1));
            let step = self.copy(id, *part, step);
            forward.push((id, Some(i)), step);
        }
        self.note(id, name, forward);
    }

    /// Where a value lies that no step writes.
    fn note(&self, id: UnitId, name: String, forward: &mut Forward) {
        forward.joins.push(Join {
            name,
            text: self.program.units[id].text.clone(),
            after: forward.steps.len(),
            view: self.value(id),
        });
    }

    /// The step that copies a part of a CONCAT to its channels.
    fn copy(&self, concat: UnitId, part: ConcatInput, name: String) -> Step {
        let input = &self.program.units[part.input];
        Step {
            name,
            text: format!("copy of {}", input.name),
            op: Copy { input: input.shape }.into(),
            source: None,
            inputs: vec![self.value(part.input)],
            output: channels(self.value(concat), part, input.shape),
        }
    }

    fn losses(&self) -> Vec<LossStep> {
        let targets = self.program.losses.iter();
        targets
            .map(|target| LossStep {
                loss: target.loss,
                weight: target.weight,
                scores: self.value(target.scores),
                gradient: self.gradient(target.scores, self.program.units[target.scores].shape),
            })
            .collect()
    }

    fn backward(&self, index: &BTreeMap<(UnitId, Option<usize>), usize>) -> Vec<BackwardStep> {
        let steps = self.gradients.steps.iter();
        steps
            .map(|back| self.back(back, index[&(back.unit, back.part)]))
            .collect()
    }

    fn back(&self, back: &Back, step: usize) -> BackwardStep {
        let unit = &self.program.units[back.unit];
        let whole = self.gradient(back.unit, unit.shape);
        // The part of a CONCAT that is copied.
        let part = back.part.map(|part| self.concats.parts(back.unit)[part]);
        let part = part.map(|part| (part, self.program.units[part.input].shape));
        let output_gradient = match part {
            None => whole,
            Some((part, shape)) => channels(whole, part, shape),
        };
        let read_as = |operand: usize| match (part, unit.op()) {
            (Some((_, shape)), _) => shape,
            (None, Some(op)) => op.operand(operand),
            (None, None) => unit.shape,
        };
        let gradient = |(operand, to): (usize, &Option<gradients::To>)| {
            let to = (*to)?;
            Some(Gradient {
                view: self.gradient(to.value, read_as(operand)),
                accumulate: to.accumulate,
            })
        };
        BackwardStep {
            step,
            output_gradient,
            input_gradients: back.inputs.iter().enumerate().map(gradient).collect(),
        }
    }

    /// The value of a unit in its own shape.
    fn value(&self, id: UnitId) -> View {
        self.view(id, self.program.units[id].shape)
    }

    /// The value of a unit, read as `shape`.
    fn view(&self, id: UnitId, shape: [usize; 3]) -> View {
        let unit = &self.program.units[self.values.unshaped(id)];
        if let (UnitKind::Slice { from }, [input]) = (&unit.kind, &unit.inputs[..]) {
            let whole = self.value(*input);
            return View {
                shape,
                channel: whole.channel + from,
                ..whole
            };
        }
        let place = self.buffers.place(self.values.root(id));
        view(place, self.for_values, shape)
    }

    /// The gradient of a unit's value, read as `shape`.
    fn gradient(&self, id: UnitId, shape: [usize; 3]) -> View {
        let place = self.gradients.place(self.values.root(id));
        view(place, self.for_gradients, shape)
    }
}

impl Forward {
    fn push(&mut self, of: (UnitId, Option<usize>), step: Step) {
        self.index.insert(of, self.steps.len());
        self.steps.push(step);
    }
}

/// A part of a CONCAT or of its gradient.
fn channels(whole: View, part: ConcatInput, shape: [usize; 3]) -> View {
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
