//! Backward through a product: the gradient of each operand is that of the output times the other operand.

use super::{factor, place, product, scale};
use crate::Scratch;
use crate::cpu::access::scratch;
use crate::cpu::simd::multiversion;
use crate::cpu::sizes::{Sizes, bounded, prepared};
use crate::cpu::{self, Real};
use crate::plan::{self, Act, Gradient, View};
use crate::reference::Given;
use crate::train::TrainMem;
use crate::train::memory::{add, put};
use crate::train::reference::{Gradients, Pass, PlainBackward};

/// Product of two pictures, in training.
pub struct Mul {
    d: plan::Mul,
    sizes: Sizes,
    forward: cpu::Mul,
}

impl Mul {
    prepared!(|d: plan::Mul| Self {
        d,
        forward: cpu::Mul::new(d)
    });

    /// Memory for a batch.
    #[must_use]
    pub fn scratch(&self, _max_batch: usize) -> Scratch {
        let sums = match self.d.spread {
            true => bounded([2, self.d.input[2]]),
            false => 0,
        };
        Scratch {
            shared: 0,
            worker: sums,
        }
    }

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
    /// If the views do not fit the operation or the memory, or the workspace has less scratch memory than
    /// [`scratch`](Self::scratch) says.
    pub fn backward(
        &mut self,
        mem: &mut TrainMem<'_, '_>,
        x: [View; 2],
        y: View,
        dy: View,
        dx: [Option<Gradient>; 2],
    ) {
        self.sizes.expect(x, [y, dy], dx);
        let (y, output) = (self.sizes.output(y), self.sizes.output(dy));
        mem.through(self.d.act, y, output);
        // What works in place comes last: the other operand reads `dy` before. Otherwise the first writes where the second may add.
        let in_place = dx[0].is_some_and(|dx| dx.view == dy);
        for operand in if in_place { [1, 0] } else { [0, 1] } {
            let Some(dx) = dx[operand] else { continue };
            match operand == 1 && self.d.spread {
                true => self.gather(mem, x[0], dy, dx),
                false => self.through(mem, [1 - operand, operand], x[1 - operand], dy, dx),
            }
        }
    }

    /// The gradient of an operand of the output's shape; `x` is the other one.
    fn through(
        &self,
        mem: &mut TrainMem<'_, '_>,
        [other, operand]: [usize; 2],
        x: View,
        dy: View,
        dx: Gradient,
    ) {
        let sizes = self.sizes;
        let (x, to) = (sizes.operand(other, x), sizes.operand(operand, dx.view));
        let spread = self.d.spread;
        let cost = bounded([2, dy.shape[1], dy.shape[2]]);
        if dx.view == dy {
            let step = mem.mem.access([x], [to]).flat();
            step.for_rows(cost, |[x], [mut out]| {
                for ox in 0..out.width() {
                    let x = factor(spread, x, [out.image, out.y, ox]);
                    scale(Act::None, x, out.pixel(ox));
                }
            });
            return;
        }
        let step = mem.mem.access([sizes.output(dy), x], [to]).flat();
        step.for_rows(cost, |[dy, x], [mut out]| {
            for ox in 0..out.width() {
                let dy = dy.pixel(out.image, out.y, ox);
                let x = factor(spread, x, [out.image, out.y, ox]);
                match dx.accumulate {
                    true => accumulate(dy, x, out.pixel(ox)),
                    false => product(Act::None, dy, x, out.pixel(ox)),
                }
            }
        });
    }

    /// The gradient of the pixel that was spread: the sum over all pixels of `dy` times `x`, row by row.
    fn gather(&self, mem: &mut TrainMem<'_, '_>, x: View, dy: View, dx: Gradient) {
        let [h, w, c] = self.d.input;
        let sizes = self.sizes;
        let views = [sizes.output(dy), sizes.input(x)];
        let step = mem.mem.access(views, [sizes.operand(1, dx.view)]);
        step.for_images(bounded([h, w, c, 2]), |[dy, x], [mut out], memory| {
            let (total, rest) = scratch(memory, c);
            let (row, _) = scratch(rest, c);
            total.fill(0.0);
            for oy in 0..h {
                row.fill(0.0);
                match (dy.dense_row(out.number, oy), x.dense_row(out.number, oy)) {
                    (Some(dy), Some(x)) => sums(dy, x, row),
                    _ => (0..w).for_each(|ox| {
                        let dy = dy.pixel(out.number, oy, ox);
                        sums(dy, x.pixel(out.number, oy, ox), row);
                    }),
                }
                add(total, row);
            }
            put(dx.accumulate, out.pixel(0, 0), total);
        });
    }
}

multiversion! {
    /// `dx += dy * x` for some pixels, all with the same `x`.
    fn accumulate(dy: &[f32], x: &[f32], dx: &mut [f32]) {
        for (dx, dy) in dx.chunks_exact_mut(x.len()).zip(dy.chunks_exact(x.len())) {
            dx.iter_mut().zip(dy).zip(x).for_each(|((dx, dy), x)| *dx += dy * x);
        }
    }
}

multiversion! {
    /// Adds the products of some pixels to one.
    pub(crate) fn sums(dy: &[f32], x: &[f32], sums: &mut [f32]) {
        for (dy, x) in dy.chunks_exact(sums.len()).zip(x.chunks_exact(sums.len())) {
            sums.iter_mut().zip(dy).zip(x).for_each(|((sum, dy), x)| *sum += dy * x);
        }
    }
}

impl PlainBackward for plan::Mul {
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        for (at, &dy) in pass.dy.iter().enumerate() {
            let b = place(self, at);
            gradients.inputs[0][at] += dy * pass.x[1][b];
            gradients.inputs[1][b] += dy * pass.x[0][at];
        }
    }
}
