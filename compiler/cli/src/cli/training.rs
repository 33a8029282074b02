//! The arguments of training and evaluation.

use clap::{ArgGroup, Args, ValueHint};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Train a network by a recipe of its file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  netc train lenet5_mnist.net --data mnist
  netc train lenet5_mnist.net --data mnist --recipe augmented --epochs 3
  netc train lenet5_mnist.net --data mnist --optimizer 'adam(lr=0.001)'
  netc train lenet5_mnist.net --data mnist --schedule 'warmup(1) => cosine'
  netc train lenet5_mnist.net --data mnist --resume runs/lenet5 --epochs 30
  netc train lenet5_mnist.net --data mnist --sheet samples.png

Options named like a key of `train { }` hold in place of the recipe's entry, and take what the file would say. \
The run folder holds metrics.csv, events for TensorBoard, last.safetensors, best.safetensors and what a resume needs. \
Ctrl-C finishes the step and saves. A claim of the file (expect accuracy >= 0.99) that fails on the test set ends with 1.")]
pub(crate) struct Train {
    /// The network
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// Where the data lies: a folder, or an NPZ file
    #[arg(long, value_name = "DIR", value_hint = ValueHint::AnyPath)]
    pub(crate) data: PathBuf,

    /// The recipe [default: the one without a name; SGD on an image folder where the file has none]
    #[arg(long, value_name = "NAME")]
    pub(crate) recipe: Option<String>,

    /// The folder to keep the run in [default: runs/, and the names of file and recipe]
    #[arg(long, value_name = "RUN", value_hint = ValueHint::DirPath, conflicts_with = "resume")]
    pub(crate) out: Option<PathBuf>,

    /// Go on with the run in this folder, by its own recipe and options unless others are given
    #[arg(long, value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) resume: Option<PathBuf>,

    /// Write augmented samples of the training pictures as PNG, and do not train
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) sheet: Option<PathBuf>,

    /// How many threads to use [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: Option<u32>,

    /// Save after so many steps [default: about every half minute]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) save_steps: Option<u64>,

    #[command(flatten)]
    pub(crate) overrides: Overrides,
}

/// Makes an option for each key of a recipe.
macro_rules! overrides {
    ($($field:ident $option:literal $key:literal $about:literal,)*) => {
        /// Entries that hold in place of the recipe's.
        #[derive(Debug, Args)]
        #[command(next_help_heading = "In place of the recipe's entries")]
        pub(crate) struct Overrides {
            $(
                #[doc = $about]
                #[arg(long = $option, value_name = "VALUE", allow_hyphen_values = true)]
                $field: Option<String>,
            )*

            /// The optimizer's learning rate
            #[arg(long, value_name = "RATE", value_parser = rate)]
            pub(crate) lr: Option<f64>,
        }

        impl Overrides {
            /// Those given, by key.
            pub(crate) fn entries(&self) -> BTreeMap<String, String> {
                let all = [$(($key, &self.$field)),*];
                let given = all.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)));
                given.collect()
            }
        }
    };
}

overrides! {
    data_format "data-format" "data" "mnist, mnist(pad=2), cifar10, folder, npz",
    validation "validation" "validation" "Share of the training set kept for validation",
    augment "augment" "augment" "How training pictures are varied: 'rotate(8) => shift(0.1)'",
    loss "loss" "loss" "cross_entropy, mse, lenet5",
    optimizer "optimizer" "optimizer" "'sgd(lr=0.01, momentum=0.9)', or rmsprop, adam, adamw with their rate",
    schedule "schedule" "schedule" "How the learning rate changes: 'steps(2: 0.8, 5: 0.4)', cosine",
    batch "batch" "batch" "Images in a step",
    epochs "epochs" "epochs" "Passes over the training set",
    seed "seed" "seed" "Of weights, order, dropout and augmentation",
    stop "stop" "stop" "early(patience=5)",
    clip "clip" "clip" "Largest norm of all gradients together",
    l2 "l2" "l2" "Factor of the squared weights in the loss",
    init "init" "init" "How weights start: glorot, he, lecun, normal(sd)",
    bias_init "bias-init" "bias_init" "How biases start",
    shuffle "shuffle" "shuffle" "A new order in each epoch: true, false",
    best "best" "best" "What decides which weights are the best: accuracy, loss",
    restore "restore" "restore" "The weights that the run ends with: last, best",
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

    /// Where the data lies: a folder, or an NPZ file
    #[arg(long, value_name = "DIR", value_hint = ValueHint::AnyPath)]
    pub(crate) data: PathBuf,

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

    /// How many threads to use [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: Option<u32>,

    #[command(flatten)]
    pub(crate) overrides: Overrides,
}
