//! `netc completions`: a script for the shell.

use crate::cli::{self, Completions};
use crate::failure::Outcome;
use crate::terminal;

pub(crate) fn run(args: &Completions) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut cli::surface(), "netc", &mut script);
    terminal::print_bytes(&script)
}
