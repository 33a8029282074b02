//! Maximum over windows.

#[cfg(feature = "train")]
pub(crate) mod train;

use super::kernel::{Kernels, MaxWindow, Together, kernels};
use super::rows::{RowKernel, Rows};
use super::simd::{self, multiversion};
use super::sizes::{Sizes, bounded, prepared};
use super::window::under;
use super::{Real, access, activate};
use crate::Mem;
use crate::plan::{self, Op, View};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;
use core::ops::Range;

/// See [`plan::MaxPool`]. A NaN in a window wins; a window over padding alone gives 0.
pub struct MaxPool {
    d: plan::MaxPool,
    sizes: Sizes,
    kernels: &'static Kernels,
    several: Several,
}

/// How windows of few channels are taken several at once, where they lie without a gap.
struct Several {
    /// As of [`Together`]; 1 for one after the other.
    windows: usize,
    lanes: Vec<u32>,
}

impl Several {
    /// For vectors of so many lanes.
    fn of(d: &plan::MaxPool, lanes: usize) -> Self {
        let channels = d.input[2];
        let apart = d.stride[1].saturating_mul(channels);
        let window = d.window[1].saturating_mul(channels);
        let fits = |m: &usize| bounded([*m - 1, apart]).saturating_add(window) <= 2 * lanes;
        let most = lanes.checked_div(channels).unwrap_or(0);
        let windows = (2..=most).rev().find(fits).unwrap_or(1);
        let used = windows * channels;
        let columns = 0..if windows == 1 { 0 } else { d.window[1] };
        let place = |x: usize, lane: usize| match lane < used {
            true => lane / channels * apart + x * channels + lane % channels,
            false => 0,
        };
        let lanes = columns.flat_map(|x| (0..lanes).map(move |lane| place(x, lane) as u32));
        Self {
            windows,
            lanes: lanes.collect(),
        }
    }

    /// The same for the kernel, where pixels of inputs and outputs lie so far apart.
    fn together(&self, pixels: [usize; 2], channels: usize) -> Option<Together> {
        (self.windows > 1 && pixels == [channels; 2]).then_some(Together {
            windows: self.windows,
            lanes: self.lanes.as_ptr(),
        })
    }
}

impl MaxPool {
    prepared!(|d: plan::MaxPool| Self {
        d,
        kernels: kernels(simd::level()),
        several: Several::of(&d, kernels(simd::level()).lanes)
    });

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let cost = bounded([y.shape[1], y.shape[2], self.d.window[0], self.d.window[1]]);
        mem.step([self.sizes.input(x)], self.sizes.output(y))
            .for_rows(cost, |[x], mut out| self.row(x, &mut out));
    }
}

impl RowKernel for MaxPool {
    fn op(&self) -> Op {
        self.d.into()
    }

    unsafe fn rows(&self, image: usize, rows: Range<usize>, of: &Rows<'_>) {
        let (x, y) = (of.x[0].floats(), of.y.floats());
        for number in rows {
            // SAFETY: the caller's rows are there, and this task's own.
            self.row(&x, &mut unsafe { y.row(image, number) });
        }
    }
}

impl MaxPool {
    fn row(&self, x: &access::Source<'_>, out: &mut access::Row<'_>) {
        let d = &self.d;
        let kernel = self.kernels.max_window;
        let [h, w, channels] = d.input;
        let pixel = x.geometry.pixel;
        let rows = under(out.y, d.window[0], d.stride[0], d.pad[0], h);
        let mut ox = 0;
        while ox < out.width() {
            let first = under(ox, d.window[1], d.stride[1], d.pad[2], w);
            let mut count = 1;
            if rows.is_empty() || first.is_empty() {
                out.pixel(ox).fill(0.0);
            } else {
                // Windows that lie inside the picture are taken at once.
                if first.len() == d.window[1] {
                    let last = (w + d.pad[2] - d.window[1]) / d.stride[1];
                    count = (last + 1 - ox).min(out.width() - ox);
                }
                let window = MaxWindow {
                    first: x.address(out.image, rows.start, first.start),
                    size: [rows.len(), first.len()],
                    steps: [w * pixel, pixel],
                    channels,
                    out: out.address(ox),
                    count,
                    apart: d.stride[1] * pixel,
                    out_step: out.step(),
                    together: self.several.together([pixel, out.step()], channels),
                };
                // SAFETY: the level is this machine's; the windows lie inside the picture that the source holds, whose pixels
                // have `channels` elements, and the output's row is this task's own.
                unsafe { kernel(&window) }
            }
            ox += count;
        }
        activate_row(d.act, out);
    }
}

multiversion! {
    fn activate_row(act: plan::Act, out: &mut access::Row<'_>) {
        out.activate(act);
    }
}

fn larger<T: Real>(best: T, x: T) -> T {
    if x > best || x.is_nan() { x } else { best }
}

/// The definition in [`plan::MaxPool`], for any number of dense images.
pub(crate) fn reference<T: Real>(d: &plan::MaxPool, x: &[T], y: &mut [T]) {
    let [h, w, c] = d.input;
    let [oh, ow, _] = Op::MaxPool(*d).output();
    let images = x
        .chunks_exact(h * w * c)
        .zip(y.chunks_exact_mut(oh * ow * c));
    for (x, y) in images {
        for (i, y) in y.iter_mut().enumerate() {
            let (oy, ox, channel) = (i / (ow * c), i / c % ow, i % c);
            let mut best: Option<T> = None;
            for iy in under(oy, d.window[0], d.stride[0], d.pad[0], h) {
                for ix in under(ox, d.window[1], d.stride[1], d.pad[2], w) {
                    let x = x[(iy * w + ix) * c + channel];
                    best = Some(best.map_or(x, |best| larger(best, x)));
                }
            }
            *y = activate(d.act, best.unwrap_or(T::zero()));
        }
    }
}

impl Plain for plan::MaxPool {
    fn plain<T: Real>(&self, _: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        reference(self, &inputs[0], y);
    }
}

#[cfg(test)]
mod tests;
