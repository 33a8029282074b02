//! The arguments of `netc graph`.

use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Draw a network
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc graph alexnet.net -o alexnet.svg
  netc graph alexnet.net -o alexnet.png
  netc graph alexnet.net --emit dot | dot -Tpdf > alexnet.pdf")]
pub(crate) struct Graph {
    /// The network, or - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Where to write [default: standard output]
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "-",
        hide_default_value = true,
        value_hint = ValueHint::FilePath
    )]
    pub(crate) output: PathBuf,

    /// What to write [default: by the ending of -o, otherwise svg]
    #[arg(long, value_name = "WHAT")]
    pub(crate) emit: Option<Drawing>,
}

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Drawing {
    /// Graphviz
    Dot,
    /// PNG
    Png,
    /// SVG
    Svg,
}
