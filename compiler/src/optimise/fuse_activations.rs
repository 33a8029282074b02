//! An activation is applied where its input is computed, while the value is still in a register.

use netc_plan::{Act, Op, Operation};

use super::rewrite::walk;
use crate::program::Program;

/// Fuses the activations that `may` be.
pub(super) fn run(program: &mut Program, may: fn(Act) -> bool) {
    walk(program, |units, readers, id| {
        let Some(Op::Activation(activation)) = units[id].op().copied() else {
            return None;
        };
        if !may(activation.act) {
            return None;
        }
        let before = *units[id].inputs.first()?;
        let text = format!("{} + {}", units[before].text, units[id].text);
        if !readers.only_one(before) {
            return None;
        }
        let room = units[before].op_mut()?.act();
        let act = room.filter(|act| **act == Act::None)?;
        *act = activation.act;
        units[before].text = text;
        Some(before)
    });
}
