//! CONCAT without copies: its inputs are computed where they belong, each in its own channels of the common buffer.
//!
//! Concatenations are visited from the last to the first, so that one inside another (DenseNet) knows its channels in the
//! outermost buffer before it hands channels to its own inputs. What cannot be placed is copied: the network's input, a
//! value that already has another place (or stands there twice), and a value that somebody needs without gaps.
//!
//! In training, gradients lie like values: that of an input is its channels of the gradient of the CONCAT. The readers of the
//! CONCAT have written there before any other reader of the input adds to it, if the CONCAT is the input's last reader;
//! where it is not, the input is copied, and so has a gradient of its own.

use crate::program::{Program, UnitId, UnitKind};

use super::values::Values;

/// Channels of the buffer of an outermost CONCAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Channels {
    /// The outermost CONCAT.
    pub(crate) within: UnitId,
    /// The first of them.
    pub(crate) first: usize,
}

/// An input of a CONCAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConcatInput {
    /// The input, as the CONCAT names it.
    pub(crate) input: UnitId,
    /// Its first channel in the CONCAT.
    pub(crate) channel: usize,
    /// Whether it is copied there, not computed there.
    pub(crate) copied: bool,
}

/// The places that concatenations give to values.
pub(crate) struct Concats {
    channels: Vec<Option<Channels>>,
    parts: Vec<Vec<ConcatInput>>,
    /// For training: the last unit that reads each value.
    last_reader: Option<Vec<UnitId>>,
}

impl Concats {
    /// Places values, in training so that their gradients can have the same places.
    pub(super) fn place(program: &Program, values: &Values) -> Self {
        let last_reader = program.trains().then(|| values.last_readers(program));
        let count = program.units.len();
        let mut concats = Self {
            channels: vec![None; count],
            parts: vec![Vec::new(); count],
            last_reader,
        };
        for id in (0..count).rev() {
            if program.units[id].kind == UnitKind::Concat {
                concats.visit(program, values, id);
            }
        }
        concats
    }

    /// The channels that this unit's value has in a wider buffer.
    pub(crate) fn channels(&self, id: UnitId) -> Option<Channels> {
        self.channels[id]
    }

    /// The inputs of a CONCAT, in order; nothing for other units.
    pub(crate) fn parts(&self, concat: UnitId) -> &[ConcatInput] {
        &self.parts[concat]
    }

    fn visit(&mut self, program: &Program, values: &Values, concat: UnitId) {
        let mut together = false;
        if self.channels[concat].is_none() && !values.is_dense(concat) {
            self.channels[concat] = self.already_together(program, values, concat);
            together = self.channels[concat].is_some();
        }
        let base = self.channels[concat].unwrap_or(Channels {
            within: concat,
            first: 0,
        });
        let mut channel = 0;
        for &input in &program.units[concat].inputs {
            let root = values.root(input);
            let placeable = program.units[root].kind != UnitKind::Input
                && program.units[root].shape == program.units[input].shape
                && self.channels[root].is_none()
                && !values.is_dense(root)
                && self.is_last_reader(concat, root);
            if placeable {
                self.channels[root] = Some(Channels {
                    first: base.first + channel,
                    ..base
                });
            }
            self.parts[concat].push(ConcatInput {
                input,
                channel,
                copied: !placeable && !together,
            });
            channel += program.units[input].shape[2];
        }
    }

    /// Whether nobody reads the value after this unit, as far as that matters.
    fn is_last_reader(&self, unit: UnitId, value: UnitId) -> bool {
        let last = self.last_reader.as_ref();
        last.is_none_or(|last| last[value] == unit)
    }

    /// Whether all readers of one value come before the last reader of another, as far as that matters.
    fn is_read_before(&self, value: UnitId, other: UnitId) -> bool {
        let last = self.last_reader.as_ref();
        last.is_none_or(|last| last[value] < last[other])
    }

    /// Where a later CONCAT has put all inputs of this one side by side in order, this one is a view of that buffer too.
    fn already_together(
        &self,
        program: &Program,
        values: &Values,
        concat: UnitId,
    ) -> Option<Channels> {
        let inputs = &program.units[concat].inputs;
        let first = self.channels[values.root(*inputs.first()?)]?;
        let mut next = first;
        for input in inputs {
            let root = values.root(*input);
            let fits = program.units[root].shape == program.units[*input].shape
                && self.channels[root] == Some(next)
                && self.is_read_before(concat, root);
            if !fits {
                return None;
            }
            next.first += program.units[*input].shape[2];
        }
        Some(first)
    }
}
