//! Backward through global pooling.

use super::whole;
use crate::cpu::max_pool;
use crate::cpu::sizes::{Sizes, prepared};
use crate::cpu::{self, Real};
use crate::plan::{self, Reduction};
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem, backward, simple};

/// Mean or maximum over the whole picture, in training.
pub struct GlobalPool {
    d: plan::GlobalPool,
    sizes: Sizes,
    forward: cpu::GlobalPool,
    max: Option<max_pool::train::MaxPool>,
}

impl GlobalPool {
    prepared!(|d: plan::GlobalPool| Self {
        d,
        forward: cpu::GlobalPool::new(d),
        max: (d.kind == Reduction::Max).then(|| max_pool::train::MaxPool::new(whole(&d)))
    });

    simple!(forward);

    backward!();

    /// From the gradient of the output to that of the input: equal shares for all cells, or all to the first
    /// maximum of each channel.
    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { x, y, dy, dx }: Backward) {
        if let Some(max) = &mut self.max {
            return max.backward(mem, x, y, dy, dx);
        }
        let Some(dx) = dx else { return };
        let [h, w, c] = self.d.input;
        let share = 1.0 / (h * w) as f32;
        let step = mem
            .mem
            .access([self.sizes.output(dy)], [self.sizes.input(dx.view)]);
        step.for_rows(w * c, |[dy], [mut row]| {
            let dy = dy.pixel(row.image, 0, 0);
            for ox in 0..w {
                for (to, dy) in row.pixel(ox).iter_mut().zip(dy) {
                    *to = if dx.accumulate {
                        *to + dy * share
                    } else {
                        dy * share
                    };
                }
            }
        });
    }
}

/// Equal shares for all cells; dense images, adds to `dx`.
pub(crate) fn reference<T: Real>(d: &plan::GlobalPool, dz: &[T], dx: &mut [T]) {
    let [h, w, c] = d.input;
    let count = T::of((h * w) as f64);
    for (i, dx) in dx.iter_mut().enumerate() {
        *dx += dz[i / (h * w * c) * c + i % c] / count;
    }
}

impl PlainBackward for plan::GlobalPool {
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let dx = &mut gradients.inputs[0];
        match self.kind {
            Reduction::Mean => reference(self, pass.dy, dx),
            Reduction::Max => max_pool::train::reference(&whole(self), &pass.x[0], pass.dy, dx),
        }
    }
}
