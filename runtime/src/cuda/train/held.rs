//! A data set that the GPU holds: its memory, and steps that prepare their own inputs.

use super::super::Gpu;
use super::super::device::failed;
use super::super::program::Program;
use super::super::source::Argument;
use super::handed::Batch;
use super::prepare::Parts;
use super::records::{Chosen, Rates};
use super::{Training, given, pictures};
use crate::plan::Plan;
use crate::train::{Pictures, Preparation, StepResult, check_labels, nothing_held};
use crate::{Error, ErrorKind};
use alloc::format;
use alloc::sync::Arc;
use core::ops::Range;
use cudarc::driver::sys::CUresult;
use cudarc::driver::{CudaSlice, CudaStream, DevicePtr, DriverError};

/// Of the memory that is free, a data set takes this share at most.
const SHARE: usize = 2;

/// A data set, and the step that learns from it.
pub(super) struct Held {
    pub(super) program: Program,
    pub(super) memory: Memory,
    preparation: Preparation,
    /// Pictures.
    count: usize,
    /// Of the epoch: its key, and where its order lies.
    key: u64,
    order: Range<usize>,
    /// Which of the two orders the last step was of: it may have to be made again.
    used: Option<usize>,
}

impl Held {
    /// What the data set takes of the device's memory.
    pub(super) fn bytes(&self) -> usize {
        let Memory {
            pictures,
            classes,
            orders,
        } = &self.memory;
        pictures.num_bytes() + classes.num_bytes() + orders.num_bytes()
    }
}

/// What lies on the device.
pub(super) struct Memory {
    pictures: CudaSlice<u8>,
    classes: CudaSlice<u32>,
    /// Of two epochs, by turns: one may begin while the last step of the other is under way.
    orders: CudaSlice<u32>,
}

impl Memory {
    fn new(stream: &Arc<CudaStream>, pictures: &Pictures<'_>) -> Result<Self, DriverError> {
        let held = Self {
            pictures: stream.clone_htod(pictures.bytes)?,
            classes: stream.clone_htod(pictures.labels)?,
            orders: stream.alloc_zeros(2 * pictures.labels.len())?,
        };
        // The host's memory is the caller's.
        stream.synchronize()?;
        Ok(held)
    }

    fn bytes(pictures: &Pictures<'_>) -> usize {
        let each = 3 * size_of::<u32>();
        pictures.bytes.len() + pictures.labels.len().saturating_mul(each)
    }

    /// Where an argument lies.
    pub(super) fn address(&self, stream: &Arc<CudaStream>, argument: Argument) -> Option<u64> {
        match argument {
            pictures::PICTURES => Some(self.pictures.device_ptr(stream).0),
            pictures::CLASSES => Some(self.classes.device_ptr(stream).0),
            pictures::ORDERS => Some(self.orders.device_ptr(stream).0),
            _ => None,
        }
    }
}

impl Training {
    /// Takes a data set; as [`Trainer::hold`](crate::train::Trainer::hold).
    pub(crate) fn hold(
        &mut self,
        gpu: &Gpu,
        plan: &Plan,
        pictures: &Pictures<'_>,
        preparation: &Preparation,
    ) -> Result<bool, Error> {
        if self.under_way {
            return Err(input("a step is under way: its outcome comes first".into()));
        }
        self.held = None;
        for loss in &plan.loss {
            let classes = loss.scores.shape[2];
            check_labels(pictures.labels, pictures.labels.len(), classes)?;
        }
        let Some(text) = pictures::text(pictures, preparation) else {
            return Ok(false);
        };
        if given::labels(plan) != 1 || u32::try_from(pictures.labels.len()).is_err() {
            return Ok(false);
        }
        let free = self.stream.context().mem_get_info();
        let (free, _) = free.map_err(|e| failed("the GPU does not say what memory is free", e))?;
        if Memory::bytes(pictures) > free / SHARE {
            return Ok(false);
        }
        let memory = match Memory::new(&self.stream, pictures) {
            Ok(memory) => memory,
            Err(DriverError(CUresult::CUDA_ERROR_OUT_OF_MEMORY)) => return Ok(false),
            Err(e) => return Err(failed("the pictures do not get onto the GPU", e)),
        };
        // What does not get there is left to the host; a device that is lost is found out by the step that follows.
        let Ok(program) = self.program_of(gpu, plan, &text) else {
            return Ok(false);
        };
        self.held = Some(Held {
            program,
            memory,
            preparation: preparation.clone(),
            count: pictures.labels.len(),
            key: preparation.epoch(0),
            order: 0..0,
            used: None,
        });
        Ok(true)
    }

    /// The program of a step that prepares its own inputs.
    fn program_of(&self, gpu: &Gpu, plan: &Plan, text: &str) -> Result<Program, Error> {
        if self.alone.is_none() {
            let largest = self.image.saturating_mul(self.max_batch);
            return self.program.after(gpu, pictures::launch(text, largest));
        }
        let (optimizer, precision) = (&self.optimizer, gpu.precision());
        let parts = Parts::of(plan, optimizer, self.max_batch, precision);
        Program::new(gpu, parts.source(plan, Some(text)))
    }

    /// Takes the order of an epoch; as [`Trainer::begin_epoch`](crate::train::Trainer::begin_epoch).
    pub(crate) fn begin_epoch(&mut self, epoch: u64, order: &[u32]) -> Result<(), Error> {
        let held = self.held.as_mut().ok_or_else(nothing_held)?;
        let count = held.count;
        if order.len() > count || order.iter().any(|picture| *picture as usize >= count) {
            let problem = format!(
                "an order of {} numbers is none of {count} pictures",
                order.len()
            );
            return Err(input(problem));
        }
        let first = held.used.map_or(0, |used| 1 - used) * count;
        let place = first..first + order.len();
        if !order.is_empty() {
            let mut to = held.memory.orders.slice_mut(place.clone());
            let copied = self.stream.memcpy_htod(order, &mut to);
            copied.map_err(|e| failed("the order of the pictures does not get onto the GPU", e))?;
        }
        held.key = held.preparation.epoch(epoch);
        held.order = place;
        Ok(())
    }

    /// Puts a step into the stream; as [`Trainer::submit_held`](crate::train::Trainer::submit_held).
    pub(crate) fn submit_held(
        &mut self,
        plan: &Plan,
        batch: Range<usize>,
        factor: f64,
    ) -> Result<Option<StepResult>, Error> {
        let most = self.max_batch;
        let held = self.held.as_mut().ok_or_else(nothing_held)?;
        if batch.is_empty() || batch.end > held.order.len() || batch.len() > most {
            let problem = format!(
                "{batch:?} are not between 1 and {most} of the epoch's {} pictures",
                held.order.len()
            );
            return Err(input(problem));
        }
        held.used = Some(held.order.start / held.count);
        let chosen = Chosen {
            key: held.key,
            place: (held.order.start + batch.start) as u64,
        };
        let rates = Rates {
            chosen,
            ..self.rates(factor)
        };
        self.go(plan, Batch::Held(batch.len()), rates)
    }
}

fn input(problem: alloc::string::String) -> Error {
    Error::new(ErrorKind::Input, problem)
}
