//! The backward part: which steps it takes, where gradients lie, and who writes first.
//!
//! The readers of a value are met in reverse order. The first one writes the gradient, the others add to it. The gradient of a
//! value that was computed in the channels of a CONCAT is the same channels of that gradient, where the readers of the
//! CONCAT have written before anybody else (`Concats::place` sees to that), so that all others add.
//!
//! A step that may run in place leaves the gradient of its input where that of its output was, since nobody reads that again.

use netc_plan::{Op, Operation};

use super::concat::Concats;
use super::in_place::Place;
use super::pack::{Lifetime, bytes};
use super::values::Values;
use crate::differentiate::{back_time, loss_time};
use crate::program::{Program, UnitId};

/// A backward step.
pub(super) struct Back {
    /// The unit.
    pub(super) unit: UnitId,
    /// For a CONCAT the part that was copied.
    pub(super) part: Option<usize>,
    /// Where the gradient of each input goes.
    pub(super) inputs: Vec<Option<To>>,
}

/// Where a gradient goes.
#[derive(Clone, Copy)]
pub(super) struct To {
    /// The unit whose value it is the gradient of.
    pub(super) value: UnitId,
    /// Whether another reader was here before.
    pub(super) accumulate: bool,
}

/// The backward steps and the places of gradients.
pub(super) struct Gradients {
    /// The steps in order.
    pub(super) steps: Vec<Back>,
    /// Size and time of each buffer.
    pub(super) lifetimes: Vec<Lifetime>,
    places: Vec<Option<Place>>,
}

impl Gradients {
    /// `wanted`: which units' values need a gradient.
    pub(super) fn trace(
        program: &Program,
        values: &Values,
        concats: &Concats,
        wanted: &[bool],
    ) -> Self {
        let mut trace = Trace {
            program,
            values,
            concats,
            wanted,
            gradients: Gradients {
                steps: Vec::new(),
                lifetimes: Vec::new(),
                places: vec![None; program.units.len()],
            },
        };
        for target in &program.losses {
            trace.reach(values.root(target.scores), loss_time(program), None);
        }
        for id in (0..program.units.len()).rev().filter(|id| wanted[*id]) {
            match program.units[id].op() {
                Some(op) => trace.unit(id, op),
                None => trace.copies(id),
            }
        }
        trace.gradients
    }

    /// Where the gradient of a unit's value lies; `None` if it has none.
    pub(super) fn place(&self, id: UnitId) -> Option<Place> {
        self.places[id]
    }
}

struct Trace<'a> {
    program: &'a Program,
    values: &'a Values,
    concats: &'a Concats,
    wanted: &'a [bool],
    gradients: Gradients,
}

impl Trace<'_> {
    /// Backward through a unit that has a forward step.
    fn unit(&mut self, id: UnitId, op: &Op) {
        let time = back_time(self.program, id);
        self.reach(id, time, None);
        let values = self.values;
        let inputs = self.program.units[id].inputs.iter();
        let inputs: Vec<UnitId> = inputs.map(|input| values.root(*input)).collect();
        let heir = self.heir(id, op, &inputs);
        let to = inputs.iter().map(|&value| {
            let place = heir.filter(|(heir, _)| *heir == value);
            self.contribution(value, time, place.map(|(_, buffer)| buffer))
        });
        let step = Back {
            unit: id,
            part: None,
            inputs: to.collect(),
        };
        self.gradients.steps.push(step);
    }

    /// Backward through the copies of a CONCAT's parts.
    fn copies(&mut self, concat: UnitId) {
        let time = back_time(self.program, concat);
        let concats = self.concats;
        for (i, part) in concats.parts(concat).iter().enumerate().rev() {
            let value = self.values.root(part.input);
            if !part.copied || !self.wanted[value] {
                continue;
            }
            self.reach(concat, time, None);
            let to = self.contribution(value, time, None);
            self.gradients.steps.push(Back {
                unit: concat,
                part: Some(i),
                inputs: vec![to],
            });
        }
    }

    /// The input whose gradient takes the place of the output's: the first that has none yet. A part of a wider buffer would
    /// keep all of it alive, and ADD of a value and itself writes its gradient twice.
    fn heir(&self, id: UnitId, op: &Op, inputs: &[UnitId]) -> Option<(UnitId, usize)> {
        let place = self.gradients.places[id].filter(|place| place.channels.is_none())?;
        let free = |(operand, value): &(usize, UnitId)| {
            op.operand(*operand) == op.output()
                && self.wanted[*value]
                && self.gradients.places[*value].is_none()
                && self.concats.channels(*value).is_none()
                && inputs.iter().filter(|other| *other == value).count() == 1
        };
        let (operand, heir) = inputs.iter().copied().enumerate().find(free)?;
        op.in_place(operand).then_some((heir, place.buffer))
    }

    fn contribution(&mut self, value: UnitId, time: usize, buffer: Option<usize>) -> Option<To> {
        self.wanted[value].then(|| To {
            value,
            accumulate: self.reach(value, time, buffer),
        })
    }

    /// Reads or writes the gradient of a value, and answers whether it has been written before. It gets its place now if it has
    /// none: its channels of a CONCAT's gradient, this buffer, or one of its own.
    fn reach(&mut self, value: UnitId, time: usize, buffer: Option<usize>) -> bool {
        let channels = self.concats.channels(value);
        let known = self.gradients.places[value].or_else(|| {
            let channels = channels?;
            let within = self.gradients.places[channels.within]?;
            Some(Place {
                channels: Some((channels.first, self.program.units[channels.within].shape[2])),
                ..within
            })
        });
        let place = known.unwrap_or_else(|| Place {
            buffer: buffer.unwrap_or_else(|| self.new_buffer(value, time)),
            channels: None,
        });
        self.gradients.places[value] = Some(place);
        let lifetime = &mut self.gradients.lifetimes[place.buffer];
        lifetime.to = lifetime.to.max(time);
        known.is_some()
    }

    fn new_buffer(&mut self, value: UnitId, time: usize) -> usize {
        self.gradients.lifetimes.push(Lifetime {
            bytes: bytes(self.program.units[value].shape),
            from: time,
            to: time,
        });
        self.gradients.lifetimes.len() - 1
    }
}
