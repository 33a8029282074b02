//! For each operation of inference a kernel that computes on the CPU, that a GPU's program takes up, or in whose place a quantised network's
//! executor computes.

use crate::backend::Kernel;
use crate::cpu::rows::RowKernel;
use crate::cpu::{self, Choice};
#[cfg(feature = "cuda")]
use crate::cuda::Params;
use crate::int8::QuantisedLayer;
use crate::plan::{self, Op, View, for_each_op};
use crate::{LayerWeights, Mem, Scratch};
use alloc::boxed::Box;
#[cfg(feature = "cuda")]
use alloc::sync::Arc;

/// Where a kernel computes.
enum On<K> {
    Cpu(K),
    /// Nowhere: the executor behind the workspace has the layer's bytes.
    Quantised(Box<QuantisedLayer>),
    /// On the device of the workspace, with these parameters.
    #[cfg(feature = "cuda")]
    Device(Arc<Params>),
}

impl<K> On<K> {
    /// Where an operation with parameters computes: where they are.
    fn of(op: &Op, layer: LayerWeights<'_>, here: impl FnOnce() -> K) -> Self {
        if let Some(layer) = QuantisedLayer::of(op, &layer) {
            return Self::Quantised(Box::new(layer));
        }
        #[cfg(feature = "cuda")]
        if !layer.device().is_cpu() {
            return Self::Device(Params::of(op, layer));
        }
        Self::Cpu(here())
    }
}

/// What a kernel of this arity reads.
macro_rules! inputs {
    (1) => {
        View
    };
    (2) => {
        [View; 2]
    };
}

/// All views that a kernel of this arity reads.
macro_rules! all {
    ($x:expr, 1) => {
        &[$x]
    };
    ($x:expr, 2) => {
        &$x
    };
}

/// The constructors: with a layer where the operation has parameters.
macro_rules! constructors {
    ($op:ident, true) => {
        /// Prepares the step with the layer's parameters, on the device of the layer's weights.
        ///
        /// # Panics
        /// If the descriptor's sizes cannot be computed, or the layer has not its parameters.
        #[must_use]
        pub fn new(d: plan::$op, layer: LayerWeights<'_>) -> Self {
            let on = On::of(&d.into(), layer, || cpu::$op::new(d, layer));
            Self { d, on }
        }
    };
    ($op:ident, false) => {
        /// Prepares the step.
        ///
        /// # Panics
        /// If the descriptor's sizes cannot be computed.
        #[must_use]
        pub fn new(d: plan::$op) -> Self {
            let on = On::Cpu(cpu::$op::new(d));
            Self { d, on }
        }
    };
}

/// The memory that a kernel needs, where the table says that it does.
macro_rules! scratch {
    (true) => {
        /// The memory that the step needs beside the arena.
        #[must_use]
        pub fn scratch(&self, max_batch: usize) -> Scratch {
            match &self.on {
                On::Cpu(kernel) => kernel.scratch(max_batch),
                _ => Scratch::default(),
            }
        }
    };
    (false) => {};
}

macro_rules! either {
    ($({ $op:ident, $arity:tt, $params:tt, $parts:tt, [$scratch:tt, $_train:tt] })*) => {$(
        #[doc = concat!("See [`plan::", stringify!($op), "`].")]
        pub struct $op {
            d: plan::$op,
            on: On<cpu::$op>,
        }

        impl $op {
            constructors!($op, $params);
            scratch!($scratch);

            /// Computes the step; on a GPU it takes its place in the program that runs when the pass is finished.
            ///
            /// # Panics
            /// If the views do not fit the operation or the memory, or overlap; if the workspace is another device's.
            pub fn run(&self, mem: &mut Mem<'_, '_>, x: inputs!($arity), y: View) {
                match &self.on {
                    On::Quantised(layer) => mem.quantised(self.d.into(), all!(x, $arity), y, Some(layer)),
                    _ if mem.is_quantised() => mem.quantised(self.d.into(), all!(x, $arity), y, None),
                    #[cfg(feature = "cuda")]
                    On::Cpu(_) if mem.records() => mem.record(&self.d.into(), all!(x, $arity), y, None),
                    On::Cpu(kernel) => kernel.run(mem, x, y),
                    #[cfg(feature = "cuda")]
                    On::Device(params) => mem.record(&self.d.into(), all!(x, $arity), y, Some(params)),
                }
            }
        }
    )*};
}
for_each_op!(either, infer);

/// Operations whose kernel on the CPU can be chosen.
macro_rules! chosen {
    ($($op:ident),*) => {$(
        impl $op {
            /// As [`new`](Self::new), on the CPU by this choice.
            pub(crate) fn chosen(d: plan::$op, layer: LayerWeights<'_>, choice: Choice) -> Self {
                let on = On::of(&d.into(), layer, || cpu::$op::chosen(d, layer, choice));
                Self { d, on }
            }
        }
    )*};
}
chosen!(Conv, ConvAdd, Deconv, Fc);

/// A kernel that may be computed by rows, together with those before and behind it ([`by_rows`](super::by_rows)).
pub trait ByRows {
    /// Where it computes.
    #[doc(hidden)]
    fn place(&self) -> Place<'_>;

    /// Computes the step alone, from as many views as it reads.
    ///
    /// # Panics
    /// As `run`.
    #[doc(hidden)]
    fn run_alone(&self, mem: &mut Mem<'_, '_>, x: &[View], y: View);
}

/// Where a kernel that may be computed by rows computes.
#[doc(hidden)]
pub struct Place<'k> {
    /// On the CPU, by this kernel.
    here: Option<&'k dyn RowKernel>,
    /// By the executor of a quantised network, which has this layer.
    pub(crate) quantised: Option<&'k QuantisedLayer>,
}

/// Of a kernel of this arity what it reads.
macro_rules! first {
    ($x:expr, 1) => {
        $x[0]
    };
    ($x:expr, 2) => {
        [$x[0], $x[1]]
    };
}

/// Operations that are computed by rows.
macro_rules! rows {
    ($($op:ident $arity:tt),*) => {
        $(impl ByRows for $op {
            fn place(&self) -> Place<'_> {
                Place {
                    here: match &self.on {
                        On::Cpu(kernel) => Some(kernel),
                        _ => None,
                    },
                    quantised: match &self.on {
                        On::Quantised(layer) => Some(&**layer),
                        _ => None,
                    },
                }
            }

            fn run_alone(&self, mem: &mut Mem<'_, '_>, x: &[View], y: View) {
                self.run(mem, first!(x, $arity), y);
            }
        })*

        impl Kernel {
            /// The CPU's kernel, if it computes there and may be computed by rows.
            pub(crate) fn by_rows(&self) -> Option<&dyn RowKernel> {
                match self {
                    $(Kernel::$op(kernel) => kernel.place().here,)*
                    _ => None,
                }
            }
        }
    };
}
rows!(Conv 1, MaxPool 1, AvgPool 1, BatchNorm 1, Mul 2);

/// Whether these steps have been computed together.
pub(super) fn together<const R: usize, const N: usize>(
    mem: &mut Mem<'_, '_>,
    x: [View; R],
    steps: [(&dyn ByRows, View); N],
) -> bool {
    if mem.is_quantised() {
        return mem.quantised_together(steps.map(|(step, _)| step));
    }
    let here = steps.map(|(step, y)| step.place().here.map(|kernel| (kernel, y)));
    match here.iter().any(Option::is_none) || mem.computes_elsewhere() {
        true => false,
        false => cpu::rows::together(mem, x, here.map(|step| step.expect("all are here"))),
    }
}

/// The kernels of training, of the device that the run is on.
#[cfg(all(feature = "train", feature = "cuda"))]
#[path = "../cuda/train/either.rs"]
pub mod train;
