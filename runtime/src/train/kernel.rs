//! The dispatch from a plan's training steps to the kernels.

use super::{
    Activation, Add, AvgPool, BatchNorm, BatchNormTraining, Conv, Copy, Dropout, Fc, GlobalPool,
    Layout, Lrn, MaxPool, Pad, Rbf, Softmax, Subsample, TrainMem, Transpose, Upsample,
};
use crate::Scratch;
use crate::plan::{Gradient, Op, TrainOp, TrainPlan, View, for_each_op};
use alloc::vec::Vec;

/// The kernel of an operation with (`true`) or without weights.
macro_rules! make {
    ($op:ident, $d:ident, $layout:ident, $layer:ident, true) => {
        $op::new($d, $layout, $layer)
    };
    ($op:ident, $d:ident, $layout:ident, $layer:ident, false) => {
        $op::new($d)
    };
}

/// What an operation reads, or the places of its inputs' gradients, as its kernel takes them.
macro_rules! inputs {
    ($all:expr, 1) => {
        $all[0]
    };
    ($all:expr, 2) => {
        [$all[0], $all[1]]
    };
}

macro_rules! kernels {
    ($({ $op:ident, $arity:tt, $weights:tt })*) => {
        /// A prepared training step.
        #[allow(clippy::large_enum_variant, reason = "one for each layer, made once")]
        pub(super) enum Kernel {
            $($op($op),)*
            BatchNormTraining(BatchNormTraining),
            Dropout(Dropout),
        }

        impl Kernel {
            /// `layer` names the parameters, where the operation has any.
            pub(super) fn new(op: &TrainOp, layout: &Layout, layer: &str) -> Self {
                match *op {
                    $(TrainOp::Same(Op::$op(d)) => Kernel::$op(make!($op, d, layout, layer, $weights)),)*
                    TrainOp::BatchNorm { op, momentum } => {
                        Kernel::BatchNormTraining(BatchNormTraining::new(op, momentum, layout, layer))
                    }
                    TrainOp::Dropout { p, index, .. } => Kernel::Dropout(Dropout::new(p, index)),
                }
            }

            pub(super) fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: &[View], y: View) {
                match self {
                    $(Kernel::$op(kernel) => kernel.forward(mem, inputs!(x, $arity), y),)*
                    Kernel::BatchNormTraining(kernel) => kernel.forward(mem, x[0], y),
                    Kernel::Dropout(kernel) => kernel.forward(mem, x[0], y),
                }
            }

            pub(super) fn backward(
                &mut self,
                mem: &mut TrainMem<'_, '_>,
                x: &[View],
                y: View,
                dy: View,
                dx: &[Option<Gradient>],
            ) {
                match self {
                    $(Kernel::$op(kernel) => {
                        kernel.backward(mem, inputs!(x, $arity), y, dy, inputs!(dx, $arity));
                    })*
                    Kernel::BatchNormTraining(kernel) => kernel.backward(mem, x[0], y, dy, dx[0]),
                    Kernel::Dropout(kernel) => kernel.backward(mem, x[0], y, dy, dx[0]),
                }
            }
        }
    };
}
for_each_op!(kernels);

impl Kernel {
    pub(super) fn scratch(&self, max_batch: usize) -> Scratch {
        match self {
            Kernel::Conv(kernel) => kernel.scratch(max_batch),
            Kernel::Fc(kernel) => kernel.scratch(max_batch),
            Kernel::Lrn(kernel) => kernel.scratch(max_batch),
            Kernel::Subsample(kernel) => kernel.scratch(max_batch),
            Kernel::BatchNorm(kernel) => kernel.scratch(max_batch),
            Kernel::BatchNormTraining(kernel) => kernel.scratch(max_batch),
            _ => Scratch::default(),
        }
    }

    /// Bytes of packed weights.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Kernel::Conv(kernel) => kernel.bytes(),
            _ => 0,
        }
    }
}

/// The kernels of a plan's forward steps.
pub(super) fn kernels(plan: &TrainPlan, layout: &Layout) -> Vec<Kernel> {
    let steps = plan.forward.iter();
    steps
        .map(|step| Kernel::new(&step.op, layout, step.layer.as_deref().unwrap_or_default()))
        .collect()
}
