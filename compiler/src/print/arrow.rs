//! The network as its bare line: `INPUT => CONV => RELU => POOL => FC`.

use super::tree::{chain, join_names};
use super::{Unprintable, layout, structure};
use crate::graph::{Graph, Node};
use crate::layers;
use crate::text::expr::call;

/// The bare line, and one for each head. It parses again, and has the same layers in the same places.
///
/// # Errors
/// If the language cannot say the graph.
pub fn arrow(graph: &Graph) -> Result<String, Unprintable> {
    let unprintable = |id| Unprintable {
        layer: graph.node(id).name.clone(),
    };
    let stages = structure::structure(graph).map_err(unprintable)?;
    let heads = structure::heads(graph, &stages).map_err(unprintable)?;
    let mut taps = join_names(&stages);
    taps.extend(heads.iter().flat_map(|head| join_names(head)));
    taps.extend(graph.heads.iter().map(|head| head.from));
    taps.sort_unstable();
    taps.dedup();
    let name = |id| Some(format!("t{}", taps.iter().position(|tap| *tap == id)? + 1));
    let bare = |node: &Node| call(layers::kind(&node.layer), Vec::new());
    let bare = |id| bare(graph.node(id));
    let mut text = layout::flat(&chain(&stages, &bare, &name));
    for (head, stages) in graph.heads.iter().zip(&heads) {
        let kind = if head.auxiliary {
            "auxiliary"
        } else {
            "output"
        };
        let tap = name(head.from).unwrap_or_default();
        text += &format!("\n{kind} {} = {tap}", head.name);
        if !stages.is_empty() {
            text += &format!(" => {}", layout::flat(&chain(stages, &bare, &name)));
        }
    }
    Ok(text)
}
