//! Backward through a copy.

use crate::cpu;
use crate::cpu::Real;
use crate::cpu::sizes::Sizes;
use crate::plan::{self, Gradient, View};
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{TrainMem, simple};

/// Copies a view, in training. Its plain reference is that of a sum with one operand.
pub struct Copy {
    sizes: Sizes,
    forward: cpu::Copy,
}

impl Copy {
    /// Prepares the step.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed.
    #[must_use]
    pub fn new(d: plan::Copy) -> Self {
        Self {
            sizes: Sizes::of(d),
            forward: cpu::Copy::new(d),
        }
    }

    simple!(forward);

    /// From the gradient of the output to that of the input.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory.
    pub fn backward(
        &mut self,
        mem: &mut TrainMem<'_, '_>,
        x: View,
        y: View,
        dy: View,
        dx: Option<Gradient>,
    ) {
        self.sizes.expect([x], [y, dy], [dx]);
        mem.hand_on(self.sizes.output(dy), dx);
    }
}

impl PlainBackward for plan::Copy {
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        crate::cpu::add::train::reference(pass.dy, &mut gradients.inputs[0]);
    }
}
