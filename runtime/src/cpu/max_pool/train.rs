//! Backward through max pooling.

use crate::cpu::sizes::{Sizes, bounded, prepared};
use crate::cpu::window::{Fresh, under};
use crate::cpu::{self, Real, access, simd::multiversion};
use crate::plan::{self, Op};
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem, backward, simple};
use core::ops::Range;

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

multiversion! {
    fn max_image(d: &plan::MaxPool, x: &access::Source<'_>, dy: &access::Source<'_>, dx: &mut access::Image<'_>, accumulate: bool) {
        let [h, w, c] = d.input;
        let [oh, ow, _] = dy.geometry.shape;
        let mut fresh = Fresh::of(h, accumulate);
        for oy in 0..oh {
            let rows = under(oy, d.window[0], d.stride[0], d.pad[0], h);
            fresh.clear_to(rows.end, dx);
            for ox in 0..ow {
                let columns = under(ox, d.window[1], d.stride[1], d.pad[2], w);
                let window = [&rows, &columns];
                let dy = dy.pixel(dx.number, oy, ox);
                // Channels that stay in registers: as many at a time as there are.
                let mut first = 0;
                while first + 32 <= c {
                    max_window::<32>(x, window, first, dy, dx);
                    first += 32;
                }
                while first + 16 <= c {
                    max_window::<16>(x, window, first, dy, dx);
                    first += 16;
                }
                while first + 4 <= c {
                    max_window::<4>(x, window, first, dy, dx);
                    first += 4;
                }
                while first < c {
                    max_window::<1>(x, window, first, dy, dx);
                    first += 1;
                }
            }
        }
        fresh.clear_to(h, dx);
    }
}

/// One window, the `N` channels from `first` on.
#[inline(always)]
fn max_window<const N: usize>(
    x: &access::Source<'_>,
    [rows, columns]: [&Range<usize>; 2],
    first: usize,
    dy: &[f32],
    dx: &mut access::Image<'_>,
) {
    let mut best = [f32::NEG_INFINITY; N];
    let mut winner = [0_u32; N];
    let mut cell = 0;
    for iy in rows.start..rows.end {
        for x in x.pixels(dx.number, iy, columns.start..columns.end) {
            let (x, _) = x[first..].as_chunks::<N>();
            let x = &x[0];
            for lane in 0..N {
                let wins = x[lane] > best[lane] || x[lane].is_nan();
                best[lane] = if wins { x[lane] } else { best[lane] };
                winner[lane] = if wins { cell } else { winner[lane] };
            }
            cell += 1;
        }
    }
    // As bits under a mask: the compiler makes branches of a choice between floats in memory.
    let (dy, _) = dy[first..].as_chunks::<N>();
    let dy = dy[0].map(f32::to_bits);
    let mut cell = 0;
    for iy in rows.start..rows.end {
        for dx in dx.pixels(iy, columns.start..columns.end) {
            let (dx, _) = dx[first..].as_chunks_mut::<N>();
            let dx = &mut dx[0];
            for lane in 0..N {
                let mask = u32::from(winner[lane] == cell).wrapping_neg();
                dx[lane] += f32::from_bits(dy[lane] & mask);
            }
            cell += 1;
        }
    }
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
