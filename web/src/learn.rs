//! A network that learns the digits, some steps a question, so that the page can stop it.

use crate::digits::{Digits, input, padding};
use crate::inspect::accepted;
use crate::rate::factor;
use netc_compiler::{Options, Train};
use netc_plan::random::{GOLDEN, SplitMix64, mix};
use netc_plan::{Data, Plan, Recipe, Schedule};
use netc_runtime::train::Trainer;
use netc_runtime::{Executor, Model, Prediction, Weights};
use serde_json::{Value, json};

/// A run.
pub(crate) struct Learner {
    trainer: Trainer,
    plan: Plan,
    recipe: Recipe,
    pad: usize,
    train: Digits,
    test: Digits,
    order: Vec<usize>,
    batch: usize,
    step: u64,
}

/// Sums over steps.
#[derive(Default)]
struct Sums {
    loss: f64,
    correct: usize,
    seen: usize,
}

impl Learner {
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let options = Options {
            train: Some(Train::default()),
            ..Options::default()
        };
        let output = accepted(text, &options)?;
        let (Some(plan), Some(training)) = (output.plan, output.training) else {
            return Err("there is no network to train".to_owned());
        };
        let recipe = training.recipe;
        let Some(Data::Digits { pad: given }) = recipe.data else {
            return Err(
                "the page has the digits alone: write `data = digits` in `train { }`".to_owned(),
            );
        };
        let pad = padding(&plan.input)?;
        if given != pad {
            return Err(format!(
                "this network takes digits with {pad} cells around them: write `data = digits(pad={pad})`"
            ));
        }
        let [train, test] = Digits::load()?;
        let batch = recipe.batch.clamp(1, train.labels.len());
        let weights = Weights::random(recipe.seed, &training.plan.params);
        let trainer = Trainer::new(&training.plan, &recipe.optimizer, &weights, batch, 1);
        let trainer = trainer.map_err(|e| e.to_string())?;
        Ok(Self {
            trainer: trainer.with_seed(recipe.seed).with_clip(recipe.clip),
            order: (0..train.labels.len()).collect(),
            plan,
            recipe,
            pad,
            train,
            test,
            batch,
            step: 0,
        })
    }

    /// Steps of an epoch.
    fn each(&self) -> usize {
        self.train.labels.len().div_ceil(self.batch)
    }

    fn all_steps(&self) -> u64 {
        (self.each() * self.recipe.epochs) as u64
    }

    pub(crate) fn about(&self) -> Value {
        let plateau = |schedule: &Schedule| matches!(schedule, Schedule::Plateau { .. });
        let left_out = [
            ("augment", !self.recipe.augment.is_empty()),
            ("plateau", self.recipe.schedule.iter().any(plateau)),
            ("stop", self.recipe.stop.is_some()),
            ("validation", self.recipe.validation.is_some()),
        ];
        let left_out = left_out.iter().filter(|(_, asked)| *asked);
        json!({
            "name": self.plan.name,
            "pictures": self.train.labels.len(),
            "epochs": self.recipe.epochs,
            "batch": self.batch,
            "each": self.each(),
            "steps": self.all_steps(),
            "leftOut": left_out.map(|(what, _)| *what).collect::<Vec<_>>(),
        })
    }

    /// So many more steps, but none beyond the end of an epoch.
    pub(crate) fn steps(&mut self, count: u64) -> Result<Value, String> {
        let each = self.each() as u64;
        let mut sums = Sums::default();
        for _ in 0..count {
            if self.step >= self.all_steps() {
                break;
            }
            self.one(&mut sums)?;
            if self.step.is_multiple_of(each) {
                break;
            }
        }
        let seen = sums.seen.max(1) as f64;
        let judged = sums.seen > 0 && self.step.is_multiple_of(each);
        Ok(json!({
            "step": self.step,
            "epoch": self.step as f64 / each as f64,
            "done": self.step >= self.all_steps(),
            "loss": sums.loss / seen,
            "accuracy": sums.correct as f64 / seen,
            "test": if judged { Some(self.judge()?) } else { None },
        }))
    }

    fn one(&mut self, sums: &mut Sums) -> Result<(), String> {
        let at = (self.step % self.each() as u64) as usize;
        if at == 0 && self.recipe.shuffle {
            let epoch = self.step / self.each() as u64;
            let key = mix(self.recipe.seed).wrapping_add(epoch.wrapping_mul(GOLDEN));
            let mut random = SplitMix64(key);
            for i in (1..self.order.len()).rev() {
                self.order.swap(i, random.below(i + 1));
            }
        }
        let end = self.order.len().min((at + 1) * self.batch);
        let pictures = &self.order[at * self.batch..end];
        let images = images(&self.train, pictures, self.pad, &self.plan);
        let labels: Vec<u32> = pictures.iter().map(|i| self.train.labels[*i]).collect();
        let rate = factor(&self.recipe, self.step, self.each());
        let result = self.trainer.step(&images, &labels, rate);
        let result = result.map_err(|e| e.to_string())?;
        sums.loss += result.loss * labels.len() as f64;
        sums.correct += result.correct;
        sums.seen += labels.len();
        self.step += 1;
        Ok(())
    }

    /// Loss (cross-entropy) and accuracy on the digits that it does not learn from.
    fn judge(&self) -> Result<Value, String> {
        let weights = self.trainer.weights().map_err(|e| e.to_string())?;
        let executor = Executor::new(&self.plan, &weights).map_err(|e| e.to_string())?;
        let all: Vec<usize> = (0..self.test.labels.len()).collect();
        let mut workspace = executor.workspace(self.batch);
        let (mut loss, mut correct) = (0.0, 0);
        for pictures in all.chunks(self.batch) {
            let images = images(&self.test, pictures, self.pad, &self.plan);
            let outputs = executor.forward(&mut workspace, &images);
            let outputs = outputs.map_err(|e| e.to_string())?;
            for (scores, i) in outputs.chunks(outputs.len() / pictures.len()).zip(pictures) {
                let probabilities = executor.scores().probabilities(scores);
                let label = self.test.labels[*i] as usize;
                let own = probabilities.get(label).copied().unwrap_or(0.0);
                loss -= f64::from(own.max(f32::MIN_POSITIVE)).ln();
                correct += usize::from(Prediction::best(&probabilities).class == label);
            }
        }
        let count = all.len() as f64;
        Ok(json!({ "loss": loss / count, "accuracy": correct as f64 / count }))
    }

    pub(crate) fn weights(&self) -> Result<Vec<u8>, String> {
        let weights = self.trainer.weights().map_err(|e| e.to_string())?;
        Ok(weights.to_bytes())
    }
}

fn images(digits: &Digits, pictures: &[usize], pad: usize, plan: &Plan) -> Vec<f32> {
    let mut images = Vec::new();
    for i in pictures {
        let picture: Vec<f32> = digits.picture(*i).iter().map(|b| f32::from(*b)).collect();
        input(&picture, pad, &plan.pixels, &mut images);
    }
    images
}
