//! Depthwise convolution of bytes: one filter a channel, vectors of channels.

use super::ending::{Bytes, Ending, Output};
use super::{Layer, Quantisation};
use crate::cpu::conv::{Origin, are_even, origins};
use crate::cpu::kernel::int8::{
    Beside, Cells, Depthwise as Tile, Finish, Kernels, MAX_LANES, Out, kernels,
};
use crate::cpu::simd::Level;
use crate::cpu::tuning::Tuning;
use crate::plan::{Conv, Op};
use crate::threads::Threads;
use alloc::vec;
use alloc::vec::Vec;

/// The most cells of a kernel; larger ones are left to the product.
const MAX_TAPS: usize = 64;
/// The most pixels that any kernel takes at once.
const MAX_ROWS: usize = 6;
/// The most channels: numbers between sums and an activation lie on the stack.
const MAX_CHANNELS: usize = 2048;

/// Packed weights and the way through them.
pub(super) struct Depthwise {
    d: Conv,
    /// Output height and width.
    output: [usize; 2],
    kernels: &'static Kernels,
    /// Output pixels of a task.
    step: usize,
    /// Channels, rounded up to whole vectors.
    padded: usize,
    /// `[kh * kw][padded]`
    weights: Vec<i32>,
    ending: Ending,
    /// What padded cells hold.
    zeros: Vec<u8>,
    writes_bytes: bool,
}

impl Depthwise {
    /// Whether the convolution is of this kind.
    pub(super) fn fits(d: &Conv) -> bool {
        let [kh, kw] = d.kernel;
        d.groups == d.input[2]
            && d.filters == d.groups
            && kh.saturating_mul(kw) <= MAX_TAPS
            && d.groups <= MAX_CHANNELS
    }

    /// Packs a layer.
    pub(super) fn new(
        d: Conv,
        layer: &Layer,
        quantisation: [Option<Quantisation>; 2],
        level: Level,
    ) -> Self {
        let kernels = kernels(level, true);
        let (channels, taps) = (d.input[2], d.kernel[0] * d.kernel[1]);
        let padded = channels.next_multiple_of(MAX_LANES);
        let [height, width, _] = Op::Conv(d).output();
        let mut weights = vec![0; taps * padded];
        for (c, filter) in layer.weight.chunks_exact(taps).enumerate() {
            for (t, weight) in filter.iter().enumerate() {
                // The lower 16 bits of a lane; a negative weight's upper bits meet the zeros above an input.
                weights[t * padded + c] = i32::from(*weight);
            }
        }
        let tuning = Tuning::of(level);
        let pixels = (tuning.depthwise_task / (taps * channels).max(1)).max(1);
        let zero = quantisation[0].map_or(0, |input| input.zero_point);
        let places: Vec<usize> = (0..channels).collect();
        Self {
            d,
            output: [height, width],
            kernels,
            step: pixels.next_multiple_of(kernels.depthwise.len()),
            padded,
            weights,
            ending: Ending::new(layer, quantisation, d.act, &places, padded),
            zeros: vec![zero; channels],
            writes_bytes: quantisation[1].is_some(),
        }
    }

    /// Whether outputs are bytes.
    pub(super) fn writes_bytes(&self) -> bool {
        self.writes_bytes
    }

    /// How many pixels one call takes, from this column of a row on: in long rows, those whose windows lie between its ends are not mixed with
    /// others.
    fn together(&self, column: usize) -> usize {
        let d = &self.d;
        let [before, after] = [d.pad[2], d.input[1] + d.pad[2]];
        let reach = d.dilation[1] * (d.kernel[1] - 1);
        let width = self.output[1];
        let inside = before.div_ceil(d.stride[1]).min(width);
        let outside = (after.saturating_sub(reach))
            .div_ceil(d.stride[1])
            .clamp(inside, width);
        let most = self.kernels.depthwise.len();
        let ends = [inside, outside, width];
        let end = ends.into_iter().find(|end| *end > column).unwrap_or(width);
        (end - column).min(most)
    }

    /// Where each cell of each window lies, cell by cell; zeros for those outside the picture.
    fn cells(&self, windows: &[Origin], input: Bytes<'_>, rows: &mut [*const u8]) {
        let d = &self.d;
        let mut slots = rows.iter_mut();
        for ky in 0..d.kernel[0] {
            let y = ky * d.dilation[0];
            for kx in 0..d.kernel[1] {
                let x = kx * d.dilation[1];
                let cell = y.wrapping_mul(d.input[1]).wrapping_add(x);
                let cell = cell.wrapping_mul(input.pixel);
                for (o, slot) in windows.iter().zip(&mut slots) {
                    let here = o.y.wrapping_add_unsigned(y) as usize;
                    let there = o.x.wrapping_add_unsigned(x) as usize;
                    // A negative row or column is huge as a `usize`.
                    *slot = if here < d.input[0] && there < d.input[1] {
                        input.at(o.offset.wrapping_add(cell))
                    } else {
                        self.zeros.as_ptr()
                    };
                }
            }
        }
    }

    /// Computes a batch.
    ///
    /// # Safety
    /// `input` and `output` hold `images` images of the descriptor's sizes. For the time of the call nobody else writes the input or
    /// touches the output, and they share no element.
    pub(super) unsafe fn run(
        &self,
        images: usize,
        input: Bytes<'_>,
        output: Output<'_>,
        threads: Threads,
    ) {
        let total = images * self.output[0] * self.output[1];
        threads.for_each(total.div_ceil(self.step), |task, _| {
            let mut next = task * self.step;
            let end = total.min(next + self.step);
            while next < end {
                let count = self.together(next % self.output[1]).min(end - next);
                let out = output.at(next, 0);
                // SAFETY: the caller's promise; the tasks write different pixels.
                unsafe { self.pixels(next, count, input, out) }
                next += count;
            }
        });
    }

    /// Computes a few pixels.
    ///
    /// # Safety
    /// As for [`run`](Self::run), for these pixels.
    unsafe fn pixels(
        &self,
        first: usize,
        count: usize,
        input: Bytes<'_>,
        (out, stride): (Out, usize),
    ) {
        let channels = self.d.input[2];
        if self.ending.is_late() {
            let mut numbers = [0.0; MAX_CHANNELS];
            let numbers = &mut numbers[..channels];
            for r in 0..count {
                let there = (Out::F32(numbers.as_mut_ptr()), channels);
                let out = match out {
                    Out::F32(out) => Out::F32(out.wrapping_add(r * stride)),
                    Out::U8(out) => Out::U8(out.wrapping_add(r * stride)),
                };
                // SAFETY: the caller's promise.
                unsafe {
                    self.call(first + r, 1, input, self.ending.finish(0, there, channels));
                    self.ending.late(numbers, channels, (out, stride));
                }
            }
            return;
        }
        let finish = self.ending.finish(0, (out, stride), channels);
        // SAFETY: the caller's promise.
        unsafe { self.call(first, count, input, finish) }
    }

    /// Calls the kernel for a few pixels.
    ///
    /// # Safety
    /// As for [`run`](Self::run), for these pixels.
    unsafe fn call(&self, first: usize, count: usize, input: Bytes<'_>, finish: Finish) {
        let d = &self.d;
        let mut windows = [Origin::default(); MAX_ROWS];
        let windows = &mut windows[..count];
        origins(d, self.output, first, input.pixel, windows);
        let beside = match d.dilation[1] {
            1 => self.kernels.depthwise_rows(d.kernel[1], d.stride[1]),
            _ => &[],
        };
        let (weights, padded) = (self.weights.as_ptr(), self.padded);
        if let Some(kernel) = beside.get(count - 1)
            && are_even(d, windows)
        {
            let inputs = Beside {
                first: input.at(windows[0].offset),
                rows: d.kernel[0],
                steps: [d.dilation[0] * d.input[1] * input.pixel, input.pixel],
            };
            let tile = Tile {
                inputs,
                weights,
                padded,
                finish,
            };
            // SAFETY: the kernels' level was checked when they were chosen. The windows lie inside the picture (checked above); weights are
            // padded to whole vectors; the outputs are this task's own.
            unsafe { kernel(&tile) }
        } else {
            let mut rows = [core::ptr::null(); MAX_TAPS * MAX_ROWS];
            self.cells(windows, input, &mut rows);
            let inputs = Cells {
                rows: rows.as_ptr(),
                taps: d.kernel[0] * d.kernel[1],
            };
            let tile = Tile {
                inputs,
                weights,
                padded,
                finish,
            };
            // SAFETY: as above; each pointer is to a pixel inside the picture (checked) or to as many zeros.
            unsafe { self.kernels.depthwise[count - 1](&tile) }
        }
    }
}
