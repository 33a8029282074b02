//! Which of a network's modules feed which: what the names of a foreign file suggest is held against it.

use super::modules::Module;
use netc_compiler::graph::{Graph, Layer};
use netc_plan::Op;
use std::collections::{BTreeMap, BTreeSet};

/// Two kinds of modules are followed apart, each through the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Convolutions and matrices.
    Matrix,
    /// What has a vector of numbers at most: normalisations.
    Vector,
}

pub(crate) const KINDS: [Kind; 2] = [Kind::Matrix, Kind::Vector];

impl Module {
    pub(crate) fn kind(&self) -> Kind {
        match self.parts.get("weight").map_or(0, |part| part.shape.len()) {
            0 | 1 => Kind::Vector,
            _ => Kind::Matrix,
        }
    }
}

/// The wires between modules, by their indices in the network's list.
#[derive(Debug, Default)]
pub(crate) struct Wiring {
    /// For each module the nearest ones of its own kind that its input comes from, and that its output goes to.
    pub(crate) from: Vec<BTreeSet<usize>>,
    pub(crate) to: Vec<BTreeSet<usize>>,
    /// The nearest ones of any kind that its input comes from.
    pub(crate) beside: Vec<BTreeSet<usize>>,
    /// Whether its input comes out of a pooling.
    pub(crate) pooled: Vec<bool>,
}

impl Wiring {
    pub(crate) fn of(graph: &Graph, modules: &[Module]) -> Self {
        let index: BTreeMap<&str, usize> = modules
            .iter()
            .enumerate()
            .map(|(i, module)| (module.name.as_str(), i))
            .collect();
        let mut wiring = Self {
            from: vec![BTreeSet::new(); modules.len()],
            to: vec![BTreeSet::new(); modules.len()],
            beside: vec![BTreeSet::new(); modules.len()],
            pooled: vec![false; modules.len()],
        };
        let mut pooled: Vec<bool> = Vec::with_capacity(graph.nodes.len());
        // For each node the nearest modules that its value comes from: matrices, vectors, any.
        let mut nearest: Vec<[BTreeSet<usize>; 3]> = Vec::with_capacity(graph.nodes.len());
        for node in &graph.nodes {
            let mut reached: [BTreeSet<usize>; 3] = Default::default();
            for input in &node.inputs {
                for (all, more) in reached.iter_mut().zip(&nearest[input.0]) {
                    all.extend(more);
                }
            }
            if let Some(&i) = index.get(node.name.as_str()) {
                let own = modules[i].kind() as usize;
                wiring.from[i].clone_from(&reached[own]);
                wiring.beside[i].clone_from(&reached[2]);
                wiring.pooled[i] = node.inputs.iter().any(|input| pooled[input.0]);
                for &before in &wiring.from[i] {
                    wiring.to[before].insert(i);
                }
                reached[own] = BTreeSet::from([i]);
                reached[2] = BTreeSet::from([i]);
            }
            nearest.push(reached);
            pooled.push(match node.layer {
                Layer::Pool(_) | Layer::Op(Op::GlobalPool(_) | Op::AdaptiveAvgPool(_)) => true,
                Layer::Activation(_) | Layer::Dropout { .. } | Layer::Op(Op::Pad(_)) => {
                    node.inputs.iter().any(|input| pooled[input.0])
                }
                _ => false,
            });
        }
        wiring
    }
}
