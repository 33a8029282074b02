//! What the kernels of sums share: where they read, and what becomes of their sums.

use super::{Layer, Quantisation, bounds, quantise};
use crate::cpu::access::{AnyTarget, Shared};
use crate::cpu::act;
use crate::cpu::kernel::Aligned;
use crate::cpu::kernel::int8::{Added, Finish, MAX_LANES, Out, round};
use crate::plan::Act;
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

impl<'m> Output<'m> {
    /// What a step writes.
    pub(super) fn of(y: &AnyTarget<'m>) -> Self {
        match y {
            AnyTarget::F32(y) => Output::F32(y.memory(), y.geometry.pixel),
            AnyTarget::U8(y) => Output::U8(y.memory(), y.geometry.pixel),
        }
    }

    pub(super) fn is_bytes(&self) -> bool {
        matches!(self, Output::U8(..))
    }

    /// The output of this filter for this pixel, and the elements between two pixels.
    pub(super) fn at(&self, pixel: usize, filter: usize) -> (Out, usize) {
        match self {
            Output::F32(memory, stride) => (Out::F32(memory.at(pixel * stride + filter)), *stride),
            Output::U8(memory, stride) => (Out::U8(memory.at(pixel * stride + filter)), *stride),
        }
    }
}

/// What is added to the outputs.
#[derive(Clone, Copy)]
pub(super) enum Onto<'m> {
    Nothing,
    F32(Shared<'m, f32>, usize),
    U8(Shared<'m, u8>, usize),
}

impl Onto<'_> {
    /// What is added to the output of this filter for this pixel, and the elements between two pixels.
    pub(super) fn at(&self, pixel: usize, filter: usize) -> (Added, usize) {
        let address = |stride: usize| pixel * stride + filter;
        match self {
            Onto::Nothing => (Added::Nothing, 0),
            Onto::F32(memory, stride) => {
                let from = memory.at(address(*stride)).cast_const();
                (Added::F32(from), *stride)
            }
            Onto::U8(memory, stride) => {
                let from = memory.at(address(*stride)).cast_const();
                (Added::U8(from), *stride)
            }
        }
    }
}

/// How the numbers are quantised that an operation adds: bytes, or floats, which stand for themselves.
#[derive(Clone, Copy)]
pub(crate) enum Addend {
    F32,
    U8(Quantisation),
}

impl Addend {
    /// What an element is multiplied by, and the element that stands for 0.
    fn scale_and_zero(self) -> [f64; 2] {
        match self {
            Addend::F32 => [1.0, 0.0],
            Addend::U8(added) => [added.scale.into(), added.zero_point.into()],
        }
    }

    /// The largest number that is added.
    fn most(self) -> f64 {
        match self {
            Addend::F32 => f64::INFINITY,
            Addend::U8(added) => 255.0 * f64::from(added.scale),
        }
    }
}

/// Whether any number that a sum can become fits into 32 bits in the output's units: kernels round before they bound.
fn fit(layer: &Layer, [input, output]: [Quantisation; 2], added: Option<Addend>) -> bool {
    let added = added.map_or(0.0, Addend::most);
    let terms = layer.weight.len() / layer.scale.len().max(1);
    let filters = layer.weight.chunks_exact(terms.max(1));
    let mut all = filters.zip(&layer.scale).zip(&layer.bias);
    all.all(|((weights, scale), bias)| {
        let most: f64 = weights.iter().map(|w| f64::from(w.unsigned_abs())).sum();
        let most = 255.0 * most * f64::from(input.scale) * f64::from(*scale);
        (most + added + f64::from(bias.abs())) / f64::from(output.scale) < f64::from(1 << 30)
    })
}

/// What becomes of sums: the numbers of each filter, and of all.
pub(crate) struct Numbers {
    /// What a sum of bytes and weights starts with: for the input's zero point.
    pub(crate) first: Vec<i32>,
    pub(crate) scale: Vec<f32>,
    pub(crate) bias: Vec<f32>,
    pub(crate) added_scale: f32,
    pub(crate) bounds: [f32; 2],
    /// What is left of the activation.
    pub(crate) late: Act,
    /// Whether a kernel writes numbers, which become bytes only then.
    pub(crate) is_late: bool,
    /// How numbers are written as bytes.
    pub(crate) bytes: Option<[f32; 2]>,
}

impl Numbers {
    /// `added` is how that is quantised which is added, if anything is.
    pub(super) fn of(
        layer: &Layer,
        [input, output]: [Option<Quantisation>; 2],
        added: Option<Addend>,
        act: Act,
    ) -> Self {
        let (mut bounds, late) = bounds(act);
        let input = input.unwrap_or(Quantisation::of([0.0; 2]));
        let filters = layer.scale.len();
        let terms = layer.weight.len() / filters.max(1);
        // With an activation in between, the kernel writes numbers.
        let folded = output.filter(|y| late == Act::None && fit(layer, [input, *y], added));
        let (unit, zero) = folded.map_or((1.0, 0.0), |y| {
            (f64::from(y.scale), f64::from(y.zero_point))
        });
        let [added_scale, added_zero] = added.map_or([0.0; 2], Addend::scale_and_zero);
        let added_scale = added_scale / unit;
        let first = |f: usize| {
            let weights = &layer.weight[f * terms..][..terms];
            let sum: i32 = weights.iter().map(|w| i32::from(*w)).sum();
            -i32::from(input.zero_point) * sum
        };
        let scale = |f: usize| {
            let scale = f64::from(input.scale) * f64::from(layer.scale[f]);
            (scale / unit) as f32
        };
        let bias = |f: usize| {
            let bias = f64::from(layer.bias[f]) / unit + zero;
            (bias - added_scale * added_zero) as f32
        };
        if folded.is_some() {
            // Rounding keeps the order of numbers: they may be rounded before they are bounded.
            let byte = |bound: f32| ((f64::from(bound) / unit + zero) as f32).clamp(0.0, 255.0);
            bounds = bounds.map(|bound| round(byte(bound)).into());
        }
        Self {
            first: (0..filters).map(first).collect(),
            scale: (0..filters).map(scale).collect(),
            bias: (0..filters).map(bias).collect(),
            added_scale: added_scale as f32,
            bounds,
            late,
            is_late: late != Act::None || folded.is_some() != output.is_some(),
            bytes: output.map(Quantisation::to_bytes),
        }
    }
}

/// What becomes of sums, for kernels: for each filter, padded to whole vectors, and for all.
pub(super) struct Ending {
    first: Aligned<i32>,
    scale: Aligned,
    bias: Aligned,
    added_scale: f32,
    bounds: [f32; 2],
    late: Act,
    is_late: bool,
    bytes: Option<[f32; 2]>,
}

impl Ending {
    /// `at[f]` is the place of filter `f` among `padded` places; `added` how that is quantised which is added, if anything is.
    pub(super) fn new(
        layer: &Layer,
        quantisation: [Option<Quantisation>; 2],
        added: Option<Addend>,
        act: Act,
        (at, padded): (&[usize], usize),
    ) -> Self {
        let padded = padded + MAX_LANES;
        let numbers = Numbers::of(layer, quantisation, added, act);
        let mut ending = Self {
            first: Aligned::zeros(padded),
            scale: Aligned::zeros(padded),
            bias: Aligned::zeros(padded),
            added_scale: numbers.added_scale,
            bounds: numbers.bounds,
            late: numbers.late,
            is_late: numbers.is_late,
            bytes: numbers.bytes,
        };
        for (f, &at) in at.iter().enumerate() {
            ending.first.as_mut_slice()[at] = numbers.first[f];
            ending.scale.as_mut_slice()[at] = numbers.scale[f];
            ending.bias.as_mut_slice()[at] = numbers.bias[f];
        }
        ending
    }

    /// The end of a call for filters from this place on: inline, as a copy of what was just written makes the processor wait.
    #[inline]
    pub(super) fn finish(
        &self,
        at: usize,
        (added, added_stride): (Added, usize),
        (out, stride): (Out, usize),
        width: usize,
    ) -> Finish {
        Finish {
            first: self.first.as_slice()[at..].as_ptr(),
            scale: self.scale.as_slice()[at..].as_ptr(),
            bias: self.bias.as_slice()[at..].as_ptr(),
            added,
            added_stride,
            added_scale: self.added_scale,
            low: self.bounds[0],
            high: self.bounds[1],
            out,
            stride,
            width,
        }
    }

    /// Whether numbers have to pass through [`late`](Self::late).
    pub(super) fn is_late(&self) -> bool {
        self.is_late
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
