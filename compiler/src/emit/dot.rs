//! The network for Graphviz: `dot -Tsvg`.

use crate::graph::Graph;
use crate::layers;

use super::cards::Family;

/// A `digraph` with one node a layer.
#[must_use]
pub fn dot(graph: &Graph) -> String {
    let mut text = format!(
        "digraph {} {{\n  rankdir=TB;\n  \
         node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11];\n  \
         edge [color=\"#64748b\", arrowsize=0.7];\n",
        quoted(&graph.name)
    );
    for (id, node) in graph.nodes.iter().enumerate() {
        let (strong, tint) = Family::of(&node.op).colours();
        let label = format!("{}\n{}\n{}", node.name, layers::text(&node.op), node.shape);
        text.push_str(&format!(
            "  n{id} [label={}, color=\"{strong}\", fillcolor=\"{tint}\"];\n",
            quoted(&label)
        ));
    }
    for (id, node) in graph.nodes.iter().enumerate() {
        for input in &node.inputs {
            text.push_str(&format!("  n{} -> n{id};\n", input.0));
        }
    }
    text.push_str("}\n");
    text
}

fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', "\\n"))
}
