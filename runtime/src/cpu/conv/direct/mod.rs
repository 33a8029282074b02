//! Direct convolution: the tile kernels driven over an NHWC picture without an im2col copy. A fully connected layer is the
//! same thing with one output pixel whose window is the whole picture.
//!
//! The sum over `K = kh * kw * c` inputs is cut into blocks ([`KBlock`]), so that a block of a panel stays near the core while
//! all pixels of a task pass over it, and so that the sum stays accurate. Between blocks the sums rest in the output.

mod blocks;
mod tiles;
mod weights;

use super::onto::Onto;
use super::panels::{Panel, Strides, widths};
use super::pixels::Pixels;
use super::tasks::{MAX_PIXELS, Tasks, Work};
use crate::cpu::access::Shared;
use crate::cpu::kernel::{Aligned, Fused, Kernels, MAX_LANES, MAX_ROWS};
use crate::cpu::sizes::bounded;
use crate::plan::{Act, Conv, Op};
use crate::threads::Threads;
use alloc::vec::Vec;
use blocks::{KBlock, blocks};
use core::ops::Range;
use weights::{Weights, pack_all, streams};

/// Numbers that are packed before one is told of it, about.
const PART: usize = 4 << 20;

/// Where an output lies whose pixels have others between them, in elements.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    /// The first pixel of the first image.
    pub(crate) first: usize,
    /// From one pixel of a row to the next.
    pub(crate) pixel: usize,
    /// From one row to the next.
    pub(crate) row: usize,
    /// From one image to the next.
    pub(crate) image: usize,
}

/// Packed weights and the way through them.
pub(crate) struct Direct {
    d: Conv,
    /// Output height and width.
    output: [usize; 2],
    /// Input channels of a group.
    channels: usize,
    kernels: &'static Kernels,
    fused: Fused,
    /// What is left of the activation when `fused` is done.
    late: Act,
    panels: Vec<Panel>,
    /// For one pixel: panels in groups of [`STREAMS`] of one width, which it takes at once, and those that are left over one by one.
    streams: Vec<Range<usize>>,
    blocks: Vec<KBlock>,
    strides: Strides,
    weights: Weights,
    biases: Aligned,
    /// What padded cells hold.
    zeros: Aligned,
}

impl Direct {
    /// Prepares the way through weights of any layout; [`pack`](Self::pack) brings them.
    pub(crate) fn new(d: Conv, strides: Strides, kernels: &'static Kernels) -> Self {
        Self::with(d, strides, kernels, |size| {
            Weights::F32(Aligned::zeros(size))
        })
    }

    /// As [`new`](Self::new), for weights that are kept in bf16: the sums are those of the rounded weights in f32, to the bit.
    pub(crate) fn of_bf16(d: Conv, strides: Strides, kernels: &'static Kernels) -> Self {
        Self::with(d, strides, kernels, |size| {
            Weights::Bf16(Aligned::zeros(size))
        })
    }

    fn with(
        d: Conv,
        strides: Strides,
        kernels: &'static Kernels,
        weights: impl Fn(usize) -> Weights,
    ) -> Self {
        let [height, width, _] = Op::Conv(d).output();
        let channels = d.input[2] / d.groups;
        let filters = d.filters / d.groups;
        let [kh, kw] = d.kernel;
        let terms = kh * kw * channels;
        let (fused, late) = Fused::split(d.act);

        let lanes = kernels.lanes;
        let single = height * width <= 4;
        let mut panels = Vec::new();
        let (mut size, mut bias_size) = (0, 0);
        for group in 0..d.groups {
            let mut filter = 0;
            for vectors in widths(filters.div_ceil(lanes), kernels.max_vectors(), single) {
                panels.push(Panel {
                    group,
                    filter: group * filters + filter,
                    width: (filters - filter).min(vectors * lanes),
                    vectors,
                    weights: size,
                    bias: bias_size,
                });
                filter += vectors * lanes;
                size += terms * vectors * lanes;
                bias_size += vectors * lanes;
            }
        }
        let widest = panels.iter().map(|p| p.vectors).max().unwrap_or(1);
        let bytes = match single {
            true => kernels.tuning.stream_bytes,
            false => kernels.tuning.panel_bytes,
        };
        Self {
            d,
            output: [height, width],
            channels,
            kernels,
            fused,
            late,
            blocks: blocks([kh, kw, channels], bytes / (widest * lanes * 4)),
            streams: streams(&panels),
            panels,
            strides,
            weights: weights(size),
            biases: Aligned::zeros(bias_size + MAX_LANES),
            zeros: Aligned::zeros(if d.pad == [0; 4] { 0 } else { kw * channels }),
        }
    }

    /// Takes these weights and biases; an empty `bias` stands for zeros.
    ///
    /// # Panics
    /// If the sizes do not fit the descriptor.
    pub(crate) fn pack(&mut self, weights: &[f32], bias: &[f32], threads: Threads) {
        self.pack_by_parts(weights, bias, threads, &|_| {});
    }

    /// As [`pack`](Self::pack), and tells which filters, counted through all groups, are packed, part by part.
    ///
    /// # Panics
    /// As there.
    pub(crate) fn pack_by_parts(
        &mut self,
        weights: &[f32],
        bias: &[f32],
        threads: Threads,
        packed_filters: &dyn Fn(Range<usize>),
    ) {
        let [kh, kw] = self.d.kernel;
        let terms = kh * kw * self.channels;
        assert_eq!(
            weights.len(),
            self.d.filters * terms,
            "weights of {:?}",
            self.d
        );
        let (lanes, cells) = (self.kernels.lanes, [kh, kw, self.channels]);
        let (filters, strides) = (self.d.filters / self.d.groups, self.strides);
        let cost = terms * lanes * self.kernels.max_vectors();
        for panels in (self.panels).chunks((PART / cost.max(1)).max(threads.count())) {
            let from = (weights, strides);
            match &mut self.weights {
                Weights::F32(to) => pack_all(to, lanes, (panels, filters), cells, from, threads),
                Weights::Bf16(to) => pack_all(to, lanes, (panels, filters), cells, from, threads),
            }
            if let (Some(first), Some(last)) = (panels.first(), panels.last()) {
                packed_filters(first.filter..last.filter + last.width);
            }
        }
        if !bias.is_empty() {
            assert_eq!(bias.len(), self.d.filters, "biases of {:?}", self.d);
            for p in &self.panels {
                self.biases.as_mut_slice()[p.bias..][..p.width]
                    .copy_from_slice(&bias[p.filter..][..p.width]);
            }
        }
    }

    /// Bytes of packed weights and biases.
    #[cfg(feature = "train")]
    pub(crate) fn bytes(&self) -> usize {
        self.weights.bytes() + size_of_val(self.biases.as_slice())
    }

    /// Bytes of packed weights.
    pub(super) fn weight_bytes(&self) -> usize {
        self.weights.bytes()
    }

    fn tasks(&self, images: usize, pixel: usize) -> Tasks {
        let d = &self.d;
        let pixels = images * self.output[0] * self.output[1];
        let terms = d.kernel[0] * d.kernel[1] * self.channels;
        let tuning = self.kernels.tuning;
        let work = Work {
            pixels,
            panels: match pixels {
                1 => self.streams.len(),
                _ => self.panels.len(),
            },
            products: terms * self.panels.iter().map(|p| p.width).max().unwrap_or(1),
            worth: tuning.task_macs,
            input: bounded([d.stride[0], d.stride[1], pixel, 4]),
            weights: self.weights.bytes(),
            least: 2 * MAX_ROWS,
        };
        Tasks::of(&work, tuning)
    }

    /// Computes a batch.
    ///
    /// # Safety
    /// `input`, `output` and a picture that is added hold `images` images of the descriptor's sizes. For the time of the call nobody else
    /// writes what is read or touches the output, and they share no element, unless the picture is the output.
    pub(crate) unsafe fn run(
        &self,
        images: usize,
        [input, output]: [Pixels<'_>; 2],
        onto: Onto<'_>,
        threads: Threads,
    ) {
        let tasks = self.tasks(images, input.pixel);
        let pixels = images * self.output[0] * self.output[1];
        let terms = self.d.kernel[0] * self.d.kernel[1] * self.channels;
        let threads = match bounded([pixels, terms, self.d.filters]) < self.kernels.tuning.fork_macs
        {
            true => Threads::single(),
            false => threads,
        };
        threads.for_each(tasks.count(), |task, _| {
            let (range, panel) = tasks.get(task);
            // SAFETY: the caller's promise; the tasks write different elements, and have at most MAX_PIXELS pixels.
            unsafe {
                if pixels == 1 {
                    let panels = &self.panels[self.streams[panel].clone()];
                    self.pixel(panels, input, output, onto);
                } else if !range.is_empty() {
                    self.part(range, &self.panels[panel], input, output, onto);
                }
            }
        });
    }

    /// Computes some rows of an image, whose output pixels have others between them.
    ///
    /// # Safety
    /// The descriptor's output has these rows, `input` holds the image, and the pixels that `spread` says lie in `output`. For the time of
    /// the call nobody else writes the input or touches those pixels, and they share no element.
    pub(crate) unsafe fn run_spread(
        &self,
        image: usize,
        rows: Range<usize>,
        input: Pixels<'_>,
        output: Shared<'_, f32>,
        spread: Spread,
    ) {
        let [height, width] = self.output;
        for panel in &self.panels {
            for y in rows.clone() {
                let first = spread.first + image * spread.image + y * spread.row;
                let row = image * height + y;
                // `part` counts pixels through the batch as if they lay side by side.
                let before = (row * width * spread.pixel) as isize;
                let output = Pixels {
                    memory: output.counted_from(first as isize - before),
                    pixel: spread.pixel,
                };
                for x in (0..width).step_by(MAX_PIXELS) {
                    let range = row * width + x..row * width + width.min(x + MAX_PIXELS);
                    // SAFETY: the caller's promise; each row is computed once for each panel.
                    unsafe { self.part(range, panel, input, output, Onto::Biases) }
                }
            }
        }
    }

    /// Computes these output pixels, counted through the batch.
    ///
    /// # Safety
    /// `output` holds these pixels, and `input` the rows of their windows that lie in the picture. For the time of the call nobody else writes
    /// the input or touches those pixels, and they share no element.
    pub(super) unsafe fn pixels(&self, range: Range<usize>, input: Pixels<'_>, output: Pixels<'_>) {
        for start in range.clone().step_by(MAX_PIXELS) {
            let range = start..range.end.min(start + MAX_PIXELS);
            for panel in &self.panels {
                // SAFETY: the caller's promise is the same.
                unsafe { self.part(range.clone(), panel, input, output, Onto::Biases) }
            }
        }
    }
}
