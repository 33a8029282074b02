//! Training: what the executor and generated training code call.
//!
//! There is one prepared kernel for each operation, which stands beside that of inference in [`cpu`](crate::cpu), with
//! `forward(&mut self, mem, x, y)` and `backward(&mut self, mem, x, y, dy, dx)`:
//!
//! - `forward` computes `y` in training mode. Kernels whose weights are packed for the machine pack them anew.
//! - `backward` reads the gradient `dy` of the output, and may overwrite it; it adds to the gradients of the layer's parameters,
//!   and writes or adds the gradient of the input where [`Gradient`](crate::plan::Gradient) says. It reads `x` and `y` only
//!   where [`TrainOp::saved`](crate::plan::TrainOp::saved) says so. `dx` may be `dy`'s own view where
//!   [`TrainOp::in_place`](crate::plan::TrainOp::in_place) says so.
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
mod kernel;
mod layout;
mod loss;
pub(crate) mod memory;
mod optimizer;
pub mod reference;
mod single;
mod state;
#[cfg(all(test, feature = "std"))]
mod tests;
mod times;
mod trainer;
mod usage;

pub use crate::cpu::activation::train::{Activation, derivative};
pub use crate::cpu::add::train::Add;
pub use crate::cpu::avg_pool::train::AvgPool;
pub use crate::cpu::batch_norm::train::{BatchNorm, BatchNormTraining};
pub use crate::cpu::conv::train::Conv;
pub use crate::cpu::copy::train::Copy;
pub use crate::cpu::dropout::Dropout;
pub use crate::cpu::fc::train::Fc;
pub use crate::cpu::global_pool::train::GlobalPool;
pub use crate::cpu::lrn::train::Lrn;
pub use crate::cpu::max_pool::train::MaxPool;
pub use crate::cpu::pad::train::Pad;
pub use crate::cpu::rbf::train::Rbf;
pub use crate::cpu::softmax::train::Softmax;
pub use crate::cpu::subsample::train::Subsample;
pub use crate::cpu::transpose::train::Transpose;
pub use crate::cpu::upsample::train::Upsample;
pub use checkpoint::OptimizerState;
pub use layout::Layout;
pub use loss::{LossKernel, Outcome, reference as loss};
pub use memory::TrainMem;
pub use optimizer::Update;
pub use single::{Setting, Single, fast, plain};
pub use state::{State, StepResult, add, write};
#[cfg(feature = "std")]
pub use times::StepTimes;
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
pub(crate) use simple;
