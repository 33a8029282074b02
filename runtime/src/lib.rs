//! The runtime of netc: what the Rust that netc writes calls, and the executor behind netc's own commands.
//!
//! Generated code holds one prepared kernel per layer ([`cpu`]), made from checked [`Weights`], and runs them one after the
//! other over a [`Workspace`]. The [`Executor`] walks a [`plan::Plan`] and calls the very same kernels, so both give the same bits.
//!
//! A model is immutable once made: it is `Send + Sync`, and threads share it, each with its own workspace. A forward pass
//! allocates nothing. Its result does not depend on the number of threads.
//!
//! | feature | default | gives |
//! | --- | --- | --- |
//! | `std` | yes | files, and the choice of the vector instructions at run time; without it the crate is `no_std` with `alloc` |
//! | `threads` | yes | several threads for one forward pass |
//! | `mmap` | yes | weights files are mapped instead of read |
//! | `train` | no | training: [`train::Trainer`], and what generated training code calls |
//! | `cuda` | no | networks on NVIDIA GPUs ([`Device::cuda`]); no CUDA is needed to build |
//! | `ndarray` | no | `forward_view` on `ndarray` views |

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(feature = "std"),
    allow(
        unused_imports,
        reason = "where another crate brings std in, floats have `num_traits::Float`'s methods themselves"
    )
)]
extern crate alloc;
// Test files that unit tests share with those of `tests/` call the crate by its name.
#[cfg(all(test, feature = "train"))]
extern crate self as netc_runtime;

#[cfg(all(test, feature = "train"))]
#[path = "../tests/common/mod.rs"]
mod common;
#[cfg(all(test, feature = "train"))]
#[path = "../tests/common/operations.rs"]
mod operations;

mod backend;
pub mod cpu;
#[cfg(feature = "cuda")]
#[cfg_attr(
    not(feature = "train"),
    allow(dead_code, reason = "operations say how they go backward, too")
)]
pub mod cuda;
mod device;
mod error;
mod executor;
mod int8;
pub mod kernels;
mod model;
mod precision;
mod prepare;
pub mod reference;
mod threads;
#[cfg(feature = "train")]
pub mod train;
mod weights;
mod workspace;

pub use netc_plan as plan;

/// A file's path.
#[cfg(feature = "std")]
pub use std::path::Path;

/// Without the feature `std` there are no files, and so no paths: functions that take one cannot be called.
#[cfg(not(feature = "std"))]
#[derive(Debug)]
pub enum Path {}

pub use device::{Device, DeviceName};
pub use error::{Error, ErrorKind};
pub use executor::Executor;
pub use int8::{ByteEnding, ByteOp, ByteStep, Quantised, quantise};
#[cfg(feature = "ndarray")]
pub use model::ForwardView;
pub use model::{Model, Prediction, Predictions, Scores};
pub use precision::Precision;
pub use prepare::{Prepared, prepare};
pub use weights::{LayerName, LayerWeights, Loader, Weights};
pub use workspace::{Mem, Scratch, Values, Workspace};

/// The wrapper for networks that a build script compiled: the Rust that `netc_compiler::build("models/alexnet.net")` wrote.
///
/// It holds `use` lines and a module of its own, so it stands alone in a module:
///
/// ```ignore
/// mod alexnet {
///     netc_runtime::include_net!("alexnet");
/// }
/// use alexnet::AlexNet;
/// ```
#[macro_export]
macro_rules! include_net {
    ($stem:literal) => {
        ::core::include!(::core::concat!(
            ::core::env!(
                "OUT_DIR",
                "include_net! needs a build script that calls netc_compiler::build"
            ),
            "/",
            ::core::env!(
                ::core::concat!("NETC_NETWORK_", $stem),
                ::core::concat!(
                    "there is no network `",
                    $stem,
                    "`; build.rs compiles ",
                    ::core::env!(
                        "NETC_NETWORKS",
                        "no network: it has no netc_compiler::build(\"models/name.net\")"
                    )
                )
            )
        ));
    };
}
