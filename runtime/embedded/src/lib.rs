//! What `netc FILE --target embedded` writes runs on this: networks in int8 on a microcontroller.
//!
//! Without `std`, without `alloc`, and without a panic: every size is checked while the program compiles, as each [`Layer`] is a constant.
//! Weights are read where they lie, in flash. All values share one [`Workspace`], whose size is a constant of the generated code. The
//! numbers are those of `netc run --precision int8` to the bit, though steps from bytes to bytes use no floating point here: what an FPU
//! would round is worked out in integers (`ending.rs`).
//!
//! | step | reads | writes |
//! | --- | --- | --- |
//! | [`Conv`]: CONV, DWCONV, FC, with what is added to it | bytes | bytes, or `f32` |
//! | [`MaxPool`], [`Table`] (activations, BN), [`Add`] | bytes | bytes |
//! | [`Mean`]: GLOBALPOOL | bytes | `f32` |
//! | [`Quantise`] | `f32` | bytes |
//!
//! A byte `q` stands for `scale * (q - zero point)`; docs/int8.md of netc has the formulas.

#![cfg_attr(not(test), no_std)]

mod add;
mod conv;
mod ending;
mod flash;
mod layer;
mod memory;
mod place;
mod pool;
mod real;
mod table;
mod window;

pub use add::Add;
pub use conv::{Added, Conv};
pub use ending::{Ending, Filter};
pub use flash::{bytes, filters, numbers, tables, weights};
pub use layer::Layer;
pub use memory::{Memory, Workspace};
pub use place::Place;
pub use pool::{MaxPool, Mean};
pub use table::{Quantise, Table};
pub use window::Window;
