//! Backward through a copy.

use crate::cpu;
use crate::cpu::Real;
use crate::cpu::sizes::{Sizes, prepared};
use crate::plan;
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem, backward, simple};

/// Copies a view, in training. Its plain reference is that of a sum with one operand.
pub struct Copy {
    sizes: Sizes,
    forward: cpu::Copy,
}

impl Copy {
    prepared!(|d: plan::Copy| Self {
        forward: cpu::Copy::new(d)
    });

    simple!(forward);

    backward!();

    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { dy, dx, .. }: Backward) {
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
