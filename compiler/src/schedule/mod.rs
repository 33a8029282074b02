//! Scheduling: units become steps over one arena, planned once so that nothing is allocated while the network runs.
//!
//! Where a value lies is decided in this order: `values` finds which values are views of others and how long each is
//! read; `concat` gives the inputs of a CONCAT their channels in its buffer; `in_place` lets a step overwrite what
//! nobody reads again; `pack` gives the buffers offsets, so that those alive at the same time do not overlap.

pub(crate) mod concat;
pub(crate) mod in_place;
pub(crate) mod names;
pub(crate) mod pack;
mod validate;
pub(crate) mod values;

pub use validate::validate;
pub(crate) use validate::{overlap, runs};

use std::borrow::Cow;

use netc_plan::{Copy, Join, Plan, Step, View};

use crate::program::{Program, Unit, UnitId, What};
use concat::{Concats, Part};
use in_place::Buffers;
use names::Names;
use values::Values;

/// The plan of a program: its steps in order, and a place for each value.
#[must_use]
pub fn schedule(program: &Program) -> Plan {
    let program = &with_computed_output(program);
    let values = Values::find(program);
    let concats = Concats::place(program, &values);
    let buffers = Buffers::assign(program, &values, &concats, &after_all(program, &values));
    let (offsets, arena) = pack::pack(&buffers.lifetimes);
    let layout = Layout {
        program,
        values: &values,
        buffers: &buffers,
        offsets: &offsets,
    };
    let (steps, joins) = layout.steps(&concats);
    Plan {
        name: names::type_name(&program.name),
        input: program.input_sizes.clone(),
        output: program.output_sizes.clone(),
        probabilities: program.probabilities,
        distances: program.distances,
        pixels: program.pixels.clone(),
        params: program.params.clone(),
        arena,
        steps,
        joins,
        result: layout.value(program.output),
        kept: program
            .kept
            .iter()
            .map(|(name, id)| (name.clone(), layout.value(*id)))
            .collect(),
    }
}

/// The output and what is kept are needed after the last step.
fn after_all(program: &Program, values: &Values) -> Vec<usize> {
    let end = program.units.len();
    let mut until = vec![0; end];
    until[values.root(program.output)] = end;
    for (_, kept) in &program.kept {
        until[values.root(*kept)] = end;
    }
    until
}

/// The result lies in the arena: a network that passes its input on gets a copy as its only step.
fn with_computed_output(program: &Program) -> Cow<'_, Program> {
    let mut id = program.output;
    while let (What::Reshape, Some(input)) =
        (&program.units[id].what, program.units[id].inputs.first())
    {
        id = *input;
    }
    if program.units[id].what != What::Input {
        return Cow::Borrowed(program);
    }
    let mut program = program.clone();
    let shape = program.units[program.output].shape;
    program.units.push(Unit {
        name: "output".into(),
        text: "copy of the input".into(),
        what: What::Run {
            op: Copy { input: shape }.into(),
            source: None,
        },
        inputs: vec![program.output],
        shape,
    });
    program.output = program.units.len() - 1;
    Cow::Owned(program)
}

/// All that is known about where values lie.
struct Layout<'a> {
    program: &'a Program,
    values: &'a Values,
    buffers: &'a Buffers,
    offsets: &'a [usize],
}

impl Layout<'_> {
    fn steps(&self, concats: &Concats) -> (Vec<Step>, Vec<Join>) {
        let mut names = Names::default();
        let mut steps = Vec::with_capacity(self.program.units.len());
        let mut joins = Vec::new();
        for (id, unit) in self.program.units.iter().enumerate() {
            match &unit.what {
                // Inference has no DROPOUT.
                What::Input | What::Reshape | What::Dropout { .. } => {}
                What::Run { op, source } => steps.push(Step {
                    name: names.unique(&unit.name),
                    text: unit.text.clone(),
                    op: *op,
                    source: source.clone(),
                    inputs: unit
                        .inputs
                        .iter()
                        .map(|input| self.view(*input, op.input()))
                        .collect(),
                    output: self.value(id),
                }),
                What::Concat => {
                    let name = names.unique(&unit.name);
                    let copied = concats.parts(id).iter().filter(|part| part.copied);
                    for (i, part) in copied.enumerate() {
                        let step = names.unique(&format!("{name}_copy{}", i + 1));
                        steps.push(self.copy(id, *part, step));
                    }
                    joins.push(Join {
                        name,
                        text: unit.text.clone(),
                        after: steps.len(),
                        view: self.value(id),
                    });
                }
            }
        }
        (steps, joins)
    }

    /// The step that copies a part of a CONCAT to its channels.
    fn copy(&self, concat: UnitId, part: Part, name: String) -> Step {
        let input = &self.program.units[part.input];
        let whole = self.value(concat);
        Step {
            name,
            text: format!("copy of {}", input.name),
            op: Copy { input: input.shape }.into(),
            source: None,
            inputs: vec![self.value(part.input)],
            output: View {
                shape: input.shape,
                channel: whole.channel + part.channel,
                ..whole
            },
        }
    }

    /// The value of a unit in its own shape.
    fn value(&self, id: UnitId) -> View {
        self.view(id, self.program.units[id].shape)
    }

    /// The value of a unit, read as `shape`.
    fn view(&self, id: UnitId, shape: [usize; 3]) -> View {
        match self.buffers.place(self.values.root(id)) {
            None => View::input(shape),
            Some(place) => {
                let view = View::arena(self.offsets[place.buffer], shape);
                match place.channels {
                    None => view,
                    Some((channel, pixel)) => view.channels(channel, pixel),
                }
            }
        }
    }
}
