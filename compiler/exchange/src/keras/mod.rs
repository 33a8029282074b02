//! Keras in: `.keras` files of Keras 3 and `.h5` files of Keras 2 and 3.
//!
//! `file` takes a file apart: the model in JSON, and its weights in HDF5 (`crate::hdf5`). `outline` says which layers a model has and what
//! each of their uses reads, a Sequential model like a functional one; `read` goes through the uses that the outputs depend on.
//! Pictures are height x width x channels there as here, so that values lie alike. A view (`view`) keeps the shape that Keras sees: to
//! flatten or reshape is no layer.

mod file;
mod options;
mod outline;
mod read;
mod view;
mod weights;

pub use file::{Source, is_model};
pub use read::import;
