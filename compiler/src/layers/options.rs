//! What each kind of layer can be told.

use crate::limits::MAX_SIZE;
use crate::options::Default::{Described, Is, Required};
use crate::options::{Kind, Opt, Range};

const fn opt(
    name: &'static str,
    kind: Kind,
    default: crate::options::Default,
    about: &'static str,
) -> Opt {
    Opt::new(name, kind, default, about)
}

const COUNT: Kind = Kind::Whole(1, MAX_SIZE);

const KERNEL: Opt = opt(
    "kernel",
    Kind::Window,
    Required,
    "height x width, perhaps with a stride: 11x11/4",
)
.also(&["kernel_size"]);
const WINDOW: Opt = opt(
    "window",
    Kind::Window,
    Required,
    "height x width, perhaps with a stride: 3x3/2",
)
.also(&["pool_size", "kernel_size", "kernel"]);
const PAD: Opt = opt(
    "pad",
    Kind::Pad,
    Is("valid"),
    "`valid`, `same`, a number, or (top, bottom, left, right)",
)
.also(&["padding"]);
const STRIDE: Opt =
    opt("stride", Kind::Factor, Is("1"), "steps between windows").also(&["strides"]);
const POOL_STRIDE: Opt = opt(
    "stride",
    Kind::Factor,
    Described("the window"),
    "steps between windows",
)
.also(&["strides"]);
const DILATION: Opt = opt(
    "dilation",
    Kind::Factor,
    Is("1"),
    "steps between the cells of the kernel",
)
.also(&["dilation_rate"]);
const BIAS: Opt = opt(
    "bias",
    Kind::Bool,
    Is("true"),
    "adds a number to each output",
)
.also(&["use_bias"]);
const FILTERS: Opt = opt("filters", COUNT, Required, "output channels").also(&["out_channels"]);
const GROUPS: Opt =
    opt("groups", COUNT, Is("1"), "parts that do not see each other").also(&["group"]);
const INIT: Opt = opt(
    "init",
    Kind::Init,
    Described("the recipe's, or glorot"),
    "how weights start",
)
.also(&["kernel_initializer"]);
const BIAS_INIT: Opt = opt(
    "bias_init",
    Kind::Init,
    Described("the recipe's, or 0"),
    "how biases start",
)
.also(&["bias_initializer"]);
const L2: Opt = opt(
    "l2",
    Kind::Number(Range::NotNegative),
    Described("the recipe's, or 0"),
    "factor of the squared weights in the loss",
);

pub(super) const INPUT_OPTIONS: &[Opt] = &[
    opt(
        "shape",
        Kind::Shape,
        Required,
        "height x width x channels, or a number of inputs",
    )
    .also(&["input_shape"]),
    opt(
        "scale",
        Kind::Number(Range::Any),
        Is("1"),
        "multiplies each byte of a picture",
    ),
    opt(
        "mean",
        Kind::PerChannel(Range::Any),
        Is("0"),
        "subtracted then, one number or one a channel",
    ),
    opt(
        "std",
        Kind::PerChannel(Range::Positive),
        Is("1"),
        "divides then, one number or one a channel",
    ),
];
pub(super) const CONV_OPTIONS: &[Opt] = &[
    FILTERS,
    KERNEL,
    PAD,
    STRIDE,
    DILATION,
    GROUPS,
    BIAS,
    opt(
        "connect",
        Kind::Connect,
        Described("all maps"),
        "for each output map its input maps: [[0, 1], [1, 2]]",
    ),
    INIT,
    BIAS_INIT,
    L2,
];
pub(super) const DWCONV_OPTIONS: &[Opt] =
    &[KERNEL, PAD, STRIDE, DILATION, BIAS, INIT, BIAS_INIT, L2];
pub(super) const DECONV_OPTIONS: &[Opt] = &[
    FILTERS,
    KERNEL,
    PAD,
    STRIDE,
    opt(
        "output_pad",
        Kind::Whole(0, MAX_SIZE),
        Is("0"),
        "rows and columns more, at the bottom and right; below the stride",
    )
    .also(&["output_padding"]),
    DILATION,
    GROUPS,
    BIAS,
    INIT,
    BIAS_INIT,
    L2,
];
pub(super) const FC_OPTIONS: &[Opt] = &[
    opt("units", COUNT, Required, "outputs").also(&["out_features"]),
    BIAS,
    INIT,
    BIAS_INIT,
    L2,
];
const CEIL: Opt = opt(
    "ceil",
    Kind::Bool,
    Is("false"),
    "rounds up: a last window that is not full counts",
)
.also(&["ceil_mode"]);
pub(super) const POOL_OPTIONS: &[Opt] = &[WINDOW, PAD, POOL_STRIDE, CEIL];
pub(super) const AVGPOOL_OPTIONS: &[Opt] = &[
    WINDOW,
    PAD,
    POOL_STRIDE,
    CEIL,
    opt(
        "count_pad",
        Kind::Bool,
        Is("false"),
        "padded cells count in the mean, as zeros",
    )
    .also(&["count_include_pad"]),
];
pub(super) const BN_OPTIONS: &[Opt] = &[
    opt(
        "eps",
        Kind::Number(Range::Positive),
        Is("0.001"),
        "added to the variance",
    )
    .also(&["epsilon"]),
    opt(
        "momentum",
        Kind::Number(Range::Unit),
        Is("0.99"),
        "share of the old moving statistics kept in a step",
    ),
];
const EPS: Opt = opt(
    "eps",
    Kind::Number(Range::Positive),
    Is("1e-5"),
    "added to the variance",
)
.also(&["epsilon"]);
pub(super) const LN_OPTIONS: &[Opt] = &[EPS];
pub(super) const GROUPNORM_OPTIONS: &[Opt] = &[
    opt(
        "groups",
        COUNT,
        Required,
        "parts of the channels, each normalised on its own",
    )
    .also(&["num_groups"]),
    EPS,
];
pub(super) const SCALE_OPTIONS: &[Opt] = &[opt(
    "init",
    Kind::Number(Range::Any),
    Is("1"),
    "what the factors start as",
)
.also(&["init_value", "init_values"])];
pub(super) const DROP_PATH_OPTIONS: &[Opt] = &[opt(
    "p",
    Kind::Number(Range::BelowOne),
    Required,
    "probability that an image is dropped",
)
.also(&["rate", "drop_prob"])];
pub(super) const PRELU_OPTIONS: &[Opt] = &[opt(
    "shared",
    Kind::Bool,
    Is("false"),
    "one slope for all channels, PyTorch's default",
)];
pub(super) const LRN_OPTIONS: &[Opt] = &[
    opt("n", COUNT, Is("5"), "channels in the window, an odd number").also(&["size"]),
    opt(
        "k",
        Kind::Number(Range::Positive),
        Is("2"),
        "added to the sum",
    ),
    opt(
        "alpha",
        Kind::Number(Range::NotNegative),
        Is("0.0001"),
        "factor of the sum, not divided by n",
    ),
    opt("beta", Kind::Number(Range::Any), Is("0.75"), "exponent"),
];
pub(super) const DROPOUT_OPTIONS: &[Opt] = &[opt(
    "p",
    Kind::Number(Range::BelowOne),
    Is("0.5"),
    "probability that an element is dropped",
)
.also(&["rate"])];
pub(super) const LEAKY_OPTIONS: &[Opt] = &[opt(
    "slope",
    Kind::Number(Range::NotNegative),
    Is("0.01"),
    "factor below 0",
)
.also(&["negative_slope", "alpha"])];
pub(super) const ELU_OPTIONS: &[Opt] = &[opt(
    "alpha",
    Kind::Number(Range::NotNegative),
    Is("1"),
    "factor below 0",
)];
pub(super) const FLATTEN_OPTIONS: &[Opt] = &[opt(
    "order",
    Kind::Word(&["hwc", "chw"]),
    Is("hwc"),
    "`hwc`, or `chw` for weights trained in PyTorch",
)];
pub(super) const PAD_OPTIONS: &[Opt] = &[opt(
    "pad",
    Kind::Cells,
    Required,
    "a number, or (top, bottom, left, right)",
)
.also(&["padding"])];
pub(super) const CROP_OPTIONS: &[Opt] = &[opt(
    "crop",
    Kind::Cells,
    Required,
    "cells cut off: a number, or (top, bottom, left, right)",
)
.also(&["cropping"])];
pub(super) const UPSAMPLE_OPTIONS: &[Opt] = &[
    opt(
        "factor",
        Kind::Factor,
        Is("2x2"),
        "how often rows and columns are repeated",
    )
    .also(&["size", "scale_factor"]),
    opt(
        "mode",
        Kind::Word(&["nearest", "bilinear"]),
        Is("nearest"),
        "repeats pixels, or lies between them: half-pixel centres",
    )
    .also(&["interpolation"]),
];
pub(super) const ADAPTIVE_OPTIONS: &[Opt] = &[opt(
    "size",
    Kind::Factor,
    Required,
    "height x width of what comes out, or a number for both",
)
.also(&["output_size"])];
pub(super) const GLOBALPOOL_OPTIONS: &[Opt] = &[opt(
    "kind",
    Kind::Word(&["mean", "max"]),
    Is("mean"),
    "what becomes of all pixels",
)];
pub(super) const SLICE_OPTIONS: &[Opt] = &[
    opt(
        "from",
        Kind::Whole(0, MAX_SIZE),
        Required,
        "the first channel, counted from 0",
    )
    .also(&["start", "begin"]),
    opt("to", COUNT, Required, "the channel after the last one").also(&["end", "stop"]),
];
pub(super) const SPLIT_OPTIONS: &[Opt] = &[
    opt("parts", COUNT, Required, "how many; divides the channels").also(&["chunks", "sections"]),
    opt(
        "part",
        Kind::Whole(0, MAX_SIZE),
        Required,
        "which of them, counted from 0",
    )
    .also(&["index"]),
];
pub(super) const SHUFFLE_OPTIONS: &[Opt] = &[opt(
    "groups",
    COUNT,
    Required,
    "parts whose channels are mixed; divides the channels",
)];
pub(super) const SUBSAMPLE_OPTIONS: &[Opt] = &[WINDOW, POOL_STRIDE];
pub(super) const RBF_OPTIONS: &[Opt] = &[opt("classes", COUNT, Required, "prototypes")];
