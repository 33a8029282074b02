//! What a step takes from the host, and what it tells: page-locked memory, so that nobody waits for a copy.

use super::records::{Outcome, Rates};
use alloc::sync::Arc;
use alloc::vec::Vec;
use cudarc::driver::{
    CudaContext, CudaEvent, CudaStream, DeviceRepr, DriverError, PinnedHostSlice, ValidAsZeroBits,
};

/// Of one step, from when it is put into the stream until its outcome is read.
pub(super) struct Handed {
    pub(super) images: PinnedHostSlice<f32>,
    pub(super) labels: PinnedHostSlice<u32>,
    pub(super) rates: PinnedHostSlice<Rates>,
    pub(super) outcome: PinnedHostSlice<Outcome>,
    stream: Arc<CudaStream>,
    /// The outcome is there.
    done: CudaEvent,
    /// How many numbers of images and labels are this step's ...
    lengths: [usize; 2],
    /// ... or how many pictures that the device holds.
    held: Option<usize>,
}

/// What a step learns from.
#[derive(Clone, Copy)]
pub(super) enum Batch<'b> {
    /// Images and labels of the host.
    Given(&'b [f32], &'b [u32]),
    /// So many pictures that the device holds.
    Held(usize),
}

/// A batch with the numbers of its step, for another go.
pub(super) struct Again {
    images: Vec<f32>,
    labels: Vec<u32>,
    held: Option<usize>,
    pub(super) rates: Rates,
}

impl Again {
    pub(super) fn batch(&self) -> Batch<'_> {
        match self.held {
            Some(count) => Batch::Held(count),
            None => Batch::Given(&self.images, &self.labels),
        }
    }
}

impl Handed {
    /// For so many numbers of images and labels at most.
    pub(super) fn new(
        stream: &Arc<CudaStream>,
        images: usize,
        labels: usize,
    ) -> Result<Self, DriverError> {
        let context = stream.context();
        Ok(Self {
            stream: stream.clone(),
            done: context.new_event(None)?,
            images: zeros(context, images)?,
            labels: zeros(context, labels)?,
            rates: zeros(context, 1)?,
            outcome: zeros(context, 1)?,
            lengths: [0, 0],
            held: None,
        })
    }

    /// Takes a batch; waits for the step of the last one.
    pub(super) fn take(&mut self, batch: Batch<'_>, rates: Rates) -> Result<(), DriverError> {
        self.done.synchronize()?;
        (self.lengths, self.held) = match batch {
            Batch::Given(images, labels) => {
                self.images.as_mut_slice()?[..images.len()].copy_from_slice(images);
                self.labels.as_mut_slice()?[..labels.len()].copy_from_slice(labels);
                ([images.len(), labels.len()], None)
            }
            Batch::Held(count) => ([0, 0], Some(count)),
        };
        self.rates.as_mut_slice()?[0] = rates;
        Ok(())
    }

    /// The batch that it has.
    pub(super) fn again(&self) -> Result<Again, DriverError> {
        let [images, labels] = self.lengths;
        Ok(Again {
            images: self.images.as_slice()?[..images].to_vec(),
            labels: self.labels.as_slice()?[..labels].to_vec(),
            held: self.held,
            rates: self.rates.as_slice()?[0],
        })
    }

    /// Whether images and labels go to the device with it.
    pub(super) fn is_given(&self) -> bool {
        self.held.is_none()
    }

    /// All that the step has to do is in the stream.
    pub(super) fn end(&self) -> Result<(), DriverError> {
        self.done.record(&self.stream)
    }

    /// Waits for the step, and reads what it tells.
    pub(super) fn outcome(&self) -> Result<Outcome, DriverError> {
        self.done.synchronize()?;
        Ok(self.outcome.as_slice()?[0])
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        // No copy may come after the memory is gone. A device that fails makes none.
        let _ = self.stream.synchronize();
    }
}

fn zeros<T: DeviceRepr + ValidAsZeroBits>(
    context: &Arc<CudaContext>,
    len: usize,
) -> Result<PinnedHostSlice<T>, DriverError> {
    // SAFETY: every byte is written before anybody reads: a byte of 0 is valid in all these types.
    unsafe {
        let mut memory = context.alloc_pinned_with_flags::<T>(len.max(1), 0)?;
        memory.as_mut_ptr()?.write_bytes(0, len.max(1));
        Ok(memory)
    }
}
