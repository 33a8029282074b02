//! `netc bench --train`: how fast a network learns on this machine.

use crate::cli::Bench;
use crate::device::described;
use crate::experiment::{Setup, Variation, threads};
use crate::failure::Outcome;
use crate::measure::{Report, Row, images, medians, passes};
use crate::memory::{self, Images};
use crate::network::failed;
use crate::roof::Roof;
use netc_compiler::{RecipeChoice, Training};
use netc_runtime::cpu::limits::Work;
use netc_runtime::train::Trainer;
use netc_runtime::{Prepared, Weights};
use netc_train::data::Kept;
use serde_json::json;
use std::borrow::Cow;
use std::time::Duration;

/// A training step counts as so many forward passes: one there, and two back, for the inputs and for the weights.
const PASSES: f64 = 3.0;

pub(crate) fn run(args: &Bench) -> Outcome {
    let Setup { plan, training, .. } = setup(args)?;
    let (batch, threads) = (args.batch as usize, threads(args.threads.count));
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
    let device = args.choices.on(args.device.open_to_train()?)?;
    let weights = Weights::random(args.seed, &training.plan.params).on(device.clone());
    let choices = args.choices.prepare(&device, &training.plan, batch)?;
    let trainer = Trainer::prepared(&choices, &recipe.optimizer, &weights, threads);
    let mut trainer = trainer.map_err(|e| failed(&e))?.with_clip(recipe.clip);
    let one: usize = plan.input.iter().product();
    let pictures = images(args.seed, one * batch);
    let [h, w, classes] = training.plan.result.shape;
    let labels: Vec<u32> = (0..batch * h * w).map(|i| (i % classes) as u32).collect();
    let passes = passes(args.seconds, || {
        let step = trainer.step(&pictures, &labels, 1.0);
        step.map(drop).map_err(|e| failed(&e))
    })?;
    let times = match args.layers {
        true => medians(passes.len(), || {
            let step = trainer.step_timed(&pictures, &labels, 1.0);
            let (_, times) = step.map_err(|e| failed(&e))?;
            let ends = [times.loss, times.update];
            Ok([times.forward, times.backward, ends.to_vec()].concat())
        })?,
        false => Vec::new(),
    };
    let works = works(&training, batch);
    let roof = || Roof::measure(&device, threads, &training.plan, batch);
    let report = Report {
        passes,
        rate: works.iter().map(|work| work.flops).sum(),
        rows: rows(&choices, &works, &times),
        roof: args.layers.then(roof).flatten(),
    };
    let head = format!(
        "{}, training, batch {batch}, {}, {}",
        plan.name,
        described(&device, threads),
        args.device.precision()
    );
    let facts = json!({ "model": plan.name, "threads": threads, "train": true });
    report.show(args, &head, facts)
}

/// The network with the recipe or the optimizer that was asked for.
fn setup(args: &Bench) -> Outcome<Setup> {
    let which = match &args.recipe {
        Some(name) => RecipeChoice::Named(name.clone()),
        None => RecipeChoice::BuiltIn,
    };
    let optimizer = args.optimizer.iter();
    let variation = Variation {
        settings: optimizer
            .map(|text| ("optimizer".to_owned(), text.clone()))
            .collect(),
        ..Variation::default()
    };
    Setup::compile(&args.file, which, &variation)
}

/// What each layer computes and moves in a training step.
fn works(training: &Training, batch: usize) -> Vec<Work> {
    let steps = training.plan.forward.iter();
    steps
        .map(|step| Work::of(step, batch).times(PASSES))
        .collect()
}

/// The layers' times, forward and backward, and those of loss and update; none if none were taken.
fn rows<'a>(prepared: &Prepared<'a>, works: &[Work], times: &[Duration]) -> Vec<Row<'a>> {
    let steps = &prepared.plan().forward;
    if times.len() < 2 * steps.len() {
        return Vec::new();
    }
    let (forward, rest) = times.split_at(steps.len());
    let (backward, ends) = rest.split_at(steps.len());
    let layers = prepared.steps().enumerate().map(|(i, (step, choice))| Row {
        name: Cow::from(&step.name),
        text: Cow::from(&step.text),
        choice: Some(choice),
        work: works[i],
        time: forward[i] + backward[i],
        split: Some([forward[i], backward[i]]),
    });
    let ends = ["loss", "update"].into_iter().zip(ends);
    let ends = ends.map(|(name, time)| Row {
        name: Cow::from(name),
        text: Cow::default(),
        choice: None,
        work: Work::default(),
        time: *time,
        split: None,
    });
    layers.chain(ends).collect()
}
