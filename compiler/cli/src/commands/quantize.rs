//! `netc quantize`: a trained network for int8.

use crate::cli::Quantize;
use crate::experiment::{Setup, Variation, failure};
use crate::failure::Outcome;
use crate::files::{self, Target, size};
use crate::network::{bad_weights, failed};
use crate::source::plural;
use crate::terminal;
use netc_runtime::{Weights, quantise};
use netc_train::data;
use netc_train::run::{self, Experiment, Network};

pub(crate) fn run(args: &Quantize) -> Outcome {
    let variation = Variation::new(args.recipe.as_ref(), &args.overrides);
    let setup = Setup::compile(&args.file, variation.which(), &variation)?;
    let (plan, recipe) = (&setup.plan, &setup.training.recipe);
    let inputs = setup.inputs.iter().chain([&args.weights]).cloned();
    let target = Target::new(
        &args.output,
        inputs.chain(files::all_below(args.data.as_deref())),
    )?;
    let params = &setup.training.plan.params;
    let weights = Weights::from_file(&args.weights, params)
        .map_err(|e| bad_weights(&args.weights, &args.file, params, &e))?;
    let fail = |e| failure(&e);
    let data = data::load(recipe, args.data.as_deref(), &plan.input).map_err(fail)?;
    let network = Network::new(plan, recipe.loss);
    let experiment = Experiment::new(&network, recipe, &data).map_err(fail)?;
    let images = experiment.sample(args.images as usize).map_err(fail)?;
    let one: usize = plan.input.iter().product();
    let quantised = quantise(plan, &weights, &images).map_err(|e| failed(&e))?;
    // Names of classes, and how pictures are prepared.
    let notes = run::notes_text(&args.weights).map_err(fail)?;
    let quantised = quantised.with_notes(notes.unwrap_or_default());
    let bytes = quantised.to_bytes();
    let seen = plural(images.len() / one.max(1), "picture");
    let layers = plural(quantised.layers(), "layer");
    terminal::status("Quantised", &format!("{layers}, by {seen}"));
    target.write(|out| out.write_all(&bytes))?;
    if !target.is_dash() {
        let size = size(bytes.len() as u64);
        terminal::status("Wrote", &format!("{} ({size})", args.output.display()));
    }
    Ok(())
}
