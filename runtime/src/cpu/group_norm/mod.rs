//! Group normalisation: over all pixels of an image and the channels of a group.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::access::{Source, scratch};
use super::act::apply_inline;
use super::normalise::{Affine, reference, taken};
use super::sizes::{Sizes, bounded};
use super::{Real, activate, simd::multiversion};
use crate::plan::{self, Act, View};
use crate::reference::{Given, Plain};
use crate::{LayerWeights, Mem, Scratch};
use alloc::vec::Vec;
#[cfg(not(feature = "std"))]
use num_traits::Float as _;

/// See [`plan::GroupNorm`].
pub struct GroupNorm {
    d: plan::GroupNorm,
    sizes: Sizes,
    /// Weight and bias.
    affine: [Vec<f32>; 2],
}

impl GroupNorm {
    /// Takes the layer's parameters.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layer has not its parameters.
    #[must_use]
    pub fn new(d: plan::GroupNorm, layer: LayerWeights<'_>) -> Self {
        let sizes = Sizes::of(d);
        let affine = taken(&d, layer);
        Self { d, sizes, affine }
    }

    /// Memory for a batch.
    #[must_use]
    pub fn scratch(&self, _max_batch: usize) -> Scratch {
        needed(&self.d)
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, overlap, or the workspace has less scratch memory than
    /// [`scratch`](Self::scratch) says.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let affine = self.affine.each_ref().map(|all| &all[..]);
        run(mem, (self.sizes, &self.d), affine, x, y);
    }
}

/// Scratch memory of a worker.
fn needed(d: &plan::GroupNorm) -> Scratch {
    Scratch {
        shared: 0,
        worker: bounded([6, d.input[2]]),
    }
}

/// Numbers of each channel of an image.
struct Channels<'m> {
    mean: &'m mut [f32],
    /// `1 / sqrt(variance + eps)`
    inverse: &'m mut [f32],
    /// Of a row.
    row: &'m mut [f32],
    others: [&'m mut [f32]; 3],
}

impl<'m> Channels<'m> {
    fn new(memory: &'m mut [f32], c: usize) -> Self {
        let (mean, rest) = scratch(memory, c);
        let (inverse, rest) = scratch(rest, c);
        let (row, rest) = scratch(rest, c);
        let (a, rest) = scratch(rest, c);
        let (b, rest) = scratch(rest, c);
        let (c, _) = scratch(rest, c);
        Self {
            mean,
            inverse,
            row,
            others: [a, b, c],
        }
    }

    /// Sets mean and inverse deviation of one image.
    fn measure(&mut self, d: &plan::GroupNorm, x: &Source<'_>, image: usize) {
        let [h, w, c] = d.input;
        let Self {
            mean,
            inverse,
            row,
            others: [zeros, sums, _],
        } = self;
        zeros.fill(0.0);
        let share = 1.0 / (h * w * (c / d.groups)) as f32;
        let mut over_pixels =
            |centre: &[f32], power: fn(&[f32], &[f32], &mut [f32]), to: &mut [f32]| {
                sums.fill(0.0);
                for oy in 0..h {
                    row.fill(0.0);
                    match x.dense_row(image, oy) {
                        Some(pixels) => power(centre, pixels, row),
                        None => (0..w).for_each(|ox| power(centre, x.pixel(image, oy, ox), row)),
                    }
                    sums.iter_mut()
                        .zip(&**row)
                        .for_each(|(sum, row)| *sum += row);
                }
                for (sums, to) in sums
                    .chunks_exact(c / d.groups)
                    .zip(to.chunks_exact_mut(c / d.groups))
                {
                    to.fill(sums.iter().sum::<f32>() * share);
                }
            };
        over_pixels(zeros, plain, mean);
        over_pixels(mean, squares, inverse);
        for inverse in &mut **inverse {
            // An overflow would hide behind 1 / infinity = 0.
            let variance = if inverse.is_finite() {
                *inverse
            } else {
                f32::NAN
            };
            *inverse = 1.0 / (variance + d.eps).sqrt();
        }
    }
}

multiversion! {
    /// Adds the channels of some pixels.
    fn plain(_centre: &[f32], x: &[f32], sums: &mut [f32]) {
        for x in x.chunks_exact(sums.len()) {
            sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
        }
    }
}

multiversion! {
    /// Adds the squared distances of the channels of some pixels.
    fn squares(centre: &[f32], x: &[f32], sums: &mut [f32]) {
        for x in x.chunks_exact(sums.len()) {
            for ((sum, x), centre) in sums.iter_mut().zip(x).zip(centre) {
                *sum += (x - centre) * (x - centre);
            }
        }
    }
}

/// Normalises with these weights and biases.
fn run(
    mem: &mut Mem<'_, '_>,
    (sizes, d): (Sizes, &plan::GroupNorm),
    [weight, bias]: [&[f32]; 2],
    x: View,
    y: View,
) {
    let [h, w, c] = d.input;
    let step = mem.access([sizes.input(x)], [sizes.output(y)]);
    step.for_images(bounded([h, w, c, 6]), |[x], [mut y], memory| {
        let mut channels = Channels::new(memory, c);
        channels.measure(d, x, y.number);
        let Channels { mean, inverse, .. } = channels;
        let factors = inverse.iter_mut().zip(weight);
        factors.for_each(|(inverse, weight)| *inverse *= weight);
        for oy in 0..h {
            for ox in 0..w {
                let from = x.pixel(y.number, oy, ox);
                normalise(d.act, from, [mean, inverse, bias], y.pixel(oy, ox));
            }
        }
    });
}

multiversion! {
    /// One pixel.
    fn normalise(act: Act, x: &[f32], numbers: [&[f32]; 3], y: &mut [f32]) {
        let [mean, factor, bias] = numbers;
        for ((y, x), ((mean, factor), bias)) in y.iter_mut().zip(x).zip(mean.iter().zip(factor).zip(bias)) {
            *y = (x - mean) * factor + bias;
        }
        apply_inline(act, y);
    }
}

/// The places of each group in dense images of `len` elements together.
fn sets(d: &plan::GroupNorm, len: usize) -> impl Iterator<Item = Vec<usize>> + use<> {
    let [h, w, c] = d.input;
    let (image, n) = (h * w * c, c / d.groups);
    (0..len / image * d.groups).map(move |set| {
        let (first, group) = (set / (c / n) * image, set % (c / n));
        let pixels = (first..first + image).step_by(c);
        pixels
            .flat_map(|pixel| pixel + group * n..pixel + (group + 1) * n)
            .collect()
    })
}

impl Plain for plan::GroupNorm {
    fn plain<T: Real>(&self, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let affine = Affine::of(given, self.input[2], self.eps);
        reference(sets(self, y.len()), &affine, &inputs[0], y);
        y.iter_mut().for_each(|y| *y = activate(self.act, *y));
    }
}
