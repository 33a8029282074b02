//! `netc FILE --target embedded`: Rust for a microcontroller, and the file of weights beside it.

use crate::cli::{Compile, Emit};
use crate::failure::{Failure, Outcome};
use crate::files::{self, Target};
use crate::generated::{beside, is_foreign, keep_foreign};
use crate::network::read_quantised;
use crate::{source, terminal};
use netc_compiler::{Options, Output};
use netc_embedded_build::{Embedded, HEAD, embedded};
use netc_plan::grouped;
use std::path::{Path, PathBuf};

pub(crate) fn run(args: &Compile) -> Outcome {
    alone(args)?;
    let Some(weights) = &args.weights else {
        return Err(Failure::tool("`--target embedded` needs `--weights`"));
    };
    let compiled = source::compile(&args.file, &Options::default())?;
    let mut inputs = source::files(&args.file, &compiled);
    inputs.push(weights.clone());
    let targets = Targets::of(args, &inputs)?;
    terminal::status("Compiling", &source::name(&args.file));
    let written = written(args, compiled, weights, &targets)?;
    targets.keep_foreign(args)?;
    targets.write(&written)
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

/// The network in both files.
fn written(
    args: &Compile,
    compiled: Output,
    weights: &Path,
    targets: &Targets,
) -> Outcome<Embedded> {
    let shown = source::name(&args.file);
    let compiled = source::accept(&args.file, compiled)?;
    let plan = compiled
        .plan
        .ok_or_else(|| source::incomplete(&args.file))?;
    let quantised = read_quantised(weights, &plan)?;
    let from = format!("{} and {}", name(Path::new(&shown)), name(weights));
    embedded(&plan, &quantised, &from, &name(targets.data.path())).map_err(|refusal| {
        Failure::input(format!(
            "`{shown}` cannot be written for a microcontroller yet"
        ))
        .details(refusal.problems)
        .help("all of it has to compute with bytes: CONV, DWCONV, FC, POOL, ADD, CONCAT, SPLIT, BN, activations, and GLOBALPOOL before an FC")
    })
}

/// A path's last part.
fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The two files.
struct Targets {
    rust: Target,
    data: Target,
}

impl Targets {
    fn of(args: &Compile, inputs: &[PathBuf]) -> Outcome<Self> {
        let rust = match &args.output {
            Some(path) => path.clone(),
            None if files::is_dash(&args.file) => PathBuf::from("net.rs"),
            None => beside(&args.file),
        };
        if files::is_dash(&rust) {
            return Err(Failure::tool(
                "two files are written, the Rust and its weights, and standard output is one",
            )
            .help("`-o NAME.rs` names the Rust; NAME.weights lies beside it then"));
        }
        let data = rust.with_extension("weights");
        if rust == data {
            return Err(Failure::tool(format!(
                "`{}` is the name of the file of weights: the Rust is to be called otherwise",
                rust.display()
            )));
        }
        Ok(Self {
            rust: Target::new(&rust, inputs)?,
            data: Target::new(&data, inputs)?,
        })
    }

    /// Refuses to replace what netc did not write: Rust that `-o` does not name, and any file that is called as that of the weights is.
    fn keep_foreign(&self, args: &Compile) -> Outcome {
        if args.output.is_none() {
            keep_foreign(self.rust.path())?;
        }
        let data = self.data.path();
        if is_foreign(data, HEAD) {
            let shown = data.display();
            return Err(
                Failure::tool(format!("`{shown}` exists, and netc did not write it"))
                    .help("move it, or call the Rust otherwise: `-o` with another name"),
            );
        }
        Ok(())
    }

    fn write(&self, written: &Embedded) -> Outcome {
        let Embedded { code, weights, .. } = written;
        self.data.write(|out| out.write_all(weights))?;
        self.rust.write(|out| out.write_all(code.as_bytes()))?;
        for (target, length) in [(&self.rust, code.len()), (&self.data, weights.len())] {
            let size = files::size(length as u64);
            terminal::status("Wrote", &format!("{} ({size})", target.path().display()));
        }
        let bytes = |n: usize| grouped(n as u64, ',');
        let flash = bytes(weights.len() - HEAD.len());
        terminal::status("Flash", &format!("{flash} bytes of weights"));
        let (arena, input) = (bytes(written.arena), bytes(written.input));
        terminal::status(
            "RAM",
            &format!("{arena} bytes of workspace, and {input} of input"),
        );
        Ok(())
    }
}
