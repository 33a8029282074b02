//! The table of recipes: one row a key, one row a choice, one row an option. A row says the name, the type and the default, and what it
//! means to the reader; parsing, defaults, printing, the command line and the reference all read it here.

use super::choice::{self, Arguments, Choices, Written};
use super::key::Key;
use super::plain::{Plain, Said, Setting};
use crate::limits::MAX_SIZE;
use crate::options::{Choice, Default, Kind, Opt, Range};
use crate::text::expr;
use netc_grammar::Diagnostic;
use netc_grammar::ast::Expr;
use netc_plan::{
    Augment, Data, Freeze, HeadLoss, Initialiser, Loss, Metric, Optimizer, Recipe, Restore,
    Schedule, Stop,
};

const COUNT: Kind = Kind::Whole(1, MAX_SIZE);
const CELLS: Kind = Kind::Whole(0, MAX_SIZE);
const RATE: Kind = Kind::Number(Range::Positive);
const AMOUNT: Kind = Kind::Number(Range::NotNegative);
const DECAYED: Kind = Kind::Number(Range::BelowOne);
const FACTOR: Kind = Kind::Number(Range::Share);

/// What a row says besides its name, its type and the value that holds where it is left out.
const fn opt(kind: Kind, about: &'static str) -> Opt {
    Opt::new("", kind, Default::Required, about)
}

/// A default, as a file would say it.
fn text<T: Setting>(value: &T) -> String {
    value
        .write()
        .map_or_else(String::new, |value| expr::text(&value))
}

/// `key: type = default, option;` The keys are the fields of [`Recipe`] but its name.
macro_rules! keys {
    ($($key:ident: $type:ty = $default:expr, $option:expr;)*) => {
        /// The keys of a recipe.
        pub const KEYS: &[Key] = &[$(Key {
            option: $option
                .named(stringify!($key))
                .left_out(|| text::<$type>(&$default)),
            read: |recipe, option, value, errors| {
                let owner = "the recipe";
                if let Some(value) = <$type as Setting>::read(Said { owner, option, value }, errors) {
                    recipe.$key = value;
                }
            },
            write: |recipe| Setting::write(&recipe.$key),
            copy: |to, from| to.$key.clone_from(&from.$key),
        }),*];

        /// A recipe that says nothing.
        pub(crate) fn empty() -> Recipe {
            Recipe { name: None, $($key: $default),* }
        }
    };
}

/// `name(options by position) => [value], example, meaning { option: type = default, option; }`: the choices that a type has. The
/// value is written once, for both directions, with the options as its parts.
macro_rules! choices {
    ($type:ty {$(
        $name:ident($positional:literal $(, pairs: $pairs:ident)?) => [$($value:tt)+], $example:literal, $about:literal {$(
            $option:ident: $kind:ty $(= $default:expr)?, $opt:expr;
        )*}
    )*}) => {
        impl Choices for $type {
            const ALL: &'static [Choice] = &[$(Choice {
                name: stringify!($name),
                options: &[$($opt
                    .named(stringify!($option))
                    $(.left_out(|| text::<$kind>(&$default)))?
                ),*],
                positional: $positional,
                pairs: !<[&str]>::is_empty(&[$(stringify!($pairs))?]),
                example: $example,
                about: $about,
            }),*];

            #[allow(unused_variables, reason = "not every choice has options")]
            fn of(row: usize, arguments: &Arguments) -> Option<Self> {
                let rows: &[fn(&Arguments) -> Option<Self>] = &[$(|arguments| {
                    $(let $pairs = arguments.pairs.clone();)?
                    $(
                        let default: Option<$kind> = None;
                        $(let default: Option<$kind> = Some($default);)?
                        let $option = arguments.option(stringify!($option), default)?;
                    )*
                    Some($($value)+)
                }),*];
                rows.get(row)?(arguments)
            }

            fn written(&self) -> Written {
                match self {$(
                    $($value)+ => Written {
                        name: stringify!($name),
                        pairs: vec![].into_iter()$(.chain($pairs.iter().copied()))?.collect(),
                        options: vec![$((stringify!($option), $option.written())),*],
                    },
                )*}
            }
        }

        impl Setting for $type {
            fn read(said: Said<'_>, errors: &mut Vec<Diagnostic>) -> Option<Self> {
                choice::read(said, errors)
            }

            fn write(&self) -> Option<Expr> {
                choice::write(self)
            }
        }
    };
}

impl Setting for Option<Data> {
    fn read(said: Said<'_>, errors: &mut Vec<Diagnostic>) -> Option<Self> {
        choice::read(said, errors).map(Some)
    }

    fn write(&self) -> Option<Expr> {
        choice::write(self.as_ref()?)
    }
}

keys! {
    data: Option<Data> = None,
        opt(Kind::OneOf(Data::ALL), "what to learn from; `--data DIR` says where it lies, but for `digits`").described("required");
    validation: Option<f64> = None,
        opt(Kind::Maybe(Range::Share), "share of the training set kept for validation").described("the data's own test split");
    augment: Vec<Augment> = Vec::new(),
        opt(Kind::Pipeline(Option::<Augment>::ALL), "how training pictures are varied, in order").described("nothing");
    loss: Loss = Loss::CrossEntropy { label_smoothing: 0.0 },
        opt(Kind::OneOf(Loss::ALL), "what is made small");
    losses: Vec<HeadLoss> = Vec::new(),
        opt(Kind::Losses, "what other outputs and auxiliary heads add to the loss")
            .described("0.3 of an auxiliary head's, nothing of an output's");
    optimizer: Optimizer = Optimizer::Sgd { lr: 0.01, momentum: 0.0, nesterov: false, weight_decay: 0.0, decay: 0.0 },
        opt(Kind::OneOf(Optimizer::ALL), "how weights move").also(&["optimiser"]);
    schedule: Vec<Schedule> = Vec::new(),
        opt(Kind::Pipeline(Option::<Schedule>::ALL), "how the learning rate changes; several are multiplied")
            .also(&["scheduler"]).described("a constant rate");
    batch: usize = 32, opt(COUNT, "images in a step").also(&["batch_size"]);
    epochs: usize = 10, opt(COUNT, "passes over the training set");
    seed: u64 = 0, opt(Kind::Whole(0, i64::MAX as u64), "of weights, order, dropout and augmentation");
    stop: Option<Stop> = None,
        opt(Kind::OneOf(Option::<Stop>::ALL), "when to end before").described("after the last epoch");
    clip: Option<f32> = None,
        opt(Kind::Maybe(Range::Positive), "largest norm of all gradients together").also(&["clipnorm"]).described("no limit");
    l2: f32 = 0.0, opt(AMOUNT, "factor of the squared weights in the loss, for all layers");
    init: Initialiser = Initialiser::Glorot, opt(Kind::Init, "how weights start, in all layers");
    bias_init: Initialiser = Initialiser::Constant(0.0), opt(Kind::Init, "how biases start, in all layers");
    freeze: Vec<Freeze> = Vec::new(),
        opt(Kind::Layers, "layers that stay as they are; before(fc1): all whose values go into fc1's").described("no layer");
    shuffle: bool = true, opt(Kind::Bool, "a new order in each epoch");
    best: Metric = Metric::Accuracy, opt(Kind::OneOf(Metric::ALL), "what decides which weights are the best");
    restore: Restore = Restore::Last, opt(Kind::OneOf(Restore::ALL), "the weights that the run ends with");
}

choices! { Data {
    digits(0) => [Data::Digits { pad }], "digits", "1,797 digits of 8x8 that netc has in itself; without `--data`" {
        pad: usize = 0, opt(CELLS, "cells of background around each picture");
    }
    mnist(0) => [Data::Mnist { pad }], "mnist", "MNIST in IDX files, gzipped or not" {
        pad: usize = 0, opt(CELLS, "cells of background around each picture");
    }
    cifar10(0) => [Data::Cifar10 { pad }], "cifar10", "CIFAR-10 in its binary files" {
        pad: usize = 0, opt(CELLS, "cells of zeros around each picture");
    }
    folder(0) => [Data::Folder { resize, crop }], "folder", "JPEG and PNG, one folder a class" {
        resize: Option<usize> = None, opt(COUNT, "length of the shorter side before cropping").described("the input's size");
        crop: bool = true, opt(Kind::Bool, "cut the middle out; otherwise pictures are squeezed");
    }
    npz(0) => [Data::Npz { images, labels }], "npz", "NumPy arrays in a file" {
        images: String = "x".to_owned(), opt(Kind::Text, "name of the array of images");
        labels: String = "y".to_owned(), opt(Kind::Text, "name of the array of labels");
    }
}}

choices! { Option<Augment> {
    none(0) => [None], "none", "pictures as they are" {}
    rotate(1) => [Some(Augment::Rotate(degrees))], "rotate(8)", "turns the picture" {
        degrees: f64, opt(AMOUNT, "up to so many, to both sides");
    }
    shift(2) => [Some(Augment::Shift(vertical, horizontal))], "shift(0.08, 0.08)", "moves the picture" {
        vertical: f64, opt(AMOUNT, "share of the height, or cells if 1 or more");
        horizontal: Option<f64> = None, opt(AMOUNT, "share of the width, or cells if 1 or more").described("as vertical");
    }
    shear(1) => [Some(Augment::Shear(degrees))], "shear(0.3)", "slants the picture" {
        degrees: f64, opt(AMOUNT, "up to so many, to both sides");
    }
    zoom(1) => [Some(Augment::Zoom(range))], "zoom(0.08)", "enlarges or shrinks the picture" {
        range: f64, opt(DECAYED, "between 1 - range and 1 + range");
    }
    hflip(0) => [Some(Augment::HFlip)], "hflip", "mirrors every second picture, left and right" {}
    vflip(0) => [Some(Augment::VFlip)], "vflip", "mirrors every second picture, top and bottom" {}
    rescale(1) => [Some(Augment::Rescale(factor))], "rescale(0.00392156862745098)", "multiplies all values" {
        factor: f64, opt(RATE, "of each value");
    }
    crop(2) => [Some(Augment::Crop { height, width })], "crop(227)", "cuts a part out, at random while training, the middle otherwise" {
        height: Option<usize> = None, opt(COUNT, "of the part").described("the input's");
        width: Option<usize> = None, opt(COUNT, "of the part").described("as height");
    }
    lighting(1) => [Some(Augment::Lighting(sd))], "lighting(0.1)", "AlexNet's PCA lighting" {
        sd: f64 = 0.1, opt(AMOUNT, "of the shift along the principal colours");
    }
    ten_crop(0) => [Some(Augment::TenCrop(size))], "ten_crop", "evaluates corners and middle, and their mirrors, and takes the mean" {
        size: Option<usize> = None, opt(COUNT, "of each crop").described("the input's");
    }
}}

choices! { Loss {
    cross_entropy(0) => [Loss::CrossEntropy { label_smoothing }], "cross_entropy",
        "of probabilities or logits; fused with a last SOFTMAX" {
        label_smoothing: f32 = 0.0, opt(DECAYED, "share of each label spread over all classes");
    }
    mse(0) => [Loss::Mse], "mse", "mean squared error" {}
    lenet5(0) => [Loss::LeNet5 { j }], "lenet5", "for RBF: LeCun et al. 1998, eq. 9" {
        j: f32 = 1.0, opt(Kind::Number(Range::Any), "the paper's constant");
    }
}}

const LR: Opt = opt(RATE, "learning rate").also(&["learning_rate"]);
const BETA1: Opt = opt(DECAYED, "share of the old mean kept").also(&["beta_1"]);
const BETA2: Opt = opt(DECAYED, "share of the old mean square kept").also(&["beta_2"]);
const EPS: Opt = opt(RATE, "added to the divisor").also(&["epsilon"]);
const WEIGHT_DECAY: Opt = opt(AMOUNT, "share of the weights taken off in a step");
const DECAY: Opt = opt(AMOUNT, "the rate is lr / (1 + decay * steps), as in Keras");

choices! { Optimizer {
    sgd(1) => [Optimizer::Sgd { lr, momentum, nesterov, weight_decay, decay }], "sgd(lr=0.01)", "gradient descent" {
        lr: f64, LR;
        momentum: f64 = 0.0, opt(DECAYED, "share of the last step kept");
        nesterov: bool = false, opt(Kind::Bool, "Nesterov's momentum");
        weight_decay: f64 = 0.0, WEIGHT_DECAY;
        decay: f64 = 0.0, DECAY;
    }
    rmsprop(1) => [Optimizer::RmsProp { lr, rho, eps, weight_decay, decay }], "rmsprop(lr=0.001)", "RMSprop" {
        lr: f64, LR;
        rho: f64 = 0.9, opt(DECAYED, "share of the old mean square kept").also(&["alpha"]);
        eps: f64 = 1e-7, EPS;
        weight_decay: f64 = 0.0, WEIGHT_DECAY;
        decay: f64 = 0.0, DECAY;
    }
    adam(1) => [Optimizer::Adam { lr, beta1, beta2, eps, weight_decay, decoupled: false, decay }], "adam(lr=0.001)", "Adam" {
        lr: f64, LR;
        beta1: f64 = 0.9, BETA1;
        beta2: f64 = 0.999, BETA2;
        eps: f64 = 1e-7, EPS;
        weight_decay: f64 = 0.0, WEIGHT_DECAY;
        decay: f64 = 0.0, DECAY;
    }
    adamw(1) => [Optimizer::Adam { lr, beta1, beta2, eps, weight_decay, decoupled: true, decay }], "adamw(lr=0.001)",
        "Adam with decoupled weight decay" {
        lr: f64, LR;
        beta1: f64 = 0.9, BETA1;
        beta2: f64 = 0.999, BETA2;
        eps: f64 = 1e-7, EPS;
        weight_decay: f64 = 0.01, opt(AMOUNT, "share of the weights taken off in a step, times lr");
        decay: f64 = 0.0, DECAY;
    }
}}

choices! { Option<Schedule> {
    none(0) => [None], "none", "a constant rate" {}
    steps(0, pairs: steps) => [Some(Schedule::Steps(steps))], "steps(2: 0.8, 5: 0.4)",
        "from each epoch on, counted from 0, the factor times lr" {}
    exponential(1) => [Some(Schedule::Exponential(rate))], "exponential(0.95)", "rate to the power of the epoch" {
        rate: f64, opt(RATE, "factor of each epoch").also(&["gamma"]);
    }
    cosine(1) => [Some(Schedule::Cosine { epochs, min })], "cosine", "half a cosine, from 1 down" {
        epochs: Option<usize> = None, opt(COUNT, "until the end").described("the recipe's");
        min: f64 = 0.0, opt(Kind::Number(Range::Unit), "the last factor");
    }
    plateau(0) => [Some(Schedule::Plateau { factor, patience, min_delta, min_lr })], "plateau(factor=0.1, patience=10)",
        "lowers the rate where the validation loss stands still" {
        factor: f64 = 0.1, opt(FACTOR, "of the rate, where nothing improves");
        patience: usize = 10, opt(COUNT, "epochs without improvement");
        min_delta: f64 = 0.0001, opt(AMOUNT, "what counts as improvement");
        min_lr: f64 = 0.0, opt(AMOUNT, "the smallest rate");
    }
    warmup(1) => [Some(Schedule::Warmup(epochs))], "warmup(5)", "rises from 0 to the full rate" {
        epochs: usize, opt(COUNT, "until the full rate");
    }
}}

choices! { Option<Stop> {
    none(0) => [None], "none", "after the last epoch" {}
    early(0) => [Some(Stop { patience, min_delta })], "early(patience=5)",
        "where the validation loss does not improve any more" {
        patience: usize = 5, opt(COUNT, "epochs without improvement");
        min_delta: f64 = 0.0, opt(AMOUNT, "what counts as improvement");
    }
}}

choices! { Metric {
    accuracy(0) => [Metric::Accuracy], "accuracy", "the highest validation accuracy" {}
    loss(0) => [Metric::Loss], "loss", "the lowest validation loss" {}
}}

choices! { Restore {
    last(0) => [Restore::Last], "last", "those of the last step" {}
    best(0) => [Restore::Best], "best", "the best ones" {}
}}
