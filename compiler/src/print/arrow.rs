//! The network as its bare line: `INPUT => CONV => RELU => POOL => FC`.

use super::tree::{chain, join_names};
use super::{Unprintable, layout, structure::structure};
use crate::graph::{Graph, Node};
use crate::text;
use crate::text::expr::call;

/// The bare line. It parses again, and has the same layers in the same places.
///
/// # Errors
/// If the language cannot say the graph.
pub fn arrow(graph: &Graph) -> Result<String, Unprintable> {
    let unprintable = |id| Unprintable {
        layer: graph.node(id).name.clone(),
    };
    let stages = structure(graph).map_err(unprintable)?;
    let taps = join_names(&stages);
    let name = |id| Some(format!("t{}", taps.iter().position(|tap| *tap == id)? + 1));
    let bare = |node: &Node| call(text::kind(&node.op), Vec::new());
    Ok(layout::flat(&chain(
        &stages,
        &|id| bare(graph.node(id)),
        &name,
    )))
}
