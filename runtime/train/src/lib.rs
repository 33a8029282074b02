//! Training: data, augmentation, the loop, checkpoints, evaluation and pictures.

pub mod atomic;
pub mod augment;
pub mod data;
mod error;
pub mod evaluate;
pub mod loader;
pub mod pictures;
mod random;
pub mod run;

pub use error::{Error, ErrorKind, Result, reason};
