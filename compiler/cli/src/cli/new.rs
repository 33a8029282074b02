//! The arguments of `netc new`.

use crate::scaffold::Way;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Make a crate that classifies digits, to begin with
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc new digits && cd digits && cargo run
  netc new digits --build-script
  netc new path/to/digits --cli --netc path/to/netc

The crate has a network, its trained weights, a drawing, a program that says which digit it shows, and a test. It depends on \
netc's crates: on those of the clone that netc was built in while that is there, otherwise on the released ones.")]
pub(crate) struct New {
    /// The folder to make; its name is the crate's
    #[arg(value_name = "NAME", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,

    /// The network is compiled by a macro in its source: net!("models/digits.net"); so it is if nothing is said
    #[arg(long = "macro", group = "way")]
    pub(crate) by_macro: bool,

    /// The network is compiled by the crate's build script
    #[arg(long, group = "way")]
    pub(crate) build_script: bool,

    /// The network is compiled by this command line, and its Rust is a file of the crate
    #[arg(long, group = "way")]
    pub(crate) cli: bool,

    /// A clone of netc to depend on
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) netc: Option<PathBuf>,
}

impl New {
    /// How the network gets into the crate.
    pub(crate) fn way(&self) -> Way {
        match (self.build_script, self.cli) {
            (true, _) => Way::BuildScript,
            (_, true) => Way::Cli,
            _ => Way::Macro,
        }
    }
}
