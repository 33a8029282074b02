//! What the kernels of sums share: where they read, and what becomes of their sums.

use super::{Layer, Quantisation, bounds, quantise};
use crate::cpu::access::Shared;
use crate::cpu::act;
use crate::cpu::kernel::int8::{Finish, MAX_LANES, Out};
use crate::plan::Act;
use alloc::vec;
use alloc::vec::Vec;

/// Bytes of pictures, for kernels that find their way there themselves.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'m> {
    /// From the first element of the first image on.
    pub(super) memory: Shared<'m, u8>,
    /// From one pixel to the next; images follow each other without a gap.
    pub(super) pixel: usize,
}

impl Bytes<'_> {
    /// The address of an element, counted from the first; where it lies in no pixel, nothing may be read.
    #[inline]
    pub(super) fn at(&self, offset: usize) -> *const u8 {
        self.memory.at(offset).cast_const()
    }
}

/// Where outputs go.
#[derive(Clone, Copy)]
pub(super) enum Output<'m> {
    F32(Shared<'m, f32>, usize),
    U8(Shared<'m, u8>, usize),
}

impl Output<'_> {
    /// The output of this filter for this pixel, and the elements between two pixels.
    pub(super) fn at(&self, pixel: usize, filter: usize) -> (Out, usize) {
        match self {
            Output::F32(memory, stride) => (Out::F32(memory.at(pixel * stride + filter)), *stride),
            Output::U8(memory, stride) => (Out::U8(memory.at(pixel * stride + filter)), *stride),
        }
    }
}

/// What becomes of sums: for each filter, padded to whole vectors, and for all.
pub(super) struct Ending {
    first: Vec<i32>,
    scale: Vec<f32>,
    bias: Vec<f32>,
    bounds: [f32; 2],
    /// What is left of the activation.
    late: Act,
    /// How the outputs are written as bytes.
    bytes: Option<[f32; 2]>,
}

impl Ending {
    /// `at[f]` is the place of filter `f` among `padded` places.
    pub(super) fn new(
        layer: &Layer,
        [input, output]: [Option<Quantisation>; 2],
        act: Act,
        at: &[usize],
        padded: usize,
    ) -> Self {
        let padded = padded + MAX_LANES;
        let (mut bounds, late) = bounds(act);
        let input = input.unwrap_or(Quantisation::of([0.0; 2]));
        let filters = layer.scale.len();
        let terms = layer.weight.len() / filters.max(1);
        let mut ending = Self {
            first: vec![0; padded],
            scale: vec![0.0; padded],
            bias: vec![0.0; padded],
            bounds,
            late,
            bytes: output.map(Quantisation::to_bytes),
        };
        // With an activation in between, the kernel writes numbers.
        let folded = output.filter(|_| late == Act::None);
        let (unit, zero) = folded.map_or((1.0, 0.0), |y| {
            (f64::from(y.scale), f64::from(y.zero_point))
        });
        for (f, &at) in at.iter().enumerate() {
            let weights = &layer.weight[f * terms..][..terms];
            let sum: i32 = weights.iter().map(|w| i32::from(*w)).sum();
            ending.first[at] = -i32::from(input.zero_point) * sum;
            let scale = f64::from(input.scale) * f64::from(layer.scale[f]);
            ending.scale[at] = (scale / unit) as f32;
            ending.bias[at] = (f64::from(layer.bias[f]) / unit + zero) as f32;
        }
        if folded.is_some() {
            bounds =
                bounds.map(|bound| ((f64::from(bound) / unit + zero) as f32).clamp(0.0, 255.0));
            ending.bounds = bounds;
        }
        ending
    }

    /// The end of a call for filters from this place on.
    pub(super) fn finish(&self, at: usize, (out, stride): (Out, usize), width: usize) -> Finish {
        Finish {
            first: self.first[at..].as_ptr(),
            scale: self.scale[at..].as_ptr(),
            bias: self.bias[at..].as_ptr(),
            low: self.bounds[0],
            high: self.bounds[1],
            out,
            stride,
            width,
        }
    }

    /// Whether numbers have to pass through [`late`](Self::late).
    pub(super) fn is_late(&self) -> bool {
        self.late != Act::None
    }

    /// Applies the rest of the activation to the outputs of some pixels, which lie in `numbers` one after the other.
    ///
    /// # Safety
    /// `to` is where `numbers.len() / width` pixels of `width` outputs may be written.
    pub(super) unsafe fn late(
        &self,
        numbers: &mut [f32],
        width: usize,
        (out, stride): (Out, usize),
    ) {
        act::apply(self.late, numbers);
        for (r, numbers) in numbers.chunks_exact(width).enumerate() {
            match out {
                Out::F32(out) => {
                    // SAFETY: the caller's promise.
                    let to = unsafe { core::slice::from_raw_parts_mut(out.add(r * stride), width) };
                    to.copy_from_slice(numbers);
                }
                Out::U8(out) => {
                    // SAFETY: the caller's promise.
                    let to = unsafe { core::slice::from_raw_parts_mut(out.add(r * stride), width) };
                    quantise(numbers, self.bytes.unwrap_or_default(), to);
                }
            }
        }
    }
}
