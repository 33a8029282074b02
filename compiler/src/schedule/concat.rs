//! CONCAT without copies: its inputs are computed where they belong, each in its own channels of the common buffer.
//!
//! Concatenations are visited from the last to the first, so that one inside another (DenseNet) knows its channels in the
//! outermost buffer before it hands channels to its own inputs. What cannot be placed is copied: the network's input, a
//! value that already has another place (or stands there twice), and a value that somebody needs without gaps.

use crate::program::{Program, UnitId, What};

use super::values::Values;

/// Channels of the buffer of an outermost CONCAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// The outermost CONCAT.
    pub(super) within: UnitId,
    /// The first channel.
    pub(super) channel: usize,
}

/// An input of a CONCAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The input, as the CONCAT names it.
    pub(super) input: UnitId,
    /// Its first channel in the CONCAT.
    pub(super) channel: usize,
    /// Whether it is copied there, not computed there.
    pub(super) copied: bool,
}

/// The places that concatenations give to values.
pub(super) struct Concats {
    slots: Vec<Option<Slot>>,
    parts: Vec<Vec<Part>>,
}

impl Concats {
    pub(super) fn place(program: &Program, values: &Values) -> Self {
        let count = program.units.len();
        let mut concats = Self {
            slots: vec![None; count],
            parts: vec![Vec::new(); count],
        };
        for id in (0..count).rev() {
            if program.units[id].what == What::Concat {
                concats.visit(program, values, id);
            }
        }
        concats
    }

    /// The channels that this unit's value has in a wider buffer.
    pub(super) fn slot(&self, id: UnitId) -> Option<Slot> {
        self.slots[id]
    }

    /// The inputs of a CONCAT, in order; nothing for other units.
    pub(super) fn parts(&self, concat: UnitId) -> &[Part] {
        &self.parts[concat]
    }

    fn visit(&mut self, program: &Program, values: &Values, concat: UnitId) {
        let mut together = false;
        if self.slots[concat].is_none() && !values.is_dense(concat) {
            self.slots[concat] = self.already_together(program, values, concat);
            together = self.slots[concat].is_some();
        }
        let base = self.slots[concat].unwrap_or(Slot {
            within: concat,
            channel: 0,
        });
        let mut channel = 0;
        for &input in &program.units[concat].inputs {
            let root = values.root(input);
            let placeable = program.units[root].what != What::Input
                && program.units[root].shape == program.units[input].shape
                && self.slots[root].is_none()
                && !values.is_dense(root);
            if placeable {
                self.slots[root] = Some(Slot {
                    channel: base.channel + channel,
                    ..base
                });
            }
            self.parts[concat].push(Part {
                input,
                channel,
                copied: !placeable && !together,
            });
            channel += program.units[input].shape[2];
        }
    }

    /// Where a later CONCAT has put all inputs of this one side by side in order, this one is a view of that buffer too.
    fn already_together(&self, program: &Program, values: &Values, concat: UnitId) -> Option<Slot> {
        let inputs = &program.units[concat].inputs;
        let first = self.slots[values.root(*inputs.first()?)]?;
        let mut next = first;
        for input in inputs {
            let root = values.root(*input);
            let fits = program.units[root].shape == program.units[*input].shape
                && self.slots[root] == Some(next);
            if !fits {
                return None;
            }
            next.channel += program.units[*input].shape[2];
        }
        Some(first)
    }
}
