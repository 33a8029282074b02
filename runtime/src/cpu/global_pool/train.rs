//! The way back through global pooling.

use crate::cpu::{self, Real};
use crate::plan::{self, Gradient, View};
use crate::train::{TrainMem, simple};

/// Mean over the whole picture, in training.
pub struct GlobalPool {
    d: plan::GlobalPool,
    forward: cpu::GlobalPool,
}

impl GlobalPool {
    /// Prepares the step.
    #[must_use]
    pub fn new(d: plan::GlobalPool) -> Self {
        Self {
            d,
            forward: cpu::GlobalPool::new(d),
        }
    }

    simple!(forward);

    /// From the gradient of the output to that of the input: equal shares for all cells.
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
        let Some(dx) = dx else { return };
        let [h, w, c] = self.d.input;
        let share = 1.0 / (h * w) as f32;
        let step = mem.mem.access([dy], [dx.view]);
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
