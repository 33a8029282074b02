//! The arguments of `netc runs`.

use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Compare training runs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc runs
  netc runs experiments --sort accuracy
  netc runs -o runs.html                 one page with the curves of all runs

A run is a folder, in FOLDER or FOLDER itself, with the metrics.csv that `netc train` leaves. Accuracies and losses are those of the \
validation set.")]
pub(crate) struct Runs {
    /// The folder of the runs
    #[arg(value_name = "FOLDER", default_value = "runs", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,

    /// By what to order them: the best comes first
    #[arg(long, value_name = "BY", default_value = "name")]
    pub(crate) sort: Sort,

    /// Write a page with the table and all curves
    #[arg(short, long, value_name = "FILE.html", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// As JSON, an object a run and line
    #[arg(long)]
    pub(crate) json: bool,
}

/// The order of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// By name
    Name,
    /// The highest best accuracy first
    Accuracy,
    /// The lowest last loss first
    Loss,
    /// The shortest first
    Time,
}
