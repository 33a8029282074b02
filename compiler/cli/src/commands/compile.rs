//! `netc FILE`: the summary on standard output, the Rust in a file.

use super::embedded;
use crate::cli::{Compile, Emit, Platform};
use crate::failure::{Failure, Outcome};
use crate::files::{self, Target};
use crate::generated::{beside, keep_foreign};
use crate::{emit, source, terminal};
use netc_compiler::{Options, RecipeChoice, Train};
use std::path::PathBuf;

pub(crate) fn run(args: &Compile) -> Outcome {
    if args.target == Platform::Embedded {
        return embedded::run(args);
    }
    if args.weights.is_some() {
        return Err(
            Failure::tool("`--weights` is for `--target embedded`").help(
                "other Rust reads its weights when the program starts: `Network::from_file(\"weights.safetensors\")`",
            ),
        );
    }
    let rust = args.emit == Emit::Rust;
    let options = Options {
        optimise: !args.no_optimise,
        code: rust,
        train: args.train.then(|| Train {
            recipe: match &args.recipe {
                Some(name) => RecipeChoice::Named(name.clone()),
                None => RecipeChoice::Default,
            },
            ..Train::default()
        }),
        estimate: rust || args.emit == Emit::Summary,
        ..Options::default()
    };
    let target = match &args.output {
        Some(path) => path.clone(),
        None if rust && !files::is_dash(&args.file) => beside(&args.file),
        None => PathBuf::from("-"),
    };
    let compiled = source::compile(&args.file, &options)?;
    let target = Target::new(&target, source::files(&args.file, &compiled))?;
    let quiet = target.is_dash();
    if rust && !quiet {
        terminal::status("Compiling", &source::name(&args.file));
    }
    let compiled = source::accept(&args.file, compiled)?;
    let text = match args.emit {
        Emit::Rust => compiled
            .code
            .clone()
            .ok_or_else(|| source::incomplete(&args.file))?,
        other => emit::text(other, &args.file, &compiled)?,
    };
    if rust && !quiet {
        if args.output.is_none() {
            keep_foreign(target.path())?;
        }
        terminal::print(&emit::text(Emit::Summary, &args.file, &compiled)?)?;
        // The summary comes first, even where both streams end in one place.
        terminal::finish()?;
    }
    target.write(|out| out.write_all(text.as_bytes()))?;
    if !quiet {
        let size = files::size(text.len() as u64);
        terminal::status("Wrote", &format!("{} ({size})", target.path().display()));
    }
    Ok(())
}
