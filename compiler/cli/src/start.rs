//! The weights that a run starts with: drawn by the seed, and in their place those of a file, as far as they fit.

use crate::experiment::Setup;
use crate::failure::{Failure, Outcome};
use crate::network::unfit;
use crate::source::{self, plural};
use crate::terminal;
use crate::weights::file::{File, Tensor, shape};
use netc_plan::Param;
use netc_runtime::Weights;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// More names than this are counted.
const NAMED: usize = 4;

/// The first weights of a run of `network`, by the file `from` if there is one.
pub(crate) fn weights(from: Option<&Path>, network: &Path, setup: &Setup) -> Outcome<Weights> {
    let params = &setup.training.plan.params;
    let drawn = Weights::random(setup.training.recipe.seed, params);
    let frozen = setup.frozen();
    let Some(path) = from else {
        if !frozen.is_empty() {
            terminal::warning(&format!(
                "{} stay{} as drawn by the seed: `--weights W` starts from trained weights",
                some(&frozen),
                if frozen.len() == 1 { "s" } else { "" }
            ));
        }
        return Ok(drawn);
    };
    let file = File::read(path)?;
    let found: BTreeMap<String, Tensor<'_>> = (file.tensors()?.into_iter())
        .map(|tensor| (tensor.name.clone(), tensor))
        .collect();
    let fits = |param: &&Param| {
        let tensor = found.get(&param.name);
        tensor.is_some_and(|tensor| tensor.is_float() && tensor.shape == param.shape)
    };
    let (taken, anew): (Vec<&Param>, Vec<&Param>) = params.iter().partition(fits);
    if taken.is_empty() {
        return Err(nothing_fits(path, network));
    }
    refuse_frozen(path, &anew, &found, &frozen)?;
    say(path, params.len(), &anew, &found);
    let tensors = drawn.tensors().map(|(name, _, values)| {
        let given = taken.iter().any(|param| param.name == name);
        let given = found.get(name).filter(|_| given).and_then(Tensor::to_f32);
        (
            name.to_owned(),
            given.unwrap_or_else(|| values.into_owned()),
        )
    });
    let names: Vec<String> = found.keys().cloned().collect();
    Weights::from_tensors(tensors, params).map_err(|e| unfit(path, network, params, &names, &e))
}

fn nothing_fits(path: &Path, network: &Path) -> Failure {
    let (file, net) = (source::quoted(path), source::quoted(network));
    Failure::input(format!(
        "`{}` has no tensor of the names and shapes that `{}` has",
        path.display(),
        network.display()
    ))
    .help(format!(
        "`netc weights import {file} --for {net} -o OUT` converts weights that come from elsewhere"
    ))
}

/// A frozen layer has to get its weights from the file: nothing else would ever give it any.
fn refuse_frozen(
    path: &Path,
    anew: &[&Param],
    found: &BTreeMap<String, Tensor<'_>>,
    frozen: &BTreeSet<&str>,
) -> Outcome {
    let of_frozen = |param: &&&Param| {
        let layer = param.name.rsplit_once('.').map(|(layer, _)| layer);
        layer.is_some_and(|layer| frozen.contains(layer))
    };
    let lacking: Vec<&&Param> = anew.iter().filter(of_frozen).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let headline = format!(
        "the recipe freezes layers that `{}` has no weights for",
        path.display()
    );
    let details = lacking.iter().take(NAMED).map(|param| why(param, found));
    Err(Failure::input(headline)
        .details(details)
        .help("freeze others: `--freeze 'before(fc1)'`, or `--freeze none`"))
}

/// Why a tensor is not taken from the file.
fn why(param: &Param, found: &BTreeMap<String, Tensor<'_>>) -> String {
    match found.get(&param.name) {
        None => format!("there is no `{}`", param.name),
        Some(tensor) if !tensor.is_float() => {
            format!("`{}` holds no floating-point numbers", param.name)
        }
        Some(tensor) => format!(
            "`{}` is {} there and {} here",
            param.name,
            shape(&tensor.shape),
            shape(&param.shape)
        ),
    }
}

fn say(path: &Path, all: usize, anew: &[&Param], found: &BTreeMap<String, Tensor<'_>>) {
    let taken = all - anew.len();
    let mut text = format!(
        "{taken} of {} from {}",
        plural(all, "tensor"),
        path.display()
    );
    if let Some(first) = anew.first() {
        let names = anew.iter().map(|param| param.name.as_str()).collect();
        let s = if anew.len() == 1 { "s" } else { "" };
        text += &format!("; {} start{s} anew ({})", some(&names), why(first, found));
    }
    terminal::status("Weights", &text);
}

/// `conv1, bn1 and 12 more`
fn some(names: &BTreeSet<&str>) -> String {
    let first: Vec<&str> = names.iter().copied().take(NAMED).collect();
    match names.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
