//! A network ready to run: compiled, with weights, prepared for this machine.

use crate::cli::Source;
use crate::failure::{Failure, Outcome};
use crate::source;
use netc_compiler::{Options, Output};
use netc_plan::Plan;
use netc_runtime::{Error, ErrorKind, Executor, Model, Weights, Workspace};
use std::path::Path;

/// A network ready to run.
pub(crate) struct Network {
    pub(crate) plan: Plan,
    pub(crate) executor: Executor,
}

impl Network {
    /// Compiles the file, and takes weights from where the arguments say.
    pub(crate) fn load(file: &Path, from: &Source, options: &Options) -> Outcome<Self> {
        Self::of(file, source::network(file, options)?, from)
    }

    /// Takes weights for a compiled network from where the arguments say.
    pub(crate) fn of(file: &Path, compiled: Output, from: &Source) -> Outcome<Self> {
        let plan = compiled.plan.ok_or_else(|| source::incomplete(file))?;
        let weights = match &from.weights {
            Some(path) => {
                Weights::from_file(path, &plan.params).map_err(|e| bad_weights(path, file, &e))?
            }
            None => Weights::random(from.seed.unwrap_or(0), &plan.params),
        };
        let executor = Executor::new(&plan, &weights).map_err(|e| failed(&e))?;
        Ok(Self { plan, executor })
    }

    /// Memory for batches of this size.
    pub(crate) fn workspace(&self, batch: usize, threads: Option<u32>) -> Outcome<Workspace> {
        let elements = self.plan.arena.checked_mul(batch);
        // Far from the address space's end: the scratch memory comes on top.
        if elements.is_none_or(|n| n > isize::MAX as usize / 64) {
            return Err(Failure::tool(format!(
                "a batch of {batch} images does not fit into memory: take a smaller one"
            )));
        }
        let workspace = self.executor.workspace(batch);
        Ok(match threads {
            Some(n) => workspace.with_threads(n as usize),
            None => workspace,
        })
    }
}

pub(crate) fn bad_weights(path: &Path, network: &Path, e: &Error) -> Failure {
    let shown = path.display();
    if e.kind() == ErrorKind::Io {
        return match std::fs::File::open(path) {
            Err(e) => crate::files::unreadable(path, &e),
            Ok(_) => Failure::tool(format!(
                "cannot read `{shown}`: {}",
                e.problems().join("; ")
            )),
        };
    }
    let network = source::name(network);
    Failure::input(format!("`{shown}` does not hold weights for `{network}`"))
        .details(e.problems().iter().cloned())
        .help(format!(
            "`netc weights import {shown} --for {network} -o OUT` converts weights that come from elsewhere"
        ))
}

/// What the runtime refused.
pub(crate) fn failed(e: &Error) -> Failure {
    let mut problems = e.problems().iter().cloned();
    let first = problems.next().unwrap_or_default();
    Failure::input(first).details(problems)
}
