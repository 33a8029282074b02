//! The memory of a training run on a GPU.

use super::super::source::Argument;
use super::handed::Handed;
use super::records::{Outcome, Piece, Rates};
use super::{given, pictures};
use crate::plan::Plan;
use crate::train::{Layout, MemoryUse};
use alloc::sync::Arc;
use alloc::vec::Vec;
use cudarc::driver::{CudaSlice, CudaStream, DevicePtr, DriverError};

/// How large things are, in numbers.
pub(super) struct Sizes {
    pub(super) params: usize,
    /// States of the optimizer.
    pub(super) states: usize,
    /// Of one image.
    pub(super) image: usize,
    /// For each image.
    pub(super) arena: usize,
    /// For each image, at most.
    pub(super) labels: usize,
    pub(super) losses: usize,
    pub(super) scratch: usize,
    pub(super) counters: usize,
    /// Parts of the sums over the parameters.
    pub(super) parts: usize,
    pub(super) max_batch: usize,
}

impl Sizes {
    pub(super) fn memory(&self) -> MemoryUse {
        let bytes = |numbers: usize| numbers.saturating_mul(size_of::<f32>());
        MemoryUse {
            weights: bytes(self.params),
            gradients: bytes(self.params),
            optimizer: bytes(self.params * self.states),
            activations: bytes(self.arena.saturating_mul(self.max_batch)),
            workspace: bytes(self.scratch + self.image * self.max_batch),
            pictures: 0,
        }
    }
}

/// Everything on the device.
pub(super) struct Buffers {
    pub(super) params: CudaSlice<f32>,
    pub(super) gradients: CudaSlice<f32>,
    pub(super) before: CudaSlice<f32>,
    mask: CudaSlice<f32>,
    pub(super) states: Vec<CudaSlice<f32>>,
    pieces: CudaSlice<Piece>,
    parts: CudaSlice<f64>,
    pub(super) input: CudaSlice<f32>,
    pub(super) arena: CudaSlice<f32>,
    scratch: CudaSlice<f32>,
    counters: CudaSlice<u32>,
    labels: CudaSlice<u32>,
    figures: CudaSlice<f32>,
    rates: CudaSlice<Rates>,
    outcome: CudaSlice<Outcome>,
}

impl Buffers {
    pub(super) fn new(
        stream: &Arc<CudaStream>,
        sizes: &Sizes,
        pieces: &[Piece],
        mask: Option<&[f32]>,
    ) -> Result<Self, DriverError> {
        // SAFETY: no number is read before it is written: the plan is valid.
        let open = |len: usize| unsafe { stream.alloc::<f32>(len.max(1)) };
        let states = (0..sizes.states).map(|_| stream.alloc_zeros(sizes.params.max(1)));
        let labels = sizes.labels * sizes.max_batch;
        Ok(Self {
            params: open(sizes.params)?,
            gradients: stream.alloc_zeros(sizes.params.max(1))?,
            before: open(sizes.params)?,
            mask: stream.clone_htod(mask.unwrap_or(&[1.0]))?,
            states: states.collect::<Result<_, _>>()?,
            pieces: stream.clone_htod(pieces)?,
            parts: stream.alloc_zeros(2 * sizes.parts)?,
            input: open(sizes.image * sizes.max_batch)?,
            arena: open(sizes.arena * sizes.max_batch)?,
            scratch: open(sizes.scratch)?,
            counters: stream.alloc_zeros(sizes.counters)?,
            labels: stream.alloc_zeros(labels)?,
            figures: open(2 * labels * sizes.losses)?,
            rates: stream.alloc_zeros(1)?,
            outcome: stream.alloc_zeros(1)?,
        })
    }

    /// A batch, unless the device holds it, and the numbers of its step.
    pub(super) fn give(
        &mut self,
        stream: &Arc<CudaStream>,
        handed: &Handed,
    ) -> Result<(), DriverError> {
        if handed.is_given() {
            stream.memcpy_htod(&handed.images, &mut self.input)?;
            stream.memcpy_htod(&handed.labels, &mut self.labels)?;
        }
        stream.memcpy_htod(&handed.rates, &mut self.rates)
    }

    /// Puts what the step tells where the host will read it.
    pub(super) fn tell(
        &self,
        stream: &Arc<CudaStream>,
        handed: &mut Handed,
    ) -> Result<(), DriverError> {
        stream.memcpy_dtoh(&self.outcome, &mut handed.outcome)?;
        handed.end()
    }

    /// After a step that failed: the next one moves weights again.
    pub(super) fn go_on(&mut self, stream: &Arc<CudaStream>) -> Result<(), DriverError> {
        stream.memcpy_htod(&[Outcome::default()], &mut self.outcome)?;
        stream.synchronize()
    }

    /// Where an argument lies.
    pub(super) fn address(&self, stream: &Arc<CudaStream>, argument: Argument) -> u64 {
        let at = |slice: &CudaSlice<f32>| slice.device_ptr(stream).0;
        match argument {
            Argument::Input | pictures::PREPARED => at(&self.input),
            Argument::Arena => at(&self.arena),
            Argument::Scratch => at(&self.scratch),
            Argument::Counters => self.counters.device_ptr(stream).0,
            Argument::Step => self.rates.device_ptr(stream).0,
            given::PARAMS => at(&self.params),
            given::GRADIENTS => at(&self.gradients),
            given::BEFORE => at(&self.before),
            given::MASK => at(&self.mask),
            given::PIECES => self.pieces.device_ptr(stream).0,
            given::PARTS => self.parts.device_ptr(stream).0,
            given::LABELS | pictures::PREPARED_LABELS => self.labels.device_ptr(stream).0,
            pictures::CHOSEN => {
                self.rates.device_ptr(stream).0 + core::mem::offset_of!(Rates, chosen) as u64
            }
            given::FIGURES => at(&self.figures),
            given::OUTCOME => self.outcome.device_ptr(stream).0,
            given::RATES => self.rates.device_ptr(stream).0,
            given::FIRST => self.states.first().map_or(0, at),
            given::SECOND => self.states.get(1).map_or(0, at),
            _ => 0,
        }
    }
}

/// The parameters in pieces, each of one tensor.
pub(super) fn pieces(plan: &Plan, layout: &Layout) -> Vec<Piece> {
    let mut all = Vec::new();
    for (i, (param, range)) in layout.params().enumerate() {
        let update = plan.update.iter().find(|update| update.param == i);
        for first in range.clone().step_by(given::PIECE) {
            let count = (range.end - first).min(given::PIECE);
            all.push(Piece {
                first: first as u64,
                count: count as u32,
                l2: update.map_or(0.0, |update| update.l2),
                trained: u32::from(param.trainable),
                unused: 0,
            });
        }
    }
    all
}
