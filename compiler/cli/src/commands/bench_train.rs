//! `netc bench --train`: how fast a network learns on this machine.

use super::bench::{Measured, Report, images, macs, passes};
use crate::cli::Bench;
use crate::experiment::{Setup, Variation, threads};
use crate::failure::Outcome;
use crate::network::failed;
use crate::{memory, terminal};
use netc_compiler::Which;
use netc_plan::TrainOp;
use netc_runtime::Weights;
use netc_runtime::train::Trainer;
use serde_json::json;

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
    memory::check(&training.plan, &plan, &recipe.optimizer, batch, threads)?;
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
    let steps = training.plan.forward.iter();
    let all: u64 = steps
        .map(|step| match &step.op {
            TrainOp::Same(op) => macs(op),
            TrainOp::BatchNorm { .. } | TrainOp::Dropout { .. } => 0,
        })
        .sum();
    let report = Report {
        measured: Measured {
            passes,
            steps: Vec::new(),
        },
        rate: 3.0 * 2.0 * all as f64 * batch as f64,
        rows: Vec::new(),
    };
    if args.json {
        let mut object = report.json(batch);
        object["model"] = json!(plan.name);
        object["batch"] = json!(batch);
        object["threads"] = json!(threads);
        object["precision"] = json!("f32");
        object["train"] = json!(true);
        return terminal::print_line(&object.to_string());
    }
    let head = format!(
        "{}, training, batch {batch}, {threads} threads, f32",
        plan.name
    );
    terminal::print(&format!("{head}\n{}", report.text(batch)))
}
