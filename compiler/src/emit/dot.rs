//! The network for Graphviz: `dot -Tsvg`.

use crate::graph::Graph;
use crate::layers;

use super::cards::Family;

/// A `digraph` with one node a layer and one an `output` or `auxiliary` head; what only training computes has dashed borders.
#[must_use]
pub fn dot(graph: &Graph) -> String {
    let mut text = format!(
        "digraph {} {{\n  rankdir=TB;\n  \
         node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11];\n  \
         edge [color=\"#64748b\", arrowsize=0.7];\n",
        quoted(&graph.name)
    );
    let inferred = graph.inferred();
    for (id, node) in graph.nodes.iter().enumerate() {
        let (strong, tint) = Family::of(&node.layer).colours();
        let label = format!(
            "{}\n{}\n{}",
            node.name,
            layers::text(&node.layer),
            node.shape
        );
        let training = match inferred[id] {
            true => "",
            false => ", style=\"rounded,filled,dashed\"",
        };
        text.push_str(&format!(
            "  n{id} [label={}, color=\"{strong}\", fillcolor=\"{tint}\"{training}];\n",
            quoted(&label)
        ));
    }
    for (i, head) in graph.heads.iter().enumerate() {
        let label = quoted(&format!("{}\n{}", head.name, head.kind()));
        text.push_str(&format!(
            "  head{i} [label={label}, shape=plain, style=\"\"];\n"
        ));
    }
    for (id, node) in graph.nodes.iter().enumerate() {
        for input in &node.inputs {
            text.push_str(&format!("  n{} -> n{id};\n", input.0));
        }
    }
    for (i, head) in graph.heads.iter().enumerate() {
        text.push_str(&format!("  n{} -> head{i};\n", head.node.0));
    }
    text.push_str("}\n");
    text
}

fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', "\\n"))
}
