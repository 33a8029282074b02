//! The table of layers: names, aliases, options, defaults. Resolving, suggestions, the reference and the formatter read it.

mod build;
mod operation;
mod options;
mod shown;
mod values;
mod written;

pub(crate) use build::{build, pixels};
pub use shown::{kind, text};
pub(crate) use written::written;

use crate::options::Default::Required;
use crate::options::{Opt, Owner};
use netc_grammar::nearest;
use netc_plan::{
    Act, AdaptiveAvgPool, Add, Crop, DropPath, GlobalPool, GroupNorm, LayerNorm, Lrn, Mul, Op, Pad,
    Prelu, Reduction, Scale, Shuffle, Slice, Softmax, Upsample,
};
use options::*;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A kind of layer.
#[derive(Clone, Copy, Debug)]
pub struct LayerSpec {
    /// What it computes.
    pub kind: LayerKind,
    /// The name: `CONV`.
    pub name: &'static str,
    /// Other names that work, in capitals without underscores: the formatter writes `name` for them.
    pub aliases: &'static [&'static str],
    /// What layer names begin with: `conv` for `conv1`.
    pub prefix: &'static str,
    /// The options.
    pub options: &'static [Opt],
    /// How many of the options may be given without their names.
    pub positional: usize,
    /// A complete use.
    pub example: &'static str,
    /// What it does.
    pub about: &'static str,
}

/// What a kind of layer computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LayerKind {
    /// The input: the first layer, and only there.
    Input,
    /// Convolution.
    Conv,
    /// Depthwise convolution.
    DwConv,
    /// Transposed convolution.
    Deconv,
    /// Fully connected.
    Fc,
    /// Maximum pooling.
    MaxPool,
    /// Mean pooling.
    AvgPool,
    /// Batch normalisation.
    BatchNorm,
    /// Dropout.
    Dropout,
    /// An activation; where it has a number, the default.
    Activation(Act),
    /// A picture becomes a vector.
    Flatten,
    /// One of equal parts of the channels.
    Split,
    /// LeNet-5's trainable subsampling.
    Subsample,
    /// LeNet-5's output.
    Rbf,
    /// An operation of the plan's table as it stands, with the defaults of its options. One that reads two values joins branches and
    /// taps; its arguments are taps.
    Op(Op),
    /// Joins branches and taps beside each other; its arguments are taps.
    Concat,
    /// Passes a branch's input on.
    Skip,
}

macro_rules! layers {
    ($($name:literal $(= $alias:literal)* => $kind:expr, $prefix:literal, $positional:literal of $options:expr, $example:literal, $about:literal;)*) => {
        /// Every kind of layer.
        pub const LAYERS: &[LayerSpec] = &[$(LayerSpec {
            kind: $kind,
            name: $name,
            aliases: &[$($alias),*],
            prefix: $prefix,
            options: $options,
            positional: $positional,
            example: $example,
            about: $about,
        }),*];
    };
}

layers! {
    "INPUT" => LayerKind::Input, "input", 1 of INPUT_OPTIONS,
        "INPUT(32x32x3)", "the input: a picture, or a vector";
    "CONV" = "CONV2D" = "CONVOLUTION" = "CONVOLUTION2D" => LayerKind::Conv, "conv", 3 of CONV_OPTIONS,
        "CONV(64, 3x3)", "convolution";
    "DWCONV" = "DWCONV2D" = "DEPTHWISECONV" = "DEPTHWISECONV2D" = "DEPTHWISE" => LayerKind::DwConv, "dwconv", 2 of DWCONV_OPTIONS,
        "DWCONV(3x3, same)", "depthwise convolution: one filter a channel";
    "DECONV" = "DECONV2D" = "DECONVOLUTION" = "DECONVOLUTION2D" = "CONVTRANSPOSE" = "CONVTRANSPOSE2D" = "CONV2DTRANSPOSE" = "TRANSPOSEDCONV" = "TRANSPOSEDCONV2D" => LayerKind::Deconv, "deconv", 3 of DECONV_OPTIONS,
        "DECONV(64, 2x2/2)", "transposed convolution: enlarges by its stride";
    "FC" = "DENSE" = "LINEAR" = "FULLYCONNECTED" = "INNERPRODUCT" => LayerKind::Fc, "fc", 1 of FC_OPTIONS,
        "FC(10)", "fully connected; flattens a picture by itself";
    "POOL" = "MAXPOOL" = "MAXPOOL2D" = "MAXPOOLING" = "MAXPOOLING2D" => LayerKind::MaxPool, "pool", 2 of POOL_OPTIONS,
        "POOL(2x2)", "maximum over windows";
    "AVGPOOL" = "AVGPOOL2D" = "AVERAGEPOOL" = "AVERAGEPOOLING" = "AVERAGEPOOLING2D" = "MEANPOOL" => LayerKind::AvgPool, "avgpool", 2 of AVGPOOL_OPTIONS,
        "AVGPOOL(2x2)", "mean over windows; padded cells are not counted unless asked";
    "GLOBALPOOL" = "GAP" = "GLOBALAVGPOOL" = "GLOBALAVGPOOL2D" = "GLOBALAVERAGEPOOLING" = "GLOBALAVERAGEPOOLING2D" => LayerKind::Op(Op::GlobalPool(GlobalPool::DEFAULT)), "globalpool", 1 of GLOBALPOOL_OPTIONS,
        "GLOBALPOOL", "mean or maximum over the whole picture";
    "GLOBALMAXPOOL" = "GMP" = "GLOBALMAXPOOL2D" = "GLOBALMAXPOOLING" = "GLOBALMAXPOOLING2D" => LayerKind::Op(Op::GlobalPool(GlobalPool { kind: Reduction::Max, ..GlobalPool::DEFAULT })), "globalpool", 0 of &[],
        "GLOBALMAXPOOL", "the same as GLOBALPOOL(max)";
    "ADAPTIVE_AVGPOOL" = "ADAPTIVEAVGPOOL" = "ADAPTIVEAVGPOOL2D" = "ADAPTIVEAVERAGEPOOLING2D" => LayerKind::Op(Op::AdaptiveAvgPool(AdaptiveAvgPool::DEFAULT)), "adaptive_avgpool", 1 of ADAPTIVE_OPTIONS,
        "ADAPTIVE_AVGPOOL(7x7)", "mean over as many windows as are asked for";
    "BN" = "BATCHNORM" = "BATCHNORM2D" = "BATCHNORM1D" = "BATCHNORMALIZATION" => LayerKind::BatchNorm, "bn", 2 of BN_OPTIONS,
        "BN", "batch normalisation";
    "LN" = "LAYERNORM" = "LAYERNORM2D" = "LAYERNORMALIZATION" => LayerKind::Op(Op::LayerNorm(LayerNorm::DEFAULT)), "ln", 1 of LN_OPTIONS,
        "LN", "layer normalisation over the channels of each pixel, or over a vector";
    "GROUPNORM" = "GN" = "GROUPNORMALIZATION" => LayerKind::Op(Op::GroupNorm(GroupNorm::DEFAULT)), "groupnorm", 2 of GROUPNORM_OPTIONS,
        "GROUPNORM(4)", "normalisation over the picture and the channels of a group";
    "LRN" = "LOCALRESPONSENORM" => LayerKind::Op(Op::Lrn(Lrn::DEFAULT)), "lrn", 4 of LRN_OPTIONS,
        "LRN", "local response normalisation across channels";
    "DROPOUT" => LayerKind::Dropout, "dropout", 1 of DROPOUT_OPTIONS,
        "DROPOUT(0.5)", "drops elements while training";
    "DROP_PATH" = "DROPPATH" = "STOCHASTICDEPTH" => LayerKind::Op(Op::DropPath(DropPath::DEFAULT)), "drop_path", 1 of DROP_PATH_OPTIONS,
        "DROP_PATH(0.1)", "drops whole images while training: stochastic depth";
    "SCALE" = "LAYERSCALE" => LayerKind::Op(Op::Scale(Scale::DEFAULT)), "scale", 1 of SCALE_OPTIONS,
        "SCALE(1e-6)", "a learnt factor per channel: layer scale";
    "RELU" => LayerKind::Activation(Act::Relu), "relu", 0 of &[],
        "RELU", "max(x, 0)";
    "RELU6" => LayerKind::Activation(Act::Relu6), "relu6_", 0 of &[],
        "RELU6", "min(max(x, 0), 6)";
    "LEAKY_RELU" = "LEAKYRELU" = "LRELU" => LayerKind::Activation(Act::LeakyRelu(0.01)), "leaky_relu", 1 of LEAKY_OPTIONS,
        "LEAKY_RELU(0.01)", "x above 0, slope * x below";
    "PRELU" => LayerKind::Op(Op::Prelu(Prelu::DEFAULT)), "prelu", 0 of PRELU_OPTIONS,
        "PRELU", "x above 0, a learnt slope per channel * x below; starts as 0.25";
    "ELU" => LayerKind::Activation(Act::Elu(1.0)), "elu", 1 of ELU_OPTIONS,
        "ELU", "x above 0, alpha * (exp(x) - 1) below";
    "GELU" => LayerKind::Activation(Act::Gelu), "gelu", 0 of &[],
        "GELU", "x * (1 + erf(x / sqrt(2))) / 2, exact";
    "SILU" = "SWISH" => LayerKind::Activation(Act::Silu), "silu", 0 of &[],
        "SILU", "x / (1 + exp(-x))";
    "SIGMOID" = "LOGISTIC" => LayerKind::Activation(Act::Sigmoid), "sigmoid", 0 of &[],
        "SIGMOID", "1 / (1 + exp(-x))";
    "HARD_SIGMOID" = "HARDSIGMOID" = "HSIGMOID" => LayerKind::Activation(Act::HardSigmoid), "hard_sigmoid", 0 of &[],
        "HARD_SIGMOID", "min(max(x + 3, 0), 6) / 6, MobileNetV3's";
    "HARD_SWISH" = "HARDSWISH" = "HSWISH" => LayerKind::Activation(Act::HardSwish), "hard_swish", 0 of &[],
        "HARD_SWISH", "x * min(max(x + 3, 0), 6) / 6, MobileNetV3's";
    "TANH" => LayerKind::Activation(Act::Tanh), "tanh", 0 of &[],
        "TANH", "tanh(x)";
    "LECUN_TANH" = "LECUNTANH" = "SCALEDTANH" => LayerKind::Activation(Act::LecunTanh), "lecun_tanh", 0 of &[],
        "LECUN_TANH", "1.7159 tanh(2x / 3), LeNet-5's";
    "SOFTMAX" => LayerKind::Op(Op::Softmax(Softmax::DEFAULT)), "softmax", 0 of &[],
        "SOFTMAX", "probabilities over the channels";
    "FLATTEN" => LayerKind::Flatten, "flatten", 1 of FLATTEN_OPTIONS,
        "FLATTEN", "a picture becomes a vector";
    "PAD" = "ZEROPAD" = "ZEROPAD2D" = "ZEROPADDING2D" => LayerKind::Op(Op::Pad(Pad::DEFAULT)), "pad", 1 of PAD_OPTIONS,
        "PAD(1)", "zeros around the picture";
    "CROP" = "CROPPING2D" = "CROPPING" => LayerKind::Op(Op::Crop(Crop::DEFAULT)), "crop", 1 of CROP_OPTIONS,
        "CROP(2)", "the picture without its outer rows and columns";
    "UPSAMPLE" = "UPSAMPLE2D" = "UPSAMPLING" = "UPSAMPLING2D" => LayerKind::Op(Op::Upsample(Upsample::DEFAULT)), "upsample", 2 of UPSAMPLE_OPTIONS,
        "UPSAMPLE(2x2)", "enlarges the picture by whole factors";
    "SHUFFLE" = "CHANNELSHUFFLE" = "SHUFFLECHANNELS" => LayerKind::Op(Op::Shuffle(Shuffle::DEFAULT)), "shuffle", 1 of SHUFFLE_OPTIONS,
        "SHUFFLE(2)", "mixes the channels of groups: first of each group, second of each ...";
    "SLICE" => LayerKind::Op(Op::Slice(Slice::DEFAULT)), "slice", 2 of SLICE_OPTIONS,
        "SLICE(0, 4)", "some channels: from one up to, not including, another";
    "SPLIT" = "CHUNK" => LayerKind::Split, "split", 2 of SPLIT_OPTIONS,
        "SPLIT(2, 0)", "one of equal parts of the channels";
    "ADD" = "SUM" => LayerKind::Op(Op::Add(Add::DEFAULT)), "add", 0 of &[],
        "ADD", "adds branches or taps";
    "MUL" = "MULTIPLY" = "PRODUCT" => LayerKind::Op(Op::Mul(Mul::DEFAULT)), "mul", 0 of &[],
        "MUL", "multiplies branches or taps; one of 1x1xc is spread over the picture";
    "CONCAT" = "CONCATENATE" = "CAT" => LayerKind::Concat, "concat", 0 of &[],
        "CONCAT", "puts the channels of branches or taps beside each other";
    "SKIP" = "IDENTITY" => LayerKind::Skip, "skip", 0 of &[],
        "SKIP", "a branch that passes its input on";
    "SUBSAMPLE" => LayerKind::Subsample, "subsample", 1 of SUBSAMPLE_OPTIONS,
        "SUBSAMPLE(2x2)", "LeNet-5's: coefficient * sum over the window + bias";
    "RBF" => LayerKind::Rbf, "rbf", 1 of RBF_OPTIONS,
        "RBF(10)", "LeNet-5's: squared distances to fixed prototypes";
}

/// The kind of layer with this name or alias, in exactly this case; underscores do not count in aliases.
#[must_use]
pub fn find(name: &str) -> Option<&'static LayerSpec> {
    let exact = BY_NAME.get(name);
    let found = exact.or_else(|| BY_NAME_OR_ALIAS.get(name.replace('_', "").as_str()));
    found.copied()
}

/// Every stage of a network is looked up here.
static BY_NAME: LazyLock<BTreeMap<&str, &LayerSpec>> =
    LazyLock::new(|| LAYERS.iter().map(|layer| (layer.name, layer)).collect());

/// Where several have an alias, the first of them.
static BY_NAME_OR_ALIAS: LazyLock<BTreeMap<&str, &LayerSpec>> = LazyLock::new(|| {
    let names = |layer: &'static LayerSpec| {
        let all = layer.aliases.iter().copied().chain([layer.name]);
        all.map(move |name| (name, layer))
    };
    LAYERS.iter().rev().flat_map(names).collect()
});

/// The kind of layer with this name or alias in any case: `conv`, `Conv2d`.
pub(crate) fn find_in_any_case(name: &str) -> Option<&'static LayerSpec> {
    find(&name.to_ascii_uppercase())
}

/// Layers of Keras and PyTorch, in capitals without underscores, that compute something else than any layer whose name is like
/// theirs: nothing is suggested for them. Where the language has one of them, [`find`] comes first.
const ELSEWHERE: &[&str] = &[
    "ADAPTIVEMAXPOOL2D",
    "BILINEAR",
    "CELU",
    "CONV1D",
    "CONV1DTRANSPOSE",
    "CONV3D",
    "CONV3DTRANSPOSE",
    "CONVTRANSPOSE1D",
    "CONVTRANSPOSE3D",
    "DIV",
    "DOT",
    "DROPCONNECT",
    "DROPOUT1D",
    "DROPOUT2D",
    "DROPOUT3D",
    "GLU",
    "GRU",
    "HARDSIGMOID",
    "HARDSWISH",
    "HARDTANH",
    "IN",
    "INSTANCENORM",
    "INSTANCENORM2D",
    "L2NORM",
    "LAMBDA",
    "LOGSIGMOID",
    "LOGSOFTMAX",
    "LSTM",
    "MAXIMUM",
    "MAXOUT",
    "MINIMUM",
    "MISH",
    "PIXELSHUFFLE",
    "PROD",
    "RMSNORM",
    "RNN",
    "SELU",
    "SEPARABLECONV2D",
    "SOFTMIN",
    "SOFTPLUS",
    "SOFTSIGN",
    "SUB",
    "SUBTRACT",
];

/// Whether this is a layer of Keras or PyTorch that no layer here is like.
pub(crate) fn is_elsewhere(name: &str) -> bool {
    let caps = name.to_ascii_uppercase().replace('_', "");
    find(&caps).is_none() && ELSEWHERE.contains(&caps.as_str())
}

/// The kind of layer that was probably meant by a name in any case: `conv`, `Relu`, `CONVV`.
pub(crate) fn meant(name: &str) -> Option<&'static LayerSpec> {
    let caps = name.to_ascii_uppercase();
    find(&caps).or_else(|| {
        if is_elsewhere(name) {
            return None;
        }
        let names = LAYERS
            .iter()
            .flat_map(|l| l.aliases.iter().copied().chain([l.name]));
        nearest(&caps, names).and_then(find)
    })
}

impl LayerSpec {
    /// Whether it makes one value of branches and taps.
    pub(crate) fn is_join(&self) -> bool {
        match self.kind {
            LayerKind::Concat => true,
            LayerKind::Op(op) => op.arity() > 1,
            _ => false,
        }
    }

    pub(crate) fn owner(&self) -> Owner {
        Owner {
            name: self.name,
            options: self.options,
            positional: self.positional,
            example: self.example,
        }
    }

    /// Whether it works on each number alone, and can stand behind a layer with weights.
    pub(crate) fn is_activation(&self) -> bool {
        matches!(
            self.kind,
            LayerKind::Activation(_) | LayerKind::Op(Op::Softmax(_) | Op::Prelu(_))
        )
    }

    /// Whether it needs arguments, and so a row of the `where` table if it is written bare.
    #[must_use]
    pub fn needs_arguments(&self) -> bool {
        self.options.iter().any(|o| matches!(o.default, Required))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_aliases_are_unique() {
        let mut names: Vec<&str> = LAYERS
            .iter()
            .flat_map(|l| l.aliases.iter().copied().chain([l.name]))
            .collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn layers_of_others_have_no_false_friends() {
        assert!(ELSEWHERE.is_sorted());
        for name in ELSEWHERE {
            assert_eq!(
                meant(name).map(|l| l.name),
                find(name).map(|l| l.name),
                "{name}"
            );
        }
        for (foreign, ours) in [
            ("Conv2d", "CONV"),
            ("MaxPooling2D", "POOL"),
            ("Dense", "FC"),
            ("linear", "FC"),
            ("BatchNorm2d", "BN"),
            ("BatchNormalization", "BN"),
            ("GlobalAveragePooling2D", "GLOBALPOOL"),
            ("LeakyReLU", "LEAKY_RELU"),
            ("ZeroPadding2D", "PAD"),
            ("UpSampling2D", "UPSAMPLE"),
            ("DepthwiseConv2D", "DWCONV"),
            ("ConvTranspose2d", "DECONV"),
            ("Conv2DTranspose", "DECONV"),
            ("AdaptiveAvgPool2d", "ADAPTIVE_AVGPOOL"),
            ("GlobalMaxPooling2D", "GLOBALMAXPOOL"),
            ("Concatenate", "CONCAT"),
            ("Multiply", "MUL"),
            ("LayerNorm", "LN"),
            ("GroupNormalization", "GROUPNORM"),
            ("StochasticDepth", "DROP_PATH"),
            ("PReLU", "PRELU"),
            ("CONVV", "CONV"),
        ] {
            assert_eq!(meant(foreign).map(|l| l.name), Some(ours), "{foreign}");
        }
    }

    #[test]
    fn aliases_ignore_underscores() {
        assert_eq!(find("MAX_POOL_2D").map(|l| l.name), Some("POOL"));
        assert_eq!(find("LEAKYRELU").map(|l| l.name), Some("LEAKY_RELU"));
        assert_eq!(find("GLOBAL_POOL").map(|l| l.name), Some("GLOBALPOOL"));
        assert!(find("conv").is_none());
        assert_eq!(meant("Conv2d").map(|l| l.name), Some("CONV"));
    }
}
