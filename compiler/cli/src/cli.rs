//! The arguments.

mod data;
mod exchange;
mod language;
mod new;
mod runs;
mod training;
mod watch;

pub(crate) use data::{Data, Get};
pub(crate) use exchange::{ExportModel, ImportModel};
pub(crate) use language::{Diff, Fmt, Lsp};
pub(crate) use new::New;
pub(crate) use runs::{Runs, Sort};
pub(crate) use training::{Eval, Overrides, Quantize, Train};
pub(crate) use watch::Watch;

use crate::choices::Choices;
use crate::device::{Measured, OnDevice};
use crate::failure::{Failure, Outcome};
use crate::terminal;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint};
use netc_grammar::nearest;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Compiles neural networks in arrow notation into Rust
///
/// `netc alexnet.net` checks the network, prints its summary and writes `alexnet.rs`.
#[derive(Debug, Parser)]
#[command(
    name = "netc",
    version,
    max_term_width = terminal::TEXT_WIDTH,
    override_usage = "netc FILE [OPTIONS]\n       netc COMMAND ...",
    after_help = "\
Examples:
  netc alexnet.net                    print the summary, write alexnet.rs
  netc check *.net                    report every mistake in every file
  netc summary alexnet.net            layers, shapes, parameters, MACs, memory
  netc fmt models                     align the arrows of every network there
  netc train lenet5_mnist.net --data mnist
  netc predict alexnet.net --weights alexnet.safetensors cat.jpg

Exit code: 0 done, 1 the input has errors, 2 the tool could not do its work.
`netc help COMMAND` tells more about a command; a file called `check` is `./check`."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to use colour on standard error: auto (on a terminal, unless NO_COLOR is set), always, never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        display_order = 900,
        hide_possible_values = true,
        hide_default_value = true
    )]
    color: Color,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Compile(Compile),
    Check(Check),
    Summary(Summary),
    Explain(Explain),
    New(New),
    Watch(Watch),
    Runs(Runs),
    #[command(subcommand)]
    Data(Data),
    Fmt(Fmt),
    Diff(Diff),
    Lsp(Lsp),
    Run(Run),
    Predict(Predict),
    Train(Train),
    Eval(Eval),
    Quantize(Quantize),
    Bench(Bench),
    Tune(Tune),
    #[command(subcommand)]
    Weights(Weights),
    Import(ImportModel),
    Export(ExportModel),
    Graph(Graph),
    Devices(Devices),
    Completions(Completions),
    Man(Man),
}

/// When to use colour.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// Compile a network to Rust; `netc FILE` is short for it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc alexnet.net                    print the summary, write alexnet.rs here
  netc alexnet.net -o src/model.rs    write it there
  netc alexnet.net -o -               print the Rust instead
  netc alexnet.net --emit dot | dot -Tpdf > alexnet.pdf
  netc alexnet.net --train -o -       Rust that trains

The file is written under another name first and takes its own at the end: an old one is only replaced by a whole new one. \
A file that netc did not write is replaced only where -o names it.")]
pub(crate) struct Compile {
    /// The network, or - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Where to write, or - for standard output [default: FILE's name with .rs, in the current folder]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// What to write; all but rust go to standard output unless -o names a file
    #[arg(long, value_name = "WHAT", default_value = "rust")]
    pub(crate) emit: Emit,

    /// Keep BN and activations as steps of their own, in inference
    #[arg(long)]
    pub(crate) no_optimise: bool,

    /// Write Rust that trains: `train_step(images, labels) -> loss`
    #[arg(long)]
    pub(crate) train: bool,

    /// The recipe to train by [default: the one without a name]
    #[arg(long, value_name = "NAME", requires = "train")]
    pub(crate) recipe: Option<String>,
}

/// What `netc FILE` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Emit {
    /// Rust source
    Rust,
    /// The table of `netc summary`
    Summary,
    /// The table as JSON
    Json,
    /// A Graphviz drawing
    Dot,
    /// An SVG drawing
    Svg,
    /// CUDA C++: the kernels of `--device cuda`, made for the network
    Cuda,
    /// The network written anew: repeats and blocks found, defaults left out
    Net,
}

/// Report every mistake in every file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc check models/*.net
  netc check --format json alexnet.net | jq .code
  netc check - < alexnet.net

Diagnostics for people go to standard error; json (an object a line) and github (workflow commands) go to standard output.")]
pub(crate) struct Check {
    /// The files, or - for standard input
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,

    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: Format,
}

/// How `netc check` reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// With the source and colours
    Human,
    /// An object a line
    Json,
    /// Annotations in GitHub's workflow runs
    Github,
}

/// Print the layers with their shapes, parameters and costs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc summary alexnet.net
  netc summary alexnet.net --json | jq .params
  netc summary alexnet.net --arrow    the bare line: INPUT => CONV => RELU => ...
  netc summary alexnet.net --keras    the table that Keras' model.summary() prints")]
pub(crate) struct Summary {
    /// The network, or - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// As JSON: name, input, output, params, trainable, macs, layers
    #[arg(long, group = "form")]
    pub(crate) json: bool,

    /// As the bare arrow line
    #[arg(long, group = "form")]
    pub(crate) arrow: bool,

    /// As Keras prints it
    #[arg(long, group = "form")]
    pub(crate) keras: bool,
}

/// List the devices that networks can compute on
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc devices
  netc devices --json | jq '.devices[].device'

A GPU is NVIDIA's, of compute capability 7.5 or newer, with a driver and NVIDIA's run-time compiler (libnvrtc, of the CUDA toolkit or \
from Python's packages; NETC_NVRTC may name the file).")]
pub(crate) struct Devices {
    /// As JSON: devices, and why there is no GPU
    #[arg(long)]
    pub(crate) json: bool,
}

/// Explain a diagnostic
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc explain E0101
  netc explain            list all codes")]
pub(crate) struct Explain {
    /// The code, in upper or lower case; none for the list of all
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
}

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

    /// How many threads to use [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: Option<u32>,

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

    /// How many threads to use [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: Option<u32>,
}

/// How a picture of other proportions is made to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Fit {
    /// Cut off what is too much, the same on both sides
    Crop,
    /// Distort it
    Stretch,
}

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

    /// How many threads to use [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: Option<u32>,

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

    /// How many threads to use [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: Option<u32>,

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

/// Print a script that completes netc's arguments
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc completions bash > ~/.local/share/bash-completion/completions/netc
  netc completions zsh > ~/.zfunc/_netc
  netc completions fish > ~/.config/fish/completions/netc.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// Print the manual page
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc man > netc.1 && man ./netc.1
  netc man weights-import | man -l -")]
pub(crate) struct Man {
    /// The page of this command (check, weights-import ...); none for netc's own
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Option<String>,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(s) if (0.0..=3600.0).contains(&s) => Ok(s),
        _ => Err("not a number of seconds between 0 and 3600".to_owned()),
    }
}

/// The whole surface, for completions and the manual: `netc FILE` takes what `netc compile` takes.
pub(crate) fn surface() -> clap::Command {
    let cli = Cli::command();
    let texts = [cli.get_about(), cli.get_long_about(), cli.get_after_help()];
    let [about, long_about, after_help] = texts.map(|text| text.cloned().unwrap_or_default());
    // The texts that come with the arguments are the subcommand's.
    Compile::augment_args(cli)
        .subcommand_required(false)
        .about(about)
        .long_about(long_about)
        .after_help(after_help)
}

/// Reads the arguments. `--help` and `--version` print and end with code 0, wrong usage ends with 2.
pub(crate) fn parse(mut args: Vec<OsString>) -> Outcome<Command> {
    let mut command = Cli::command();
    // With `help` among the commands.
    command.build();
    if let Some(at) = implied_compile(&command, &args) {
        if let Some(meant) = misspelt(&command, &args[at]) {
            return Err(
                Failure::tool(format!("there is no command `{}`", args[at].display()))
                    .help(format!("did you mean `netc {meant}`?"))
                    .help("`netc --help` lists the commands"),
            );
        }
        args.insert(at, "compile".into());
    }
    let parsed = command
        .try_get_matches_from(args)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => {
            match cli.color {
                Color::Auto => {}
                Color::Always => anstream::ColorChoice::Always.write_global(),
                Color::Never => anstream::ColorChoice::Never.write_global(),
            }
            Ok(cli.command)
        }
        Err(e) => Err(usage(&e)?),
    }
}

/// Where `compile` is left out: before the first argument that is neither a command nor an option of netc itself.
fn implied_compile(command: &clap::Command, args: &[OsString]) -> Option<usize> {
    let mut at = 1;
    loop {
        let arg = args.get(at)?;
        match arg.to_str() {
            Some("--color") => at += 2,
            Some(text) if text.starts_with("--color=") => at += 1,
            Some("-h" | "--help" | "-V" | "--version") => return None,
            Some(text) if command.find_subcommand(text).is_some() => return None,
            _ => return Some(at),
        }
    }
}

/// The command that was probably meant, if this is no file.
fn misspelt(command: &clap::Command, arg: &OsStr) -> Option<String> {
    let text = arg.to_str()?;
    if text.starts_with('-') || text.contains(['.', '/', '\\']) || Path::new(arg).exists() {
        return None;
    }
    // What other tools call it.
    let known = match text {
        "version" => return Some("--version".to_owned()),
        "build" => "compile",
        "draw" | "plot" | "dot" | "svg" => "graph",
        "infer" | "forward" => "run",
        "classify" => "predict",
        "benchmark" | "time" => "bench",
        "fit" | "learn" => "train",
        "evaluate" | "test" => "eval",
        "lint" | "validate" => "check",
        other => other,
    };
    let names = command.get_subcommands().map(clap::Command::get_name);
    nearest(known, names).map(str::to_owned)
}

/// Prints what clap has to say: help and version on standard output.
fn usage(e: &clap::Error) -> Outcome<Failure> {
    let text = e.render();
    if e.use_stderr() {
        terminal::say(&text.ansi().to_string());
        return Ok(Failure::exit(2));
    }
    if terminal::stdout_has_colour() {
        terminal::print(&text.ansi().to_string())?;
    } else {
        terminal::print(&text.to_string())?;
    }
    Ok(Failure::exit(0))
}
