//! `netc export`: a network and its weights for other tools.

use crate::cli::ExportModel;
use crate::failure::{Failure, Outcome};
use crate::files::{self, Target};
use crate::weights::npz;
use crate::{network, source, terminal};
use netc_compiler::{Options, Output, params};
use netc_exchange::onnx;
use netc_runtime::Weights;
use std::path::Path;

pub(crate) fn run(args: &ExportModel) -> Outcome {
    let options = Options {
        optimise: false,
        ..Options::default()
    };
    let compiled = source::network(&args.file, &options)?;
    let inputs = source::files(&args.file, &compiled).into_iter();
    let target = Target::new(&args.output, inputs.chain(args.source.weights.clone()))?;
    let form = Form::of(&args.output)?;
    let weights = weights(args, &compiled)?;
    let Some(graph) = &compiled.graph else {
        return Err(source::incomplete(&args.file));
    };
    let tensors = weights.tensors();
    let bytes = match form {
        Form::Npz => npz::write(tensors)
            .map_err(|e| Failure::tool(format!("cannot write `{}`: {e}", args.output.display())))?,
        Form::Onnx => {
            let tensors = tensors.map(|(name, _, values)| (name.to_owned(), values.into_owned()));
            onnx::export(graph, &tensors.collect()).map_err(|refusal| {
                let headline = format!(
                    "`{}` cannot be exported: {}",
                    source::name(&args.file),
                    refusal.headline
                );
                Failure::input(headline).details(refusal.details)
            })?
        }
    };
    target.write(|out| out.write_all(&bytes))?;
    if !target.is_dash() {
        let size = files::size(bytes.len() as u64);
        terminal::status("Wrote", &format!("{} ({size})", args.output.display()));
    }
    Ok(())
}

/// What to write.
enum Form {
    Onnx,
    Npz,
}

impl Form {
    /// By the ending of the file's name; standard output is an ONNX model.
    fn of(path: &Path) -> Outcome<Self> {
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        match ending.to_str() {
            _ if files::is_dash(path) => Ok(Self::Onnx),
            Some("onnx") => Ok(Self::Onnx),
            Some("npz") => Ok(Self::Npz),
            _ => Err(Failure::tool(format!("`{}` does not say what to write", path.display()))
                .help("name a file that ends in .onnx (a model) or .npz (the weights as NumPy arrays)")),
        }
    }
}

/// The weights that the arguments name, complete and of the right shapes.
fn weights(args: &ExportModel, compiled: &Output) -> Outcome<Weights> {
    let (Some(graph), Some(plan)) = (&compiled.graph, &compiled.plan) else {
        return Err(source::incomplete(&args.file));
    };
    match &args.source.weights {
        None => network::random(plan, args.source.seed.unwrap_or(0)),
        Some(path) => {
            let params = params::all(graph, None);
            Weights::from_file(path, &params)
                .map_err(|e| network::bad_weights(path, &args.file, &params, &e))
        }
    }
}
