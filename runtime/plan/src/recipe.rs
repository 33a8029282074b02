//! A recipe with every default filled in: what `train { }` says, for the training loop to follow.

use crate::{Initialiser, Literal, Loss};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// One experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// `None` for the default recipe.
    pub name: Option<String>,
    /// What to learn from; `None`: a data set that is at hand already.
    pub data: Option<Data>,
    /// Share of the training set kept for validation; `None`: the data's own test split.
    pub validation: Option<f64>,
    /// How training pictures are varied, in order.
    pub augment: Vec<Augment>,
    /// What is made small.
    pub loss: Loss,
    /// What the network's other outputs and its auxiliary heads add to it.
    pub losses: Vec<HeadLoss>,
    /// How weights move.
    pub optimizer: Optimizer,
    /// How the learning rate changes; the factors are multiplied.
    pub schedule: Vec<Schedule>,
    /// Images in a step.
    pub batch: usize,
    /// Passes over the training set.
    pub epochs: usize,
    /// Of weights, order, dropout and augmentation.
    pub seed: u64,
    /// When to end before the last epoch.
    pub stop: Option<Stop>,
    /// Largest norm of all gradients together.
    pub clip: Option<f32>,
    /// Factor of the squared weights in the loss, in layers that have none of their own.
    pub l2: f32,
    /// How weights start, in layers that do not say it.
    pub init: Initialiser,
    /// How biases start, in layers that do not say it.
    pub bias_init: Initialiser,
    /// What stays as it is.
    pub freeze: Vec<Freeze>,
    /// A new order in each epoch.
    pub shuffle: bool,
    /// What decides which weights are the best.
    pub best: Metric,
    /// The weights that the run ends with.
    pub restore: Restore,
}

/// Where pictures come from. `--data DIR` says where they lie.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// 1,797 digits of 8x8 that netc-train has in itself; they lie nowhere.
    Digits {
        /// Cells of background around each picture.
        pad: usize,
    },
    /// MNIST in IDX files, gzipped or not.
    Mnist {
        /// Cells of background around each picture.
        pad: usize,
    },
    /// CIFAR-10 in its binary files.
    Cifar10 {
        /// Cells of zeros around each picture.
        pad: usize,
    },
    /// JPEG and PNG, one folder a class.
    Folder {
        /// Length of the shorter side before cropping; `None`: the input's size.
        resize: Option<usize>,
        /// Cut the middle out; otherwise pictures are squeezed.
        crop: bool,
    },
    /// NumPy arrays in a file.
    Npz {
        /// Name of the array of images.
        images: String,
        /// Name of the array of labels.
        labels: String,
    },
}

/// The loss of an output beside the network's own, or of an auxiliary head.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadLoss {
    /// Its name.
    pub head: String,
    /// What is made small; `None`: as for the network's own output.
    pub loss: Option<Loss>,
    /// Its factor in the sum of all losses; 0 leaves it out. `None`: 0.3 for an auxiliary head, 1 for an output.
    /// An auxiliary head that is not named has 0.3 as well, an output 0.
    pub weight: Option<f32>,
}

/// One step of augmentation; ranges mean what they mean in Keras' ImageDataGenerator, drawn uniformly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Augment {
    /// Up to so many degrees to both sides.
    Rotate(f64),
    /// Vertical and horizontal (`None`: as vertical): shares of the size, or cells if 1 or more.
    Shift(f64, Option<f64>),
    /// Up to so many degrees to both sides.
    Shear(f64),
    /// Between 1 - range and 1 + range, for each axis.
    Zoom(f64),
    /// Left and right, every second picture.
    HFlip,
    /// Top and bottom, every second picture.
    VFlip,
    /// Multiplies all values.
    Rescale(f64),
    /// A part, at random while training, the middle otherwise.
    Crop {
        /// `None`: the input's.
        height: Option<usize>,
        /// `None`: as the height; the input's where that is not given either.
        width: Option<usize>,
    },
    /// AlexNet's PCA lighting with this standard deviation.
    Lighting(f64),
    /// Evaluates four corners and the middle, and their mirrors, and takes the mean.
    TenCrop(Option<usize>),
}

/// How weights move. `decay`: the rate is `lr / (1 + decay * step)`, as in Keras. `weight_decay` is added to the gradient
/// (`g + weight_decay * w`), except in AdamW.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// `v = momentum * v + lr * g; w -= v`; Nesterov: `w -= lr * g + momentum * v` (Keras' form: a step keeps the rate of its
    /// time; PyTorch's, with the rate outside, differs where the rate changes).
    Sgd {
        /// Learning rate.
        lr: f64,
        /// Share of the last step kept.
        momentum: f64,
        /// Nesterov's form.
        nesterov: bool,
        /// Added to the gradient.
        weight_decay: f64,
        /// Of the rate.
        decay: f64,
    },
    /// `a = rho * a + (1 - rho) * g^2; w -= lr * g / (sqrt(a) + eps)`
    RmsProp {
        /// Learning rate.
        lr: f64,
        /// Share of the old mean square kept.
        rho: f64,
        /// Added to the divisor.
        eps: f64,
        /// Added to the gradient.
        weight_decay: f64,
        /// Of the rate.
        decay: f64,
    },
    /// Kingma and Ba 2015, in the form at the end of their section 2, which is Keras': with `m` and `v` the running means of `g` and
    /// `g^2`, `w -= lr * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + eps)`; `decoupled`: AdamW (Loshchilov and Hutter 2019),
    /// `w -= lr * weight_decay * w` first.
    Adam {
        /// Learning rate.
        lr: f64,
        /// Share of the old mean kept.
        beta1: f64,
        /// Share of the old mean square kept.
        beta2: f64,
        /// Added to the divisor.
        eps: f64,
        /// Added to the gradient, or decoupled.
        weight_decay: f64,
        /// AdamW.
        decoupled: bool,
        /// Of the rate.
        decay: f64,
    },
}

impl Optimizer {
    /// The names of its states; each has a number for every parameter.
    #[must_use]
    pub fn states(&self) -> &'static [&'static str] {
        match self {
            Self::Sgd { momentum: 0.0, .. } => &[],
            Self::Sgd { .. } => &["velocity"],
            Self::RmsProp { .. } => &["mean_square"],
            Self::Adam { .. } => &["mean", "mean_square"],
        }
    }
}

impl Literal for Optimizer {
    fn literal(&self) -> String {
        // All numbers are finite: the compiler has checked them.
        format!("plan::Optimizer::{self:?}")
    }
}

/// A factor of the learning rate. Epochs count from 0.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// From each epoch on, this factor of the base rate.
    Steps(Vec<(usize, f64)>),
    /// `rate^epoch`
    Exponential(f64),
    /// Half a cosine from 1 down to `min`, step by step, over so many epochs; `min` after them.
    Cosine {
        /// How long; `None`: as long as the recipe.
        epochs: Option<usize>,
        /// The last factor.
        min: f64,
    },
    /// Multiplied by `factor` whenever the validation loss has not improved by `min_delta` for `patience` epochs.
    Plateau {
        /// Factor.
        factor: f64,
        /// Epochs.
        patience: usize,
        /// Least improvement.
        min_delta: f64,
        /// Smallest learning rate.
        min_lr: f64,
    },
    /// From 0 to 1 in a line over so many epochs, step by step.
    Warmup(usize),
}

/// Layers that training leaves as they are: no parameter of theirs moves, and BN normalises by its running statistics, which stay.
#[derive(Clone, Debug, PartialEq)]
pub enum Freeze {
    /// The layer of this name.
    Layer(String),
    /// Every layer whose value goes into this one's.
    Before(String),
}

/// A figure of the validation set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Higher is better.
    Accuracy,
    /// Lower is better.
    Loss,
}

/// The weights that a run ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restore {
    /// Those of the last step.
    Last,
    /// Those of the best epoch.
    Best,
}

/// Early stopping: where the validation loss does not improve any more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// Epochs without improvement.
    pub patience: usize,
    /// Least improvement.
    pub min_delta: f64,
}
