//! Backward through average pooling.

use super::count;
use crate::cpu::sizes::{Sizes, bounded, prepared};
use crate::cpu::window::{Fresh, under};
use crate::cpu::{self, Real, access, simd::multiversion};
use crate::plan::{self, Op};
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem, backward, simple};

/// Mean over windows, in training.
pub struct AvgPool {
    d: plan::AvgPool,
    sizes: Sizes,
    forward: cpu::AvgPool,
}

impl AvgPool {
    prepared!(|d: plan::AvgPool| Self {
        d,
        forward: cpu::AvgPool::new(d)
    });

    simple!(forward);

    backward!();

    /// From the gradient of the output to that of the input: equal shares for the cells of a window.
    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { y, dy, dx, .. }: Backward) {
        mem.through(self.d.act, self.sizes.output(y), self.sizes.output(dy));
        let Some(dx) = dx else { return };
        let [oh, ow, c] = y.shape;
        let cost = bounded([oh, ow, c, self.d.window[0], self.d.window[1], 2]);
        let step = mem
            .mem
            .access([self.sizes.output(dy)], [self.sizes.input(dx.view)]);
        step.for_images(cost, |[dy], [mut to], _| {
            avg_image(&self.d, dy, &mut to, dx.accumulate);
        });
    }
}

multiversion! {
    fn avg_image(d: &plan::AvgPool, dy: &access::Source<'_>, dx: &mut access::Image<'_>, accumulate: bool) {
        let [h, w, _] = d.input;
        let [oh, ow, _] = dy.geometry.shape;
        let mut fresh = Fresh::of(h, accumulate);
        for oy in 0..oh {
            let rows = under(oy, d.window[0], d.stride[0], d.pad[0], h);
            fresh.clear_to(rows.end, dx);
            for ox in 0..ow {
                let columns = under(ox, d.window[1], d.stride[1], d.pad[2], w);
                let count = count(d, [oy, ox]) as f32;
                let dy = dy.pixel(dx.number, oy, ox);
                for iy in rows.clone() {
                    for dx in dx.pixels(iy, columns.clone()) {
                        dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += dy / count);
                    }
                }
            }
        }
        fresh.clear_to(h, dx);
    }
}

/// Equal shares for the cells of each window; dense images, adds to `dx`.
pub(crate) fn reference<T: Real>(d: &plan::AvgPool, dz: &[T], dx: &mut [T]) {
    let [h, w, c] = d.input;
    let [oh, ow, _] = Op::AvgPool(*d).output();
    for (i, &dz) in dz.iter().enumerate() {
        let (image, oy, ox, channel) = (i / (oh * ow * c), i / (ow * c) % oh, i / c % ow, i % c);
        let rows = under(oy, d.window[0], d.stride[0], d.pad[0], h);
        let columns = under(ox, d.window[1], d.stride[1], d.pad[2], w);
        let count = T::of(count(d, [oy, ox]) as f64);
        for iy in rows {
            for ix in columns.clone() {
                dx[((image * h + iy) * w + ix) * c + channel] += dz / count;
            }
        }
    }
}

impl PlainBackward for plan::AvgPool {
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        reference(self, pass.dy, &mut gradients.inputs[0]);
    }
}
