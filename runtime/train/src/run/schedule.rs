//! The learning rate of each step.

use netc_plan::{Optimizer, Recipe, Schedule};
use serde::{Deserialize, Serialize};

/// Waits for a figure to improve, as Keras' callbacks do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Patience {
    best: Option<f64>,
    waited: usize,
}

impl Patience {
    /// Whether the loss has not improved by `min_delta` for `patience` epochs.
    pub(super) fn is_over(&mut self, loss: f64, min_delta: f64, patience: usize) -> bool {
        if self.best.is_none_or(|best| loss < best - min_delta) {
            self.best = Some(loss);
            self.waited = 0;
            return false;
        }
        self.waited += 1;
        self.was_over(patience)
    }

    /// Whether it was over at the last loss, by a patience that may be another now.
    pub(super) fn was_over(&self, patience: usize) -> bool {
        self.waited >= patience
    }

    fn start_again(&mut self) {
        self.waited = 0;
    }
}

/// What a plateau schedule remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Plateau {
    patience: Patience,
    factor: f64,
}

/// The state of all plateau schedules of a recipe.
pub(super) fn start(recipe: &Recipe) -> Vec<Plateau> {
    let is_plateau = |s: &&Schedule| matches!(s, Schedule::Plateau { .. });
    let fresh = |_| Plateau {
        patience: Patience::default(),
        factor: 1.0,
    };
    recipe
        .schedule
        .iter()
        .filter(is_plateau)
        .map(fresh)
        .collect()
}

/// The rate, and Keras' decay of it, as the optimizer has them.
fn base(optimizer: &Optimizer) -> (f64, f64) {
    match *optimizer {
        Optimizer::Sgd { lr, decay, .. }
        | Optimizer::RmsProp { lr, decay, .. }
        | Optimizer::Adam { lr, decay, .. } => (lr, decay),
    }
}

/// The rate of step `number`, where an epoch has `each` steps: for people. The optimizer is given the factor.
pub(super) fn rate(recipe: &Recipe, plateaus: &[Plateau], number: u64, each: usize) -> f64 {
    let (lr, decay) = base(&recipe.optimizer);
    lr * factor(recipe, plateaus, number, each) / (1.0 + decay * number as f64)
}

/// The product of all schedules at step `number`.
pub(super) fn factor(recipe: &Recipe, plateaus: &[Plateau], number: u64, each: usize) -> f64 {
    let each = each.max(1) as u64;
    let epoch = number / each;
    // Epochs done, in fractions.
    let time = number as f64 / each as f64;
    let mut plateaus = plateaus.iter();
    let factor = |schedule: &Schedule| match schedule {
        Schedule::Steps(steps) => {
            let reached = steps.iter().filter(|(from, _)| *from as u64 <= epoch);
            reached
                .max_by_key(|(from, _)| *from)
                .map_or(1.0, |(_, factor)| *factor)
        }
        Schedule::Exponential(rate) => rate.powf(epoch as f64),
        Schedule::Cosine { epochs, min } => {
            let epochs = epochs.unwrap_or(recipe.epochs);
            let share = (time / epochs as f64).min(1.0);
            min + (1.0 - min) * 0.5 * (1.0 + (std::f64::consts::PI * share).cos())
        }
        Schedule::Plateau { .. } => plateaus.next().map_or(1.0, |plateau| plateau.factor),
        // The first step is no step of rate 0, and the last of the warm-up has the whole rate.
        Schedule::Warmup(epochs) => ((number + 1) as f64 / (*epochs as u64 * each) as f64).min(1.0),
    };
    recipe.schedule.iter().map(factor).product()
}

/// Tells the plateau schedules the validation loss of an epoch.
pub(super) fn epoch_done(recipe: &Recipe, plateaus: &mut [Plateau], loss: f64) {
    let (lr, _) = base(&recipe.optimizer);
    let settings = recipe
        .schedule
        .iter()
        .filter_map(|schedule| match *schedule {
            Schedule::Plateau {
                factor,
                patience,
                min_delta,
                min_lr,
            } => Some((factor, patience, min_delta, min_lr)),
            _ => None,
        });
    for (plateau, (factor, patience, min_delta, min_lr)) in plateaus.iter_mut().zip(settings) {
        if plateau.patience.is_over(loss, min_delta, patience) {
            plateau.patience.start_again();
            let least = (min_lr / lr).min(plateau.factor);
            plateau.factor = (plateau.factor * factor).max(least);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::test_recipe::plain;
    use netc_plan::Data;

    fn rates(schedule: Vec<Schedule>, steps: impl IntoIterator<Item = u64>) -> Vec<f64> {
        let recipe = Recipe {
            schedule,
            ..plain(Data::Mnist { pad: 0 })
        };
        let plateaus = start(&recipe);
        let rate = |step| (rate(&recipe, &plateaus, step, 10) * 1e6).round() / 1e6;
        steps.into_iter().map(rate).collect()
    }

    #[test]
    fn factors_follow_their_definitions() {
        // The base rate is 0.1, and an epoch has 10 steps.
        let steps = Schedule::Steps(vec![(2, 0.8), (5, 0.4)]);
        assert_eq!(
            rates(vec![steps], [0, 19, 20, 49, 50]),
            [0.1, 0.1, 0.08, 0.08, 0.04]
        );
        assert_eq!(
            rates(vec![Schedule::Exponential(0.5)], [9, 10, 29]),
            [0.1, 0.05, 0.025]
        );
        let cosine = Schedule::Cosine {
            epochs: Some(2),
            min: 0.2,
        };
        assert_eq!(
            rates(vec![cosine], [0, 10, 20, 99]),
            [0.1, 0.06, 0.02, 0.02]
        );
        assert_eq!(
            rates(vec![Schedule::Warmup(2)], [0, 9, 19, 20]),
            [0.005, 0.05, 0.1, 0.1]
        );
        let both = vec![Schedule::Warmup(1), Schedule::Exponential(0.5)];
        assert_eq!(rates(both, [4, 10]), [0.05, 0.05]);
    }

    #[test]
    fn decay_is_keras() {
        let optimizer = Optimizer::Sgd {
            lr: 1.0,
            momentum: 0.0,
            nesterov: false,
            weight_decay: 0.0,
            decay: 0.5,
        };
        let recipe = Recipe {
            optimizer,
            ..plain(Data::Mnist { pad: 0 })
        };
        assert_eq!(rate(&recipe, &[], 2, 10), 0.5);
    }

    #[test]
    fn a_plateau_lowers_the_rate_to_its_floor() {
        let plateau = Schedule::Plateau {
            factor: 0.1,
            patience: 2,
            min_delta: 0.01,
            min_lr: 0.004,
        };
        let recipe = Recipe {
            schedule: vec![plateau],
            ..plain(Data::Mnist { pad: 0 })
        };
        let mut state = start(&recipe);
        let mut rates = Vec::new();
        for loss in [1.0, 0.995, 0.5, 0.5, 0.499, 0.5, 0.5, 0.5, 0.5] {
            epoch_done(&recipe, &mut state, loss);
            rates.push((rate(&recipe, &state, 0, 10) * 1e4).round() / 1e4);
        }
        assert_eq!(rates, [0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.004, 0.004, 0.004]);
    }
}
