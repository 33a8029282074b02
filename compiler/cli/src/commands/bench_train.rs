//! `netc bench --train`: how fast a network learns on this machine.

use super::bench::{Report, Row, images, macs, medians, passes};
use crate::cli::Bench;
use crate::experiment::{Setup, Variation, threads};
use crate::failure::Outcome;
use crate::memory::{self, Images};
use crate::network::failed;
use netc_compiler::Which;
use netc_plan::TrainOp;
use netc_runtime::Weights;
use netc_runtime::train::Trainer;
use netc_train::data::Kept;
use serde_json::json;

/// A training step counts as so many forward passes: one there, and two back, for the inputs and for the weights.
const PASSES: f64 = 3.0;

pub(crate) fn run(args: &Bench) -> Outcome {
    let which = match &args.recipe {
        Some(name) => Which::Named(name.clone()),
        None => Which::BuiltIn,
    };
    let optimizer = args.optimizer.iter();
    let variation = Variation {
        settings: optimizer
            .map(|text| ("optimizer".to_owned(), text.clone()))
            .collect(),
        ..Variation::default()
    };
    let Setup { plan, training, .. } = Setup::compile(&args.file, which, &variation)?;
    let (batch, threads) = (args.batch as usize, threads(args.threads));
    let recipe = &training.recipe;
    let inputs = Images {
        batches: 1,
        data: Kept::default(),
    };
    memory::check(
        &training.plan,
        &plan,
        &recipe.optimizer,
        batch,
        threads,
        &inputs,
    )?;
    let weights = Weights::random(args.seed, &training.plan.params);
    let trainer = Trainer::new(&training.plan, &recipe.optimizer, &weights, batch, threads);
    let mut trainer = trainer.map_err(|e| failed(&e))?.with_clip(recipe.clip);
    let one: usize = plan.input.iter().product();
    let pictures = images(args.seed, one * batch);
    let [h, w, classes] = training.plan.loss.scores.shape;
    let labels: Vec<u32> = (0..batch * h * w).map(|i| (i % classes) as u32).collect();
    let passes = passes(args.seconds, || {
        let step = trainer.step(&pictures, &labels, 1.0);
        step.map(drop).map_err(|e| failed(&e))
    })?;
    let steps = &training.plan.forward;
    let flops: Vec<f64> = steps
        .iter()
        .map(|step| PASSES * 2.0 * cost(&step.op) as f64 * batch as f64)
        .collect();
    let mut rows = Vec::new();
    if args.layers {
        let times = medians(passes.len(), || {
            let step = trainer.step_timed(&pictures, &labels, 1.0);
            let (_, times) = step.map_err(|e| failed(&e))?;
            let ends = [times.loss, times.update];
            Ok([times.forward, times.backward, ends.to_vec()].concat())
        })?;
        let (forward, rest) = times.split_at(steps.len());
        let (backward, ends) = rest.split_at(steps.len());
        for (i, step) in steps.iter().enumerate() {
            rows.push(Row {
                name: &step.name,
                text: &step.text,
                flops: flops[i],
                time: forward[i] + backward[i],
                split: Some([forward[i], backward[i]]),
            });
        }
        let ends = ["loss", "update"].into_iter().zip(ends);
        rows.extend(ends.map(|(name, time)| Row {
            name,
            text: "",
            flops: 0.0,
            time: *time,
            split: None,
        }));
    }
    let report = Report {
        passes,
        rate: flops.iter().sum(),
        rows,
    };
    let head = format!(
        "{}, training, batch {batch}, {threads} threads, f32",
        plan.name
    );
    let facts = json!({ "model": plan.name, "threads": threads, "train": true });
    report.show(args, &head, facts)
}

/// Multiply-accumulates of a forward step for one image.
fn cost(op: &TrainOp) -> u64 {
    match op {
        TrainOp::Same(op) => macs(op),
        TrainOp::BatchNorm { .. } | TrainOp::Dropout { .. } => 0,
    }
}
