//! For each operation of training a kernel that computes on the CPU, or that takes its place in a GPU's step.

use crate::plan::{self, Gradient, View, for_each_op};
use crate::train::{Layout, TrainMem};
use crate::{Scratch, cpu};
use alloc::string::String;

/// Where the gradients of what a kernel of this arity reads go.
macro_rules! gradients {
    (1) => {
        Option<Gradient>
    };
    (2) => {
        [Option<Gradient>; 2]
    };
}

/// The constructors: with a layer where the operation has parameters.
macro_rules! trained {
    ($op:ident, true) => {
        /// Prepares the step, whose parameters are those of this layer.
        ///
        /// # Panics
        /// If the descriptor's sizes cannot be computed, or the layout has not the layer's parameters.
        #[must_use]
        pub fn new(d: plan::$op, layout: &Layout, layer: &str) -> Self {
            Self {
                d,
                layer: Some(layer.into()),
                kernel: cpu::train::$op::new(d, layout, layer),
                number: 0,
            }
        }
    };
    ($op:ident, false) => {
        /// Prepares the step.
        ///
        /// # Panics
        /// If the descriptor's sizes cannot be computed.
        #[must_use]
        pub fn new(d: plan::$op) -> Self {
            Self {
                d,
                layer: None,
                kernel: cpu::train::$op::new(d),
                number: 0,
            }
        }
    };
}

/// The memory that a kernel needs, where the table says that it does.
macro_rules! needed {
    (true) => {
        /// The memory that the step needs beside the arena.
        #[must_use]
        pub fn scratch(&self, max_batch: usize) -> Scratch {
            self.kernel.scratch(max_batch)
        }
    };
    (false) => {};
}

macro_rules! train {
    ($({ $op:ident, $arity:tt, $params:tt, $parts:tt, [$_infer:tt, $scratch:tt] })*) => {$(
        #[doc = concat!("See [`plan::", stringify!($op), "`].")]
        pub struct $op {
            d: plan::$op,
            /// Whose parameters they are, where there are any.
            layer: Option<String>,
            kernel: cpu::train::$op,
            /// Among the operations of a recorded step.
            number: usize,
        }

        impl $op {
            trained!($op, $params);
            needed!($scratch);

            /// Computes the step; on a GPU it takes its place in what runs when the training step is finished.
            ///
            /// # Panics
            /// If the views do not fit the operation or the memory.
            pub fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: inputs!($arity), y: View) {
                match &mut mem.recorded {
                    None => self.kernel.forward(mem, x, y),
                    Some(recorded) => {
                        let layer = self.layer.as_deref();
                        self.number = recorded.forward(self.d.into(), layer, all!(x, $arity), y);
                    }
                }
            }

            /// From the gradient of the output to that of what was read, and to those of the parameters, if there are any.
            ///
            /// # Panics
            /// If the views do not fit the operation or the memory, or the workspace has less scratch memory than the kernel asks for.
            pub fn backward(
                &mut self,
                mem: &mut TrainMem<'_, '_>,
                x: inputs!($arity),
                y: View,
                dy: View,
                dx: gradients!($arity),
            ) {
                match &mut mem.recorded {
                    None => self.kernel.backward(mem, x, y, dy, dx),
                    Some(recorded) => recorded.backward(self.number, dy, all!(dx, $arity)),
                }
            }
        }
    )*};
}
for_each_op!(train, train);
