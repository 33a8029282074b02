//! A run of generated code on another device than the CPU: the calls of its first step become a plan, by which a trainer goes on there.

use super::{State, Trainer};
use crate::cuda::Extent;
use crate::plan::{BackwardStep, Gradient, LossStep, Op, Pixels, Plan, Source, Step, View};
use crate::{Device, Error, Workspace};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// What is known of a run, and the trainer that it becomes.
pub(crate) struct Recorded {
    device: Device,
    max_batch: usize,
    /// Names and texts of the forward steps.
    names: Vec<[String; 2]>,
    /// The parts that are known before the first step, and what that has gone through.
    plan: Plan,
    /// Forward steps of the step under way.
    reached: usize,
    /// From the end of the first step on.
    trainer: Option<Trainer>,
}

impl Recorded {
    /// A run in which nothing has been recorded.
    fn new(device: &Device, extent: Extent, host: &State, values: &[(&str, &str, View)]) -> Self {
        let names = values.iter();
        Self {
            device: device.clone(),
            max_batch: extent.max_batch,
            names: names
                .map(|(name, text, _)| [name.to_string(), text.to_string()])
                .collect(),
            plan: Plan {
                name: String::new(),
                input: vec![extent.image],
                output: Vec::new(),
                probabilities: false,
                distances: false,
                pixels: Pixels::default(),
                params: host.layout.list().to_vec(),
                arena: extent.arena * size_of::<f32>(),
                forward: Vec::new(),
                joins: Vec::new(),
                blocks: Vec::new(),
                by_rows: Vec::new(),
                result: View::input([0; 3]),
                kept: Vec::new(),
                loss: Vec::new(),
                backward: Vec::new(),
                update: host.steps.clone(),
            },
            reached: 0,
            trainer: None,
        }
    }

    /// The next step starts anew from what the host has.
    pub(super) fn forget(&mut self) {
        self.trainer = None;
    }

    /// A step begins.
    pub(super) fn begin(&mut self) -> &mut Self {
        self.reached = 0;
        if self.trainer.is_none() {
            self.plan.forward.clear();
            self.plan.loss.clear();
            self.plan.backward.clear();
        }
        self
    }

    /// The step goes through this operation; `layer` names its parameters, where it has any. Gives its number.
    pub(crate) fn forward(&mut self, op: Op, layer: Option<&str>, x: &[View], y: View) -> usize {
        let number = self.reached;
        self.reached += 1;
        if self.trainer.is_none() {
            let [name, text] = self.names.get(number).cloned().unwrap_or_default();
            self.plan.forward.push(Step {
                name,
                text,
                op,
                source: layer.map(Source::of),
                inputs: x.into(),
                output: y,
            });
        }
        number
    }

    /// The step computes this loss.
    pub(super) fn loss(&mut self, step: &LossStep) {
        if self.trainer.is_none() {
            let plan = &mut self.plan;
            if plan.loss.is_empty() {
                plan.result = step.scores;
                plan.output = vec![step.scores.len()];
            }
            plan.loss.push(step.clone());
        }
    }

    /// The step goes back through the operation of this number.
    pub(crate) fn backward(&mut self, number: usize, dy: View, dx: &[Option<Gradient>]) {
        if self.trainer.is_none() {
            self.plan.backward.push(BackwardStep {
                step: number,
                output_gradient: dy,
                input_gradients: dx.into(),
            });
        }
    }

    /// The trainer for what was recorded, which goes on from where the host's run stands.
    fn ready(&self, host: &State) -> Result<Trainer, Error> {
        let optimizer = host.update.optimizer();
        let weights = host.weights()?.on(self.device.clone());
        let trainer = Trainer::new(&self.plan, optimizer, &weights, self.max_batch, 1)?;
        let mut trainer = trainer.with_seed(host.seed).with_clip(host.clip);
        trainer.restore_optimizer(&host.optimizer_state()?)?;
        Ok(trainer)
    }
}

impl State {
    /// As [`on`](Self::on).
    pub(super) fn moved(
        mut self,
        device: &Device,
        workspace: &Workspace,
        values: &[(&str, &str, View)],
    ) -> Result<Self, Error> {
        if let Some(trainer) = self.trainer() {
            let (weights, optimizer) = (trainer.weights()?, trainer.optimizer_state()?);
            self.restore_optimizer(&optimizer)?;
            self.load(&weights);
        }
        let recorded = || Recorded::new(device, workspace.extent(), &self, values);
        self.recorded = (!device.is_cpu()).then(recorded).map(Box::new);
        Ok(self)
    }

    /// The trainer on another device than the CPU, from the end of the first step there on.
    pub(super) fn trainer(&self) -> Option<&Trainer> {
        self.recorded.as_ref()?.trainer.as_ref()
    }

    /// Launches of a step on a GPU; none on the CPU, and before the first step.
    #[must_use]
    pub fn launches(&self) -> Option<usize> {
        self.trainer()?.launches()
    }

    /// Runs a step that was recorded, and gives its loss.
    pub(super) fn run(&mut self, images: &[f32], labels: &[u32]) -> Result<f32, Error> {
        if self.trainer().is_none() {
            let ready = self
                .recorded
                .as_ref()
                .map(|recorded| recorded.ready(self))
                .transpose()?;
            if let Some(recorded) = &mut self.recorded {
                recorded.trainer = ready;
            }
        }
        let recorded = self.recorded.as_mut();
        let trainer = recorded.and_then(|recorded| recorded.trainer.as_mut());
        let trainer = trainer.ok_or_else(|| Error::plan("no step was recorded"))?;
        Ok(trainer.step(images, labels, self.rate)?.loss as f32)
    }
}
