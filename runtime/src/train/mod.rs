//! Training: what the executor and generated training code call.
//!
//! There is one prepared kernel for each operation, as in [`cpu`](crate::cpu), with
//! `forward(&mut self, mem, x, y)` and `backward(&mut self, mem, x, y, dy, dx)`:
//!
//! - `forward` computes `y` in training mode. Kernels whose weights are packed for the machine pack them anew.
//! - `backward` reads the gradient `dy` of the output, and may overwrite it; it adds to the gradients of the layer's parameters,
//!   and writes or adds the gradient of the input where [`Gradient`](crate::plan::Gradient) says. It reads `x` and `y` only
//!   where [`TrainOp::saved`](crate::plan::TrainOp::saved) says so. `dx` may be `dy`'s own view where
//!   [`TrainOp::in_place`](crate::plan::TrainOp::in_place) says so.
//!
//! Parameters and gradients lie in flat buffers ([`Layout`]), each tensor as its file stores it: a fully connected layer needs no
//! other layout (see `fc.rs`), a convolution packs its weights in a small part of the time that it computes with them, and
//! checkpoints are the very numbers.
//!
//! Nothing is allocated after the kernels are made. Work is cut by size and partial sums are added in order, so that results do not
//! depend on the number of threads. Beside each kernel stands its plain reference, generic over f32 and f64; [`mod@reference`] walks a
//! whole plan with them.

mod activation;
mod add;
mod batch_norm;
mod checkpoint;
mod conv;
mod copy;
mod diverged;
mod dropout;
mod fc;
mod gemm;
mod kernel;
mod layout;
mod loss;
mod lrn;
mod memory;
mod optimizer;
mod pool;
mod rbf;
pub mod reference;
mod reshape;
mod single;
mod softmax;
mod state;
mod subsample;
mod sum;
#[cfg(all(test, feature = "std"))]
mod tests;
mod trainer;
mod usage;

pub use activation::{Activation, derivative};
pub use add::Add;
pub use batch_norm::{BatchNorm, BatchNormTraining};
pub use checkpoint::OptimizerState;
pub use conv::Conv;
pub use copy::Copy;
pub use dropout::Dropout;
pub use fc::Fc;
pub use layout::Layout;
pub use loss::{LossKernel, Outcome, reference as loss};
pub use lrn::Lrn;
pub use memory::TrainMem;
pub use optimizer::Update;
pub use pool::{AvgPool, GlobalPool, MaxPool};
pub use rbf::Rbf;
pub use reshape::{Pad, Transpose, Upsample};
pub use single::{Setting, Single, fast, plain};
pub use softmax::Softmax;
pub use state::{State, StepResult, add, write};
pub use subsample::Subsample;
pub use trainer::Trainer;
pub use usage::MemoryUse;

/// `forward` of an operation without parameters: the kernel of inference.
macro_rules! simple {
    ($field:tt) => {
        /// Computes the step.
        ///
        /// # Panics
        /// If the views do not fit the operation or the memory.
        pub fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: View, y: View) {
            self.$field.run(&mut mem.mem, x, y);
        }
    };
}
use simple;
