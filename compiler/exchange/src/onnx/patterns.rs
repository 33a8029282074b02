//! Operators that exporters write in pieces, found again: GELU, SILU, HARD_SWISH, layer normalisation.

mod expression;

use super::message::{Attribute, Node, attribute};
use super::tensor::Tensor;
use expression::Expressions;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The nodes that the outputs of the pieces depend on, with one node in place of the pieces.
pub(super) fn replaced(
    nodes: &[Node],
    outputs: &[&str],
    constants: &BTreeMap<String, Rc<Tensor>>,
) -> Vec<Node> {
    let all = Expressions::of(nodes, constants);
    let replace = |node: &Node| all.meaning(node).unwrap_or_else(|| node.clone());
    let nodes: Vec<Node> = nodes.iter().map(replace).collect();
    let mut needed: BTreeSet<&str> = outputs.iter().copied().collect();
    let mut kept = vec![false; nodes.len()];
    for (at, node) in nodes.iter().enumerate().rev() {
        if node
            .outputs
            .iter()
            .any(|name| needed.contains(name.as_str()))
        {
            kept[at] = true;
            needed.extend(node.inputs.iter().map(String::as_str));
        }
    }
    let kept: Vec<bool> = kept;
    let mut keep = kept.into_iter();
    nodes
        .into_iter()
        .filter(|_| keep.next() == Some(true))
        .collect()
}

/// A node in place of pieces that end in this one.
fn instead(of: &Node, op: &str, input: &str, attributes: &[(&str, f32)]) -> Node {
    let attribute = |(name, value): &(&str, f32)| Attribute {
        name: Some((*name).to_owned()),
        f: Some(*value),
        kind: Some(attribute::FLOAT),
        ..Attribute::default()
    };
    Node {
        inputs: vec![input.to_owned()],
        outputs: of.outputs.clone(),
        name: of.name.clone(),
        op: Some(op.to_owned()),
        attributes: attributes.iter().map(attribute).collect(),
        domain: None,
    }
}
