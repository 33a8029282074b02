//! Backward through the shuffle of channels: each gradient goes where its number came from.

use crate::cpu::sizes::{Sizes, bounded, prepared};
use crate::cpu::{self, Real};
use crate::plan;
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem, backward, simple};

/// The shuffle of channels, in training.
pub struct Shuffle {
    d: plan::Shuffle,
    sizes: Sizes,
    forward: cpu::Shuffle,
}

impl Shuffle {
    prepared!(|d: plan::Shuffle| Self {
        d,
        forward: cpu::Shuffle::new(d)
    });

    simple!(forward);

    backward!();

    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { dy, dx, .. }: Backward) {
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
