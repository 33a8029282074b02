//! The arguments of `netc watch`.

use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Compile a network whenever it is saved
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc watch alexnet.net                    the summary, or the mistakes, as you write
  netc watch alexnet.net -o src/alexnet.rs  and the Rust

The files that the network uses are watched too. On a terminal the newest state takes the place of the one before; a summary that \
is longer than the screen loses its middle. Ctrl-C ends it.")]
pub(crate) struct Watch {
    /// The network
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Write the Rust here, whenever there is no error
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
}
