//! Backward through a sum: the gradient goes to both operands.

use crate::cpu::sizes::{Sizes, prepared};
use crate::cpu::{self, Real};
use crate::plan::{self, Gradient, View};
use crate::reference::Given;
use crate::train::TrainMem;
use crate::train::reference::{Gradients, Pass, PlainBackward};

/// Sum of two pictures, in training.
pub struct Add {
    d: plan::Add,
    sizes: Sizes,
    forward: cpu::Add,
}

impl Add {
    prepared!(|d: plan::Add| Self {
        d,
        forward: cpu::Add::new(d)
    });

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory.
    pub fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: [View; 2], y: View) {
        self.forward.run(&mut mem.mem, x, y);
    }

    /// From the gradient of the output to those of the inputs.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory.
    pub fn backward(
        &mut self,
        mem: &mut TrainMem<'_, '_>,
        x: [View; 2],
        y: View,
        dy: View,
        dx: [Option<Gradient>; 2],
    ) {
        self.sizes.expect(x, [y, dy], dx);
        let (y, dy) = (self.sizes.output(y), self.sizes.output(dy));
        mem.through(self.d.act, y, dy);
        // What works in place comes last: the other operand reads `dy` before.
        for dx in dx {
            mem.hand_on(dy, dx);
        }
    }
}

/// `dx += dz`, for either operand.
pub(crate) fn reference<T: Real>(dz: &[T], dx: &mut [T]) {
    dx.iter_mut().zip(dz).for_each(|(dx, &dz)| *dx += dz);
}

impl PlainBackward for plan::Add {
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let inputs = gradients.inputs.iter_mut();
        inputs.for_each(|dx| reference(pass.dy, dx));
    }
}
