//! The compiler: a pure function from sources and options to a plan, Rust code and diagnostics.
//!
//! ```text
//! text --parse--> syntax tree --resolve--> graph --shape--> graph --lower--> program --optimise--> program
//!      --differentiate--> what goes backward --schedule--> plan --emit--> Rust
//! ```
//!
//! Nothing here prints, reads the environment or knows cargo, except the thin adapter for build scripts.

mod build;
mod check;
pub mod claims;
pub mod compare;
mod compile;
pub mod differentiate;
mod edits;
pub mod emit;
pub mod format;
pub mod graph;
pub mod layers;
pub mod limits;
pub mod loader;
pub mod lower;
mod names;
pub mod optimise;
pub mod options;
pub mod params;
pub mod print;
pub mod program;
pub mod recipe;
mod report;
pub mod resolve;
pub mod schedule;
pub mod shape;
pub mod text;
mod train;
mod value;

pub use build::build;
pub use compile::{Options, Output, Train, Training, analyse, compile, plan, training, try_edits};
pub use loader::{Files, Loader, read_bounded};
pub use names::is_free_name;
pub use netc_grammar as grammar;
pub use train::{RecipeChoice, frozen};
