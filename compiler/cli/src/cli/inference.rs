//! The arguments of `netc run` and `netc predict`.

use crate::device::{Measured, OnDevice, Threads};
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Where a network's weights come from.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Source {
    /// The weights, a safetensors file
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) weights: Option<PathBuf>,

    /// Random weights, the same ones for the same number
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

/// Run a network on raw tensors
#[derive(Debug, Args)]
#[command(
    override_usage = "netc run FILE <--weights W|--seed N> -i X.npy -o Y.npy [OPTIONS]",
    after_help = "\
Examples:
  netc run alexnet.net -w own.safetensors --input images.npy --output y.npy
  netc run alexnet.net --seed 1 -i images.npy -o conv3.npy --layer conv3

The input is one image [h, w, c] or a batch [n, h, w, c] of f32, f64 or u8, taken as it is: INPUT's scale, mean and std are \
for pictures (`netc predict`). The output is f32, with a batch axis if the input has one."
)]
pub(crate) struct Run {
    /// The network, or - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) source: Source,

    /// The images, a NumPy file
    #[arg(short, long, value_name = "X.npy", value_hint = ValueHint::FilePath)]
    pub(crate) input: PathBuf,

    /// Where to write the result, a NumPy file (other outputs stand beside it: Y.boxes.npy), or - for standard output
    #[arg(short, long, value_name = "Y.npy", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,

    /// Write the values of this layer instead of the network's output
    #[arg(long, value_name = "NAME")]
    pub(crate) layer: Option<String>,

    #[command(flatten)]
    pub(crate) device: OnDevice,

    #[command(flatten)]
    pub(crate) measured: Measured,

    #[command(flatten)]
    pub(crate) threads: Threads,

    /// How many images to run at once
    #[arg(long, value_name = "N", default_value = "16", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) batch: u32,
}

/// Classify pictures
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc predict alexnet.net --weights own.safetensors cat.jpg dog.png
  netc predict alexnet.net -w own.safetensors --labels names.txt --top 3 *.jpg

A picture (JPEG or PNG) is turned as its EXIF says, made grey or coloured by the network's channels, cut to the network's \
proportions around its centre, resized (bilinear over the covered area, as Pillow does), and then \
(byte * scale - mean) / std with INPUT's options. Where the network ends without SOFTMAX, one is added; a network that ends \
in RBF gives distances, the smallest first.")]
pub(crate) struct Predict {
    /// The network, or - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) source: Source,

    /// The pictures, JPEG or PNG
    #[arg(value_name = "IMAGE", required = true, value_hint = ValueHint::FilePath)]
    pub(crate) images: Vec<PathBuf>,

    /// The names of the classes, one a line [default: those of the weights' run]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) labels: Option<PathBuf>,

    /// How many classes to print
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) top: u32,

    /// How a picture of other proportions is made to fit [default: as in training, or crop]
    #[arg(long, value_name = "HOW")]
    pub(crate) fit: Option<Fit>,

    /// As JSON, an object a picture and line
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) device: OnDevice,

    #[command(flatten)]
    pub(crate) measured: Measured,

    #[command(flatten)]
    pub(crate) threads: Threads,
}

/// How a picture of other proportions is made to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Fit {
    /// Cut off what is too much, the same on both sides
    Crop,
    /// Distort it
    Stretch,
}
