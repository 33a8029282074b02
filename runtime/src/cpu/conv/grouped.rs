//! Convolution in groups of few filters: vectors of the filters of several groups, as those of one would not fill them.

use super::onto::Onto;
use super::panels::Strides;
use super::pixels::{Origin, Pixels, cells, origins};
use crate::cpu::act;
use crate::cpu::kernel::{Aligned, Fused, Grouped as Tile, Kernels};
use crate::plan::{Act, Conv, Op};
use alloc::vec::Vec;

/// The most cells of a kernel; larger ones are left to the direct convolution.
const MAX_TAPS: usize = 64;
/// The most pixels that any kernel takes at once.
const MAX_ROWS: usize = 6;

/// Packed weights and the way through them.
pub(super) struct Grouped {
    d: Conv,
    /// Output height and width.
    output: [usize; 2],
    kernels: &'static Kernels,
    fused: Fused,
    /// What is left of the activation when `fused` is done.
    late: Act,
    strides: Strides,
    /// Inputs of a group.
    terms: usize,
    /// For each vector its first channel, and how many of two vectors of channels may be read there.
    spans: Vec<[usize; 2]>,
    /// `[vectors][terms][lanes]`: which of those channels each filter takes.
    lanes: Vec<u32>,
    /// `[vectors][kh * kw][terms][lanes]`
    weights: Aligned,
    biases: Aligned,
    /// What padded cells hold.
    zeros: Aligned,
}

impl Grouped {
    /// Whether the convolution is of this kind: groups of at most a vector of filters, whose inputs lie in two vectors for each vector of filters.
    pub(super) fn fits(d: &Conv, lanes: usize) -> bool {
        let [kh, kw] = d.kernel;
        let divides = d.groups > 1
            && d.filters.is_multiple_of(d.groups)
            && d.input[2].is_multiple_of(d.groups)
            && d.filters > 0
            && d.input[2] > 0;
        divides
            && d.filters / d.groups <= lanes
            && kh.saturating_mul(kw) <= MAX_TAPS
            && (0..d.filters)
                .step_by(lanes)
                .all(|f| reach(d, f, lanes) <= 2 * lanes)
    }

    /// Prepares the way through weights of any layout; [`pack`](Self::pack) brings them.
    pub(super) fn new(d: Conv, strides: Strides, kernels: &'static Kernels) -> Self {
        let lanes = kernels.lanes;
        assert!(Self::fits(&d, lanes), "grouped: {d:?}");
        let (fused, late) = Fused::split(d.act);
        let [height, width, _] = Op::Conv(d).output();
        let [per_group, terms] = [d.filters, d.input[2]].map(|n| n / d.groups);
        let firsts = (0..d.filters).step_by(lanes);
        let spans = firsts.clone().map(|filter| {
            let first = filter / per_group * terms;
            let vectors = reach(&d, filter, lanes).div_ceil(lanes);
            [first, (d.input[2] - first).min(vectors * lanes)]
        });
        let picked = firsts.clone().flat_map(|filter| {
            let places = (0..terms).flat_map(move |j| (0..lanes).map(move |lane| (lane, j)));
            places.map(move |(lane, j)| {
                // Lanes past the last filter pick what may be read.
                let of = (filter + lane).min(d.filters - 1);
                ((of / per_group - filter / per_group) * terms + j) as u32
            })
        });
        let vectors = firsts.len();
        Self {
            d,
            output: [height, width],
            kernels,
            fused,
            late,
            strides,
            terms,
            spans: spans.collect(),
            lanes: picked.collect(),
            weights: Aligned::zeros(vectors * d.kernel[0] * d.kernel[1] * terms * lanes),
            biases: Aligned::zeros(vectors * lanes),
            zeros: Aligned::zeros(d.input[2]),
        }
    }

    /// Takes these weights and biases; an empty `bias` stands for zeros.
    pub(super) fn pack(&mut self, weights: &[f32], bias: &[f32]) {
        let d = &self.d;
        let taps = d.kernel[0] * d.kernel[1];
        assert_eq!(
            weights.len(),
            d.filters * self.terms * taps,
            "weights of {d:?}"
        );
        let (lanes, per_group) = (self.kernels.lanes, d.filters / d.groups);
        let rows = self.weights.as_mut_slice().chunks_exact_mut(lanes);
        for (i, row) in rows.enumerate() {
            let (j, i) = (i % self.terms, i / self.terms);
            let (tap, vector) = (i % taps, i / taps);
            let cell = [tap / d.kernel[1], tap % d.kernel[1]];
            for (filter, to) in (vector * lanes..d.filters).zip(row) {
                let (group, filter) = (filter / per_group, filter % per_group);
                *to = weights[self.strides.at(group, filter, cell, j)];
            }
        }
        self.biases.as_mut_slice()[..bias.len()].copy_from_slice(bias);
    }

    /// Bytes of packed weights.
    #[cfg(feature = "train")]
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.weights.as_slice())
    }

    /// Output pixels of a task.
    fn step(&self) -> usize {
        let work = self.d.kernel[0] * self.d.kernel[1] * self.terms * self.d.filters;
        let pixels = (self.kernels.tuning.grouped_task / work.max(1)).max(1);
        pixels.next_multiple_of(self.kernels.grouped.len())
    }

    pub(super) fn tasks(&self, images: usize) -> usize {
        (images * self.output[0] * self.output[1]).div_ceil(self.step())
    }

    /// Computes one task of a run.
    ///
    /// # Safety
    /// `input`, `output` and a picture that is added hold `images` images of the descriptor's sizes; nobody else writes the output's elements of this
    /// task or any of what is read while this runs, and they share no element, unless the picture is the output.
    pub(super) unsafe fn run(
        &self,
        images: usize,
        task: usize,
        [input, output]: [Pixels<'_>; 2],
        onto: Onto<'_>,
    ) {
        let total = images * self.output[0] * self.output[1];
        let start = task * self.step();
        let end = total.min(start + self.step());
        let most = self.kernels.grouped.len();
        let mut windows = [Origin::default(); MAX_ROWS];
        let mut rows = [core::ptr::null::<f32>(); MAX_TAPS * MAX_ROWS];
        for first in (start..end).step_by(most) {
            let count = most.min(end - first);
            let windows = &mut windows[..count];
            origins(&self.d, self.output, first, input.pixel, windows);
            cells(&self.d, windows, input, self.zeros.as_slice(), &mut rows);
            let out = output.at(first * output.pixel);
            let (added, added_stride) = onto.at(first, 0);
            let tile = Tile {
                rows: rows.as_ptr(),
                taps: self.d.kernel[0] * self.d.kernel[1],
                spans: self.spans.as_ptr(),
                lanes: self.lanes.as_ptr(),
                weights: self.weights.as_slice().as_ptr(),
                bias: match onto.has_biases() {
                    true => self.biases.as_slice().as_ptr(),
                    false => core::ptr::null(),
                },
                terms: self.terms,
                filters: self.d.filters,
                added,
                added_stride,
                out,
                stride: output.pixel,
                act: self.fused,
            };
            // SAFETY: the kernels' level was checked when they were chosen. Each pointer is to a pixel inside the picture or to as many zeros, of
            // which the spans reach no further than the last channel; weights, lanes and biases are whole vectors; the outputs are this task's own.
            unsafe { self.kernels.grouped[count - 1](&tile) }
            if self.late != Act::None {
                for r in 0..count {
                    let pixel = out.wrapping_add(r * output.pixel);
                    // SAFETY: the kernel has just written these elements, which are this task's own.
                    let pixel = unsafe { core::slice::from_raw_parts_mut(pixel, self.d.filters) };
                    act::apply(self.late, pixel);
                }
            }
        }
    }
}

/// Channels from the first that a vector of filters takes to the last, where the vector begins with this filter.
fn reach(d: &Conv, filter: usize, lanes: usize) -> usize {
    let [per_group, terms] = [d.filters, d.input[2]].map(|n| n / d.groups);
    let last = (filter + lanes).min(d.filters) - 1;
    (last / per_group - filter / per_group + 1) * terms
}
