//! Backward through the shuffle of channels: each gradient goes where its number came from.

use crate::cpu::sizes::{Sizes, bounded};
use crate::cpu::{self, Real};
use crate::plan::{self, Gradient, View};
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{TrainMem, simple};

/// The shuffle of channels, in training.
pub struct Shuffle {
    d: plan::Shuffle,
    sizes: Sizes,
    forward: cpu::Shuffle,
}

impl Shuffle {
    /// Prepares the step.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed.
    #[must_use]
    pub fn new(d: plan::Shuffle) -> Self {
        Self {
            d,
            sizes: Sizes::of(d),
            forward: cpu::Shuffle::new(d),
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
        let Some(dx) = dx else { return };
        let [_, w, c] = self.d.input;
        let groups = self.d.groups;
        let views = [self.sizes.output(dy)];
        let step = mem.mem.access(views, [self.sizes.input(dx.view)]);
        step.for_rows(bounded([w, c]), |[dy], [mut row]| {
            for ox in 0..w {
                let from = dy.pixel(row.image, row.y, ox);
                unmix(groups, dx.accumulate, from, row.pixel(ox));
            }
        });
    }
}

/// One pixel.
fn unmix(groups: usize, accumulate: bool, dy: &[f32], dx: &mut [f32]) {
    let n = dx.len() / groups;
    for (i, group) in dx.chunks_exact_mut(n).enumerate() {
        let from = dy[i..].iter().step_by(groups);
        for (dx, dy) in group.iter_mut().zip(from) {
            *dx = if accumulate { *dx + dy } else { *dy };
        }
    }
}

impl PlainBackward for plan::Shuffle {
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let (c, n) = (self.input[2], self.input[2] / self.groups);
        for (at, &dy) in pass.dy.iter().enumerate() {
            let (pixel, channel) = (at / c, at % c);
            let (k, i) = (channel / self.groups, channel % self.groups);
            gradients.inputs[0][pixel * c + i * n + k] += dy;
        }
    }
}
