//! The network as its bare line: `INPUT => CONV => RELU => POOL => FC`.

use std::collections::BTreeMap;

use crate::graph::{Graph, NodeId};

use super::structure::{Stage, structure};
use crate::text::notation;

/// The bare line. It parses again, and has the same layers in the same places.
#[must_use]
pub fn arrow(graph: &Graph) -> String {
    let stages = structure(graph);
    let mut taps = BTreeMap::new();
    find_taps(&stages, &mut taps);
    for (i, number) in taps.values_mut().enumerate() {
        *number = i + 1;
    }
    let mut text = String::new();
    Line { graph, taps }.write(&stages, &mut text);
    text
}

fn find_taps(stages: &[Stage], taps: &mut BTreeMap<NodeId, usize>) {
    for stage in stages {
        match stage {
            Stage::Layer(_, read) => taps.extend(read.iter().map(|tap| (*tap, 0))),
            Stage::Branches(branches, _) => {
                for branch in branches {
                    find_taps(branch, taps);
                }
            }
        }
    }
}

struct Line<'a> {
    graph: &'a Graph,
    /// The numbers of the layers that are read by name.
    taps: BTreeMap<NodeId, usize>,
}

impl Line<'_> {
    fn write(&self, stages: &[Stage], text: &mut String) {
        if stages.is_empty() {
            text.push_str("SKIP");
        }
        for (i, stage) in stages.iter().enumerate() {
            if i > 0 {
                text.push_str(" => ");
            }
            let id = match stage {
                Stage::Layer(id, taps) => {
                    self.layer(*id, taps, text);
                    id
                }
                Stage::Branches(branches, join) => {
                    self.branches(branches, text);
                    self.layer(*join, &[], text);
                    join
                }
            };
            if let Some(number) = self.taps.get(id) {
                text.push_str(&format!(" as t{number}"));
            }
        }
    }

    fn branches(&self, branches: &[Vec<Stage>], text: &mut String) {
        text.push_str("[ ");
        for (i, branch) in branches.iter().enumerate() {
            if i > 0 {
                text.push_str(" | ");
            }
            self.write(branch, text);
        }
        text.push_str(" ] => ");
    }

    fn layer(&self, id: NodeId, taps: &[NodeId], text: &mut String) {
        text.push_str(notation::kind(&self.graph.node(id).op));
        let taps: Vec<String> = taps
            .iter()
            .filter_map(|tap| self.taps.get(tap))
            .map(|number| format!("t{number}"))
            .collect();
        if !taps.is_empty() {
            text.push_str(&format!("({})", taps.join(", ")));
        }
    }
}
