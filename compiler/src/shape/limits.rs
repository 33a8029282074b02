//! Sizes that no machine holds.

use super::{Inferred, Site};
use crate::graph::{Graph, Shape};
use crate::layers;
use crate::limits::{MAX_ELEMENTS, MAX_LAYER_WEIGHTS, MAX_WEIGHTS};
use crate::params;
use crate::report::Report;
use crate::text::thousands;
use netc_grammar::{Code, Diagnostic};

impl Site<'_> {
    /// The shape, unless a value of it is too large.
    pub(super) fn bounded(&self, shape: Shape) -> Inferred {
        let sizes = shape.sizes();
        let elements = product(&sizes);
        if shape.is_unknown() || elements.is_some_and(|n| n <= MAX_ELEMENTS) {
            return Ok(shape);
        }
        let error = self
            .error(
                Code::E0409,
                format!(
                    "the output of this {} is too large",
                    layers::kind(&self.node.layer)
                ),
            )
            .primary(format!("{shape} for each image"))
            .note(format!(
                "that is {} numbers; at most {} are allowed",
                number(elements),
                thousands(MAX_ELEMENTS)
            ));
        Err(Some(Box::new(self.with_source(error))))
    }

    /// An error if a layer has too many weights.
    pub(super) fn weights_bounded(&self, sizes: &[usize]) -> Inferred<()> {
        let weights = product(sizes);
        if weights.is_some_and(|n| n <= MAX_LAYER_WEIGHTS) {
            return Ok(());
        }
        let factors: Vec<String> = sizes.iter().map(|&n| thousands(n as u64)).collect();
        let error = self
            .error(
                Code::E0410,
                format!(
                    "this {} has too many weights",
                    layers::kind(&self.node.layer)
                ),
            )
            .primary(format!("{} weights", number(weights)))
            .note(format!(
                "{} = {}; at most {} are allowed",
                factors.join(" * "),
                number(weights),
                thousands(MAX_LAYER_WEIGHTS)
            ));
        Err(Some(Box::new(self.with_source(error))))
    }
}

/// All layers together.
pub(super) fn check_total(graph: &Graph, report: &mut Report) {
    let mut total: u64 = 0;
    for node in &graph.nodes {
        total = total.saturating_add(params::of_node(node, graph));
        if total > MAX_WEIGHTS {
            report.push(
                Diagnostic::error(Code::E0411, "the network has too many weights", node.span)
                    .primary("here they pass the limit")
                    .note(format!("at most {} are allowed", thousands(MAX_WEIGHTS))),
            );
            return;
        }
    }
}

fn product(sizes: &[usize]) -> Option<u64> {
    sizes
        .iter()
        .try_fold(1u64, |n, &size| n.checked_mul(size as u64))
}

fn number(n: Option<u64>) -> String {
    n.map_or_else(|| format!("more than {}", thousands(u64::MAX)), thousands)
}
