//! Depthwise convolution of bytes: one filter a channel, rows of outputs, blocks of channels.

use super::ending::{Bytes, Ending, Output};
use super::{Layer, Quantisation};
use crate::cpu::kernel::Aligned;
use crate::cpu::kernel::int8::{
    Added, Depthwise as Call, DepthwiseKernels, Kernels, Out, Outputs, Row, kernels,
};
use crate::cpu::simd::Level;
use crate::cpu::tuning::Tuning;
use crate::plan::{Conv, Op};
use crate::threads::Threads;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// The most cells of a kernel; larger ones are left to the product.
const MAX_TAPS: usize = 64;
/// Rows of the picture that one call sees, in fours: two windows below each other.
const MAX_ROWS: usize = (MAX_TAPS + 1).next_multiple_of(4);
/// Outputs of a row that lie on the stack between sums and an activation.
const NEAR: usize = 16;
/// The most channels of a call.
const MAX_CHANNELS: usize = 64;

/// What is added to the outputs.
const NOTHING: (Added, usize) = (Added::Nothing, 0);

/// Some channels.
struct Block {
    channel: usize,
    width: usize,
    kernels: &'static DepthwiseKernels,
    /// For bytes and for numbers.
    outputs: Outputs,
    /// Offset of the weights.
    weights: usize,
    /// Place in the [`Ending`].
    at: usize,
}

/// Packed weights and the way through them.
pub(super) struct Depthwise {
    d: Conv,
    /// Output height and width.
    output: [usize; 2],
    /// Rows of outputs that a call computes.
    together: usize,
    /// Rows of the picture that a call sees, in fours.
    quads: usize,
    blocks: Vec<Block>,
    /// Blocks of a task.
    step: usize,
    weights: Aligned<u8>,
    ending: Ending,
    /// What padded cells hold.
    zeros: Vec<u8>,
    writes_bytes: bool,
}

/// Whether weights that are multiplied by neighbours in a four are small enough for [`kernels`] that ask for it.
fn is_small(d: &Conv, layer: &Layer) -> bool {
    let [kh, kw] = d.kernel;
    // Windows of a second row begin one row further down: any neighbours may meet.
    layer.weight.chunks_exact(kh * kw).all(|filter| {
        let mut below = filter.iter().zip(filter.iter().skip(kw));
        below.all(|(a, b)| (i32::from(*a) + i32::from(*b)).abs() <= 128)
    })
}

/// Cuts channels into blocks, of half vectors where these hold the last ones. `size` is the vectors of weights of each; `outputs` tells which
/// kernels it takes.
fn blocks(
    channels: usize,
    kernels: &'static Kernels,
    size: usize,
    outputs: impl Fn(&DepthwiseKernels) -> Outputs,
) -> Vec<Block> {
    let [whole, half] = &kernels.depthwise;
    let (mut blocks, mut channel, mut at, mut weights) = (Vec::new(), 0, 0, 0);
    while channel < channels {
        let left = channels - channel;
        let kernels = match left <= half.channels() {
            true => half,
            false => whole,
        };
        let width = left.min(kernels.channels());
        blocks.push(Block {
            channel,
            width,
            kernels,
            outputs: outputs(kernels),
            weights,
            at,
        });
        channel += width;
        at += kernels.channels();
        weights += size * kernels.bytes;
    }
    blocks
}

impl Depthwise {
    /// Whether the convolution is of this kind.
    pub(super) fn fits(d: &Conv) -> bool {
        let [kh, kw] = d.kernel;
        d.groups == d.input[2] && d.filters == d.groups && kh.saturating_mul(kw) <= MAX_TAPS
    }

    /// Packs a layer.
    pub(super) fn new(
        d: Conv,
        layer: &Layer,
        [input, output]: [Option<Quantisation>; 2],
        level: Level,
    ) -> Self {
        let kernels = kernels(level, is_small(&d, layer));
        let channels = d.input[2];
        let [height, width, _] = Op::Conv(d).output();
        let [kh, kw] = d.kernel;
        let in_pairs = height > 1 && kw == 3 && [d.stride, d.dilation] == [[1; 2]; 2];
        let pair = |kernels: &DepthwiseKernels| kernels.pair.filter(|_| in_pairs);
        let together = match pair(&kernels.depthwise[0]) {
            Some(_) => 2,
            None => 1,
        };
        let quads = (kh + together - 1).div_ceil(4);
        let size = quads * kw * together * 4;
        let blocks = blocks(channels, kernels, size, |kernels| {
            let row = kernels.row(kw, d.stride[1], d.dilation[1]);
            pair(kernels).unwrap_or(row)
        });
        let (mut places, mut end) = (vec![0; channels], 0);
        for block in &blocks {
            for c in 0..block.width {
                let [v, lane] = block.kernels.place(c);
                places[block.channel + c] = block.at + v * block.kernels.lanes + lane;
            }
            end = block.at + block.kernels.channels();
        }
        let size = blocks
            .last()
            .map_or(0, |last| last.weights + size * last.kernels.bytes);
        // A task is worth its start, and most have enough blocks to be shared.
        let work = kh * kw * together * width * MAX_CHANNELS;
        let step = Tuning::of(level).depthwise_task.div_ceil(work.max(1));
        let zero = input.map_or(0, |input| input.zero_point);
        let mut depthwise = Self {
            d,
            output: [height, width],
            together,
            quads,
            step,
            weights: Aligned::zeros(size),
            ending: Ending::new(layer, [input, output], None, d.act, (&places, end)),
            zeros: vec![zero; channels],
            writes_bytes: output.is_some(),
            blocks,
        };
        depthwise.pack(kernels, &layer.weight);
        depthwise
    }

    fn pack(&mut self, kernels: &Kernels, weight: &[i8]) {
        let [kh, kw] = self.d.kernel;
        let weights = self.weights.as_mut_slice();
        for block in &self.blocks {
            let size = block.kernels.bytes;
            for (c, filter) in weight
                .chunks_exact(kh * kw)
                .skip(block.channel)
                .take(block.width)
                .enumerate()
            {
                let [v, lane] = block.kernels.place(c);
                for (tap, weight) in filter.iter().enumerate() {
                    for line in 0..self.together {
                        let (row, column) = (tap / kw + line, tap % kw);
                        let vector = (row / 4 * kw + column) * self.together + line;
                        let to = &mut weights[block.weights + (4 * vector + v) * size..];
                        kernels.pack(&mut to[..size], lane, row % 4, *weight);
                    }
                }
            }
        }
    }

    /// Whether outputs are bytes.
    pub(super) fn writes_bytes(&self) -> bool {
        self.writes_bytes
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
        let lines = self.output[0].div_ceil(self.together);
        let parts = self.blocks.len().div_ceil(self.step);
        threads.for_each(images * lines * parts, |task, _| {
            let (line, part) = (task / parts, task % parts);
            let (image, y) = (line / lines, line % lines * self.together);
            let from = part * self.step;
            let blocks = &self.blocks[from..self.blocks.len().min(from + self.step)];
            // SAFETY: the caller's promise; the tasks write different elements.
            unsafe { self.lines(image, y, blocks, input, output) }
        });
    }

    /// Rows that are computed at once.
    pub(super) fn together(&self) -> usize {
        self.together
    }

    /// Computes these rows of an image, from one on with which such rows begin.
    ///
    /// # Safety
    /// As for [`run`](Self::run), for these rows of the output and those of the input that they are computed from.
    pub(super) unsafe fn strip(
        &self,
        image: usize,
        rows: Range<usize>,
        input: Bytes<'_>,
        output: Output<'_>,
    ) {
        for y in rows.step_by(self.together) {
            // SAFETY: the caller's promise is the same.
            unsafe { self.lines(image, y, &self.blocks, input, output) }
        }
    }

    /// The rows of the picture that a call sees, from the window of output row `y` on.
    fn rows(&self, image: usize, y: usize, input: Bytes<'_>) -> [Row; MAX_ROWS] {
        let d = &self.d;
        let outside = Row {
            first: self.zeros.as_ptr(),
            step: 0,
        };
        let mut rows = [outside; MAX_ROWS];
        let count = d.kernel[0] + self.together - 1;
        for (i, row) in rows.iter_mut().enumerate().take(count) {
            // Rows above the picture are huge.
            let y = (y * d.stride[0] + i * d.dilation[0]).wrapping_sub(d.pad[0]);
            if y < d.input[0] {
                let pixel = (image * d.input[0] + y) * d.input[1];
                *row = Row {
                    first: input.at(pixel * input.pixel),
                    step: input.pixel,
                };
            }
        }
        rows
    }

    /// Computes some channels of the rows of outputs that lie together.
    ///
    /// # Safety
    /// As for [`run`](Self::run), for these outputs.
    unsafe fn lines(
        &self,
        image: usize,
        y: usize,
        blocks: &[Block],
        input: Bytes<'_>,
        output: Output<'_>,
    ) {
        let [height, width] = self.output;
        let rows = self.rows(image, y, input);
        let lines = self.together.min(height - y);
        for block in blocks {
            let (out, stride) = output.at((image * height + y) * width, block.channel);
            let call = Call {
                rows: rows.as_ptr(),
                quads: self.quads,
                zeros: self.zeros.as_ptr(),
                columns: self.d.input[1],
                before: self.d.pad[2],
                channel: block.channel,
                outputs: [0, width],
                width: self.d.kernel[1],
                stride: self.d.stride[1],
                dilation: self.d.dilation[1],
                weights: self.weights.as_slice()[block.weights..].as_ptr(),
                line: width * stride,
                lines,
                finish: self
                    .ending
                    .finish(block.at, NOTHING, (out, stride), block.width),
            };
            // SAFETY: the kernels' level was checked when they were chosen, and the kernel is one for the window. Each row lies inside the
            // picture (checked), or is as many zeros; weights are padded to whole vectors; the outputs are the caller's own.
            unsafe {
                match self.ending.is_late() {
                    true => self.late(call, block, (out, stride)),
                    false => block.outputs[usize::from(!self.writes_bytes)](&call),
                }
            }
        }
    }

    /// A call whose sums go through an activation, a few columns at a time.
    ///
    /// # Safety
    /// As for the kernel.
    unsafe fn late(&self, mut call: Call, block: &Block, (out, stride): (Out, usize)) {
        let mut numbers = [0.0; 2 * NEAR * MAX_CHANNELS];
        let (lines, line) = (call.lines, call.line);
        call.line = NEAR * block.width;
        for from in (0..self.output[1]).step_by(NEAR) {
            let count = NEAR.min(self.output[1] - from);
            call.outputs = [from, count];
            let there = (Out::F32(numbers.as_mut_ptr()), block.width);
            call.finish = self.ending.finish(block.at, NOTHING, there, block.width);
            // SAFETY: the caller's promise; `numbers` holds two rows of `NEAR` outputs.
            unsafe {
                block.outputs[1](&call);
                for (l, numbers) in numbers.chunks_mut(call.line).enumerate().take(lines) {
                    let to = (out.skip(l * line + from * stride), stride);
                    self.ending
                        .late(&mut numbers[..count * block.width], block.width, to);
                }
            }
        }
    }
}
