//! Shapes behind the stages of the network's chain.

use crate::analysis::Analysis;
use crate::hover::shapes;
use netc_compiler::graph::Shape;
use serde_json::{Value, json};
use std::ops::Range;

/// The hints in a range.
pub(crate) fn hints(analysis: &Analysis, range: &Range<usize>) -> Value {
    let Some(graph) = &analysis.graph else {
        return json!([]);
    };
    let hint = |(place, shape): (usize, Shape)| {
        json!({
            "position": analysis.text.position(place),
            "label": shape.to_string(),
            "kind": 1,
            "paddingLeft": true,
        })
    };
    shapes(graph, range).into_iter().map(hint).collect()
}
