//! Weights files of any origin: reading them, finding out which tensor is which of the network's.

pub(crate) mod assign;
pub(crate) mod file;
pub(crate) mod flatten;
pub(crate) mod maps;
pub(crate) mod matching;
mod mismatch;
mod modules;
pub(crate) mod names;
pub(crate) mod npz;
pub(crate) mod task;
mod wiring;
