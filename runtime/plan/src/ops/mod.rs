//! The table of operations: the one place where a kernel is described.
//!
//! A row of [`for_each_op!`](crate::for_each_op) says what has to be known before there is a descriptor: arity, whether there are parameters, in which
//! part of a plan the operation stands, and whether its kernels need scratch memory. What depends on the sizes is said once,
//! in the descriptor's [`Operation`]: shapes, tensors, in place or not, the fused activation, what backward reads, MACs. The
//! compiler, the validator, the executor, the trainer, the emitter and all reports of cost and memory read it here.
//!
//! Shapes are `[h, w, c]` of one image (`[1, 1, n]` for vectors). `pad` is `[top, bottom, left, right]`.

mod channel;
mod descriptor;
mod elementwise;
mod normalise;
mod picture;
mod pool;
mod weighted;

pub use channel::{Prelu, Scale};
pub use elementwise::{Activation, Add, Copy, DropPath, Dropout, Mul, Softmax};
pub use normalise::{BatchNorm, BatchNormFrozen, BatchNormTraining, GroupNorm, LayerNorm, Lrn};
pub use picture::{Crop, Interpolation, Pad, Shuffle, Slice, Transpose, Upsample};
pub use pool::{AdaptiveAvgPool, AvgPool, GlobalPool, MaxPool, Reduction, Subsample};
pub use weighted::{Conv, ConvAdd, Deconv, Fc, Rbf};

use crate::{Act, Init, Param, Value};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// Calls `$callback!` with the rows of the table: `{ Name, inputs, has parameters, parts, [scratch to infer, scratch to train] }`.
/// `parts` is `both`, or the only kind of plan that the operation occurs in: `infer` or `train`. With a kind after the callback, only the
/// rows of that kind of plan.
///
/// ```
/// macro_rules! count { ($({ $op:ident, $($rest:tt)* })*) => { [$(stringify!($op)),*].len() } }
/// assert_eq!(netc_plan::for_each_op!(count), netc_plan::Op::NAMES.len());
/// assert!(netc_plan::for_each_op!(count, infer) < netc_plan::Op::NAMES.len());
/// ```
#[macro_export]
macro_rules! for_each_op {
    ($callback:ident $(, $kind:ident)?) => {
        $crate::select_ops! {
            $callback [$($kind)?] []
            { Conv, 1, true, both, [true, true] }
            { ConvAdd, 2, true, infer, [true, false] }
            { Deconv, 1, true, both, [false, true] }
            { Fc, 1, true, both, [false, true] }
            { MaxPool, 1, false, both, [false, false] }
            { AvgPool, 1, false, both, [false, false] }
            { AdaptiveAvgPool, 1, false, both, [false, false] }
            { GlobalPool, 1, false, both, [false, false] }
            { BatchNorm, 1, true, infer, [false, false] }
            { BatchNormTraining, 1, true, train, [false, true] }
            { BatchNormFrozen, 1, true, train, [false, false] }
            { LayerNorm, 1, true, both, [false, true] }
            { GroupNorm, 1, true, both, [true, true] }
            { Lrn, 1, false, both, [false, true] }
            { Scale, 1, true, both, [false, true] }
            { Prelu, 1, true, both, [false, true] }
            { Activation, 1, false, both, [false, false] }
            { Softmax, 1, false, both, [false, false] }
            { Dropout, 1, false, train, [false, false] }
            { DropPath, 1, false, train, [false, false] }
            { Transpose, 1, false, both, [false, false] }
            { Pad, 1, false, both, [false, false] }
            { Crop, 1, false, both, [false, false] }
            { Upsample, 1, false, both, [false, false] }
            { Shuffle, 1, false, both, [false, false] }
            { Slice, 1, false, both, [false, false] }
            { Add, 2, false, both, [false, false] }
            { Mul, 2, false, both, [false, true] }
            { Copy, 1, false, both, [false, false] }
            { Subsample, 1, true, both, [false, true] }
            { Rbf, 1, true, both, [false, false] }
        }
    };
}

/// Leaves out the rows of the other kind of plan, for [`for_each_op!`].
#[doc(hidden)]
#[macro_export]
macro_rules! select_ops {
    ($callback:ident [$($kind:ident)?] [$($kept:tt)*]) => {
        $callback! { $($kept)* }
    };
    ($callback:ident [infer] $kept:tt { $op:ident, $arity:tt, $params:tt, train, $scratch:tt } $($rest:tt)*) => {
        $crate::select_ops! { $callback [infer] $kept $($rest)* }
    };
    ($callback:ident [train] $kept:tt { $op:ident, $arity:tt, $params:tt, infer, $scratch:tt } $($rest:tt)*) => {
        $crate::select_ops! { $callback [train] $kept $($rest)* }
    };
    ($callback:ident $kind:tt [$($kept:tt)*] $row:tt $($rest:tt)*) => {
        $crate::select_ops! { $callback $kind [$($kept)* $row] $($rest)* }
    };
}

/// What a descriptor says of its operation.
pub trait Operation: Sized {
    /// Shape of each input image; where they differ, of the first.
    fn input(&self) -> [usize; 3];

    /// Shape of the input of this number.
    fn operand(&self, _index: usize) -> [usize; 3] {
        self.input()
    }

    /// The same operation on images of another shape.
    #[must_use]
    fn with_input(self, input: [usize; 3]) -> Self;

    /// The same operation on images of these shapes, as many as it reads, in an order that [`operand`](Self::operand) can give.
    #[must_use]
    fn with_operands(self, operands: &[[usize; 3]]) -> Self {
        self.with_input(operands.first().copied().unwrap_or_default())
    }

    /// Shape of the output image. Meaningful where [`problem`](Self::problem) finds none.
    fn output(&self) -> [usize; 3];

    /// Why no kernel can run this descriptor, if so: a window that does not fit, channels that groups do not divide.
    fn problem(&self) -> Option<&'static str> {
        None
    }

    /// Whether the output and the input of this number, if it has the output's shape, or their gradients, may be the very same view: each
    /// element depends on elements of that input's same pixel only.
    fn in_place(&self, _operand: usize) -> bool {
        false
    }

    /// Whether a vector is as good as a picture: it is read as one pixel.
    fn takes_vectors(&self) -> bool {
        self.in_place(0)
    }

    /// Whether the operation runs over the pixels of a picture as over one vector, so that views have to be dense.
    fn flattens(&self) -> bool {
        false
    }

    /// Which rows of its first input a row of the output is computed from, where kernels can compute rows alone
    /// ([`Plan::by_rows`](crate::Plan::by_rows)). Of other inputs, if any, they read whatever they want.
    fn rows(&self) -> Option<Rows> {
        None
    }

    /// The activation fused into the operation, where it has room for one.
    fn act(&mut self) -> Option<&mut Act> {
        None
    }

    /// Of an operation that draws random numbers, its number among those that do: lowering gives it.
    fn index(&mut self) -> Option<&mut usize> {
        None
    }

    /// What backward reads beside the gradient of the output, a fused activation left aside: that one reads the output. It decides
    /// how long activations live.
    fn saved(&self) -> Saved {
        Saved::NOTHING
    }

    /// Multiply-accumulates of one image, padded cells counted.
    fn macs(&self) -> u64 {
        0
    }

    /// The parameters, in the order of the weights file.
    fn tensors(&self) -> Vec<Tensor> {
        Vec::new()
    }
}

/// The rows of a picture that rows of an output are computed from: windows of some rows, which slide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Rows of the picture, those of the padding left out.
    pub height: usize,
    /// From the first row of a window to its last, and that one.
    pub reach: usize,
    /// From one window to the next.
    pub stride: usize,
    /// Rows of padding above the picture.
    pub pad: usize,
}

impl Rows {
    /// Each row from the same one.
    #[must_use]
    pub const fn same(height: usize) -> Self {
        Self {
            height,
            reach: 1,
            stride: 1,
            pad: 0,
        }
    }

    /// Those that some rows of the output, at least one, are computed from.
    #[must_use]
    pub fn under(&self, output: Range<usize>) -> Range<usize> {
        let low = (output.start * self.stride).saturating_sub(self.pad);
        let last = output.end.saturating_sub(1) * self.stride + self.reach;
        let low = low.min(self.height);
        low..last.saturating_sub(self.pad).clamp(low, self.height)
    }
}

/// What a backward step reads beside the gradient of its output and the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The inputs of the forward step.
    pub inputs: bool,
    /// Its output.
    pub output: bool,
}

impl Saved {
    /// The gradient says it all.
    pub const NOTHING: Self = Self {
        inputs: false,
        output: false,
    };
    /// The inputs.
    pub const INPUTS: Self = Self {
        inputs: true,
        output: false,
    };
    /// The output.
    pub const OUTPUT: Self = Self {
        inputs: false,
        output: true,
    };
}

/// A parameter of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The last part of its name: `weight`.
    pub leaf: &'static str,
    /// Its shape in the weights file.
    pub shape: Vec<usize>,
    /// What it does, which decides how it starts and whether training moves it.
    pub role: Role,
}

impl Tensor {
    /// The tensor of a layer in the weights file, as it starts where neither the layer nor a recipe says otherwise: weights by Glorot's
    /// initialiser, biases as 0. `connect` says for each output map the input maps that a weight connects.
    #[must_use]
    pub fn param(self, layer: &str, connect: Option<Vec<Vec<usize>>>) -> Param {
        let init = match self.role {
            Role::Weight { fan_in, fan_out } => {
                let [fan_in, fan_out] = match &connect {
                    Some(table) => self.connected(table),
                    None => [fan_in, fan_out],
                };
                Init::Glorot(fan_in, fan_out)
            }
            Role::Gain(start) => Init::Constant(start),
            Role::Bias | Role::Shift | Role::Mean => Init::Constant(0.0),
            Role::Variance => Init::Constant(1.0),
            Role::Prototypes => Init::Prototypes,
        };
        let is_weight = matches!(self.role, Role::Weight { .. });
        Param {
            name: format!("{layer}.{}", self.leaf),
            shape: self.shape,
            init,
            trainable: self.role.is_trained(),
            connect: connect.filter(|_| is_weight),
        }
    }

    /// Connected inputs and outputs of one unit of a weight `[out, in, kh, kw]`, means over the maps: one tensor has one distribution.
    #[must_use]
    pub fn connected(&self, table: &[Vec<usize>]) -> [usize; 2] {
        let [outputs, inputs, ref kernel @ ..] = self.shape[..] else {
            return [0; 2];
        };
        let connections = table.iter().map(Vec::len).fold(0, usize::saturating_add);
        let area = kernel.iter().copied().fold(1, usize::saturating_mul);
        let all = connections.saturating_mul(area);
        [all.div_ceil(outputs.max(1)), all.div_ceil(inputs.max(1))]
    }
}

/// A field of a descriptor.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its value as Rust, an expression; paths start at `plan::`.
    pub value: String,
    /// Whether the value is the descriptor's `DEFAULT`.
    pub usual: bool,
    /// The value taken apart.
    pub parts: Value,
}

/// What a tensor does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role {
    /// Multiplies inputs; started by an initialiser, held small by L2. Fans count inputs and outputs of one unit, kernel area included.
    Weight {
        /// Inputs of an output.
        fan_in: usize,
        /// Outputs of an input.
        fan_out: usize,
    },
    /// Is added to outputs; started by the initialiser of biases.
    Bias,
    /// Trained, starts as this number: 1 for the gain of a normalisation, `1 / n` for the mean of n numbers.
    Gain(f32),
    /// Trained, starts as 0.
    Shift,
    /// Stored and not trained, starts as 0: a running mean.
    Mean,
    /// Stored and not trained, starts as 1: a running variance.
    Variance,
    /// Stored and not trained: RBF's pictures of classes.
    Prototypes,
}

impl Role {
    /// Whether an optimizer moves the tensor.
    #[must_use]
    pub fn is_trained(self) -> bool {
        !matches!(self, Role::Mean | Role::Variance | Role::Prototypes)
    }
}

macro_rules! op_enum {
    ($({ $op:ident, $arity:literal, $params:literal, $parts:ident, [$infer:literal, $train:literal] })*) => {
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

            /// Whether the operation has parameters from the weights file.
            #[must_use]
            pub fn has_params(&self) -> bool {
                match self { $(Op::$op(_) => $params,)* }
            }

            /// Whether its kernel needs memory beside the arena, in a plan that trains or one that infers.
            #[must_use]
            pub fn has_scratch(&self, trains: bool) -> bool {
                match self { $(Op::$op(_) => if trains { $train } else { $infer },)* }
            }

            /// The convolution that it computes, before a picture is added if one is.
            #[must_use]
            pub fn convolution(&self) -> Option<Conv> {
                match self {
                    Op::Conv(d) => Some(*d),
                    Op::ConvAdd(d) => Some(d.conv()),
                    _ => None,
                }
            }

            /// Whether the operation can stand in a plan that trains or one that infers.
            #[must_use]
            pub fn occurs(&self, trains: bool) -> bool {
                match self { $(Op::$op(_) => match stringify!($parts).as_bytes() {
                    b"train" => trains,
                    b"infer" => !trains,
                    _ => true,
                },)* }
            }
        }

        impl Operation for Op {
            fn input(&self) -> [usize; 3] {
                match self { $(Op::$op(d) => d.input(),)* }
            }

            fn operand(&self, index: usize) -> [usize; 3] {
                match self { $(Op::$op(d) => d.operand(index),)* }
            }

            fn with_input(self, input: [usize; 3]) -> Self {
                match self { $(Op::$op(d) => Op::$op(d.with_input(input)),)* }
            }

            fn with_operands(self, operands: &[[usize; 3]]) -> Self {
                match self { $(Op::$op(d) => Op::$op(d.with_operands(operands)),)* }
            }

            fn output(&self) -> [usize; 3] {
                match self { $(Op::$op(d) => d.output(),)* }
            }

            fn problem(&self) -> Option<&'static str> {
                let own = match self { $(Op::$op(d) => d.problem(),)* };
                own.or_else(|| descriptor::size_problem(self))
            }

            fn in_place(&self, operand: usize) -> bool {
                match self { $(Op::$op(d) => d.in_place(operand),)* }
            }

            fn takes_vectors(&self) -> bool {
                match self { $(Op::$op(d) => d.takes_vectors(),)* }
            }

            fn flattens(&self) -> bool {
                match self { $(Op::$op(d) => d.flattens(),)* }
            }

            fn rows(&self) -> Option<Rows> {
                match self { $(Op::$op(d) => d.rows(),)* }
            }

            fn act(&mut self) -> Option<&mut Act> {
                match self { $(Op::$op(d) => d.act(),)* }
            }

            fn index(&mut self) -> Option<&mut usize> {
                match self { $(Op::$op(d) => d.index(),)* }
            }

            fn saved(&self) -> Saved {
                let own = match self { $(Op::$op(d) => d.saved(),)* };
                let fused = self.fused() != Act::None;
                Saved { output: own.output || fused, ..own }
            }

            fn macs(&self) -> u64 {
                match self { $(Op::$op(d) => d.macs(),)* }
            }

            fn tensors(&self) -> Vec<Tensor> {
                match self { $(Op::$op(d) => d.tensors(),)* }
            }
        }

        impl Op {
            /// The descriptor's fields, in the order of their declaration.
            #[must_use]
            pub fn fields(&self) -> Vec<Field> {
                match self { $(Op::$op(d) => d.fields(),)* }
            }
        }

        $(impl From<$op> for Op {
            fn from(d: $op) -> Op { Op::$op(d) }
        })*
    };
}
for_each_op!(op_enum);

impl Op {
    /// Shape of each input image; where they differ, of the first.
    #[must_use]
    pub fn input(&self) -> [usize; 3] {
        Operation::input(self)
    }

    /// Shape of the input of this number.
    #[must_use]
    pub fn operand(&self, index: usize) -> [usize; 3] {
        Operation::operand(self, index)
    }

    /// Shape of the output image.
    #[must_use]
    pub fn output(&self) -> [usize; 3] {
        Operation::output(self)
    }

    /// The activation fused into the operation; [`Act::None`] where there is none or no room for one.
    #[must_use]
    pub fn fused(mut self) -> Act {
        self.act().map_or(Act::None, |act| *act)
    }
}
