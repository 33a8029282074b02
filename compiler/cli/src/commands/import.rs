//! `netc import`: a model of another tool becomes a network and its weights.

use crate::cli::ImportModel;
use crate::failure::{Failure, Outcome};
use crate::files::{self, Target};
use crate::{source, terminal};
use netc_compiler::params;
use netc_compiler::text::thousands;
use netc_exchange::onnx::{self, Source};
use netc_exchange::{Imported, Refusal, keras};
use netc_runtime::Weights;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

pub(crate) fn run(args: &ImportModel) -> Outcome {
    let inputs: Vec<PathBuf> = vec![args.model.clone()];
    let net = Target::new(&args.output, &inputs)?;
    let weights = args.weights.as_ref().map(|path| Target::new(path, &inputs));
    let weights = weights.transpose()?;
    if args.weights.as_ref() == Some(&args.output) {
        let path = args.output.display();
        let headline = format!("the network and its weights cannot both be written to `{path}`");
        return Err(Failure::tool(headline).help("name another file for the weights"));
    }
    let imported = read(args)?;
    for note in &imported.notes {
        terminal::note(note);
    }
    let params = params::all(&imported.graph, None);
    let count = imported.graph.nodes.len() - 1;
    let Imported {
        net: text,
        weights: tensors,
        ..
    } = imported;
    let numbers: usize = tensors.iter().map(|(_, values)| values.len()).sum();
    let bytes = match &weights {
        None => Vec::new(),
        Some(_) => Weights::from_tensors(tensors, &params)
            .map_err(|e| {
                let headline = format!("`{}` cannot be imported", args.model.display());
                Failure::input(headline).details(e.problems().iter().cloned())
            })?
            .to_bytes(),
    };
    net.write(|out| out.write_all(text.as_bytes()))?;
    wrote(&net, &source::plural(count, "layer"));
    if let Some(target) = weights {
        target.write(|out| out.write_all(&bytes))?;
        wrote(&target, &format!("{} numbers", thousands(numbers as u64)));
    } else if numbers > 0 {
        terminal::note("its weights are written where `--weights FILE` says");
    }
    Ok(())
}

fn wrote(target: &Target, what: &str) {
    if !target.is_dash() {
        let text = format!("{} ({what})", target.path().display());
        terminal::status("Wrote", &text);
    }
}

fn read(args: &ImportModel) -> Outcome<Imported> {
    let bytes = files::read(&args.model)?;
    let stem = args.model.file_stem().unwrap_or_default().to_string_lossy();
    let ending = args.model.extension().unwrap_or_default();
    let is_named = ["keras", "h5", "hdf5"].iter().any(|other| ending == *other);
    if is_named || keras::is_model(&bytes) {
        let source = keras::Source {
            name: &stem,
            bytes: &bytes,
            input: args.input,
        };
        return keras::import(source).map_err(|refusal| refused(&args.model, refusal));
    }
    let folder = args.model.parent().unwrap_or(Path::new(""));
    let source = Source {
        name: &stem,
        bytes,
        beside: &|name, offset, length| beside(folder, name, offset, length),
        input: args.input,
    };
    onnx::import(source).map_err(|refusal| refused(&args.model, refusal))
}

/// Bytes of a file that a model names. It stands in the model's folder or below it.
fn beside(folder: &Path, name: &str, offset: u64, length: Option<u64>) -> Result<Vec<u8>, String> {
    let below = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(name).components().all(below) {
        return Err(format!(
            "it stands in `{name}`, which is not in the model's folder"
        ));
    }
    let read = || {
        let mut file = File::open(folder.join(name))?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(offset))?;
        let rest = size.saturating_sub(offset);
        let mut bytes = Vec::new();
        file.take(length.unwrap_or(rest).min(rest))
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|e: std::io::Error| format!("it stands in `{name}`: {e}"))
}

/// Why a model is not taken.
fn refused(path: &Path, refusal: Refusal) -> Failure {
    let headline = format!(
        "`{}` cannot be imported: {}",
        path.display(),
        refusal.headline
    );
    Failure::input(headline)
        .details(refusal.details)
        .maybe_help(refusal.help)
}
