//! The kernels, one operation a folder: in `mod.rs` a prepared kernel with the operation's name, and its plain reference; in `train.rs`
//! the same in training, with backward (the documentation of `train` says what these have in common).
//!
//! A kernel is made once from its descriptor (and its layer's weights) and run on views of a [`Mem`](crate::Mem). The sizes of a
//! descriptor are checked when the kernel is made, the views in constant time whenever it runs (`sizes.rs`); what does not fit is
//! a fault of the plan, and panics before the access in question touches memory; a backward step makes several.
//!
//! References compute the same from the definition, slowly, for `f32` and `f64`, on dense pictures in NHWC order.

pub(crate) mod access;
pub(crate) mod act;
pub(crate) mod activation;
pub(crate) mod adaptive_avg_pool;
pub(crate) mod add;
pub(crate) mod avg_pool;
pub(crate) mod batch_norm;
pub(crate) mod choice;
pub(crate) mod conv;
pub(crate) mod conv_add;
pub(crate) mod copy;
pub(crate) mod crop;
pub(crate) mod deconv;
#[cfg(feature = "train")]
pub(crate) mod drop_path;
#[cfg(feature = "train")]
pub(crate) mod dropout;
pub(crate) mod fc;
#[cfg(feature = "train")]
pub(crate) mod gemm;
pub(crate) mod global_pool;
pub(crate) mod group_norm;
pub(crate) mod int8;
pub(crate) mod kernel;
pub(crate) mod lanes;
pub(crate) mod layer_norm;
#[cfg(feature = "std")]
pub mod limits;
pub(crate) mod lrn;
pub(crate) mod machine;
pub(crate) mod max_pool;
pub(crate) mod mul;
pub(crate) mod normalise;
pub(crate) mod pad;
pub(crate) mod prelu;
pub(crate) mod profile;
pub(crate) mod rbf;
mod real;
pub(crate) mod rows;
pub(crate) mod scale;
pub(crate) mod shuffle;
pub(crate) mod simd;
pub(crate) mod sizes;
pub(crate) mod slice;
pub(crate) mod softmax;
pub(crate) mod subsample;
#[cfg(feature = "train")]
pub(crate) mod sum;
pub(crate) mod transpose;
pub(crate) mod tuning;
pub(crate) mod upsample;
pub(crate) mod window;

pub use activation::Activation;
pub use adaptive_avg_pool::AdaptiveAvgPool;
pub use add::Add;
pub use avg_pool::AvgPool;
pub use batch_norm::BatchNorm;
pub use choice::{Choice, Method};
pub use conv::Conv;
pub use conv_add::ConvAdd;
pub use copy::Copy;
pub use crop::Crop;
pub use deconv::Deconv;
pub use fc::Fc;
pub use global_pool::GlobalPool;
pub use group_norm::GroupNorm;
pub use int8::Quantisation;
pub use layer_norm::LayerNorm;
pub use lrn::Lrn;
pub use machine::Machine;
pub use max_pool::MaxPool;
pub use mul::Mul;
pub use pad::Pad;
pub use prelu::Prelu;
pub use profile::{Profile, Tuned};
pub use rbf::Rbf;
pub use real::{Real, activate};
pub use scale::Scale;
pub use shuffle::Shuffle;
pub use simd::Level;
pub use slice::Slice;
pub use softmax::Softmax;
pub use subsample::Subsample;
pub use transpose::Transpose;
pub use upsample::Upsample;

/// The kernels of training (the documentation of [`train`](mod@crate::train) says what they have in common).
#[cfg(feature = "train")]
pub mod train {
    pub use super::activation::train::Activation;
    pub use super::adaptive_avg_pool::train::AdaptiveAvgPool;
    pub use super::add::train::Add;
    pub use super::avg_pool::train::AvgPool;
    pub use super::batch_norm::frozen::BatchNormFrozen;
    pub use super::batch_norm::train::BatchNormTraining;
    pub use super::conv::train::Conv;
    pub use super::copy::train::Copy;
    pub use super::crop::train::Crop;
    pub use super::deconv::train::Deconv;
    pub use super::drop_path::DropPath;
    pub use super::dropout::Dropout;
    pub use super::fc::train::Fc;
    pub use super::global_pool::train::GlobalPool;
    pub use super::group_norm::train::GroupNorm;
    pub use super::layer_norm::train::LayerNorm;
    pub use super::lrn::train::Lrn;
    pub use super::max_pool::train::MaxPool;
    pub use super::mul::train::Mul;
    pub use super::pad::train::Pad;
    pub use super::prelu::train::Prelu;
    pub use super::rbf::train::Rbf;
    pub use super::scale::train::Scale;
    pub use super::shuffle::train::Shuffle;
    pub use super::slice::train::Slice;
    pub use super::softmax::train::Softmax;
    pub use super::subsample::train::Subsample;
    pub use super::transpose::train::Transpose;
    pub use super::upsample::train::Upsample;
}
