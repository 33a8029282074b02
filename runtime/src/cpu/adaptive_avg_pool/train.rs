//! Backward through the mean over as many windows as are asked for.

use super::under;
use crate::cpu::sizes::{Sizes, bounded, prepared};
use crate::cpu::window::Fresh;
use crate::cpu::{self, Real, access, simd::multiversion};
use crate::plan;
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem, backward, simple};

/// Mean over as many windows as are asked for, in training.
pub struct AdaptiveAvgPool {
    d: plan::AdaptiveAvgPool,
    sizes: Sizes,
    forward: cpu::AdaptiveAvgPool,
}

impl AdaptiveAvgPool {
    prepared!(|d: plan::AdaptiveAvgPool| Self {
        d,
        forward: cpu::AdaptiveAvgPool::new(d)
    });

    simple!(forward);

    backward!();

    /// From the gradient of the output to that of the input: equal shares for the cells of a window.
    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { dy, dx, .. }: Backward) {
        let Some(dx) = dx else { return };
        let ([h, w, c], [oh, ow]) = (self.d.input, self.d.size);
        let cost = bounded([h + oh, w + ow, c, 2]);
        let views = [self.sizes.output(dy)];
        let step = mem.mem.access(views, [self.sizes.input(dx.view)]);
        step.for_images(cost, |[dy], [mut to], _| {
            image(&self.d, dy, &mut to, dx.accumulate);
        });
    }
}

multiversion! {
    fn image(d: &plan::AdaptiveAvgPool, dy: &access::Source<'_>, dx: &mut access::Image<'_>, accumulate: bool) {
        let mut fresh = Fresh::of(d.input[0], accumulate);
        for oy in 0..d.size[0] {
            let rows = under(d, 0, oy);
            fresh.clear_to(rows.end, dx);
            for ox in 0..d.size[1] {
                let columns = under(d, 1, ox);
                let count = (rows.len() * columns.len()) as f32;
                let dy = dy.pixel(dx.number, oy, ox);
                for iy in rows.clone() {
                    for dx in dx.pixels(iy, columns.clone()) {
                        dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += dy / count);
                    }
                }
            }
        }
    }
}

impl PlainBackward for plan::AdaptiveAvgPool {
    /// Equal shares for the cells of each window.
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let ([h, w, c], [oh, ow]) = (self.input, self.size);
        for (i, &dy) in pass.dy.iter().enumerate() {
            let (image, oy, ox) = (i / (oh * ow * c), i / (ow * c) % oh, i / c % ow);
            let (rows, columns) = (under(self, 0, oy), under(self, 1, ox));
            let count = T::of((rows.len() * columns.len()) as f64);
            for iy in rows {
                for ix in columns.clone() {
                    gradients.inputs[0][((image * h + iy) * w + ix) * c + i % c] += dy / count;
                }
            }
        }
    }
}
