//! Which layers a recipe freezes.

use crate::graph::{Graph, NodeId};
use crate::params;
use netc_plan::{Freeze, Recipe};

/// For each layer of the network, in order, whether the recipe freezes it: only layers with parameters are.
#[must_use]
pub fn frozen(graph: &Graph, recipe: &Recipe) -> Vec<bool> {
    let mut frozen = vec![false; graph.nodes.len()];
    for one in &recipe.freeze {
        let named = meant(graph, one);
        frozen
            .iter_mut()
            .zip(named)
            .for_each(|(all, one)| *all |= one);
    }
    frozen
}

/// The layers with parameters that an entry means; none where there is no layer of its name.
pub(super) fn meant(graph: &Graph, freeze: &Freeze) -> Vec<bool> {
    let (Freeze::Layer(name) | Freeze::Before(name)) = freeze;
    let id = graph.nodes.iter().position(|node| node.name == *name);
    let mut meant = match (freeze, id) {
        (_, None) => vec![false; graph.nodes.len()],
        (Freeze::Layer(_), Some(id)) => (0..graph.nodes.len()).map(|node| node == id).collect(),
        (Freeze::Before(_), Some(id)) => graph.needed(graph.node(NodeId(id)).inputs.clone()),
    };
    for (meant, node) in meant.iter_mut().zip(&graph.nodes) {
        *meant &= params::count(node, graph).trainable > 0;
    }
    meant
}
