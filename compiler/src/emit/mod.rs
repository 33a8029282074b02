//! Emitters: what a network looks like as Rust, as tables, as text and as a picture.

mod cards;
mod comparison;
mod dot;
mod json;
mod keras;
mod rust;
mod summary;
mod svg;

pub use comparison::{comparison, comparison_json};
pub use dot::dot;
pub use json::{json, plan_json};
pub use keras::keras;
pub use rust::{rust, train_rust};
pub use summary::summary;
pub use svg::svg;

use crate::graph::Graph;
use crate::params;

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

impl EmitInfo {
    /// What there is to say about a network that was read from `file`.
    #[must_use]
    pub fn of(graph: &Graph, file: &str) -> Self {
        let total = params::total(graph);
        Self {
            file: file.into(),
            about: graph.about.clone(),
            params: total.params,
            trainable: total.trainable,
            macs: total.macs,
        }
    }
}
