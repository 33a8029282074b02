//! The arguments of `netc weights`.

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Convert, show or make weights files
#[derive(Debug, Subcommand)]
pub(crate) enum Weights {
    Import(Import),
    Show(Show),
    Init(Init),
}

/// Convert foreign weights (PyTorch, torchvision, Keras) into a network's own
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc weights import resnet18.safetensors --for resnet18.net -o own.safetensors
  netc weights import w.safetensors --for googlenet.net --skip aux -o own
  netc weights import w.safetensors --for my.net --map head.0=fc2 -o own

Tensors are grouped into modules (`layer1.0.conv1`), and modules are matched with layers by their shapes; where several \
have the same shapes, by the order of their names, and by what feeds what in the network. What this does not settle is \
refused, with the candidates. The mapping is printed. Half, bfloat16 and double precision become f32. Keras' kernels are \
turned into netc's layout. Of a PyTorch file (.pt, .pth) the tensors are read, and nothing is run.")]
pub(crate) struct Import {
    /// The foreign weights, a safetensors file or a state_dict as PyTorch saves it
    #[arg(value_name = "W", value_hint = ValueHint::FilePath)]
    pub(crate) weights: PathBuf,

    /// The network that they are for
    #[arg(long = "for", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) network: PathBuf,

    /// Where to write the network's weights
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,

    /// Settle a module (head.0=fc2), a tensor (head.0.weight=fc2.weight) or all that stands below a name (layer1.=conv2: the
    /// layers from conv2 on, as many as it has) by hand; may be given several times
    #[arg(long, value_name = "THEIRS=OURS")]
    pub(crate) map: Vec<String>,

    /// Take such lines from a file, one THEIRS=OURS a line; # begins a comment
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) map_file: Option<PathBuf>,

    /// Leave out the tensors whose names start so; may be given several times
    #[arg(long, value_name = "PREFIX")]
    pub(crate) skip: Vec<String>,

    /// In which order the foreign network flattened the picture before its first FC
    #[arg(long, value_name = "ORDER")]
    pub(crate) flatten: Option<Flatten>,
}

/// The order in which a picture became a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Flatten {
    /// Channels first, as PyTorch does: the columns are put into netc's order
    Chw,
    /// Channels last, as netc and Keras do: nothing changes
    Hwc,
}

/// List the tensors of a weights file, and check them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc weights show alexnet.safetensors
  netc weights show alexnet.safetensors --for alexnet.net")]
pub(crate) struct Show {
    /// The weights, a safetensors file
    #[arg(value_name = "W", value_hint = ValueHint::FilePath)]
    pub(crate) weights: PathBuf,

    /// Check them against this network
    #[arg(long = "for", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) network: Option<PathBuf>,
}

/// Write a network's initial weights
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc weights init alexnet.net --seed 1 -o alexnet.safetensors

The numbers are drawn as the file says (init=, bias_init=; Glorot uniform and zeros otherwise): the same for the same seed.")]
pub(crate) struct Init {
    /// The network, or - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// The same weights for the same number
    #[arg(long, value_name = "N")]
    pub(crate) seed: u64,

    /// Where to write them
    #[arg(short, long, value_name = "OUT", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
}
