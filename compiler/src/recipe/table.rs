//! The table of recipes: keys, their values, and the options of those.

use crate::limits::MAX_SIZE;
use crate::options::Default::{Described, Is, Required};
use crate::options::{Choice, Default, Kind, Opt, Range};

const fn opt(name: &'static str, kind: Kind, default: Default, about: &'static str) -> Opt {
    Opt::new(name, kind, default, about)
}

const fn choice(
    name: &'static str,
    positional: usize,
    options: &'static [Opt],
    example: &'static str,
    about: &'static str,
) -> Choice {
    Choice {
        name,
        options,
        positional,
        pairs: false,
        example,
        about,
    }
}

const COUNT: Kind = Kind::Whole(1, MAX_SIZE);
const CELLS: Kind = Kind::Whole(0, MAX_SIZE);
const RATE: Kind = Kind::Number(Range::Positive);
const AMOUNT: Kind = Kind::Number(Range::NotNegative);
const DECAYED: Kind = Kind::Number(Range::BelowOne);
const FACTOR: Kind = Kind::Number(Range::Share);

/// The keys of a recipe.
pub const KEYS: &[Opt] = &[
    opt(
        "data",
        Kind::OneOf(DATA),
        Required,
        "what to learn from; `--data DIR` says where it lies",
    ),
    opt(
        "validation",
        FACTOR,
        Described("the data's own test split"),
        "share of the training set kept for validation",
    ),
    opt(
        "augment",
        Kind::Pipeline(AUGMENT),
        Described("nothing"),
        "how training pictures are varied, in order",
    ),
    opt(
        "loss",
        Kind::OneOf(LOSS),
        Is("cross_entropy"),
        "what is made small",
    ),
    opt(
        "optimizer",
        Kind::OneOf(OPTIMIZER),
        Is("sgd(lr=0.01)"),
        "how weights move",
    )
    .also(&["optimiser"]),
    opt(
        "schedule",
        Kind::Pipeline(SCHEDULE),
        Described("a constant rate"),
        "how the learning rate changes; several are multiplied",
    )
    .also(&["scheduler"]),
    opt("batch", COUNT, Is("32"), "images in a step").also(&["batch_size"]),
    opt("epochs", COUNT, Is("10"), "passes over the training set"),
    opt(
        "seed",
        Kind::Whole(0, i64::MAX as u64),
        Is("0"),
        "of weights, order, dropout and augmentation",
    ),
    opt(
        "stop",
        Kind::OneOf(STOP),
        Described("after the last epoch"),
        "when to end before",
    ),
    opt(
        "clip",
        RATE,
        Described("no limit"),
        "largest norm of all gradients together",
    )
    .also(&["clipnorm"]),
    opt(
        "l2",
        AMOUNT,
        Is("0"),
        "factor of the squared weights in the loss, for all layers",
    ),
    opt(
        "init",
        Kind::Init,
        Is("glorot"),
        "how weights start, in all layers",
    ),
    opt(
        "bias_init",
        Kind::Init,
        Is("0"),
        "how biases start, in all layers",
    ),
    opt(
        "shuffle",
        Kind::Bool,
        Is("true"),
        "a new order in each epoch",
    ),
    opt(
        "best",
        Kind::OneOf(BEST),
        Is("accuracy"),
        "what decides which weights are the best",
    ),
    opt(
        "restore",
        Kind::OneOf(RESTORE),
        Is("last"),
        "the weights that the run ends with",
    ),
];

const DATA: &[Choice] = &[
    choice(
        "mnist",
        0,
        &[opt(
            "pad",
            CELLS,
            Is("0"),
            "cells of background around each picture",
        )],
        "mnist",
        "MNIST in IDX files, gzipped or not",
    ),
    choice(
        "cifar10",
        0,
        &[opt(
            "pad",
            CELLS,
            Is("0"),
            "cells of zeros around each picture",
        )],
        "cifar10",
        "CIFAR-10 in its binary files",
    ),
    choice(
        "folder",
        0,
        &[
            opt(
                "resize",
                COUNT,
                Described("the input's size"),
                "length of the shorter side before cropping",
            ),
            opt(
                "crop",
                Kind::Bool,
                Is("true"),
                "cut the middle out; otherwise pictures are squeezed",
            ),
        ],
        "folder",
        "JPEG and PNG, one folder a class",
    ),
    choice(
        "npz",
        0,
        &[
            opt(
                "images",
                Kind::Text,
                Is("\"x\""),
                "name of the array of images",
            ),
            opt(
                "labels",
                Kind::Text,
                Is("\"y\""),
                "name of the array of labels",
            ),
        ],
        "npz",
        "NumPy arrays in a file",
    ),
];

const AUGMENT: &[Choice] = &[
    choice("none", 0, &[], "none", "pictures as they are"),
    choice(
        "rotate",
        1,
        &[opt(
            "degrees",
            AMOUNT,
            Required,
            "up to so many, to both sides",
        )],
        "rotate(8)",
        "turns the picture",
    ),
    choice(
        "shift",
        2,
        &[
            opt(
                "vertical",
                AMOUNT,
                Required,
                "share of the height, or cells if 1 or more",
            ),
            opt(
                "horizontal",
                AMOUNT,
                Described("as vertical"),
                "share of the width, or cells if 1 or more",
            ),
        ],
        "shift(0.08, 0.08)",
        "moves the picture",
    ),
    choice(
        "shear",
        1,
        &[opt(
            "degrees",
            AMOUNT,
            Required,
            "up to so many, to both sides",
        )],
        "shear(0.3)",
        "slants the picture",
    ),
    choice(
        "zoom",
        1,
        &[opt(
            "range",
            Kind::Number(Range::BelowOne),
            Required,
            "between 1 - range and 1 + range",
        )],
        "zoom(0.08)",
        "enlarges or shrinks the picture",
    ),
    choice(
        "hflip",
        0,
        &[],
        "hflip",
        "mirrors every second picture, left and right",
    ),
    choice(
        "vflip",
        0,
        &[],
        "vflip",
        "mirrors every second picture, top and bottom",
    ),
    choice(
        "rescale",
        1,
        &[opt("factor", RATE, Required, "of each value")],
        "rescale(0.00392156862745098)",
        "multiplies all values",
    ),
    choice(
        "crop",
        2,
        &[
            opt("height", COUNT, Described("the input's"), "of the part"),
            opt("width", COUNT, Described("as height"), "of the part"),
        ],
        "crop(227)",
        "cuts a part out, at random while training, the middle otherwise",
    ),
    choice(
        "lighting",
        1,
        &[opt(
            "sd",
            AMOUNT,
            Is("0.1"),
            "of the shift along the principal colours",
        )],
        "lighting(0.1)",
        "AlexNet's PCA lighting",
    ),
    choice(
        "ten_crop",
        0,
        &[opt("size", COUNT, Described("the input's"), "of each crop")],
        "ten_crop",
        "evaluates corners and middle, and their mirrors, and takes the mean",
    ),
];

const LOSS: &[Choice] = &[
    choice(
        "cross_entropy",
        0,
        &[opt(
            "label_smoothing",
            DECAYED,
            Is("0"),
            "share of each label spread over all classes",
        )],
        "cross_entropy",
        "of probabilities or logits; fused with a last SOFTMAX",
    ),
    choice("mse", 0, &[], "mse", "mean squared error"),
    choice(
        "lenet5",
        0,
        &[opt(
            "j",
            Kind::Number(Range::Any),
            Is("1"),
            "the paper's constant",
        )],
        "lenet5",
        "for RBF: LeCun et al. 1998, eq. 9",
    ),
];

const LR: Opt = opt("lr", RATE, Required, "learning rate").also(&["learning_rate"]);
const EPS: Opt = opt("eps", RATE, Is("0.0000001"), "added to the divisor").also(&["epsilon"]);
const WEIGHT_DECAY: Opt = opt(
    "weight_decay",
    AMOUNT,
    Is("0"),
    "share of the weights taken off in a step",
);
const DECAY: Opt = opt(
    "decay",
    AMOUNT,
    Is("0"),
    "the rate is lr / (1 + decay * steps), as in Keras",
);

const OPTIMIZER: &[Choice] = &[
    choice(
        "sgd",
        1,
        &[
            LR,
            opt("momentum", DECAYED, Is("0"), "share of the last step kept"),
            opt("nesterov", Kind::Bool, Is("false"), "Nesterov's momentum"),
            WEIGHT_DECAY,
            DECAY,
        ],
        "sgd(lr=0.01)",
        "gradient descent",
    ),
    choice(
        "rmsprop",
        1,
        &[
            LR,
            opt(
                "rho",
                DECAYED,
                Is("0.9"),
                "share of the old mean square kept",
            )
            .also(&["alpha"]),
            EPS,
            WEIGHT_DECAY,
            DECAY,
        ],
        "rmsprop(lr=0.001)",
        "RMSprop",
    ),
    choice(
        "adam",
        1,
        &[
            LR,
            opt("beta1", DECAYED, Is("0.9"), "share of the old mean kept").also(&["beta_1"]),
            opt(
                "beta2",
                DECAYED,
                Is("0.999"),
                "share of the old mean square kept",
            )
            .also(&["beta_2"]),
            EPS,
            WEIGHT_DECAY,
            DECAY,
        ],
        "adam(lr=0.001)",
        "Adam",
    ),
    choice(
        "adamw",
        1,
        &[
            LR,
            opt("beta1", DECAYED, Is("0.9"), "share of the old mean kept").also(&["beta_1"]),
            opt(
                "beta2",
                DECAYED,
                Is("0.999"),
                "share of the old mean square kept",
            )
            .also(&["beta_2"]),
            EPS,
            opt(
                "weight_decay",
                AMOUNT,
                Is("0.01"),
                "share of the weights taken off in a step, times lr",
            ),
            DECAY,
        ],
        "adamw(lr=0.001)",
        "Adam with decoupled weight decay",
    ),
];

const SCHEDULE: &[Choice] = &[
    choice("none", 0, &[], "none", "a constant rate"),
    Choice {
        name: "steps",
        options: &[],
        positional: 0,
        pairs: true,
        example: "steps(2: 0.8, 5: 0.4)",
        about: "from each epoch on, counted from 0, the factor times lr",
    },
    choice(
        "exponential",
        1,
        &[opt("rate", RATE, Required, "factor of each epoch").also(&["gamma"])],
        "exponential(0.95)",
        "rate to the power of the epoch",
    ),
    choice(
        "cosine",
        1,
        &[
            opt("epochs", COUNT, Described("the recipe's"), "until the end"),
            opt("min", Kind::Number(Range::Unit), Is("0"), "the last factor"),
        ],
        "cosine",
        "half a cosine, from 1 down",
    ),
    choice(
        "plateau",
        0,
        &[
            opt(
                "factor",
                FACTOR,
                Is("0.1"),
                "of the rate, where nothing improves",
            ),
            opt("patience", COUNT, Is("10"), "epochs without improvement"),
            opt(
                "min_delta",
                AMOUNT,
                Is("0.0001"),
                "what counts as improvement",
            ),
            opt("min_lr", AMOUNT, Is("0"), "the smallest rate"),
        ],
        "plateau(factor=0.1, patience=10)",
        "lowers the rate where the validation loss stands still",
    ),
    choice(
        "warmup",
        1,
        &[opt("epochs", COUNT, Required, "until the full rate")],
        "warmup(5)",
        "rises from 0 to the full rate",
    ),
];

const STOP: &[Choice] = &[
    choice("none", 0, &[], "none", "after the last epoch"),
    choice(
        "early",
        0,
        &[
            opt("patience", COUNT, Is("5"), "epochs without improvement"),
            opt("min_delta", AMOUNT, Is("0"), "what counts as improvement"),
        ],
        "early(patience=5)",
        "where the validation loss does not improve any more",
    ),
];

const BEST: &[Choice] = &[
    choice(
        "accuracy",
        0,
        &[],
        "accuracy",
        "the highest validation accuracy",
    ),
    choice("loss", 0, &[], "loss", "the lowest validation loss"),
];

const RESTORE: &[Choice] = &[
    choice("last", 0, &[], "last", "those of the last step"),
    choice("best", 0, &[], "best", "the best ones"),
];
