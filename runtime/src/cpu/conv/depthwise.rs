//! Depthwise convolution: one filter a channel, vectors of channels.

use super::panels::Strides;
use super::pixels::{Origin, Pixels, are_even, cells, origins};
use crate::cpu::act;
use crate::cpu::kernel::{Aligned, Beside, Cells, Depthwise as Tile, Fused, Kernels, MAX_LANES};
use crate::plan::{Act, Conv, Op};
use core::ops::Range;

/// The most cells of a kernel; larger ones are left to the direct convolution.
const MAX_TAPS: usize = 64;
/// The most pixels that any kernel takes at once.
const MAX_ROWS: usize = 6;

/// Packed weights and the way through them.
pub(super) struct Depthwise {
    d: Conv,
    /// Output height and width.
    output: [usize; 2],
    kernels: &'static Kernels,
    fused: Fused,
    /// What is left of the activation when `fused` is done.
    late: Act,
    /// Channels, rounded up to whole vectors.
    padded: usize,
    /// `[kh * kw][padded]`
    strides: Strides,
    weights: Aligned,
    biases: Aligned,
    /// What padded cells hold.
    zeros: Aligned,
}

impl Depthwise {
    /// Whether the convolution is of this kind.
    pub(super) fn fits(d: &Conv) -> bool {
        let [kh, kw] = d.kernel;
        d.groups == d.input[2] && d.filters == d.groups && kh.saturating_mul(kw) <= MAX_TAPS
    }

    /// Prepares the way through weights of any layout; [`pack`](Self::pack) brings them.
    pub(super) fn new(d: Conv, strides: Strides, kernels: &'static Kernels) -> Self {
        let taps = d.kernel[0] * d.kernel[1];
        let channels = d.input[2];
        assert!(Self::fits(&d), "depthwise: {d:?}");
        let padded = channels.next_multiple_of(MAX_LANES);
        let (fused, late) = Fused::split(d.act);
        let [height, width, _] = Op::Conv(d).output();
        Self {
            d,
            output: [height, width],
            kernels,
            fused,
            late,
            padded,
            strides,
            weights: Aligned::zeros(taps * padded),
            biases: Aligned::zeros(padded),
            zeros: Aligned::zeros(channels),
        }
    }

    /// Takes these weights and biases; an empty `bias` stands for zeros.
    pub(super) fn pack(&mut self, weights: &[f32], bias: &[f32]) {
        let [kh, kw] = self.d.kernel;
        let channels = self.d.input[2];
        assert_eq!(weights.len(), channels * kh * kw, "weights of {:?}", self.d);
        let packed = self.weights.as_mut_slice();
        for (t, packed) in packed
            .chunks_exact_mut(self.padded)
            .enumerate()
            .take(kh * kw)
        {
            for (c, packed) in packed.iter_mut().enumerate().take(channels) {
                *packed = weights[self.strides.at(c, 0, [t / kw, t % kw], 0)];
            }
        }
        self.biases.as_mut_slice()[..bias.len()].copy_from_slice(bias);
    }

    /// Output pixels of a task.
    fn step(&self) -> usize {
        let work = self.d.kernel[0] * self.d.kernel[1] * self.d.input[2];
        let pixels = (self.kernels.tuning.depthwise_task / work.max(1)).max(1);
        pixels.next_multiple_of(self.kernels.depthwise.len())
    }

    pub(super) fn tasks(&self, images: usize) -> usize {
        (images * self.output[0] * self.output[1]).div_ceil(self.step())
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
        if outside - inside < 3 * most {
            return most;
        }
        let ends = [inside, outside, width];
        let end = ends.into_iter().find(|end| *end > column).unwrap_or(width);
        (end - column).min(most)
    }

    /// The work of one call over these inputs.
    fn tile<R>(&self, inputs: R, out: *mut f32, stride: usize) -> Tile<R> {
        Tile {
            inputs,
            weights: self.weights.as_slice().as_ptr(),
            bias: self.biases.as_slice().as_ptr(),
            padded: self.padded,
            channels: self.d.input[2],
            out,
            stride,
            act: self.fused,
        }
    }

    /// Computes one task of a run.
    ///
    /// # Safety
    /// `input` and `output` hold `images` images of the descriptor's sizes; nobody else writes the output's elements of this task or any of the input
    /// while this runs.
    pub(super) unsafe fn run(
        &self,
        images: usize,
        task: usize,
        input: Pixels<'_>,
        output: Pixels<'_>,
    ) {
        let total = images * self.output[0] * self.output[1];
        let start = task * self.step();
        let end = total.min(start + self.step());
        // SAFETY: the caller's promise is the same.
        unsafe { self.pixels(start..end, input, output) }
    }

    /// Computes these output pixels, counted through the batch.
    ///
    /// # Safety
    /// `output` holds these pixels, and `input` the rows of their windows that lie in the picture; nobody else writes either while this runs, or
    /// reads the output.
    pub(super) unsafe fn pixels(
        &self,
        Range { start, end }: Range<usize>,
        input: Pixels<'_>,
        output: Pixels<'_>,
    ) {
        let d = &self.d;
        let mut windows = [Origin::default(); MAX_ROWS];
        let mut rows = [core::ptr::null::<f32>(); MAX_TAPS * MAX_ROWS];
        let beside = match d.dilation[1] {
            1 => self.kernels.depthwise_rows(d.kernel[1], d.stride[1]),
            _ => &[],
        };
        let mut next = start;
        while next < end {
            let from = next;
            let count = self.together(from % self.output[1]).min(end - from);
            next += count;
            let windows = &mut windows[..count];
            origins(d, self.output, from, input.pixel, windows);
            let out = output.at(from * output.pixel);
            if let Some(kernel) = beside.get(count - 1)
                && are_even(d, windows)
            {
                let inputs = Beside {
                    first: input.at(windows[0].offset).cast_const(),
                    rows: d.kernel[0],
                    steps: [d.dilation[0] * d.input[1] * input.pixel, input.pixel],
                };
                // SAFETY: the kernels' level was checked when they were chosen. The windows lie inside the picture (checked above); weights
                // and biases are padded to whole vectors; the outputs are this task's own.
                unsafe { kernel(&self.tile(inputs, out, output.pixel)) }
            } else {
                cells(d, windows, input, self.zeros.as_slice(), &mut rows);
                let inputs = Cells {
                    rows: rows.as_ptr(),
                    taps: d.kernel[0] * d.kernel[1],
                };
                let tile = self.tile(inputs, out, output.pixel);
                // SAFETY: as above; each pointer is to a pixel inside the picture (checked) or to as many zeros.
                unsafe { self.kernels.depthwise[count - 1](&tile) }
            }
            if self.late != Act::None {
                for r in 0..count {
                    let pixel = out.wrapping_add(r * output.pixel);
                    // SAFETY: the kernel has just written these elements, which are this task's own.
                    let pixel = unsafe { core::slice::from_raw_parts_mut(pixel, d.input[2]) };
                    act::apply(self.late, pixel);
                }
            }
        }
    }
}
