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
    /// How many numbers of images and labels are this step's.
    lengths: [usize; 2],
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
        })
    }

    /// Takes a batch; waits for the step of the last one.
    pub(super) fn take(
        &mut self,
        images: &[f32],
        labels: &[u32],
        rates: Rates,
    ) -> Result<(), DriverError> {
        self.done.synchronize()?;
        self.images.as_mut_slice()?[..images.len()].copy_from_slice(images);
        self.labels.as_mut_slice()?[..labels.len()].copy_from_slice(labels);
        self.rates.as_mut_slice()?[0] = rates;
        self.lengths = [images.len(), labels.len()];
        Ok(())
    }

    /// The batch that it has.
    pub(super) fn batch(&self) -> Result<(Vec<f32>, Vec<u32>, Rates), DriverError> {
        let [images, labels] = self.lengths;
        Ok((
            self.images.as_slice()?[..images].to_vec(),
            self.labels.as_slice()?[..labels].to_vec(),
            self.rates.as_slice()?[0],
        ))
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
