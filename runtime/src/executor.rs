//! Runs a plan step by step, with the kernels that generated code calls.

use crate::backend::Kernel;
use crate::cpu::sizes::Sizes;
use crate::int8::Stage;
use crate::plan::{Plan, Slot, Step};
use crate::{Device, Error, Mem, Model, Prepared, Scores, Weights, Workspace};
use alloc::vec::Vec;

/// A plan prepared for this machine, or for the GPU that its weights are for.
pub struct Executor {
    plan: Plan,
    stages: Vec<Stage>,
    device: Device,
}

impl Executor {
    /// Prepares a plan for this machine, as [`prepare`](fn@crate::prepare) chooses, or as the profile of the weights' device says.
    ///
    /// # Errors
    /// If the weights are not the plan's; with [`ErrorKind::Plan`](crate::ErrorKind::Plan), if the plan is not valid or trains; with
    /// [`ErrorKind::Choice`](crate::ErrorKind::Choice), if the profile is another network's.
    pub fn new(plan: &Plan, weights: &Weights) -> Result<Self, Error> {
        Prepared::on(weights.device(), plan, 1)?.executor(weights)
    }

    /// One kernel for each step.
    pub(crate) fn of(plan: Plan, kernels: Vec<Kernel>, device: Device) -> Self {
        let stages = kernels.into_iter().map(Stage::F32).collect();
        Self::staged(plan, stages, device)
    }

    /// One kernel for each step, on floats or on bytes.
    pub(crate) fn staged(plan: Plan, stages: Vec<Stage>, device: Device) -> Self {
        Self {
            plan,
            stages,
            device,
        }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The values that a kept layer had in the last pass over this workspace, dense, one image after the other; none where
    /// the plan does not keep a layer of this name.
    ///
    /// # Errors
    /// As [`Workspace::values`].
    pub fn kept(&self, workspace: &Workspace, name: &str) -> Option<Result<Vec<f32>, Error>> {
        let mut kept = self.plan.kept.iter();
        let &(_, view) = kept.find(|(kept, _)| kept == name)?;
        matches!(view.slot, Slot::Arena(_)).then(|| workspace.values(view))
    }

    /// As [`forward`](Model::forward), and adds to `times` how long each step took, in the plan's order: on the CPU; a GPU runs them as one.
    ///
    /// # Errors
    /// As [`forward`](Model::forward); with [`ErrorKind::Choice`](crate::ErrorKind::Choice) on a GPU.
    #[cfg(feature = "std")]
    pub fn forward_timed<'w>(
        &self,
        workspace: &'w mut Workspace,
        images: &[f32],
        times: &mut Vec<std::time::Duration>,
    ) -> Result<&'w [f32], Error> {
        if !self.device.is_cpu() {
            let problem = "a pass on a GPU is one graph: its layers have no times of their own";
            return Err(Error::new(crate::ErrorKind::Choice, problem));
        }
        times.resize(self.stages.len(), std::time::Duration::ZERO);
        let mut times = times.iter_mut();
        self.walk(workspace, images, |kernel, mem, step| {
            let start = std::time::Instant::now();
            kernel.run(mem, step);
            if let Some(time) = times.next() {
                *time += start.elapsed();
            }
        })
    }

    /// As [`forward`](Model::forward), and shows what each step wrote, dense: on the CPU.
    pub(crate) fn forward_watched(
        &self,
        workspace: &mut Workspace,
        images: &[f32],
        mut watch: impl FnMut(usize, &[f32]),
    ) -> Result<(), Error> {
        let mut number = 0;
        let pass = self.walk(workspace, images, |kernel, mem, step| {
            kernel.run(mem, step);
            watch(number, &mem.dense(Sizes::of(step.op).output(step.output)));
            number += 1;
        });
        pass.map(drop)
    }

    fn walk<'w>(
        &self,
        workspace: &'w mut Workspace,
        images: &[f32],
        mut run: impl FnMut(&Stage, &mut Mem<'_, '_>, &Step),
    ) -> Result<&'w [f32], Error> {
        let mut mem = workspace.begin(images)?;
        for (kernel, step) in self.stages.iter().zip(&self.plan.forward) {
            run(kernel, &mut mem, step);
        }
        mem.finish(self.plan.result)
    }
}

impl Model for Executor {
    fn input(&self) -> &[usize] {
        &self.plan.input
    }

    fn output(&self) -> &[usize] {
        &self.plan.output
    }

    fn scores(&self) -> Scores {
        match &self.plan {
            plan if plan.probabilities => Scores::Probabilities,
            plan if plan.distances => Scores::Distances,
            _ => Scores::Logits,
        }
    }

    fn workspace(&self, max_batch: usize) -> Workspace {
        let scratch = self.stages.iter().map(|stage| stage.scratch(max_batch));
        Workspace::new(
            self.plan.input.iter().product(),
            self.plan.arena,
            max_batch,
            scratch,
        )
        .on(&self.device)
    }

    fn forward<'w>(
        &self,
        workspace: &'w mut Workspace,
        images: &[f32],
    ) -> Result<&'w [f32], Error> {
        self.walk(workspace, images, Stage::run)
    }
}
