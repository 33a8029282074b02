//! A compiled network as a [`Step`]: the runtime's trainer, and its executor for evaluation.

use super::step::{Outcome, Step, Tensor};
use crate::{Error, Result};
use netc_plan::{Loss, Op, Plan, Recipe, TrainPlan};
use netc_runtime::train::{OptimizerState, Trainer};
use netc_runtime::{Executor, Model, Scores, Weights, Workspace};
use std::collections::BTreeMap;

/// A network in training.
pub struct Net {
    trainer: Trainer,
    /// Up to the scores that the loss reads.
    plan: Plan,
    loss: Loss,
    batch: usize,
    threads: usize,
    /// For evaluation with the weights as they are; made when it is asked for.
    ready: Option<(Executor, Workspace)>,
}

impl Net {
    /// Prepares a network: its plan for inference, its plan for training, and the weights it starts with.
    ///
    /// # Errors
    /// The weights are not the network's.
    pub fn new(
        plan: &Plan,
        training: &TrainPlan,
        recipe: &Recipe,
        weights: &Weights,
        threads: usize,
    ) -> Result<Self> {
        let loss = training.loss.loss;
        let trainer = Trainer::new(training, &recipe.optimizer, weights, recipe.batch, threads)?;
        Ok(Self {
            trainer: trainer.with_seed(recipe.seed).with_clip(recipe.clip),
            plan: scores_of(plan, loss),
            loss,
            batch: recipe.batch,
            threads,
            ready: None,
        })
    }

    /// The runtime's trainer: its memory, its plan.
    #[must_use]
    pub fn trainer(&self) -> &Trainer {
        &self.trainer
    }
}

/// What the scores of a network in training are.
#[must_use]
pub(super) fn scores(plan: &Plan, loss: Loss) -> Scores {
    match (plan.distances, plan.probabilities, loss) {
        (true, _, _) => Scores::Distances,
        (false, true, Loss::Mse | Loss::LeNet5 { .. }) => Scores::Probabilities,
        _ => Scores::Logits,
    }
}

/// The plan without a last SOFTMAX that the loss contains: its logarithm is exact where probabilities have become 0.
fn scores_of(plan: &Plan, loss: Loss) -> Plan {
    let mut plan = plan.clone();
    if matches!(loss, Loss::CrossEntropy { .. })
        && let Some(step) = plan.steps.pop_if(|step| matches!(step.op, Op::Softmax(_)))
    {
        plan.result = step.inputs[0];
        plan.probabilities = false;
    }
    plan
}

impl Step for Net {
    fn outputs(&self) -> usize {
        self.plan.output.iter().product()
    }

    fn train(&mut self, images: &[f32], labels: &[u32], factor: f64) -> Result<Outcome> {
        self.ready = None;
        let result = self.trainer.step(images, labels, factor)?;
        Ok(Outcome {
            loss: result.loss,
            correct: result.correct,
        })
    }

    fn evaluate(&mut self, images: &[f32], labels: &[u32], scores: &mut [f32]) -> Result<f64> {
        let (executor, workspace) = match &mut self.ready {
            Some(ready) => ready,
            none => {
                let executor = Executor::new(&self.plan, &self.trainer.weights()?)?;
                let workspace = executor.workspace(self.batch).with_threads(self.threads);
                none.insert((executor, workspace))
            }
        };
        scores.copy_from_slice(executor.forward(workspace, images)?);
        let each = scores.len() / labels.len().max(1);
        let losses = scores.chunks_exact(each).zip(labels);
        let sum: f64 = losses
            .map(|(scores, label)| loss(self.loss, scores, *label as usize))
            .sum();
        Ok(sum / labels.len() as f64)
    }

    fn weights(&self) -> Result<Vec<Tensor<'static>>> {
        let weights = self.trainer.weights()?;
        let tensor =
            |(name, shape, values): (&str, &[usize], std::borrow::Cow<'_, [f32]>)| Tensor {
                name: name.to_owned(),
                shape: shape.to_vec(),
                values: values.into_owned().into(),
            };
        Ok(weights.tensors().map(tensor).collect())
    }

    fn state(&self) -> Vec<Tensor<'_>> {
        let tensor = |(name, shape, values)| Tensor {
            name,
            shape,
            values: Vec::into(values),
        };
        self.trainer
            .optimizer_state()
            .tensors
            .into_iter()
            .map(tensor)
            .collect()
    }

    fn set_weights(&mut self, weights: Vec<Tensor<'static>>) -> Result<()> {
        self.ready = None;
        let tensors = weights.into_iter().map(|t| (t.name, t.values.into_owned()));
        let weights = Weights::from_tensors(tensors, &self.trainer.plan().params)?;
        Ok(self.trainer.set_weights(&weights)?)
    }

    fn set_state(&mut self, state: Vec<Tensor<'static>>, steps: u64) -> Result<()> {
        // In the trainer's own order.
        let own = self.trainer.optimizer_state().tensors;
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

/// The loss of one image, as [`Loss`] defines it.
fn loss(loss: Loss, scores: &[f32], label: usize) -> f64 {
    let all = || scores.iter().map(|s| f64::from(*s));
    let score = f64::from(scores[label]);
    match loss {
        Loss::CrossEntropy { label_smoothing } => {
            let most = all().fold(f64::NEG_INFINITY, f64::max);
            let log_sum = most + all().map(|s| (s - most).exp()).sum::<f64>().ln();
            let smoothing = f64::from(label_smoothing);
            let mean = all().sum::<f64>() / scores.len() as f64;
            log_sum - (1.0 - smoothing) * score - smoothing * mean
        }
        Loss::Mse => {
            let target = |i: usize| f64::from(u8::from(i == label));
            let squares = all().enumerate().map(|(i, s)| (s - target(i)).powi(2));
            squares.sum::<f64>() / scores.len() as f64
        }
        Loss::LeNet5 { j } => {
            let others = all().map(|s| (-s).exp()).sum::<f64>();
            score + ((-f64::from(j)).exp() + others).ln()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_follow_their_definitions() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} {b}");
        let scores = [1.0, 2.0, 0.5];
        let sum = (1f64.exp() + 2f64.exp() + 0.5f64.exp()).ln();
        near(
            loss(
                Loss::CrossEntropy {
                    label_smoothing: 0.0,
                },
                &scores,
                1,
            ),
            sum - 2.0,
        );
        let smooth = 0.9 * (sum - 2.0) + 0.1 / 3.0 * ((sum - 1.0) + (sum - 2.0) + (sum - 0.5));
        near(
            loss(
                Loss::CrossEntropy {
                    label_smoothing: 0.1,
                },
                &scores,
                1,
            ),
            smooth,
        );
        near(loss(Loss::Mse, &scores, 1), (1.0 + 1.0 + 0.25) / 3.0);
        let others = (-1f64).exp() + (-2f64).exp() + (-0.5f64).exp();
        near(
            loss(Loss::LeNet5 { j: 0.1 }, &scores, 0),
            1.0 + ((-0.1f64).exp() + others).ln(),
        );
        // A probability of 0 has a finite logarithm.
        near(
            loss(
                Loss::CrossEntropy {
                    label_smoothing: 0.0,
                },
                &[0.0, 500.0],
                0,
            ),
            500.0,
        );
    }
}
