//! The branches of a graph, found again: blocks, brackets and taps are gone from it, but a text or a drawing needs them.
//!
//! Each layer has a parent: the layer before it in its chain. A join's parent is the fork where its branches began: the last
//! layer that all of its inputs come from. It has none where branches share layers, or where somebody behind the join still
//! reads inside a branch. Such a join follows its first input, and its other inputs are taps.

use crate::graph::{Graph, NodeId};

/// Branches inside each other; beyond this a join becomes a tap where it can.
const DEEPEST: usize = 100;

/// One part of a chain.
pub(super) enum Stage {
    /// A layer, and the earlier layers that it reads beside the one before it.
    Layer(NodeId, Vec<NodeId>),
    /// Branches side by side (an empty one is SKIP), and the layer that joins them.
    Branches(Vec<Vec<Stage>>, NodeId),
}

/// The whole network as a chain, INPUT first.
pub(super) fn structure(graph: &Graph) -> Vec<Stage> {
    let tree = Tree::of(graph);
    let mut stages = tree.chain(NodeId(0), graph.output, 0);
    stages.insert(0, Stage::Layer(NodeId(0), Vec::new()));
    stages
}

struct Tree<'a> {
    graph: &'a Graph,
    parents: Vec<usize>,
    /// Whether a join closes branches.
    closes: Vec<bool>,
}

impl<'a> Tree<'a> {
    fn of(graph: &'a Graph) -> Self {
        let count = graph.nodes.len();
        let mut readers = vec![Vec::new(); count];
        for (id, node) in graph.nodes.iter().enumerate() {
            for input in &node.inputs {
                readers[input.0].push(id);
            }
        }
        let mut tree = Self {
            graph,
            parents: Vec::with_capacity(count),
            closes: Vec::with_capacity(count),
        };
        let mut region = Region {
            readers,
            member_of: vec![0; count],
        };
        for (id, node) in graph.nodes.iter().enumerate() {
            let inputs: Vec<usize> = node.inputs.iter().map(|input| input.0).collect();
            let fork = tree.fork(&inputs).filter(|_| inputs.len() > 1);
            let fork = fork.filter(|fork| {
                region.is_closed(graph, *fork, id) && tree.are_separate(&inputs, *fork)
            });
            tree.closes.push(fork.is_some());
            let parent = fork.or(inputs.first().copied());
            tree.parents.push(parent.unwrap_or(0));
        }
        tree
    }

    /// The last layer that all inputs come from.
    fn fork(&self, inputs: &[usize]) -> Option<usize> {
        inputs.iter().copied().reduce(|mut a, mut b| {
            while a != b {
                if a > b {
                    a = self.parents[a];
                } else {
                    b = self.parents[b];
                }
            }
            a
        })
    }

    /// Whether the branches from the fork to the inputs share no layer.
    fn are_separate(&self, inputs: &[usize], fork: usize) -> bool {
        let mut seen: Vec<usize> = Vec::new();
        for &input in inputs {
            let mut at = input;
            while at != fork {
                seen.push(at);
                at = self.parents[at];
            }
        }
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        seen.len() == count
    }

    /// The stages after `from` up to `to`.
    fn chain(&self, from: NodeId, to: NodeId, depth: usize) -> Vec<Stage> {
        let mut stages = Vec::new();
        let mut at = to;
        while at != from {
            let inputs = &self.graph.node(at).inputs;
            let Some((first, others)) = inputs.split_first() else {
                break;
            };
            let deep = depth >= DEEPEST && others.iter().all(|tap| self.leads_to(*first, *tap));
            if self.closes[at.0] && !deep {
                let fork = NodeId(self.parents[at.0]);
                let branches = inputs.iter();
                let branches = branches.map(|input| self.chain(fork, *input, depth + 1));
                stages.push(Stage::Branches(branches.collect(), at));
                at = fork;
            } else {
                stages.push(Stage::Layer(at, others.to_vec()));
                at = *first;
            }
        }
        stages.reverse();
        stages
    }

    /// Whether `tap` stands in the chain that ends with `end`.
    fn leads_to(&self, end: NodeId, tap: NodeId) -> bool {
        let mut at = end.0;
        while at > tap.0 {
            at = self.parents[at];
        }
        at == tap.0
    }
}

/// The layers between a fork and its join.
struct Region {
    readers: Vec<Vec<usize>>,
    /// The join whose region each layer was last found in. No join is layer 0.
    member_of: Vec<usize>,
}

impl Region {
    /// Whether nobody but the join and the layers in between reads what they compute.
    fn is_closed(&mut self, graph: &Graph, fork: usize, join: usize) -> bool {
        let mut members = vec![join];
        let mut next = 0;
        while next < members.len() {
            for input in &graph.nodes[members[next]].inputs {
                // Layers before the fork are taps.
                if input.0 > fork && self.member_of[input.0] != join {
                    self.member_of[input.0] = join;
                    members.push(input.0);
                }
            }
            next += 1;
        }
        members[1..].iter().all(|member| {
            let mut readers = self.readers[*member].iter();
            readers.all(|reader| *reader == join || self.member_of[*reader] == join)
        })
    }
}
