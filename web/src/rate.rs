//! The learning rate's factor at each step, as `netc train` has it (`runtime/train/src/run/schedule.rs`), but for plateaus.

use netc_plan::{Recipe, Schedule};

/// The product of all schedules at step `number`, where an epoch has `each` steps.
pub(crate) fn factor(recipe: &Recipe, number: u64, each: usize) -> f64 {
    let each = each.max(1) as u64;
    let epoch = number / each;
    let time = number as f64 / each as f64;
    let factor = |schedule: &Schedule| match schedule {
        Schedule::Steps(steps) => {
            let reached = steps.iter().filter(|(from, _)| *from as u64 <= epoch);
            let last = reached.max_by_key(|(from, _)| *from);
            last.map_or(1.0, |(_, factor)| *factor)
        }
        Schedule::Exponential(rate) => rate.powf(epoch as f64),
        Schedule::Cosine { epochs, min } => {
            let share = (time / epochs.unwrap_or(recipe.epochs) as f64).min(1.0);
            min + (1.0 - min) * 0.5 * (1.0 + (std::f64::consts::PI * share).cos())
        }
        Schedule::Plateau { .. } => 1.0,
        Schedule::Warmup(epochs) => ((number + 1) as f64 / (*epochs as u64 * each) as f64).min(1.0),
    };
    recipe.schedule.iter().map(factor).product()
}
