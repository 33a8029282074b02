//! The arguments of training and evaluation.

use crate::device::{Measured, OnDevice, Threads};
use clap::{Arg, ArgGroup, ArgMatches, Args, Command, FromArgMatches, ValueHint};
use netc_compiler::options::Kind;
use netc_compiler::recipe::{KEYS, Key};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Train a network by a recipe of its file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc train lenet_digits.net
  netc train lenet5_mnist.net --data mnist
  netc train lenet5_mnist.net --data mnist --recipe augmented --epochs 3
  netc train lenet5_mnist.net --data mnist --optimizer 'adam(lr=0.001)'
  netc train lenet5_mnist.net --data mnist --schedule 'warmup(1) => cosine'
  netc train lenet5_mnist.net --data mnist --resume runs/lenet5 --epochs 30
  netc train lenet5_mnist.net --data mnist --sheet samples.png
  netc train birds.net --data birds --weights resnet18.safetensors --freeze 'before(fc1)'

Options named like a key of `train { }` hold in place of the recipe's entry, and take what the file would say. \
The run folder holds metrics.csv, events for TensorBoard, last.safetensors, best.safetensors and what a resume needs. \
Ctrl-C finishes the step and saves. A claim of the file (expect accuracy >= 0.99) that fails on the test set ends with 1.")]
pub(crate) struct Train {
    /// The network
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Where the data lies: a folder, or an NPZ file; data = digits lies nowhere
    #[arg(long, value_name = "DIR", value_hint = ValueHint::AnyPath)]
    pub(crate) data: Option<PathBuf>,

    /// The recipe [default: the one without a name; SGD on an image folder where the file has none]
    #[arg(long, value_name = "NAME")]
    pub(crate) recipe: Option<String>,

    /// The folder to keep the run in [default: runs/, and the names of file and recipe]
    #[arg(long, value_name = "RUN", value_hint = ValueHint::DirPath, conflicts_with = "resume")]
    pub(crate) out: Option<PathBuf>,

    /// Start from these weights, a safetensors file, as far as their names and shapes fit [default: random ones, by the seed]
    #[arg(short, long, value_name = "W", value_hint = ValueHint::FilePath, conflicts_with = "resume")]
    pub(crate) weights: Option<PathBuf>,

    /// Go on with the run in this folder, by its own recipe and options unless others are given
    #[arg(long, value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) resume: Option<PathBuf>,

    /// Write augmented samples of the training pictures as PNG, and do not train
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) sheet: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) device: OnDevice,

    #[command(flatten)]
    pub(crate) threads: Threads,

    /// Save after so many steps [default: about every half minute]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) save_steps: Option<u64>,

    #[command(flatten)]
    pub(crate) overrides: Overrides,
}

/// Values that hold in place of the recipe's: an option for each key of the compiler's table, and the rate alone.
#[derive(Debug)]
pub(crate) struct Overrides {
    /// Those given, by key, as a file would say them.
    pub(crate) values: BTreeMap<String, String>,
    /// The optimizer's learning rate.
    pub(crate) lr: Option<f64>,
}

impl Args for Overrides {
    fn augment_args(command: Command) -> Command {
        const HEADING: &str = "In place of the recipe's entries";
        let lr = Arg::new("lr")
            .long("lr")
            .value_name("RATE")
            .value_parser(rate)
            .help("The optimizer's learning rate")
            .help_heading(HEADING);
        let options = KEYS.iter().map(|key| {
            Arg::new(option(key))
                .long(option(key))
                .value_name("VALUE")
                .allow_hyphen_values(true)
                .help(help(key))
                .help_heading(HEADING)
        });
        command.args(options).arg(lr)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Overrides {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = KEYS.iter().filter_map(|key| {
            let value = matches.get_one::<String>(&option(key))?;
            Some((key.option.name.to_owned(), value.clone()))
        });
        Ok(Self {
            values: given.collect(),
            lr: matches.get_one("lr").copied(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The option for a key: `--data` says where the data lies, and so `--data-format` what it is.
fn option(key: &Key) -> String {
    match key.option.name {
        "data" => "data-format".to_owned(),
        name => name.replace('_', "-"),
    }
}

/// "How weights move: one of sgd, rmsprop, adam and adamw"
fn help(key: &Key) -> String {
    let (first, rest) = key.option.about.split_at(1);
    let values = match key.option.kind {
        Kind::OneOf(_) | Kind::Pipeline(_) | Kind::Init => format!(": {}", key.option.kind),
        _ => String::new(),
    };
    format!("{}{rest}{values}", first.to_ascii_uppercase()).replace('`', "")
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        // As the optimizer has it.
        Ok(rate) if (rate as f32).is_finite() && rate as f32 > 0.0 => Ok(rate),
        _ => Err("not a number above 0 that fits into 32 bits".to_owned()),
    }
}

/// Judge a trained network by the test set
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc eval lenet5_mnist.net --run runs/lenet5_mnist --data mnist
  netc eval lenet5_mnist.net -w own.safetensors --data mnist --json | jq .loss

Prints loss, accuracy, top-5 and the figures of each class. `expect accuracy` and `expect loss` are judged: the exit code \
is 1 where one fails.")]
#[command(group = ArgGroup::new("of").args(["weights", "run"]).required(true).multiple(true))]
pub(crate) struct Eval {
    /// The network
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Where the data lies: a folder, or an NPZ file; data = digits lies nowhere
    #[arg(long, value_name = "DIR", value_hint = ValueHint::AnyPath)]
    pub(crate) data: Option<PathBuf>,

    /// The weights, a safetensors file
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) weights: Option<PathBuf>,

    /// The folder of a run: the weights that it ended with, its recipe and options
    #[arg(long, value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) run: Option<PathBuf>,

    /// The recipe, for data, loss and batch
    #[arg(long, value_name = "NAME")]
    pub(crate) recipe: Option<String>,

    /// As JSON: loss, accuracy, top5, classes, confusion, claims
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) device: OnDevice,

    #[command(flatten)]
    pub(crate) measured: Measured,

    #[command(flatten)]
    pub(crate) threads: Threads,

    #[command(flatten)]
    pub(crate) overrides: Overrides,
}

/// Quantise a trained network, for `--precision int8`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc quantize lenet5_mnist.net -w own.safetensors --data mnist -o q.safetensors
  netc eval lenet5_mnist.net -w q.safetensors --data mnist --precision int8
  netc predict lenet5_mnist.net -w q.safetensors --precision int8 digit.png

Pictures from all over the training set, not varied, show which numbers each layer gives. CONV, DWCONV and FC then have weights of \
8 bits, with a scale for each filter, BN folded in; what is between them has 8 bits where all that read it can take them. All else \
stays f32. docs/int8.md tells more, and what stands in the file.")]
pub(crate) struct Quantize {
    /// The network
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Its weights, a safetensors file
    #[arg(short, long, value_name = "W", value_hint = ValueHint::FilePath)]
    pub(crate) weights: PathBuf,

    /// Where the data lies: a folder, or an NPZ file; data = digits lies nowhere
    #[arg(long, value_name = "DIR", value_hint = ValueHint::AnyPath)]
    pub(crate) data: Option<PathBuf>,

    /// Where to write the quantised network
    #[arg(short, long, value_name = "Q", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,

    /// How many pictures to look at
    #[arg(long, value_name = "N", default_value = "512", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) images: u32,

    /// The recipe, for the data
    #[arg(long, value_name = "NAME")]
    pub(crate) recipe: Option<String>,

    #[command(flatten)]
    pub(crate) overrides: Overrides,
}
