//! `netc FILE --target embedded`: Rust for a microcontroller, and the file of weights beside it.

use crate::cli::{Compile, Emit};
use crate::failure::{Failure, Outcome};
use crate::files::{self, Target};
use crate::generated::{RUST, beside, keep_foreign};
use crate::network::read_quantised;
use crate::{source, terminal};
use netc_compiler::Options;
use netc_embedded_build::{Embedded, HEAD, embedded};
use netc_plan::grouped;
use std::path::{Path, PathBuf};

pub(crate) fn run(args: &Compile) -> Outcome {
    alone(args)?;
    let Some(weights) = &args.weights else {
        return Err(Failure::tool("`--target embedded` needs `--weights`"));
    };
    let target = match &args.output {
        Some(path) => path.clone(),
        None if files::is_dash(&args.file) => PathBuf::from("net.rs"),
        None => beside(&args.file),
    };
    if files::is_dash(&target) {
        return Err(Failure::tool(
            "two files are written, the Rust and its weights, and standard output is one",
        )
        .help("`-o NAME.rs` names the Rust; NAME.weights lies beside it then"));
    }
    let beside = target.with_extension("weights");
    let compiled = source::compile(&args.file, &Options::default())?;
    let mut inputs = source::files(&args.file, &compiled);
    inputs.push(weights.clone());
    let (rust, data) = (
        Target::new(&target, &inputs)?,
        Target::new(&beside, &inputs)?,
    );
    if target == beside {
        return Err(Failure::tool(format!(
            "`{}` is the name of the file of weights: the Rust is to be called otherwise",
            target.display()
        )));
    }
    terminal::status("Compiling", &source::name(&args.file));
    let compiled = source::accept(&args.file, compiled)?;
    let plan = compiled
        .plan
        .ok_or_else(|| source::incomplete(&args.file))?;
    let quantised = read_quantised(weights, &plan)?;
    let name = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let from = format!(
        "{} and {}",
        name(Path::new(&source::name(&args.file))),
        name(weights)
    );
    let written = embedded(&plan, &quantised, &from, &name(&beside)).map_err(|refusal| {
        Failure::input(format!(
            "`{}` cannot be written for a microcontroller yet",
            source::name(&args.file)
        ))
        .details(refusal.problems)
        .help("all of it has to compute with bytes: CONV, DWCONV, FC, POOL, ADD, CONCAT, SPLIT, BN, activations, and GLOBALPOOL before an FC")
    })?;
    if args.output.is_none() {
        keep_foreign(&target, RUST)?;
        keep_foreign(&beside, HEAD)?;
    }
    let Embedded { code, weights, .. } = &written;
    data.write(|out| out.write_all(weights))?;
    rust.write(|out| out.write_all(code.as_bytes()))?;
    let size = |bytes: usize| files::size(bytes as u64);
    terminal::status(
        "Wrote",
        &format!("{} ({})", target.display(), size(code.len())),
    );
    terminal::status(
        "Wrote",
        &format!("{} ({})", beside.display(), size(weights.len())),
    );
    let bytes = |n: usize| grouped(n as u64, ',');
    terminal::status(
        "Needs",
        &format!(
            "{} bytes of flash for weights; {} bytes of RAM for the workspace and {} for an input",
            bytes(weights.len() - HEAD.len()),
            bytes(written.arena),
            bytes(written.input)
        ),
    );
    Ok(())
}

/// Refuses options that say how other Rust is written.
fn alone(args: &Compile) -> Outcome {
    let others = [
        (args.emit != Emit::Rust, "--emit"),
        (args.train, "--train"),
        (args.no_optimise, "--no-optimise"),
    ];
    match others.into_iter().find(|(given, _)| *given) {
        Some((_, option)) => Err(Failure::tool(format!(
            "`{option}` and `--target embedded` do not go together"
        ))),
        None => Ok(()),
    }
}
