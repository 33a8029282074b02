//! The seam between plans and machines.
//!
//! A [`Plan`](crate::plan::Plan) says what to compute and where, and is the same on every machine. A *backend* is a folder of kernels, one
//! operation a folder, that computes it on one kind of machine: [`cpu`](crate::cpu), whose kernels run when they are called, and, with the
//! feature `cuda`, `cuda`, which records the calls of a pass and runs them as one program. [`kernels`](crate::kernels) has for each operation
//! the kernel of the device that the weights are for; this module leads there from the operations of a plan, and generated code names it
//! in one `use`.
//!
//! # What the CPU's folder owes
//! For each row of [`for_each_op!`](crate::plan::for_each_op), under the row's name:
//!
//! - to infer, a type with `new(descriptor)`, or `new(descriptor, layer)` where the row has parameters, which chooses the kernel
//!   and packs the parameters for the machine at hand; `run(&self, mem, x, y)`, where `x` is one view, or an array of as many as
//!   the row reads; and `scratch(&self, max_batch)` where the row says so. It declares its parameters (`layer.declare(&d)`) before it takes
//!   them, so that a weights file can be checked against all layers;
//! - to train, a type in its module `train` with `new(descriptor)`, or `new(descriptor, layout, layer)`; `forward(&mut self, mem, x, y)`;
//!   `backward(&mut self, mem, x, y, dy, dx)`; and `scratch(&self, max_batch)` where the row says so.
//!
//! Kernels whose method or instructions can be asked for have `chosen` beside `new`, which takes a [`Choice`]: a method, a level of
//! instructions, a precision. [`prepare`](fn@crate::prepare) chooses for the steps of a plan, `new` for generated code, both by
//! [`Machine::choice`](crate::cpu::Machine::choice).
//!
//! A kernel checks its views against its descriptor in constant time before it touches memory, so that no plan can make it read
//! or write elsewhere: what does not fit panics. (A backward step makes several accesses, so an earlier one may have written what it
//! may write.) What forward and backward read, write and add stands in `train`. A kernel allocates nothing once it is made. Its result does not depend on the number
//! of threads. A row that the backend lacks is a compile error here.

use crate::cpu::Choice;
use crate::kernels;
use crate::plan::{Op, Step, for_each_op};
use crate::{Error, LayerWeights, Mem, Scratch, Weights};
#[cfg(feature = "train")]
use crate::{
    plan::{Gradient, View},
    train::{Layout, TrainMem},
};

/// The kernel of an operation with (`true`) or without parameters.
macro_rules! make {
    ($kernel:ty, $d:expr, [$($with:expr),*], true) => {
        <$kernel>::new($d, $($with),*)
    };
    ($kernel:ty, $d:expr, [$($with:expr),*], false) => {
        <$kernel>::new($d)
    };
}

/// Of all views that an operation reads, or of the places of their gradients, what its kernel takes.
macro_rules! inputs {
    ($all:expr, 1) => {
        $all[0]
    };
    ($all:expr, 2) => {
        [$all[0], $all[1]]
    };
}

/// The memory that a kernel needs, where the table says that it does.
macro_rules! scratch {
    ($kernel:expr, $max_batch:expr, true) => {
        $kernel.scratch($max_batch)
    };
    ($kernel:expr, $max_batch:expr, false) => {
        Scratch::default()
    };
}

macro_rules! to_infer {
    ($({ $op:ident, $arity:tt, $params:tt, $parts:tt, [$scratch:tt, $_train:tt] })*) => {
        /// A step of a plan that infers, prepared for the machine at hand.
        #[allow(clippy::large_enum_variant, reason = "one for each layer, made once")]
        pub(crate) enum Kernel {
            $($op(kernels::$op),)*
        }

        impl Kernel {
            /// Prepares the step of a valid plan with the plan's weights, by this choice.
            pub(crate) fn new(step: &Step, weights: &Weights, choice: Choice) -> Result<Self, Error> {
                let source = step.source.as_ref();
                let layer = || {
                    let source = source.ok_or_else(|| Error::plan("a step without parameters"));
                    source.map(|source| LayerWeights::of(weights, source))
                };
                match step.op {
                    Op::Conv(d) => Ok(Kernel::Conv(kernels::Conv::chosen(d, layer()?, choice))),
                    Op::ConvAdd(d) => Ok(Kernel::ConvAdd(kernels::ConvAdd::chosen(d, layer()?, choice))),
                    Op::Deconv(d) => Ok(Kernel::Deconv(kernels::Deconv::chosen(d, layer()?, choice))),
                    Op::Fc(d) => Ok(Kernel::Fc(kernels::Fc::chosen(d, layer()?, choice))),
                    $(#[allow(unreachable_patterns, reason = "those that take a choice come first")]
                    Op::$op(d) => Ok(Kernel::$op(make!(kernels::$op, d, [layer()?], $params))),)*
                    op => Err(Error::plan(op.name())),
                }
            }

            pub(crate) fn run(&self, mem: &mut Mem<'_, '_>, step: &Step) {
                match self {
                    $(Kernel::$op(kernel) => kernel.run(mem, inputs!(step.inputs, $arity), step.output),)*
                }
            }

            pub(crate) fn scratch(&self, max_batch: usize) -> Scratch {
                match self {
                    $(Kernel::$op(_kernel) => scratch!(_kernel, max_batch, $scratch),)*
                }
            }
        }
    };
}
for_each_op!(to_infer, infer);

#[cfg(feature = "train")]
macro_rules! to_train {
    ($({ $op:ident, $arity:tt, $params:tt, $parts:tt, [$_infer:tt, $scratch:tt] })*) => {
        /// A step of a plan that trains, prepared for the machine at hand.
        #[allow(clippy::large_enum_variant, reason = "one for each layer, made once")]
        pub(crate) enum TrainKernel {
            $($op(crate::cpu::train::$op),)*
        }

        #[cfg(feature = "train")]
        impl TrainKernel {
            /// Prepares an operation by this choice, of forward's method and of all products' level; `layer` names its parameters, where it has any.
            pub(crate) fn new(op: Op, layout: &Layout, layer: &str, choice: Choice) -> Result<Self, Error> {
                match op {
                    Op::Conv(d) => Ok(TrainKernel::Conv(crate::cpu::train::Conv::chosen(d, layout, layer, choice))),
                    Op::Deconv(d) => Ok(TrainKernel::Deconv(crate::cpu::train::Deconv::chosen(d, layout, layer, choice))),
                    Op::Fc(d) => Ok(TrainKernel::Fc(crate::cpu::train::Fc::chosen(d, layout, layer, choice))),
                    $(#[allow(unreachable_patterns, reason = "those that take a choice come first")]
                    Op::$op(d) => Ok(TrainKernel::$op(make!(crate::cpu::train::$op, d, [layout, layer], $params))),)*
                    op => Err(Error::plan(op.name())),
                }
            }

            pub(crate) fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: &[View], y: View) {
                match self {
                    $(TrainKernel::$op(kernel) => kernel.forward(mem, inputs!(x, $arity), y),)*
                }
            }

            pub(crate) fn backward(
                &mut self,
                mem: &mut TrainMem<'_, '_>,
                x: &[View],
                y: View,
                dy: View,
                dx: &[Option<Gradient>],
            ) {
                match self {
                    $(TrainKernel::$op(kernel) => {
                        kernel.backward(mem, inputs!(x, $arity), y, dy, inputs!(dx, $arity));
                    })*
                }
            }

            pub(crate) fn scratch(&self, max_batch: usize) -> Scratch {
                match self {
                    $(TrainKernel::$op(_kernel) => scratch!(_kernel, max_batch, $scratch),)*
                }
            }

            /// Bytes of packed weights.
            pub(crate) fn bytes(&self) -> usize {
                match self {
                    TrainKernel::Conv(kernel) => kernel.bytes(),
                    TrainKernel::Deconv(kernel) => kernel.bytes(),
                    _ => 0,
                }
            }
        }
    };
}
#[cfg(feature = "train")]
for_each_op!(to_train, train);
