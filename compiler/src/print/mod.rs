//! Graphs as `.net` text: what `--arrow`, `--net`, a formatter and importers write.
//!
//! # Contract
//! [`net`] is lossless: its text, parsed, resolved and with its shapes inferred, is the same [`Graph`] except for spans. That is
//! the name of the network and the comment at the head of its file, the layers with their names, options and inputs, how pixels
//! become inputs, claims and recipes. What a graph does not hold is not kept: other comments, constants, the blocks that a file
//! was written with, `where` tables. A graph whose layers do not stand in the language's order of expansion (inputs first, from
//! left to right) comes back in that order, and without the layers that its output does not depend on.
//!
//! Not every graph can be said: a layer reads the layer before it, or the one where its branch began, and only joins read
//! earlier layers by name. Every graph that `resolve` makes can be; others may be [`Unprintable`]. Names must be names of the
//! language (see `docs/language.md`), different without regard to case.
//!
//! The text is what a person would write: branches in brackets, repeats and blocks where the network repeats itself, defaults
//! left out, arrows below each other, lines of at most 100 columns. Equal graphs give equal texts, and a printed text, read and
//! printed again, does not change.
//!
//! # Parts
//! `structure` finds the branches of a graph again; `tree` makes a syntax tree of it; `fold` finds repeats and blocks in the tree;
//! `layout` prints a syntax tree. The last one, [`text`], knows nothing of graphs: a formatter gives it a tree that was parsed.

mod arrow;
mod fold;
mod layout;
mod recipe;
pub(crate) mod structure;
mod tree;

pub use arrow::arrow;
pub use layout::text;

use crate::graph::Graph;
use std::fmt;

/// The network as a `.net` file.
///
/// # Errors
/// If the language cannot say the graph.
pub fn net(graph: &Graph) -> Result<String, Unprintable> {
    let mut file = tree::tree(graph)?;
    fold::fold(&mut file);
    Ok(text(&file, &graph.about))
}

/// A graph that the language cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprintable {
    /// The layer that cannot be reached by a chain.
    pub layer: String,
}

impl fmt::Display for Unprintable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` reads a layer that no chain of the language leads to: neither the one before it, nor one where its branch began",
            self.layer
        )
    }
}

impl std::error::Error for Unprintable {}
