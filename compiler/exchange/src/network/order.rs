//! The order in which the language expands layers, which is that of their names.

use netc_compiler::graph::{Layer, Node, NodeId};
use netc_compiler::layers;
use std::collections::BTreeMap;

/// What these values depend on, one value after the other, each layer after its inputs, first input first.
pub(super) fn of(nodes: &[Node], ends: &[NodeId]) -> Vec<NodeId> {
    let mut order = Vec::new();
    let mut seen = vec![false; nodes.len()];
    for end in ends {
        let mut open = vec![(*end, 0)];
        while let Some((id, next)) = open.pop() {
            match nodes[id.0].inputs.get(next) {
                Some(input) => {
                    open.push((id, next + 1));
                    if !seen[input.0] {
                        open.push((*input, 0));
                    }
                }
                None if seen[id.0] => {}
                None => {
                    seen[id.0] = true;
                    order.push(id);
                }
            }
        }
    }
    order
}

/// Calls layers by kind and number, as the language does.
pub(super) fn name(nodes: &mut [Node]) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for node in nodes {
        let prefix = prefix(&node.layer);
        if matches!(node.layer, Layer::Input(_)) {
            node.name = prefix.to_owned();
            continue;
        }
        let count = counts.entry(prefix).or_default();
        *count += 1;
        node.name = format!("{prefix}{count}");
    }
}

fn prefix(layer: &Layer) -> &'static str {
    layers::find(layers::kind(layer)).map_or("layer", |spec| spec.prefix)
}
