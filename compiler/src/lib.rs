//! The compiler: a pure function from sources and options to a plan, Rust code and diagnostics.
//!
//! ```text
//! text --parse--> syntax tree --resolve--> graph --shape--> graph --optimise--> graph --schedule--> plan --emit--> Rust
//! ```
//!
//! Nothing here prints, reads the environment or knows cargo, except the thin adapter for build scripts.

pub mod emit;
pub mod graph;
pub mod lower;
pub mod optimise;
pub mod program;
pub mod schedule;
