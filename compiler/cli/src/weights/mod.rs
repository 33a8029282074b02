//! Weights files of any origin: reading them, finding out which tensor is which of the network's.

pub(crate) mod file;
pub(crate) mod flatten;
pub(crate) mod matching;
pub(crate) mod modules;
pub(crate) mod names;
