//! CONCAT as the language's brackets have it.
//!
//! Branches begin at one value and meet in one join. Exporters join everything at once: the outputs of blocks that each read all
//! those before (DenseNet), and branches that part again on their way (Inception). The same channels in the same order come from joins
//! of joins.

use super::{Network, Tensors};
use netc_compiler::graph::{Layer, NodeId};
use std::collections::BTreeSet;

impl Network {
    /// These values beside each other.
    pub(crate) fn beside_each_other(&mut self, nodes: &[NodeId]) -> Result<NodeId, String> {
        let mut parts = nodes.to_vec();
        if let Some((length, join)) = self.begun(nodes) {
            parts.splice(..length, [join]);
        }
        let parts = self.grouped(&parts)?;
        let node = match parts[..] {
            [node] => node,
            _ => self.add(Layer::Concat, &parts, Tensors::new())?,
        };
        self.joins.insert(nodes.to_vec(), node);
        Ok(node)
    }

    /// A join that is there and holds the first of these values, the longest.
    fn begun(&self, nodes: &[NodeId]) -> Option<(usize, NodeId)> {
        let mut lengths = (2..=nodes.len()).rev();
        lengths.find_map(|length| Some((length, *self.joins.get(&nodes[..length])?)))
    }

    /// Values that stand together and part behind the place where all part become one.
    fn grouped(&mut self, nodes: &[NodeId]) -> Result<Vec<NodeId>, String> {
        let paths: Vec<BTreeSet<NodeId>> = nodes.iter().map(|node| self.path(*node)).collect();
        let meet = |a: &BTreeSet<NodeId>, b: &BTreeSet<NodeId>| a.intersection(b).last().copied();
        let Some(first) = paths.first() else {
            return Ok(Vec::new());
        };
        let common = paths.iter().fold(first.clone(), |all, path| &all & path);
        let fork = common.last().copied();
        let mut groups: Vec<Vec<NodeId>> = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            let with_last = at > 0 && meet(&paths[at - 1], &paths[at]) > fork;
            match groups.last_mut().filter(|_| with_last) {
                Some(group) => group.push(*node),
                None => groups.push(vec![*node]),
            }
        }
        if groups.len() == 1 {
            return Ok(nodes.to_vec());
        }
        let mut joined = Vec::new();
        for group in groups {
            joined.push(match group[..] {
                [node] => node,
                _ => self.beside_each_other(&group)?,
            });
        }
        Ok(joined)
    }

    /// A layer and those that it comes from, first input first.
    fn path(&self, node: NodeId) -> BTreeSet<NodeId> {
        let before = |node: &NodeId| self.inputs(*node).first().copied();
        std::iter::successors(Some(node), before).collect()
    }
}
