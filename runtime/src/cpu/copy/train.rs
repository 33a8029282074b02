//! The way back through a copy.

use crate::cpu;
use crate::plan::{self, Gradient, View};
use crate::train::{TrainMem, simple};

/// Copies a view, in training. Its plain reference is that of a sum with one operand.
pub struct Copy(cpu::Copy);

impl Copy {
    /// Prepares the step.
    #[must_use]
    pub fn new(d: plan::Copy) -> Self {
        Self(cpu::Copy::new(d))
    }

    simple!(0);

    /// From the gradient of the output to that of the input.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory.
    pub fn backward(
        &mut self,
        mem: &mut TrainMem<'_, '_>,
        _: View,
        _: View,
        dy: View,
        dx: Option<Gradient>,
    ) {
        mem.hand_on(dy, dx);
    }
}
