//! A compiled network under evaluation: its executor, and the loss of its scores.

use super::learn::Evaluate;
use crate::Result;
use netc_plan::{Loss, Op, Plan};
use netc_runtime::{Device, Executor, Model, Prepared, Quantised, Scores, Weights, Workspace};

/// A network with fixed weights, and the loss that it is evaluated by.
pub struct Evaluator {
    executor: Executor,
    workspace: Workspace,
    loss: Loss,
}

impl Evaluator {
    /// Prepares a network for batches of up to `batch` images.
    ///
    /// # Errors
    /// The weights are not the network's.
    pub fn new(
        plan: &Plan,
        loss: Loss,
        weights: &Weights,
        batch: usize,
        threads: usize,
    ) -> Result<Self> {
        let executor = Executor::new(&scores_of(plan, loss), weights)?;
        Ok(Self::of(executor, loss, batch, threads))
    }

    /// The same for a quantised network, by the machine or the profile of a device.
    ///
    /// # Errors
    /// It is another network's, or the device is no CPU.
    pub fn int8(
        plan: &Plan,
        loss: Loss,
        quantised: &Quantised,
        device: &Device,
        batch: usize,
        threads: usize,
    ) -> Result<Self> {
        let plan = scores_of(plan, loss);
        let executor = Prepared::on(device, &plan, batch)?.int8_executor(quantised)?;
        Ok(Self::of(executor, loss, batch, threads))
    }

    fn of(executor: Executor, loss: Loss, batch: usize, threads: usize) -> Self {
        Self {
            workspace: executor.workspace(batch).with_threads(threads),
            executor,
            loss,
        }
    }
}

impl Evaluate for Evaluator {
    fn outputs(&self) -> usize {
        self.executor.output().iter().product()
    }

    fn evaluate(&mut self, images: &[f32], labels: &[u32], scores: &mut [f32]) -> Result<f64> {
        scores.copy_from_slice(self.executor.forward(&mut self.workspace, images)?);
        let each = scores.len() / labels.len().max(1);
        let losses = scores.chunks_exact(each).zip(labels);
        let sum: f64 = losses
            .map(|(scores, label)| loss(self.loss, scores, *label as usize))
            .sum();
        Ok(sum / labels.len() as f64)
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
        && let Some(step) = plan
            .forward
            .pop_if(|step| matches!(step.op, Op::Softmax(_)))
    {
        plan.result = step.inputs[0];
        plan.probabilities = false;
    }
    plan
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
