//! Emitters: what a network looks like as Rust, as tables, as text and as a picture.

pub(crate) mod notation;
mod numbers;
mod rust;

pub use rust::rust;

/// What the emitters say about a network beside its plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmitInfo {
    /// The file that the network was read from; only its name is printed, never its folder.
    pub file: String,
    /// The comment at the head of the file.
    pub about: String,
    /// All stored numbers.
    pub params: u64,
    /// The numbers that training moves.
    pub trainable: u64,
    /// Multiply-accumulates for one image.
    pub macs: u64,
}
