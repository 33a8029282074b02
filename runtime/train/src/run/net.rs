//! A compiled network as a [`Learn`]: the runtime's trainer, and the network as it infers, for evaluation.

use super::evaluator::Evaluator;
use super::learn::{Evaluate, Learn, Outcome, Tensor};
use crate::{Error, ErrorKind, Result};
use netc_plan::{Loss, Plan, Recipe};
use netc_runtime::Weights;
use netc_runtime::train::{OptimizerState, Pictures, Preparation, StepResult, Trainer};
use std::collections::BTreeMap;
use std::ops::Range;

/// A network in training.
pub struct Net {
    trainer: Trainer,
    /// For inference.
    plan: Plan,
    loss: Loss,
    batch: usize,
    threads: usize,
    /// For evaluation with the weights as they are; made when it is asked for.
    evaluator: Option<Evaluator>,
}

impl Net {
    /// Prepares a network: its plan for inference, its plan for training, and the weights it starts with.
    ///
    /// # Errors
    /// The weights are not the network's.
    pub fn new(
        plan: &Plan,
        training: &Plan,
        recipe: &Recipe,
        weights: &Weights,
        threads: usize,
    ) -> Result<Self> {
        let trainer = Trainer::new(training, &recipe.optimizer, weights, recipe.batch, threads)?;
        Ok(Self {
            trainer: trainer.with_seed(recipe.seed).with_clip(recipe.clip),
            plan: plan.clone(),
            loss: recipe.loss,
            batch: recipe.batch,
            threads,
            evaluator: None,
        })
    }

    /// The runtime's trainer: its memory, its plan.
    #[must_use]
    pub fn trainer(&self) -> &Trainer {
        &self.trainer
    }
}

/// A trainer refuses to give weights that are not finite, and for no other reason; the first of them is enough.
fn diverged(e: netc_runtime::Error) -> Error {
    let text = e.to_string();
    let mut problems = text.lines().map(|line| line.trim_start_matches("  - "));
    let first = problems.find(|line| line.starts_with('`')).unwrap_or(&text);
    Error::new(ErrorKind::Diverged, first)
}

fn outcome(result: StepResult) -> Outcome {
    Outcome {
        loss: result.loss,
        correct: result.correct,
    }
}

impl Evaluate for Net {
    fn outputs(&self) -> usize {
        self.plan.output.iter().product()
    }

    fn evaluate(&mut self, images: &[f32], labels: &[u32], scores: &mut [f32]) -> Result<f64> {
        let evaluator = match &mut self.evaluator {
            Some(evaluator) => evaluator,
            none => {
                let weights = self.trainer.weights().map_err(diverged)?;
                let (plan, loss) = (&self.plan, self.loss);
                let evaluator = Evaluator::new(plan, loss, &weights, self.batch, self.threads)?;
                none.insert(evaluator)
            }
        };
        evaluator.evaluate(images, labels, scores)
    }
}

impl Learn for Net {
    fn train(&mut self, images: &[f32], labels: &[u32], factor: f64) -> Result<Outcome> {
        self.evaluator = None;
        let result = self.trainer.step(images, labels, factor)?;
        Ok(outcome(result))
    }

    fn submit(&mut self, images: &[f32], labels: &[u32], factor: f64) -> Result<Option<Outcome>> {
        self.evaluator = None;
        let result = self.trainer.submit(images, labels, factor)?;
        Ok(result.map(outcome))
    }

    fn outcome(&mut self) -> Result<Option<Outcome>> {
        Ok(self.trainer.outcome()?.map(outcome))
    }

    fn holds(&self) -> bool {
        !self.trainer.device().is_cpu()
    }

    fn hold(&mut self, pictures: &Pictures<'_>, preparation: &Preparation) -> Result<bool> {
        Ok(self.trainer.hold(pictures, preparation)?)
    }

    fn begin_epoch(&mut self, epoch: usize, order: &[u32]) -> Result<()> {
        Ok(self.trainer.begin_epoch(epoch as u64, order)?)
    }

    fn submit_held(&mut self, batch: Range<usize>, factor: f64) -> Result<Option<Outcome>> {
        self.evaluator = None;
        let result = self.trainer.submit_held(batch, factor)?;
        Ok(result.map(outcome))
    }

    fn weights(&self) -> Result<Vec<Tensor<'static>>> {
        let weights = self.trainer.weights().map_err(diverged)?;
        let tensor =
            |(name, shape, values): (&str, &[usize], std::borrow::Cow<'_, [f32]>)| Tensor {
                name: name.to_owned(),
                shape: shape.to_vec(),
                values: values.into_owned().into(),
            };
        Ok(weights.tensors().map(tensor).collect())
    }

    fn state(&self) -> Result<Vec<Tensor<'_>>> {
        let tensor = |(name, shape, values)| Tensor {
            name,
            shape,
            values: Vec::into(values),
        };
        let state = self.trainer.optimizer_state()?;
        Ok(state.tensors.into_iter().map(tensor).collect())
    }

    fn set_weights(&mut self, weights: Vec<Tensor<'static>>) -> Result<()> {
        self.evaluator = None;
        let tensors = weights.into_iter().map(|t| (t.name, t.values.into_owned()));
        let weights = Weights::from_tensors(tensors, &self.trainer.plan().params)?;
        Ok(self.trainer.set_weights(&weights)?)
    }

    fn set_state(&mut self, state: Vec<Tensor<'static>>, steps: u64) -> Result<()> {
        // In the trainer's own order.
        let own = self.trainer.optimizer_state()?.tensors;
        let names: Vec<String> = own.into_iter().map(|(name, _, _)| name).collect();
        let mut given: BTreeMap<String, Tensor<'static>> =
            state.into_iter().map(|t| (t.name.clone(), t)).collect();
        let take = |name: String| {
            let found = given.remove(&name).ok_or_else(|| {
                Error::input(format!("the checkpoint has no `{name}` of the optimizer"))
            })?;
            Ok((name, found.shape, found.values.into_owned()))
        };
        let tensors = names.into_iter().map(take).collect::<Result<_>>()?;
        Ok(self
            .trainer
            .restore_optimizer(&OptimizerState { steps, tensors })?)
    }
}
