//! Kernels for NVIDIA GPUs, one operation a folder: in `mod.rs` which device functions compute it, in the `.cu` file beside it their text.
//!
//! netc is a compiler, so a network's kernels are made for the network: `source.rs` writes one text for a plan, in which every shape is a
//! constant, NVRTC compiles it for the device at hand (`nvrtc.rs`, `cache.rs`), and a `session.rs` runs it over memory of its own, captured as a
//! graph. Small networks are one launch: a block computes an image from end to end.
//!
//! Kernels of generated code and of the executor are recorded while a pass goes through them ([`crate::kernels`]); the program is made in the
//! first pass and runs in all that follow.

mod cache;
mod call;
mod constants;
mod cubin;
mod device;
mod estimate;
mod inference;
mod memory;
mod nvrtc;
mod params;
mod product;
mod program;
mod session;
#[cfg(feature = "train")]
mod single;
mod source;
mod task;
#[cfg(feature = "train")]
mod train;

pub use crate::Precision;
pub use cubin::Usage;
pub use device::Gpu;
pub use estimate::{Estimate, EstimatedStep, GpuModel, Resources};
pub(crate) use inference::Extent;
pub use inference::text;
pub(crate) use params::Params;
pub(crate) use session::Session;
#[cfg(feature = "train")]
pub use single::single;
#[cfg(feature = "train")]
pub(crate) use train::Training;
#[cfg(feature = "train")]
pub use train::training_text;

use crate::plan::{Op, for_each_op};
use call::Kernels;

/// What all device functions share.
const PRELUDE: &str = concat!(
    include_str!("prelude.cuh"),
    include_str!("packs.cuh"),
    include_str!("windows.cuh"),
    include_str!("columns.cuh"),
    include_str!("moments.cuh"),
    include_str!("lanes.cuh"),
);

mod activation;
mod adaptive_avg_pool;
mod add;
mod avg_pool;
mod batch_norm;
mod conv;
mod conv_add;
mod copy;
mod crop;
mod deconv;
mod drop_path;
mod dropout;
mod fc;
mod global_pool;
mod group_norm;
mod layer_norm;
mod lrn;
mod max_pool;
mod mul;
mod pad;
mod prelu;
mod rbf;
mod scale;
mod shuffle;
mod slice;
mod softmax;
mod subsample;
mod transpose;
mod upsample;

macro_rules! table {
    ($({ $op:ident, $($rest:tt)* })*) => {
        /// The kernels of an operation. A row that has none is a compile error here.
        fn kernels(op: &Op) -> &dyn Kernels {
            match op {
                $(Op::$op(d) => d,)*
            }
        }
    };
}
for_each_op!(table);

#[cfg(all(test, feature = "train"))]
mod tests;
