//! Shapes behind the stages of the network's chain.

use crate::analysis::Analysis;
use crate::hover::shapes;
use serde_json::{Value, json};
use std::ops::Range;

/// The hints in a range.
pub(crate) fn hints(analysis: &Analysis, range: &Range<usize>) -> Value {
    let Some(graph) = &analysis.graph else {
        return json!([]);
    };
    let shapes = shapes(graph).into_iter();
    let shapes = shapes.filter(|(place, _)| range.start <= *place && *place <= range.end);
    let hint = |(place, shape): (usize, String)| {
        json!({
            "position": analysis.text.position(place),
            "label": shape,
            "kind": 1,
            "paddingLeft": true,
        })
    };
    shapes.map(hint).collect()
}
