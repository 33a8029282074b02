//! The table of operations: the one place where a kernel is described.
//!
//! Shapes are `[h, w, c]` of one image (`[1, 1, n]` for vectors). `pad` is `[top, bottom, left, right]`.

use crate::Literal;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// An activation that may be fused into the step before it. Applied to each element.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Act {
    /// `x`
    #[default]
    None,
    /// `max(x, 0)`
    Relu,
    /// `min(max(x, 0), 6)`
    Relu6,
    /// `x` above 0, `slope * x` below
    LeakyRelu(f32),
    /// `x` above 0, `alpha * (exp(x) - 1)` below
    Elu(f32),
    /// `x * (1 + erf(x / sqrt(2))) / 2`, exact
    Gelu,
    /// `x / (1 + exp(-x))`
    Silu,
    /// `1 / (1 + exp(-x))`
    Sigmoid,
    /// `tanh(x)`
    Tanh,
    /// `1.7159 tanh(2x / 3)` (LeCun et al. 1998, eq. 6)
    LecunTanh,
}

impl Act {
    /// Whether the derivative follows from the activation's value alone, so that training may fuse it and forget its input.
    #[must_use]
    pub fn from_value(self) -> bool {
        !matches!(self, Act::Gelu | Act::Silu)
    }
}

impl Literal for Act {
    fn literal(&self) -> String {
        match self {
            Act::LeakyRelu(slope) => format!("plan::Act::LeakyRelu({})", slope.literal()),
            Act::Elu(alpha) => format!("plan::Act::Elu({})", alpha.literal()),
            plain => format!("plan::Act::{plain:?}"),
        }
    }
}

/// Calls `$callback!` with the table of operations: `{ Name, inputs, has_weights }` for each.
///
/// ```
/// macro_rules! count { ($({ $op:ident, $arity:literal, $weights:literal })*) => { [$(stringify!($op)),*].len() } }
/// assert_eq!(netc_plan::for_each_op!(count), netc_plan::Op::NAMES.len());
/// ```
#[macro_export]
macro_rules! for_each_op {
    ($callback:ident) => {
        $callback! {
            { Conv, 1, true }
            { Fc, 1, true }
            { MaxPool, 1, false }
            { AvgPool, 1, false }
            { GlobalPool, 1, false }
            { BatchNorm, 1, true }
            { Lrn, 1, false }
            { Activation, 1, false }
            { Softmax, 1, false }
            { Transpose, 1, false }
            { Pad, 1, false }
            { Upsample, 1, false }
            { Add, 2, false }
            { Copy, 1, false }
            { Subsample, 1, true }
            { Rbf, 1, true }
        }
    };
}

macro_rules! op_enum {
    ($({ $op:ident, $arity:literal, $weights:literal })*) => {
        /// What a step computes.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Op {
            $(#[doc = concat!("See [`struct@", stringify!($op), "`].")] $op($op),)*
        }

        impl Op {
            /// The name of every operation, in the order of the table.
            pub const NAMES: &[&str] = &[$(stringify!($op)),*];

            /// The operation's name: the type in the runtime that runs it.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Op::$op(_) => stringify!($op),)* }
            }

            /// How many views the operation reads.
            #[must_use]
            pub fn arity(&self) -> usize {
                match self { $(Op::$op(_) => $arity,)* }
            }

            /// Shape of one input image.
            #[must_use]
            pub fn input(&self) -> [usize; 3] {
                match self { $(Op::$op(d) => d.input,)* }
            }

            /// Whether the operation has parameters from the weights file.
            #[must_use]
            pub fn has_weights(&self) -> bool {
                match self { $(Op::$op(_) => $weights,)* }
            }
        }

        impl Literal for Op {
            fn literal(&self) -> String {
                match self { $(Op::$op(d) => d.literal(),)* }
            }
        }

        $(impl From<$op> for Op {
            fn from(d: $op) -> Op { Op::$op(d) }
        })*
    };
}
for_each_op!(op_enum);

/// The default of a field that has no usual value: a size that every descriptor gives.
trait Blank {
    const BLANK: Self;
}

impl Blank for usize {
    const BLANK: Self = 0;
}

impl Blank for [usize; 3] {
    const BLANK: Self = [0; 3];
}

/// Declares descriptors: plain data, `const`-constructible, with defaults that the emitter leaves out.
macro_rules! descriptors {
    ($($(#[$doc:meta])* $name:ident {
        $($(#[$fdoc:meta])* $field:ident: $ty:ty $(= $default:expr)?,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            $($(#[$fdoc])* pub $field: $ty,)*
        }

        impl $name {
            /// The usual values; the emitter prints only what differs from them.
            pub const DEFAULT: Self = Self {
                $($field: descriptors!(@default $ty $(, $default)?),)*
            };
        }

        impl Default for $name {
            fn default() -> Self { Self::DEFAULT }
        }

        impl Literal for $name {
            fn literal(&self) -> String {
                let mut fields: Vec<String> = Vec::new();
                $(if self.$field != Self::DEFAULT.$field {
                    fields.push(format!("{}: {}", stringify!($field), self.$field.literal()));
                })*
                let all = [$(stringify!($field)),*].len();
                if fields.is_empty() {
                    return format!("plan::{}::DEFAULT", stringify!($name));
                }
                if fields.len() < all {
                    fields.push(format!("..plan::{}::DEFAULT", stringify!($name)));
                }
                format!("plan::{} {{ {} }}", stringify!($name), fields.join(", "))
            }
        }
    )*};
    (@default $ty:ty, $default:expr) => { $default };
    (@default $ty:ty) => { <$ty as Blank>::BLANK };
}

descriptors! {
    /// Convolution (cross-correlation) with bias and activation; depthwise where `groups` is the number of input channels.
    ///
    /// `y[oy, ox, f] = act(b[f] + sum over ky, kx, c of x[oy*sy + ky*dy - top, ox*sx + kx*dx - left, c] * w[f, c, ky, kx])`,
    /// `c` over the channels of `f`'s group; padded cells are zero.
    /// Weights `[filters, c / groups, kh, kw]`, bias `[filters]`.
    Conv {
        /// Input shape.
        input: [usize; 3],
        /// Output channels.
        filters: usize,
        /// Kernel height and width.
        kernel: [usize; 2] = [1, 1],
        /// Vertical and horizontal stride.
        stride: [usize; 2] = [1, 1],
        /// Padding: top, bottom, left, right.
        pad: [usize; 4] = [0; 4],
        /// Vertical and horizontal dilation.
        dilation: [usize; 2] = [1, 1],
        /// Groups; divides both channels and filters.
        groups: usize = 1,
        /// Whether the weights file holds a bias.
        bias: bool = true,
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Fully connected: `y = act(W x + b)`, `x` the input in HWC order. Weights `[units, h * w * c]`, bias `[units]`.
    Fc {
        /// Input shape.
        input: [usize; 3],
        /// Outputs.
        units: usize,
        /// Whether the weights file holds a bias.
        bias: bool = true,
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Maximum over windows; padded cells never win.
    MaxPool {
        /// Input shape.
        input: [usize; 3],
        /// Window height and width.
        window: [usize; 2] = [2, 2],
        /// Vertical and horizontal stride.
        stride: [usize; 2] = [2, 2],
        /// Padding: top, bottom, left, right.
        pad: [usize; 4] = [0; 4],
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Mean over windows; padded cells are not counted.
    AvgPool {
        /// Input shape.
        input: [usize; 3],
        /// Window height and width.
        window: [usize; 2] = [2, 2],
        /// Vertical and horizontal stride.
        stride: [usize; 2] = [2, 2],
        /// Padding: top, bottom, left, right.
        pad: [usize; 4] = [0; 4],
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Mean over the whole picture: `[h, w, c]` to `[1, 1, c]`.
    GlobalPool {
        /// Input shape.
        input: [usize; 3],
    }
    /// Batch normalisation with moving statistics: `y = act((x - m) * g / sqrt(v + eps) + b)` per channel.
    /// Parameters `weight` (g), `bias` (b), `running_mean` (m), `running_var` (v), each `[c]`. May run in place.
    BatchNorm {
        /// Input shape.
        input: [usize; 3],
        /// Added to the variance.
        eps: f32 = 1e-3,
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Local response normalisation across channels (Krizhevsky et al. 2012, section 3.3):
    /// `y[c] = x[c] / (k + alpha * sum of x[j]^2 for j in c - n/2 ..= c + n/2)^beta`.
    Lrn {
        /// Input shape.
        input: [usize; 3],
        /// Channels in the window.
        n: usize = 5,
        /// Added to the sum.
        k: f32 = 2.0,
        /// Factor of the sum; not divided by `n`.
        alpha: f32 = 1e-4,
        /// Exponent.
        beta: f32 = 0.75,
    }
    /// An activation on its own. May run in place.
    Activation {
        /// Input shape.
        input: [usize; 3],
        /// Which.
        act: Act = Act::Relu,
    }
    /// `exp(x[c] - max) / sum` over the channels of each pixel. May run in place.
    Softmax {
        /// Input shape.
        input: [usize; 3],
    }
    /// `[h, w, c]` to the vector in CHW order: `y[c*h*w + i*w + j] = x[i, j, c]` (`FLATTEN(chw)` that could not be folded).
    Transpose {
        /// Input shape.
        input: [usize; 3],
    }
    /// Zeros around the picture.
    Pad {
        /// Input shape.
        input: [usize; 3],
        /// Rows and columns: top, bottom, left, right.
        pad: [usize; 4] = [0; 4],
    }
    /// Nearest-neighbour enlargement by whole factors.
    Upsample {
        /// Input shape.
        input: [usize; 3],
        /// Vertical and horizontal factor.
        factor: [usize; 2] = [2, 2],
    }
    /// `act(a + b)`. May run in place on either.
    Add {
        /// Shape of both inputs.
        input: [usize; 3],
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Copies a view: the part of a CONCAT that its producer could not write where it belongs.
    Copy {
        /// Input shape.
        input: [usize; 3],
    }
    /// LeNet-5's subsampling: `y[c] = act(coefficient[c] * (sum over the window) + bias[c])` (LeCun et al. 1998, section II.B).
    Subsample {
        /// Input shape.
        input: [usize; 3],
        /// Window height and width.
        window: [usize; 2] = [2, 2],
        /// Vertical and horizontal stride.
        stride: [usize; 2] = [2, 2],
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Squared distances to prototypes `[classes, h * w * c]`: `y[k] = sum of (x[i] - p[k, i])^2` (LeCun et al. 1998, eq. 7).
    Rbf {
        /// Input shape.
        input: [usize; 3],
        /// Classes.
        classes: usize,
    }
}

impl Op {
    /// Whether the output may be the very view that is read: each element depends on elements of its own pixel only.
    #[must_use]
    pub fn in_place(&self) -> bool {
        matches!(
            self,
            Op::BatchNorm(_) | Op::Activation(_) | Op::Softmax(_) | Op::Add(_)
        )
    }

    /// The activation fused into the operation, where it has room for one.
    pub fn act_mut(&mut self) -> Option<&mut Act> {
        match self {
            Op::Conv(Conv { act, .. })
            | Op::Fc(Fc { act, .. })
            | Op::MaxPool(MaxPool { act, .. })
            | Op::AvgPool(AvgPool { act, .. })
            | Op::BatchNorm(BatchNorm { act, .. })
            | Op::Add(Add { act, .. })
            | Op::Subsample(Subsample { act, .. }) => Some(act),
            _ => None,
        }
    }

    /// Shape of one output image.
    #[must_use]
    pub fn output(&self) -> [usize; 3] {
        match *self {
            Op::Conv(d) => {
                let [h, w] = windows(d.input, d.kernel, d.stride, d.pad, d.dilation);
                [h, w, d.filters]
            }
            Op::Fc(d) => [1, 1, d.units],
            Op::MaxPool(MaxPool {
                input,
                window,
                stride,
                pad,
                ..
            })
            | Op::AvgPool(AvgPool {
                input,
                window,
                stride,
                pad,
                ..
            }) => {
                let [h, w] = windows(input, window, stride, pad, [1, 1]);
                [h, w, input[2]]
            }
            Op::GlobalPool(d) => [1, 1, d.input[2]],
            Op::Transpose(d) => [1, 1, d.input.iter().product()],
            Op::Pad(d) => {
                let [top, bottom, left, right] = d.pad;
                [
                    d.input[0] + top + bottom,
                    d.input[1] + left + right,
                    d.input[2],
                ]
            }
            Op::Upsample(d) => [
                d.input[0] * d.factor[0],
                d.input[1] * d.factor[1],
                d.input[2],
            ],
            Op::Subsample(d) => {
                let [h, w] = windows(d.input, d.window, d.stride, [0; 4], [1, 1]);
                [h, w, d.input[2]]
            }
            Op::Rbf(d) => [1, 1, d.classes],
            Op::BatchNorm(BatchNorm { input, .. })
            | Op::Lrn(Lrn { input, .. })
            | Op::Activation(Activation { input, .. })
            | Op::Softmax(Softmax { input })
            | Op::Add(Add { input, .. })
            | Op::Copy(Copy { input }) => input,
        }
    }
}

/// How many windows fit: `(size + padding - (dilation * (kernel - 1) + 1)) / stride + 1`, rounded down; 0 where none fits.
fn windows(
    input: [usize; 3],
    kernel: [usize; 2],
    stride: [usize; 2],
    pad: [usize; 4],
    dilation: [usize; 2],
) -> [usize; 2] {
    let fit = |axis: usize| {
        let padded = input[axis] + pad[2 * axis] + pad[2 * axis + 1];
        let reach = dilation[axis] * (kernel[axis] - 1) + 1;
        padded
            .checked_sub(reach)
            .map_or(0, |room| room / stride[axis] + 1)
    };
    [fit(0), fit(1)]
}
