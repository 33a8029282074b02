//! `netc eval`: how good a trained network is on the test set.

use crate::cli::Eval;
use crate::experiment::{Setup, Variation, failure, threads};
use crate::failure::{Failure, Outcome};
use crate::memory::{self, Images};
use crate::network::{bad_weights, read_quantised};
use crate::{claims, terminal};
use netc_runtime::Weights;
use netc_train::data::Dataset;
use netc_train::run::{self, Evaluator, Experiment, Network};
use netc_train::{data, loader};
use std::path::{Path, PathBuf};

pub(crate) fn run(args: &Eval) -> Outcome {
    let device = args.measured.on(args.device.open()?)?;
    let mut variation = Variation::new(args.recipe.as_ref(), &args.overrides);
    if let Some(run) = &args.run {
        variation = Variation::of_run(run, variation)?;
    }
    let setup = Setup::compile(&args.file, variation.which(), &variation)?;
    let (plan, training) = (&setup.plan, &setup.training);
    let path = weights(args);
    let threads = threads(args.threads.count);
    let fail = |e| failure(&e);
    let data = data::load(&training.recipe, args.data.as_deref(), &plan.input).map_err(fail)?;
    check_classes(&path, &data)?;
    let images = Images {
        batches: loader::most_batches(threads),
        data: data.kept(),
    };
    memory::check_inference(plan, training.recipe.batch, &images)?;
    let network = Network::new(plan, training.recipe.loss);
    let experiment = Experiment::new(&network, &training.recipe, &data).map_err(fail)?;
    let recipe = &training.recipe;
    let evaluator = if args.device.is_int8() {
        let quantised = read_quantised(&path, plan)?;
        Evaluator::int8(
            plan,
            recipe.loss,
            &quantised,
            &device,
            recipe.batch,
            threads,
        )
    } else {
        let params = &training.plan.params;
        let weights = Weights::from_file(&path, params)
            .map_err(|e| bad_weights(&path, &args.file, params, &e))?;
        Evaluator::new(
            plan,
            recipe.loss,
            &weights.on(device),
            recipe.batch,
            threads,
        )
    };
    let figures = experiment.test(&mut evaluator.map_err(fail)?, threads);
    let figures = figures.map_err(fail)?;
    if args.json {
        let mut object = serde_json::to_value(&figures).unwrap_or_default();
        object["claims"] = claims::json(&setup, &figures);
        terminal::print_line(&object.to_string())?;
    } else {
        terminal::print(&figures.to_string())?;
    }
    terminal::finish()?;
    claims::report(&setup, &figures, data.test_name)
}

/// The weights that were named, or those that the run ended with.
fn weights(args: &Eval) -> PathBuf {
    match (&args.weights, &args.run) {
        (Some(path), _) => path.clone(),
        (None, run) => run.clone().unwrap_or_default().join("last.safetensors"),
    }
}

/// Weights of a run know the names of its classes; by other classes they would be judged wrongly.
fn check_classes(path: &Path, data: &Dataset) -> Outcome {
    let Some(names) = run::notes(path).ok().and_then(|notes| notes.classes) else {
        return Ok(());
    };
    let unlike = |(i, class)| names.get(i) != Some(class);
    match data.classes.iter().enumerate().find(|class| unlike(*class)) {
        None => Ok(()),
        Some((i, class)) => Err(Failure::input(format!(
            "the weights were trained on other classes: class {i} is `{class}` here and was {}",
            names
                .get(i)
                .map_or("none".to_owned(), |name| format!("`{name}`"))
        ))),
    }
}
