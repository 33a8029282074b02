//! A network under training, on the device that its weights are for.

#[cfg(feature = "std")]
use super::StepTimes;
use super::on_cpu::OnCpu;
use super::{MemoryUse, OptimizerState, Pictures, Preparation, StepResult};
#[cfg(feature = "cuda")]
use crate::cuda::Training;
use crate::plan::{Optimizer, Plan, View};
use crate::{Device, Error, Prepared, Weights};
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;

/// A network under training.
pub struct Trainer {
    plan: Plan,
    device: Device,
    on: On,
}

/// Where it is.
enum On {
    Cpu(Box<OnCpu>),
    #[cfg(feature = "cuda")]
    Gpu(Box<Training>),
}

/// The same on either device.
macro_rules! on {
    ($self:ident, $run:ident => $cpu:expr, $gpu:expr) => {
        match &$self.on {
            On::Cpu($run) => $cpu,
            #[cfg(feature = "cuda")]
            On::Gpu($run) => $gpu,
        }
    };
    (mut $self:ident, $run:ident => $cpu:expr, $gpu:expr) => {
        match &mut $self.on {
            On::Cpu($run) => $cpu,
            #[cfg(feature = "cuda")]
            On::Gpu($run) => $gpu,
        }
    };
}

impl Trainer {
    /// Prepares a plan for batches of up to `max_batch` images, on the device that the weights are for. The random numbers of DROPOUT start
    /// from seed 0.
    ///
    /// # Errors
    /// If the weights are not the plan's; with [`ErrorKind::Plan`](crate::ErrorKind::Plan), if the plan is not valid or only infers; with
    /// [`ErrorKind::Device`](crate::ErrorKind::Device), if a GPU has not the memory.
    pub fn new(
        plan: &Plan,
        optimizer: &Optimizer,
        weights: &Weights,
        max_batch: usize,
        threads: usize,
    ) -> Result<Self, Error> {
        let prepared = Prepared::on(weights.device(), plan, max_batch)?;
        Self::prepared(&prepared, optimizer, weights, threads)
    }

    /// As [`new`](Self::new), with the kernels that were chosen (for the CPU), for the largest batch that they were chosen for.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn prepared(
        prepared: &Prepared<'_>,
        optimizer: &Optimizer,
        weights: &Weights,
        threads: usize,
    ) -> Result<Self, Error> {
        let plan = prepared.plan();
        if !plan.trains() {
            return Err(Error::plan("it only infers: there is nothing to train by"));
        }
        weights.check(&plan.params)?;
        Ok(Self {
            on: On::new(prepared, optimizer, weights, threads)?,
            device: weights.device().clone(),
            plan: plan.clone(),
        })
    }

    /// The seed of DROPOUT's random numbers.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        on!(mut self, run => run.set_seed(seed), run.set_seed(seed));
        self
    }

    /// Scales the gradients down to this norm, all together, where they are longer.
    #[must_use]
    pub fn with_clip(mut self, norm: Option<f32>) -> Self {
        on!(mut self, run => run.set_clip(norm), run.set_clip(norm));
        self
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where it trains.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The bytes that this run takes, of the device's memory.
    #[must_use]
    pub fn memory(&self) -> MemoryUse {
        on!(self, run => run.memory(), run.memory())
    }

    /// Updates made so far, those before a resume included.
    #[must_use]
    pub fn steps(&self) -> u64 {
        on!(self, run => run.steps(), run.steps())
    }

    /// Learns from a batch: forward, loss, backward, update. `labels` holds a class for each image, or for each pixel where the
    /// scores are a picture. `factor` multiplies the learning rate.
    ///
    /// # Errors
    /// If images or labels do not fit the network; with [`ErrorKind::Diverged`](crate::ErrorKind::Diverged), if the loss or a
    /// gradient is not a finite number: then the weights stay as they were, and the error names the first layer where it shows; with
    /// [`ErrorKind::Device`](crate::ErrorKind::Device), if a GPU fails.
    pub fn step(
        &mut self,
        images: &[f32],
        labels: &[u32],
        factor: f64,
    ) -> Result<StepResult, Error> {
        on!(mut self, run => run.step(&self.plan, images, labels, factor), run.step(&self.plan, images, labels, factor))
    }

    /// As [`step`](Self::step), without waiting for a GPU: it gives what is known by then, which is the result of this step on the CPU, and on a
    /// GPU that of the step that was submitted before, if it has not been given. [`outcome`](Self::outcome) gives the last one.
    ///
    /// # Errors
    /// As [`step`](Self::step), of the step whose result it would be. Of a step that fails, and of one that was submitted after it, nothing
    /// is left: weights and [`steps`](Self::steps) are those before.
    pub fn submit(
        &mut self,
        images: &[f32],
        labels: &[u32],
        factor: f64,
    ) -> Result<Option<StepResult>, Error> {
        on!(mut self, run => run.step(&self.plan, images, labels, factor).map(Some), run.submit(&self.plan, images, labels, factor))
    }

    /// Waits for the step that was submitted last: its result, if it has not been given.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn outcome(&mut self) -> Result<Option<StepResult>, Error> {
        match &mut self.on {
            On::Cpu(_) => Ok(None),
            #[cfg(feature = "cuda")]
            On::Gpu(run) => run.outcome(&self.plan),
        }
    }

    /// Has the device hold a data set, so that steps need nothing of the host but the order of its pictures: whether it does. The CPU holds
    /// none; a GPU does where the set takes at most half of the memory that is free, the preparation is not too long for a kernel, and the
    /// program of such a step gets there. Another data set takes its place.
    ///
    /// # Errors
    /// With [`ErrorKind::Input`](crate::ErrorKind::Input), if these are no pictures, no inputs of the network, or their labels no classes of its; or
    /// a step is under way, whose [`outcome`](Self::outcome) comes first. With [`ErrorKind::Device`](crate::ErrorKind::Device), if a GPU fails.
    pub fn hold(
        &mut self,
        pictures: &Pictures<'_>,
        preparation: &Preparation,
    ) -> Result<bool, Error> {
        pictures.check()?;
        let size = preparation.size(pictures.padded())?;
        let numbers = |sizes: &[usize]| sizes.iter().product::<usize>();
        if numbers(&size) != numbers(&self.plan.input) {
            let [h, w, c] = size;
            let problem = format!(
                "the preparation gives {h}x{w}x{c}, the network takes {:?}",
                self.plan.input
            );
            return Err(Error::new(crate::ErrorKind::Input, problem));
        }
        match &mut self.on {
            On::Cpu(_) => Ok(false),
            #[cfg(feature = "cuda")]
            On::Gpu(run) => match self.device.gpu() {
                Some(gpu) => run.hold(gpu, &self.plan, pictures, preparation),
                None => Ok(false),
            },
        }
    }

    /// Begins an epoch over held pictures: their order, which is all that a device gets of it. The host draws it, as each number of a shuffle
    /// (Fisher and Yates) depends on those before.
    ///
    /// # Errors
    /// With [`ErrorKind::Input`](crate::ErrorKind::Input), if the device holds no such pictures; as [`step`](Self::step).
    #[cfg_attr(
        not(feature = "cuda"),
        expect(unused_variables, reason = "the CPU holds none")
    )]
    pub fn begin_epoch(&mut self, epoch: u64, order: &[u32]) -> Result<(), Error> {
        match &mut self.on {
            On::Cpu(_) => Err(nothing_held()),
            #[cfg(feature = "cuda")]
            On::Gpu(run) => run.begin_epoch(epoch, order),
        }
    }

    /// As [`submit`](Self::submit), on held pictures: `batch` says which of the epoch's order.
    ///
    /// # Errors
    /// With [`ErrorKind::Input`](crate::ErrorKind::Input), if the device holds no pictures, or these are no batch of the epoch's; as
    /// [`submit`](Self::submit).
    #[cfg_attr(
        not(feature = "cuda"),
        expect(unused_variables, reason = "the CPU holds none")
    )]
    pub fn submit_held(
        &mut self,
        batch: Range<usize>,
        factor: f64,
    ) -> Result<Option<StepResult>, Error> {
        match &mut self.on {
            On::Cpu(_) => Err(nothing_held()),
            #[cfg(feature = "cuda")]
            On::Gpu(run) => run.submit_held(&self.plan, batch, factor),
        }
    }

    /// A step without its update: the gradients are left for [`gradient`](Self::gradient).
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn gradients(&mut self, images: &[f32], labels: &[u32]) -> Result<StepResult, Error> {
        on!(mut self, run => run.gradients(&self.plan, images, labels), run.gradients(&self.plan, images, labels))
    }

    /// As [`step`](Self::step), and says how long its parts took: on the CPU; a GPU runs them as one.
    ///
    /// # Errors
    /// As [`step`](Self::step); with [`ErrorKind::Choice`](crate::ErrorKind::Choice) on a GPU.
    #[cfg(feature = "std")]
    pub fn step_timed(
        &mut self,
        images: &[f32],
        labels: &[u32],
        factor: f64,
    ) -> Result<(StepResult, StepTimes), Error> {
        match &mut self.on {
            On::Cpu(run) => run.step_timed(&self.plan, images, labels, factor),
            #[cfg(feature = "cuda")]
            On::Gpu(_) => {
                let problem =
                    "a training step on a GPU is one graph: its layers have no times of their own";
                Err(Error::new(crate::ErrorKind::Choice, problem))
            }
        }
    }

    /// The gradient of a parameter after [`gradients`](Self::gradients); none where there is no such parameter.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`](crate::ErrorKind::Device), if a GPU fails.
    pub fn gradient(&self, name: &str) -> Result<Option<Vec<f32>>, Error> {
        on!(self, run => Ok(run.gradient(name).map(Vec::from)), run.gradient(name))
    }

    /// The scores of the last step, dense.
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn scores(&self) -> Result<Vec<f32>, Error> {
        self.read(self.plan.result)
    }

    /// The parameters as they are now, for the same device.
    ///
    /// # Errors
    /// If a number is not finite; as [`gradient`](Self::gradient).
    pub fn weights(&self) -> Result<Weights, Error> {
        let weights = on!(self, run => run.weights(), run.weights())?;
        Ok(weights.on(self.device.clone()))
    }

    /// Takes these weights; the optimizer's state stays.
    ///
    /// # Errors
    /// If they are not the plan's; as [`gradient`](Self::gradient).
    pub fn set_weights(&mut self, weights: &Weights) -> Result<(), Error> {
        weights.check(&self.plan.params)?;
        on!(mut self, run => run.set_weights(weights), run.set_weights(weights))
    }

    /// The optimizer's state.
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn optimizer_state(&self) -> Result<OptimizerState, Error> {
        on!(self, run => run.optimizer_state(), run.optimizer_state())
    }

    /// Goes on from this state.
    ///
    /// # Errors
    /// If it is that of another network or optimizer; as [`gradient`](Self::gradient).
    pub fn restore_optimizer(&mut self, state: &OptimizerState) -> Result<(), Error> {
        on!(mut self, run => run.restore_optimizer(state), run.restore_optimizer(state))
    }

    /// Launches of a step on a GPU; none on the CPU.
    #[cfg(feature = "cuda")]
    #[must_use]
    pub fn launches(&self) -> Option<usize> {
        match &self.on {
            On::Cpu(_) => None,
            On::Gpu(run) => Some(run.launches()),
        }
    }

    /// The value of a view of the plan's arena after the last step, for tests and pictures; on a GPU of its input, too.
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn read(&self, view: View) -> Result<Vec<f32>, Error> {
        on!(self, run => Ok(run.read(view)), run.read(view))
    }
}

/// What a device says that holds nothing.
pub(crate) fn nothing_held() -> Error {
    let problem = "the device holds no pictures";
    Error::new(crate::ErrorKind::Input, problem)
}

impl On {
    fn new(
        prepared: &Prepared<'_>,
        optimizer: &Optimizer,
        weights: &Weights,
        threads: usize,
    ) -> Result<Self, Error> {
        #[cfg(feature = "cuda")]
        if let Some(gpu) = weights.device().gpu() {
            let (plan, max_batch) = (prepared.plan(), prepared.max_batch());
            let run = Training::new(gpu, plan, optimizer, weights, max_batch)?;
            return Ok(On::Gpu(run.into()));
        }
        let run = OnCpu::new(prepared, optimizer, weights, threads)?;
        Ok(On::Cpu(run.into()))
    }
}
