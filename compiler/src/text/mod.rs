//! Numbers and layers as text: what diagnostics, tables and generated code all say in the same way.

pub(crate) mod notation;
pub(crate) mod numbers;

pub use notation::{kind, layer};
pub use numbers::{bytes, thousands};
