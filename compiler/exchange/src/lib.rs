//! Models of other tools in and out. Only the command line depends on it: what a user's build script, macro or program
//! builds, reads networks in arrow notation and nothing else.
//!
//! An importer fills a `Network` layer by layer: the compiler says what each layer gives, and its printer writes
//! the whole as a person would, with blocks and repeats. What is written is compiled again before it leaves.
//!
//! Files come from anywhere. Whatever stands in them, reading ends with a network or with a [`Refusal`]: sizes are checked before
//! they are believed, and nothing recurses without a bound.

mod hdf5;
pub mod keras;
mod layout;
mod network;
pub mod onnx;
mod refusal;
pub mod torch;
mod trouble;

pub use network::Imported;
pub use refusal::Refusal;
