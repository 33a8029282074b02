//! What is fuzzed: a function for each reader of foreign bytes.
//!
//! Each takes any bytes, and panics where netc has a mistake: where a reader panics, or what it gave does not hold what is promised of
//! it. It returns whether the bytes were accepted. The targets in `fuzz/` call these functions, and the test of this crate replays
//! their corpus with the same ones.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a mistake is told by a panic"
)]

mod data;
mod exchange;
mod folder;
mod text;
mod weights;

pub use data::{cifar, idx, npy, npz, picture, tar};
pub use exchange::{keras, onnx, torch};
pub use text::{compiler, formatter, grammar};
pub use weights::{checkpoint, int8, notes, weights, written};

/// What a target does with bytes: whether they were accepted.
pub type Target = fn(&[u8]) -> bool;

/// All targets, by the names that they have in `fuzz/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("checkpoint", checkpoint),
    ("cifar", cifar),
    ("compiler", compiler),
    ("formatter", formatter),
    ("grammar", grammar),
    ("idx", idx),
    ("int8", int8),
    ("keras", keras),
    ("notes", notes),
    ("npy", npy),
    ("npz", npz),
    ("onnx", onnx),
    ("picture", picture),
    ("tar", tar),
    ("torch", torch),
    ("weights", weights),
];
