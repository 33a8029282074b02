//! Training: what the executor and generated training code call.
//!
//! There is one prepared kernel for each operation, which stands beside that of inference in [`cpu::train`](crate::cpu::train), with
//! `forward(&mut self, mem, x, y)` and `backward(&mut self, mem, x, y, dy, dx)`:
//!
//! - `forward` computes `y` in training mode. Kernels whose weights are packed for the machine pack them anew.
//! - `backward` reads the gradient `dy` of the output, and may overwrite it; it adds to the gradients of the layer's parameters,
//!   and writes or adds the gradient of the input where [`Gradient`] says. It reads `x` and `y` only
//!   where [`Operation::saved`](crate::plan::Operation::saved) says so. `dx` may be `dy`'s own view where
//!   [`Operation::in_place`](crate::plan::Operation::in_place) says so.
//!
//! Parameters and gradients lie in flat buffers ([`Layout`]), each tensor as its file stores it: a fully connected layer needs no
//! other layout (see `cpu/fc/train.rs`), a convolution packs its weights in a small part of the time that it computes with them, and
//! checkpoints are the very numbers.
//!
//! Nothing is allocated after the kernels are made. Work is cut by size and partial sums are added in order, so that results do not
//! depend on the number of threads. Beside each kernel stands its plain reference, generic over f32 and f64; [`mod@reference`] walks a
//! whole plan with them.

mod checkpoint;
mod diverged;
mod layout;
mod loss;
pub(crate) mod memory;
mod on_cpu;
mod optimizer;
mod pictures;
#[cfg(feature = "cuda")]
mod recorded;
pub mod reference;
mod single;
mod state;
#[cfg(all(test, feature = "std"))]
mod tests;
mod times;
mod trainer;
mod usage;

use crate::plan::{Gradient, View};

pub use crate::cpu::activation::derivative::derivative;
pub use checkpoint::OptimizerState;
pub use layout::Layout;
pub use loss::{LossKernel, Outcome, reference as loss};
pub use memory::TrainMem;
pub use optimizer::Update;
pub use pictures::{PictureStage, Pictures, Preparation, Transform};
pub use single::{Setting, Single, fast, plain};
pub use state::{State, StepResult, add, write};
#[cfg(feature = "std")]
pub use times::StepTimes;
pub use trainer::Trainer;
pub use usage::MemoryUse;
#[cfg(feature = "cuda")]
pub(crate) use {
    diverged::Broken,
    loss::check as check_labels,
    optimizer::{Kind, Rule},
    single::Places,
    trainer::nothing_held,
};

/// `forward` of an operation without parameters: the kernel of inference.
macro_rules! simple {
    ($field:tt) => {
        /// Computes the step.
        ///
        /// # Panics
        /// If the views do not fit the operation or the memory.
        pub fn forward(
            &mut self,
            mem: &mut $crate::train::TrainMem<'_, '_>,
            x: $crate::plan::View,
            y: $crate::plan::View,
        ) {
            self.$field.run(&mut mem.mem, x, y);
        }
    };
}
pub(crate) use simple;

/// `backward` of an operation that reads one value: checks all views, and calls the kernel's `back`.
macro_rules! backward {
    () => {
        /// From the gradient of the output to that of the input, and to those of the parameters, if there are any.
        ///
        /// # Panics
        /// If the views do not fit the operation or the memory, or the workspace has less scratch memory than the kernel asks for.
        pub fn backward(
            &mut self,
            mem: &mut $crate::train::TrainMem<'_, '_>,
            x: $crate::plan::View,
            y: $crate::plan::View,
            dy: $crate::plan::View,
            dx: Option<$crate::plan::Gradient>,
        ) {
            self.sizes.expect([x], [y, dy], [dx]);
            self.back(mem, $crate::train::Backward { x, y, dy, dx });
        }
    };
}
pub(crate) use backward;

/// The views of a step backward; each has its shape.
#[derive(Clone, Copy)]
pub(crate) struct Backward {
    pub(crate) x: View,
    pub(crate) y: View,
    pub(crate) dy: View,
    pub(crate) dx: Option<Gradient>,
}
