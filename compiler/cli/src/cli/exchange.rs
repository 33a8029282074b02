//! The arguments of the commands that exchange models with other tools.

use super::Source;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Turn a model of another tool into arrow notation and weights
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc import resnet18.onnx -o resnet18.net --weights resnet18.safetensors
  netc import digits.keras -o digits.net --weights digits.safetensors
  netc import open.onnx --input 224x224x3 -o open.net --weights open.safetensors

Reads ONNX (operators of version 7 and later), with tensors in the file or beside it, and models of Keras 2 and 3 (.keras, .h5). \
Pictures become height x width x channels, and so do the weights of what follows a flatten; layers are called by kind and number, \
repeats become repeats and blocks. The text is compiled before it is written. What netc cannot say is listed, all of it at once.")]
pub(crate) struct ImportModel {
    /// The model: .onnx, .keras or .h5
    #[arg(value_name = "MODEL", value_hint = ValueHint::FilePath)]
    pub(crate) model: PathBuf,

    /// Where to write the network, or - for standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,

    /// Where to write its weights, a safetensors file [default: nowhere]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) weights: Option<PathBuf>,

    /// The input's height, width and channels, where the model leaves them open
    #[arg(long, value_name = "HxWxC", value_parser = picture)]
    pub(crate) input: Option<[usize; 3]>,
}

/// Write a network and its weights for other tools
#[derive(Debug, Args)]
#[command(
    override_usage = "netc export FILE <--weights W|--seed N> -o MODEL.onnx",
    after_help = "\
Examples:
  netc export alexnet.net --weights own.safetensors -o alexnet.onnx
  netc export alexnet.net --weights own.safetensors -o alexnet.npz

MODEL.onnx is a model of ONNX's operators of version 17: pictures are [n, c, h, w] there, for any number of images n, and so are \
the weights of what follows a flatten. `input` goes in, `output` and the outputs by their names come out; layers and tensors keep \
their names. INPUT's scale, mean and std are not in it: it takes tensors, as `netc run` does. MODEL.npz holds the weights as NumPy \
arrays, in netc's names and layouts."
)]
pub(crate) struct ExportModel {
    /// The network, or - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) source: Source,

    /// Where to write: a file that ends in .onnx or .npz, or - for a model on standard output
    #[arg(short, long, value_name = "MODEL", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
}

/// `224x224x3`
fn picture(text: &str) -> Result<[usize; 3], String> {
    let sizes: Option<Vec<usize>> = text.split('x').map(|n| n.parse().ok()).collect();
    let sizes = sizes.and_then(|sizes| <[usize; 3]>::try_from(sizes).ok());
    let known = sizes.filter(|sizes| sizes.iter().all(|n| (1..=1 << 30).contains(n)));
    known.ok_or_else(|| "not height x width x channels, as 224x224x3".to_owned())
}
