//! The kernels that generated code and the executor call: those of the device that the weights are for, or that a training run is on. Without
//! the feature `cuda` they are the CPU's own types.

#[cfg(not(feature = "cuda"))]
mod kernels_of {
    macro_rules! of_the_cpu {
        ($({ $op:ident, $($rest:tt)* })*) => {
            pub use crate::cpu::{$($op),*};
        };
    }
    crate::plan::for_each_op!(of_the_cpu, infer);
    #[cfg(feature = "train")]
    pub use crate::cpu::train;
}
#[cfg(feature = "cuda")]
#[path = "cuda/either.rs"]
mod kernels_of;

pub use kernels_of::*;
