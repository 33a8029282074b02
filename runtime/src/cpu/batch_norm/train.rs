//! Batch normalisation in training, by the statistics of the batch (Ioffe and Szegedy 2015, algorithm 1).

use super::Statistics;
use crate::Scratch;
use crate::cpu::sizes::{Sizes, bounded};
use crate::cpu::sum;
use crate::cpu::{self, Real, simd::multiversion};
use crate::plan::{self, View};
use crate::reference::{Given, Plain};
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, Layout, TrainMem, backward, memory};
use alloc::vec::Vec;
use core::ops::Range;
#[cfg(not(feature = "std"))]
use num_traits::Float as _;

/// Where the parameters lie, each `[c]`.
pub(super) struct Ranges {
    pub(super) weight: Range<usize>,
    pub(super) bias: Range<usize>,
    pub(super) mean: Range<usize>,
    pub(super) variance: Range<usize>,
}

impl Ranges {
    /// Those of a layer of `c` channels.
    pub(super) fn new(c: usize, layout: &Layout, layer: &str) -> Self {
        let range = |leaf| layout.range(layer, leaf, c);
        Self {
            weight: range("weight"),
            bias: range("bias"),
            mean: range("running_mean"),
            variance: range("running_var"),
        }
    }
}

/// What a forward pass has used, and what its backward needs; each `[c]`.
struct Used {
    mean: Vec<f32>,
    /// Biased.
    variance: Vec<f32>,
    /// `1 / sqrt(variance + eps)`
    inverse: Vec<f32>,
    /// `dx = scale dz - shift - slope (x - mean)`
    scale: Vec<f32>,
    shift: Vec<f32>,
    slope: Vec<f32>,
}

/// Batch normalisation by the batch's own statistics. The moving ones move in backward, so that a step that is given
/// up after a broken loss leaves no trace in them.
pub struct BatchNormTraining {
    d: plan::BatchNormTraining,
    sizes: Sizes,
    ranges: Ranges,
    used: Used,
    forward: cpu::BatchNorm,
}

/// The same operation once the statistics are known.
fn fixed(d: &plan::BatchNormTraining) -> plan::BatchNorm {
    plan::BatchNorm {
        input: d.input,
        eps: d.eps,
        act: d.act,
    }
}

impl BatchNormTraining {
    /// Prepares the step for the parameters of this layer.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layout has not the layer's parameters.
    #[must_use]
    pub fn new(d: plan::BatchNormTraining, layout: &Layout, layer: &str) -> Self {
        let sizes = Sizes::of(d);
        let zeros = || alloc::vec![0.0; d.input[2]];
        Self {
            d,
            sizes,
            ranges: Ranges::new(d.input[2], layout, layer),
            used: Used {
                mean: zeros(),
                variance: zeros(),
                inverse: zeros(),
                scale: zeros(),
                shift: zeros(),
                slope: zeros(),
            },
            forward: cpu::BatchNorm::prepare(fixed(&d)),
        }
    }

    /// Memory for a batch.
    #[must_use]
    pub fn scratch(&self, _max_batch: usize) -> Scratch {
        Scratch {
            shared: sum::scratch(bounded([2, self.d.input[2]])),
            worker: 0,
        }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or the workspace has less scratch memory than
    /// [`scratch`](Self::scratch) says.
    pub fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: View, y: View) {
        self.measure(mem, x);
        self.apply(mem, x, y);
    }

    backward!();

    fn back(&mut self, mem: &mut TrainMem<'_, '_>, step: Backward) {
        let Self {
            ranges, used, d, ..
        } = self;
        for (range, batch) in [
            (&ranges.mean, &used.mean),
            (&ranges.variance, &used.variance),
        ] {
            for (running, batch) in mem.params[range.clone()].iter_mut().zip(batch) {
                *running = *running * d.momentum + batch * (1.0 - d.momentum);
            }
        }
        self.gradients(mem, step);
    }

    /// Mean and variance of the batch.
    fn measure(&mut self, mem: &mut TrainMem<'_, '_>, x: View) {
        let [h, w, c] = self.d.input;
        let step = mem.mem.access([self.sizes.input(x)], []);
        let [x] = step.x;
        let rows = x.geometry.images * h;
        let count = 1.0 / (rows * w) as f32;
        let sizes = [rows, w * c, c];
        let sums = sum::over_rows(step.threads, step.shared, sizes, |row, sums| {
            (0..w).for_each(|ox| memory::add(sums, x.pixel(row / h, row % h, ox)));
        });
        let means = self.used.mean.iter_mut().zip(sums);
        means.for_each(|(mean, sum)| *mean = sum * count);
        let mean = &self.used.mean;
        let sums = sum::over_rows(step.threads, step.shared, sizes, |row, sums| {
            (0..w).for_each(|ox| squares(x.pixel(row / h, row % h, ox), mean, sums));
        });
        let variances = self.used.variance.iter_mut().zip(sums);
        variances.for_each(|(variance, sum)| *variance = sum * count);
    }

    /// Normalises by `used`, whose mean and variance are set.
    fn apply(&mut self, mem: &mut TrainMem<'_, '_>, x: View, y: View) {
        for (inverse, variance) in self.used.inverse.iter_mut().zip(&self.used.variance) {
            // An overflow would hide behind 1 / infinity = 0.
            let variance = if variance.is_finite() {
                *variance
            } else {
                f32::NAN
            };
            *inverse = 1.0 / (variance + self.d.eps).sqrt();
        }
        let weight = &mem.params[self.ranges.weight.clone()];
        let bias = &mem.params[self.ranges.bias.clone()];
        let Used { mean, inverse, .. } = &self.used;
        self.forward.pack(|c| {
            let scale = weight[c] * inverse[c];
            (scale, bias[c] - mean[c] * scale)
        });
        self.forward.run(&mut mem.mem, x, y);
    }

    /// With `xhat = (x - mean) / s`, `g` the weight and means over the batch:
    /// `dx = g / s * (dz - mean(dz) - xhat * mean(dz * xhat))`.
    fn gradients(&mut self, mem: &mut TrainMem<'_, '_>, Backward { x, y, dy, dx }: Backward) {
        let [h, w, c] = self.d.input;
        let sizes = self.sizes;
        mem.through(self.d.act, sizes.output(y), sizes.output(dy));
        let used = &mut self.used;

        let step = mem.mem.access([sizes.input(x), sizes.output(dy)], []);
        let [from, dz] = step.x;
        let rows = dz.geometry.images * h;
        let (sums, mean) = ([rows, w * c * 3, 2 * c], &used.mean);
        // The sums of dz, and of dz * (x - mean).
        let sums = sum::over_rows(step.threads, step.shared, sums, |row, sums| {
            let (plain, centred) = sums.split_at_mut(c);
            for ox in 0..w {
                let x = from.pixel(row / h, row % h, ox);
                moments(x, mean, dz.pixel(row / h, row % h, ox), plain, centred);
            }
        });
        let (plain, centred) = sums.split_at(c);
        memory::add(&mut mem.gradients[self.ranges.bias.clone()], plain);
        let weight = &mem.params[self.ranges.weight.clone()];
        let gradient = &mut mem.gradients[self.ranges.weight.clone()];
        let share = 1.0 / (rows * w) as f32;
        for i in 0..c {
            let inverse = used.inverse[i];
            gradient[i] += centred[i] * inverse;
            used.scale[i] = weight[i] * inverse;
            used.shift[i] = used.scale[i] * plain[i] * share;
            used.slope[i] = used.scale[i] * inverse * inverse * centred[i] * share;
        }
        if dx.is_none() {
            return;
        }
        let step = mem.mem.access([sizes.input(x)], [sizes.output(dy)]);
        let used = &*used;
        step.for_rows(w * c * 3, |[x], [mut dy]| {
            for ox in 0..w {
                through(used, x.pixel(dy.image, dy.y, ox), dy.pixel(ox));
            }
        });
        mem.hand_on(sizes.output(dy), dx);
    }
}

multiversion! {
    /// `sums[c] += (x[c] - mean[c])^2`
    fn squares(x: &[f32], mean: &[f32], sums: &mut [f32]) {
        for ((sum, x), mean) in sums.iter_mut().zip(x).zip(mean) {
            *sum += (x - mean) * (x - mean);
        }
    }
}

multiversion! {
    /// `whole[c] += dz[c]`, `centred[c] += dz[c] * (x[c] - mean[c])`
    fn moments(x: &[f32], mean: &[f32], dz: &[f32], whole: &mut [f32], centred: &mut [f32]) {
        whole.iter_mut().zip(dz).for_each(|(sum, dz)| *sum += dz);
        for (((sum, x), mean), dz) in centred.iter_mut().zip(x).zip(mean).zip(dz) {
            *sum += dz * (x - mean);
        }
    }
}

multiversion! {
    /// From `dz` to `dx`.
    fn through(used: &Used, x: &[f32], dz: &mut [f32]) {
        let factors = used.scale.iter().zip(&used.shift).zip(&used.slope).zip(&used.mean);
        for ((dz, x), (((scale, shift), slope), mean)) in dz.iter_mut().zip(x).zip(factors) {
            *dz = scale * *dz - shift - slope * (x - mean);
        }
    }
}

/// Mean and biased variance of each of `c` channels.
pub(crate) fn statistics<T: Real>(c: usize, x: &[T]) -> [Vec<T>; 2] {
    let count = T::of((x.len() / c) as f64);
    let mean = |f: &dyn Fn(usize, T) -> T| -> Vec<T> {
        let channel =
            |c0: usize| x.iter().skip(c0).step_by(c).map(|&x| f(c0, x)).sum::<T>() / count;
        (0..c).map(channel).collect()
    };
    let means = mean(&|_, x| x);
    let variances = mean(&|c, x| (x - means[c]) * (x - means[c]));
    [means, variances]
}

impl Plain for plan::BatchNormTraining {
    fn plain<T: Real>(&self, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let c = self.input[2];
        let [mean, variance] = statistics(c, &inputs[0]);
        let statistics = Statistics {
            weight: &given.tensor("weight", c),
            bias: &given.tensor("bias", c),
            mean: &mean,
            variance: &variance,
        };
        super::reference(&fixed(self), statistics, &inputs[0], y);
    }
}

impl PlainBackward for plan::BatchNormTraining {
    /// By the formula of [`BatchNormTraining::back`].
    fn plain_backward<T: Real>(
        &self,
        given: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let (c, x, dz) = (self.input[2], &pass.x[0], pass.dy);
        let [mean, variance] = statistics(c, x);
        let gain = given.tensor("weight", c);
        let count = T::of((x.len() / c) as f64);
        let (mut dweight, mut dbias) = (Vec::new(), Vec::new());
        for channel in 0..c {
            let s = (variance[channel] + T::of(self.eps.into())).sqrt();
            let places = || (channel..x.len()).step_by(c);
            let hat = |i: usize| (x[i] - mean[channel]) / s;
            let plain: T = places().map(|i| dz[i]).sum();
            let along: T = places().map(|i| dz[i] * hat(i)).sum();
            dweight.push(along);
            dbias.push(plain);
            for i in places() {
                let through = (plain + hat(i) * along) / count;
                gradients.inputs[0][i] += gain[channel] / s * (dz[i] - through);
            }
        }
        gradients.affine(dweight, Some(dbias));
        let keep = T::of(self.momentum.into());
        for (leaf, batch) in [("running_mean", mean), ("running_var", variance)] {
            let old = given.tensor(leaf, c);
            let moved = old.iter().zip(&batch);
            let moved = moved.map(|(&old, &new)| old * keep + new * (T::one() - keep));
            gradients.running.push((leaf, moved.collect()));
        }
    }
}
