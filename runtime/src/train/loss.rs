//! Losses: from scores to the mean loss of the batch and its gradient.

use super::TrainMem;
use crate::cpu::Real;
use crate::cpu::access::Workers;
use crate::cpu::act::exp;
use crate::cpu::simd::multiversion;
use crate::cpu::sizes::{Sizes, bounded};
use crate::plan::{Loss, LossStep, View};
use crate::{Error, ErrorKind, Scratch};
use alloc::format;

/// The end of a forward pass.
pub struct LossKernel(LossStep);

/// What a loss tells of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The mean over the batch (and over the pixels, where every pixel has a label).
    pub loss: f64,
    /// Labels whose class has the best score; the first of equals.
    pub correct: usize,
}

impl Outcome {
    /// The sum with another loss of the same batch; what is correct is told by the first.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            loss: self.loss + other.loss,
            ..self
        }
    }
}

impl LossKernel {
    /// Prepares the step.
    #[must_use]
    pub fn new(step: LossStep) -> Self {
        Self(step)
    }

    /// Where the gradient of the scores goes.
    pub(super) fn gradient(&self) -> View {
        self.0.gradient
    }

    /// Labels of an image: one, or one a pixel where the scores are a picture.
    #[must_use]
    pub fn labels(&self) -> usize {
        let [h, w, _] = self.0.scores.shape;
        bounded([h, w])
    }

    /// Memory for a batch.
    #[must_use]
    pub fn scratch(&self, max_batch: usize) -> Scratch {
        Scratch {
            shared: bounded([2, max_batch, self.labels()]),
            worker: 0,
        }
    }

    /// Computes loss and gradient, both times the step's weight. On a GPU it takes its place in what runs when the training step is
    /// finished, which tells the loss and refuses wrong labels.
    ///
    /// # Errors
    /// If there are not as many labels as images (or pixels), or a label is no class.
    ///
    /// # Panics
    /// If the views are not of one shape or do not fit the memory, or the workspace has less scratch memory than
    /// [`scratch`](Self::scratch) says.
    pub fn run(&self, mem: &mut TrainMem<'_, '_>, labels: &[u32]) -> Result<Outcome, Error> {
        #[cfg(feature = "cuda")]
        if let Some(recorded) = &mut mem.recorded {
            recorded.loss(&self.0);
            return Ok(Outcome::default());
        }
        let LossStep {
            loss,
            weight,
            scores,
            gradient,
        } = self.0;
        let [h, w, classes] = scores.shape;
        let sizes = Sizes::same(scores.shape);
        let count = bounded([mem.mem.batch(), self.labels()]);
        check(labels, count, classes)?;
        let reads = [sizes.output(scores)];
        let step = mem.mem.access(reads, [sizes.output(gradient)]);
        let (figures, step) = step.take_shared(2 * count);
        let places = Workers::new(figures, 2, count);
        step.for_rows(bounded([w, classes, 8]), |[scores], [mut row]| {
            for x in 0..w {
                let at = (row.image * h + row.y) * w + x;
                // SAFETY: each label belongs to one row, and the borrow ends with the iteration.
                let figures = unsafe { places.part(at) };
                let scores = scores.pixel(row.image, row.y, x);
                let label = labels[at] as usize;
                one(
                    loss,
                    scores,
                    label,
                    weight / count as f32,
                    row.pixel(x),
                    figures,
                );
            }
        });
        let mut outcome = Outcome::default();
        for figures in figures.chunks_exact(2) {
            outcome.loss += f64::from(figures[0]);
            outcome.correct += usize::from(figures[1] > 0.0);
        }
        outcome.loss = outcome.loss / count as f64 * f64::from(weight);
        Ok(outcome)
    }
}

/// Checks that there are so many labels, each of a class.
pub(crate) fn check(labels: &[u32], count: usize, classes: usize) -> Result<(), Error> {
    let wrong = |problem| Err(Error::new(ErrorKind::Input, problem));
    if labels.len() != count {
        return wrong(format!("{} labels for {count} places", labels.len()));
    }
    match labels.iter().position(|&label| label as usize >= classes) {
        Some(i) => wrong(format!(
            "label {i} is {}, the network has {classes} classes",
            labels[i]
        )),
        None => Ok(()),
    }
}

multiversion! {
    /// The scores of one label: their gradient, times `share`; `figures` become the loss, and 1 if the label is the best.
    fn one(
        loss: Loss,
        scores: &[f32],
        label: usize,
        share: f32,
        gradient: &mut [f32],
        figures: &mut [f32],
    ) {
        let classes = scores.len() as f32;
        let sign = if matches!(loss, Loss::LeNet5 { .. }) { -1.0 } else { 1.0 };
        let max = scores.iter().fold(f32::NEG_INFINITY, |max, s| max.max(sign * s));
        let first = scores.iter().position(|s| sign * s == max);
        figures[1] = f32::from(u8::from(first == Some(label)));
        match loss {
            Loss::CrossEntropy { label_smoothing } => {
                gradient.iter_mut().zip(scores).for_each(|(g, s)| *g = exp(s - max));
                let sum: f32 = gradient.iter().sum();
                let (own, all) = (1.0 - label_smoothing, label_smoothing / classes);
                gradient.iter_mut().for_each(|g| *g = (*g / sum - all) * share);
                gradient[label] -= own * share;
                let mut target = own * (scores[label] - max);
                if all > 0.0 {
                    target += scores.iter().map(|s| all * (s - max)).sum::<f32>();
                }
                figures[0] = libm::log(f64::from(sum)) as f32 - target;
            }
            Loss::Mse => {
                let mut sum = 0.0;
                for (k, (g, s)) in gradient.iter_mut().zip(scores).enumerate() {
                    let off = s - f32::from(u8::from(k == label));
                    sum += off * off;
                    *g = 2.0 * off / classes * share;
                }
                figures[0] = sum / classes;
            }
            Loss::LeNet5 { j } => {
                let max = max.max(-j);
                gradient.iter_mut().zip(scores).for_each(|(g, s)| *g = exp(-s - max));
                let sum = gradient.iter().sum::<f32>() + exp(-j - max);
                gradient.iter_mut().for_each(|g| *g = -*g / sum * share);
                gradient[label] += share;
                figures[0] = scores[label] + max + libm::log(f64::from(sum)) as f32;
            }
        }
    }
}

/// The definition in [`Loss`] for the scores of one label, `t` its one-hot target or any other: the loss, and the gradient in place.
pub fn reference<T: Real>(loss: Loss, scores: &[T], t: &[T], gradient: &mut [T]) -> T {
    let classes = T::of(scores.len() as f64);
    match loss {
        Loss::CrossEntropy { label_smoothing } => {
            let s = T::of(label_smoothing.into());
            let target = |k: usize| t[k] * (T::one() - s) + s / classes;
            let max = scores.iter().fold(T::neg_infinity(), |max, &x| max.max(x));
            let sum: T = scores.iter().map(|&x| (x - max).exp()).sum();
            let mut loss = T::zero();
            for (k, (g, &score)) in gradient.iter_mut().zip(scores).enumerate() {
                loss += target(k) * (sum.ln() + max - score);
                *g = (score - max).exp() / sum - target(k);
            }
            loss
        }
        Loss::Mse => {
            let mut loss = T::zero();
            for ((g, &score), &t) in gradient.iter_mut().zip(scores).zip(t) {
                loss += (score - t) * (score - t) / classes;
                *g = T::of(2.0) * (score - t) / classes;
            }
            loss
        }
        Loss::LeNet5 { j } => {
            let rest = T::of(-f64::from(j)).exp();
            let sum = scores.iter().map(|&s| (-s).exp()).sum::<T>() + rest;
            let mut loss = sum.ln();
            for ((g, &score), &t) in gradient.iter_mut().zip(scores).zip(t) {
                loss += t * score;
                *g = t - (-score).exp() / sum;
            }
            loss
        }
    }
}
