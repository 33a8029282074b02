//! The memory of a training run, before it is taken.

use super::Layout;
use super::on_cpu::{kernels, losses};
use crate::backend::TrainKernel;
use crate::cpu::Machine;
use crate::plan::{Optimizer, Plan};
use crate::{Error, Prepared, Scratch, prepare};

/// The bytes that a training run takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// The parameters.
    pub weights: usize,
    /// Their gradients.
    pub gradients: usize,
    /// The optimizer's states.
    pub optimizer: usize,
    /// The arena: values, and gradients of values. Grows with the batch.
    pub activations: usize,
    /// Packed weights and what kernels need while they run.
    pub workspace: usize,
    /// A data set that the device holds.
    pub pictures: usize,
}

impl MemoryUse {
    /// All together.
    #[must_use]
    pub fn total(&self) -> usize {
        let values = self.activations.saturating_add(self.workspace);
        let values = values.saturating_add(self.pictures);
        values.saturating_add(self.weights + self.gradients + self.optimizer)
    }

    /// What a run of this plan would take; nothing but packed weights is allocated to find out.
    ///
    /// # Errors
    /// With [`ErrorKind::Plan`](crate::ErrorKind::Plan), if the plan is not valid.
    pub fn of(
        plan: &Plan,
        optimizer: &Optimizer,
        max_batch: usize,
        threads: usize,
    ) -> Result<Self, Error> {
        Self::prepared(
            &prepare(plan, Machine::here(), max_batch)?,
            optimizer,
            threads,
        )
    }

    /// As [`of`](Self::of), with the kernels that were chosen.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn prepared(
        prepared: &Prepared<'_>,
        optimizer: &Optimizer,
        threads: usize,
    ) -> Result<Self, Error> {
        const NUMBER: usize = size_of::<f32>();
        let (plan, max_batch) = (prepared.plan(), prepared.max_batch());
        let layout = Layout::new(&plan.params);
        let kernels = kernels(prepared, &layout)?;
        let all = kernels.iter().map(|kernel| kernel.scratch(max_batch));
        let all = all.chain(losses(plan).map(|loss| loss.scratch(max_batch)));
        let scratch = all.fold(Scratch::default(), Scratch::max);
        let packed: usize = kernels.iter().map(TrainKernel::bytes).sum();
        let weights = layout.len() * NUMBER;
        Ok(Self {
            weights,
            gradients: weights,
            optimizer: weights * optimizer.states().len(),
            activations: plan.arena.saturating_mul(max_batch),
            workspace: packed + (scratch.shared + scratch.worker * threads) * NUMBER,
            pictures: 0,
        })
    }
}
