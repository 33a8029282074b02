//! Backward through max pooling.

use crate::cpu::kernel::{MaxWindowBack, kernels};
use crate::cpu::simd;
use crate::cpu::sizes::{Sizes, bounded, prepared};
use crate::cpu::window::{Fresh, under};
use crate::cpu::{self, Real, access};
use crate::plan::{self, Op};
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem, backward, simple};

/// Maximum over windows, in training.
pub struct MaxPool {
    d: plan::MaxPool,
    sizes: Sizes,
    forward: cpu::MaxPool,
}

impl MaxPool {
    prepared!(|d: plan::MaxPool| Self {
        d,
        forward: cpu::MaxPool::new(d)
    });

    simple!(forward);

    backward!();

    /// From the gradient of the output to that of the input: the first maximum of each window, row by row, gets it all
    /// (a NaN counts as one), as in PyTorch.
    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { x, y, dy, dx }: Backward) {
        mem.through(self.d.act, self.sizes.output(y), self.sizes.output(dy));
        let Some(dx) = dx else { return };
        let [oh, ow, c] = y.shape;
        let cost = bounded([oh, ow, c, self.d.window[0], self.d.window[1], 4]);
        let step = mem.mem.access(
            [self.sizes.input(x), self.sizes.output(dy)],
            [self.sizes.input(dx.view)],
        );
        step.for_images(cost, |[x, dy], [mut to], _| {
            max_image(&self.d, x, dy, &mut to, dx.accumulate);
        });
    }
}

fn max_image(
    d: &plan::MaxPool,
    x: &access::Source<'_>,
    dy: &access::Source<'_>,
    dx: &mut access::Image<'_>,
    accumulate: bool,
) {
    let kernel = kernels(simd::level()).max_window_back;
    let [h, w, channels] = d.input;
    let [oh, ow, _] = dy.geometry.shape;
    let steps = |pixel: usize| [w * pixel, pixel];
    let mut fresh = Fresh::of(h, accumulate);
    for oy in 0..oh {
        let rows = under(oy, d.window[0], d.stride[0], d.pad[0], h);
        fresh.clear_to(rows.end, dx);
        for ox in 0..ow {
            let columns = under(ox, d.window[1], d.stride[1], d.pad[2], w);
            if rows.is_empty() || columns.is_empty() {
                continue;
            }
            let window = MaxWindowBack {
                first: x.address(dx.number, rows.start, columns.start),
                size: [rows.len(), columns.len()],
                steps: steps(x.geometry.pixel),
                channels,
                dy: dy.address(dx.number, oy, ox),
                dx: dx.address(rows.start, columns.start),
                dx_steps: steps(dx.step()),
            };
            // SAFETY: the level is this machine's; the window lies inside the picture, whose pixels and gradients have
            // `channels` elements, and the image is this task's own.
            unsafe { kernel(&window) }
        }
    }
    fresh.clear_to(h, dx);
}

/// The first maximum of each window gets the gradient; dense images, adds to `dx`.
pub(crate) fn reference<T: Real>(d: &plan::MaxPool, x: &[T], dz: &[T], dx: &mut [T]) {
    let [h, w, c] = d.input;
    let [oh, ow, _] = Op::MaxPool(*d).output();
    for (i, &dz) in dz.iter().enumerate() {
        let (image, oy, ox, channel) = (i / (oh * ow * c), i / (ow * c) % oh, i / c % ow, i % c);
        let mut best: Option<usize> = None;
        for iy in under(oy, d.window[0], d.stride[0], d.pad[0], h) {
            for ix in under(ox, d.window[1], d.stride[1], d.pad[2], w) {
                let at = ((image * h + iy) * w + ix) * c + channel;
                if best.is_none_or(|best| x[at] > x[best] || x[at].is_nan()) {
                    best = Some(at);
                }
            }
        }
        if let Some(best) = best {
            dx[best] += dz;
        }
    }
}

impl PlainBackward for plan::MaxPool {
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        reference(self, &pass.x[0], pass.dy, &mut gradients.inputs[0]);
    }
}
