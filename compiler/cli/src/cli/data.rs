//! The arguments of `netc data`.

use crate::download::{Origin, SETS};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

/// Fetch public data sets
#[derive(Debug, Subcommand)]
pub(crate) enum Data {
    Get(Get),
}

/// Fetch the files of a public data set
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc data get mnist && netc train lenet5_mnist.net --data mnist
  netc data get cifar10 --out data/cifar10
  netc data get mnist --from http://mirror.example.org/mnist
  netc data get mnist --from Downloads

Files that are there already stay. What arrives is held against the SHA-256 of the published files, so that it does not matter by which \
way it came. The files are fetched by http alone; where there is no network, or a server wants https, --from takes files that were \
fetched otherwise.")]
pub(crate) struct Get {
    /// The data set
    #[arg(value_name = "SET", value_parser = PossibleValuesParser::new(SETS.iter().map(|set| set.name)))]
    pub(crate) set: String,

    /// A folder with the files, or the address of a mirror [default: where they are published]
    #[arg(long, value_name = "FOLDER|URL", value_hint = ValueHint::AnyPath)]
    pub(crate) from: Option<String>,

    /// The folder to put them into [default: one of the set's name]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: Option<PathBuf>,
}

impl Get {
    /// Where the files come from; `published` if nothing is said.
    pub(crate) fn origin(&self, published: &str) -> Result<Origin, String> {
        Origin::parse(self.from.as_deref().unwrap_or(published))
    }
}
