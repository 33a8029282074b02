//! The arguments of the commands that measure: `netc bench` and `netc tune`.

use crate::choices::Choices;
use crate::device::{Measured, OnDevice, Threads};
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Measure how fast a network runs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc bench alexnet.net
  netc bench alexnet.net --batch 16 --threads 2 --layers
  netc bench alexnet.net --json | tail -1 | jq .median_ms
  netc bench alexnet.net --train --batch 32 --layers
  netc bench alexnet.net --device cuda --model h100

Weights and images are random. Training steps are those of SGD with a learning rate of 0.01 and a momentum of 0.9, unless \
--recipe or --optimizer says otherwise; a step counts as three forward passes. The network runs until it is warm, then for \
about a second and five times at least; the median counts. GFLOP/s take a multiply-accumulate as two operations.

--layers measures what the machine can do at most with these threads, too: multiply-accumulates, and bytes read from caches \
and memory. \"of limit\" is the least time for a layer's operations or its bytes (input, output and parameters once), \
whichever takes longer, as a share of its time. Winograd's method needs fewer operations than are counted, so it may \
exceed 100 %.")]
pub(crate) struct Bench {
    /// The network, or - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Images in a batch
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) batch: u32,

    #[command(flatten)]
    pub(crate) device: OnDevice,

    #[command(flatten)]
    pub(crate) measured: Measured,

    #[command(flatten)]
    pub(crate) threads: Threads,

    /// Time training steps instead of inference
    #[arg(long)]
    pub(crate) train: bool,

    /// Train by this recipe of the file
    #[arg(long, value_name = "NAME", requires = "train")]
    pub(crate) recipe: Option<String>,

    /// Train by this optimizer: adam(lr=0.001)
    #[arg(long, value_name = "VALUE", requires = "train")]
    pub(crate) optimizer: Option<String>,

    /// Measure nothing: estimate each layer on this GPU, by its launches, its traffic and the roofline; no GPU is needed
    #[arg(long, value_name = "GPU", conflicts_with = "train")]
    pub(crate) model: Option<Gpu>,

    /// A row for each layer: kernel, time, GFLOP/s, GB/s, share of the machine's limit and of the whole; in training also forward, backward
    /// and update
    #[arg(long)]
    pub(crate) layers: bool,

    #[command(flatten)]
    pub(crate) choices: Choices,

    /// As JSON: one line with median_ms and the rest
    #[arg(long)]
    pub(crate) json: bool,

    /// For the random weights and images
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) seed: u64,

    /// How long to measure
    #[arg(long, value_name = "S", default_value = "1", value_parser = seconds)]
    pub(crate) seconds: f64,
}

/// Measure which kernels are the fastest here, for --profile
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc tune resnet18.net
  netc tune resnet18.net --batch 16 --threads 2 -o batch16.profile.toml
  netc run resnet18.net --profile resnet18.profile.toml -w own.safetensors -i x.npy -o y.npy

Runs the network on random images by each method that a layer can be computed by, in turns, and keeps the fastest; a method \
takes the place of netc's own choice where it is faster by 2 % at least. The profile is TOML. It serves other batches and \
numbers of threads too, and programs (Device::with_profile), but neither another network nor other instructions: run, \
predict, eval and bench refuse it then. Another method rounds otherwise.")]
pub(crate) struct Tune {
    /// The network
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Where to write the profile, or - for standard output [default: FILE's name with .profile.toml, in the current folder]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// Images in a batch
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) batch: u32,

    #[command(flatten)]
    pub(crate) threads: Threads,

    /// Compute no convolution by Winograd's method: slower, with smaller rounding errors
    #[arg(long)]
    pub(crate) no_winograd: bool,

    /// How long to measure, about
    #[arg(long, value_name = "S", default_value = "4", value_parser = seconds)]
    pub(crate) seconds: f64,
}

/// GPUs that there is a model of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Gpu {
    H100,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(s) if (0.0..=3600.0).contains(&s) => Ok(s),
        _ => Err("not a number of seconds between 0 and 3600".to_owned()),
    }
}
