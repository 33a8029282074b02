//! Backward through group normalisation. Means and variances are computed again: they cost less than the memory that would keep them.

use super::{Channels, needed, run, sets};
use crate::Scratch;
use crate::cpu::access::Access;
use crate::cpu::normalise::{Affine, ranges, reference_backward};
use crate::cpu::sizes::{Sizes, bounded};
use crate::cpu::{Real, simd::multiversion};
use crate::plan::{self, View};
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, Layout, TrainMem, backward, memory};
use core::ops::Range;

/// Group normalisation, in training.
pub struct GroupNorm {
    d: plan::GroupNorm,
    sizes: Sizes,
    /// Weight and bias.
    affine: [Range<usize>; 2],
}

impl GroupNorm {
    /// Prepares the step for the parameters of this layer.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layout has not the layer's parameters.
    #[must_use]
    pub fn new(d: plan::GroupNorm, layout: &Layout, layer: &str) -> Self {
        let sizes = Sizes::of(d);
        let affine = ranges(&d, layout, layer);
        Self { d, sizes, affine }
    }

    /// Memory for a batch.
    #[must_use]
    pub fn scratch(&self, max_batch: usize) -> Scratch {
        Scratch {
            shared: bounded([max_batch, 2, self.d.input[2]]),
            ..needed(&self.d)
        }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or the workspace has less scratch memory than
    /// [`scratch`](Self::scratch) says.
    pub fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: View, y: View) {
        let affine = self.affine.clone().map(|range| &mem.params[range]);
        run(&mut mem.mem, (self.sizes, &self.d), affine, x, y);
    }

    backward!();

    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { x, y, dy, dx }: Backward) {
        let sizes = self.sizes;
        mem.through(self.d.act, sizes.output(y), sizes.output(dy));
        let [weights, biases] = self.affine.clone();
        let weight = &mem.params[weights.clone()];
        let reads = [sizes.input(x), sizes.output(dy)];
        let sums = match dx {
            Some(dx) => {
                let step = mem.mem.access(reads, [sizes.input(dx.view)]);
                back(&self.d, step, weight, dx.accumulate)
            }
            None => back(&self.d, mem.mem.access(reads, []), weight, false),
        };
        let c = self.d.input[2];
        for sums in sums.chunks_exact(2 * c) {
            let (dbias, dweight) = sums.split_at(c);
            memory::add(&mut mem.gradients[weights.clone()], dweight);
            memory::add(&mut mem.gradients[biases.clone()], dbias);
        }
    }
}

/// Writes or adds the gradient of the input, where one is written. The sums over each image's pixels of `dy`, and of `dy * xhat`.
fn back<'m, const W: usize>(
    d: &plan::GroupNorm,
    step: Access<'m, 2, W>,
    weight: &[f32],
    accumulate: bool,
) -> &'m [f32] {
    let [h, w, c] = d.input;
    let cost = bounded([h, w, c, 12]);
    step.for_images_keeping(cost, 2 * c, |[x, dy], image, to, memory, sums| {
        let mut channels = Channels::new(memory, c);
        channels.measure(d, x, image);
        let (plain, along) = sums.split_at_mut(c);
        plain.fill(0.0);
        along.fill(0.0);
        let Channels {
            mean,
            inverse,
            row,
            others: [scale, shift, slope],
        } = channels;
        for oy in 0..h {
            // Each row on its own, against rounding.
            row.fill(0.0);
            scale.fill(0.0);
            for ox in 0..w {
                let dy = dy.pixel(image, oy, ox);
                moments(x.pixel(image, oy, ox), mean, dy, row, scale);
            }
            memory::add(plain, row);
            memory::add(along, scale);
        }
        along
            .iter_mut()
            .zip(&*inverse)
            .for_each(|(along, inverse)| *along *= inverse);
        let n = c / d.groups;
        let share = 1.0 / (h * w * n) as f32;
        for first in (0..c).step_by(n) {
            let group = first..first + n;
            let mean = |of: &[f32]| group.clone().map(|i| weight[i] * of[i]).sum::<f32>() * share;
            let [plain, along] = [mean(plain), mean(along)];
            for i in group.clone() {
                scale[i] = weight[i] * inverse[i];
                shift[i] = inverse[i] * plain;
                slope[i] = inverse[i] * inverse[i] * along;
            }
        }
        for mut to in to {
            for oy in 0..h {
                for ox in 0..w {
                    let [x, dy] = [x, dy].map(|view| view.pixel(image, oy, ox));
                    let factors = [&*scale, &*shift, &*slope, &*mean];
                    through(accumulate, factors, x, dy, to.pixel(oy, ox));
                }
            }
        }
    })
}

multiversion! {
    /// `whole[c] += dy[c]`, `centred[c] += dy[c] * (x[c] - mean[c])`
    fn moments(x: &[f32], mean: &[f32], dy: &[f32], whole: &mut [f32], centred: &mut [f32]) {
        whole.iter_mut().zip(dy).for_each(|(sum, dy)| *sum += dy);
        for (((sum, x), mean), dy) in centred.iter_mut().zip(x).zip(mean).zip(dy) {
            *sum += dy * (x - mean);
        }
    }
}

multiversion! {
    /// With `xhat = (x - m) / s` and means over the group: `dx = (g dy - mean(g dy) - xhat * mean(g dy * xhat)) / s`; one pixel.
    fn through(accumulate: bool, factors: [&[f32]; 4], x: &[f32], dy: &[f32], dx: &mut [f32]) {
        let [scale, shift, slope, mean] = factors;
        let factors = scale.iter().zip(shift).zip(slope).zip(mean);
        for (((dx, x), dy), (((scale, shift), slope), mean)) in dx.iter_mut().zip(x).zip(dy).zip(factors) {
            let own = scale * dy - shift - slope * (x - mean);
            *dx = if accumulate { *dx + own } else { own };
        }
    }
}

impl PlainBackward for plan::GroupNorm {
    fn plain_backward<T: Real>(
        &self,
        given: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let affine = Affine::of(given, self.input[2], self.eps);
        reference_backward(sets(self, pass.dy.len()), &affine, pass, gradients);
    }
}
