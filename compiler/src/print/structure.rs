//! The branches of a graph, found again: brackets and taps are gone from it, but a text or a drawing needs them.
//!
//! Layers are taken in the order in which the language expands them: what a layer reads comes before it, first input first.
//! Each layer goes on with the chain, or begins a branch at a layer that the chain has passed, or joins branches that are open.
//! A join whose other inputs the chain has passed already reads them by name: they are taps. Where the stages in between can stand
//! in brackets beside a SKIP, and nobody behind the join reads inside, they do.

use crate::graph::{Graph, NodeId};

/// Brackets inside each other; a join that would need more reads a tap. The parser's own limit counts parentheses too.
const DEEPEST: usize = 40;

/// One part of a chain.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stage {
    /// A layer, and the earlier layers that it reads beside the one before it.
    Layer(NodeId, Vec<NodeId>),
    /// Branches side by side (an empty one is SKIP), the layer that joins them, and the earlier layers that it reads beside.
    Branches(Vec<Vec<Stage>>, NodeId, Vec<NodeId>),
}

impl Stage {
    /// The layer whose value the stage gives on.
    pub(crate) fn id(&self) -> NodeId {
        match self {
            Stage::Layer(id, _) | Stage::Branches(_, id, _) => *id,
        }
    }

    /// The layers that the stage's own layer reads by name.
    pub(crate) fn taps(&self) -> &[NodeId] {
        match self {
            Stage::Layer(_, taps) | Stage::Branches(_, _, taps) => taps,
        }
    }
}

/// The whole network as a chain, INPUT first, without the layers that the output does not depend on. `Err` holds a layer that
/// no chain of the language can reach.
pub(crate) fn structure(graph: &Graph) -> Result<Vec<Stage>, NodeId> {
    let mut levels = Levels(vec![Level::at(NodeId(0))]);
    let order = order(graph, graph.output, &vec![false; graph.nodes.len()]);
    for id in order.iter().copied().filter(|id| id.0 != 0) {
        levels.place(id, &graph.node(id).inputs).ok_or(id)?;
    }
    let Some(Level { done, current }) = levels.0.pop() else {
        return Err(graph.output);
    };
    if !levels.0.is_empty() || !done.is_empty() || order.first() != Some(&NodeId(0)) {
        return Err(graph.output);
    }
    let (mut stages, _) = Brackets::of(graph, &order).chain(current.start, current.stages);
    stages.insert(0, Stage::Layer(NodeId(0), Vec::new()));
    hidden(
        &stages,
        &mut vec![false; graph.nodes.len()],
        &mut Vec::new(),
    )
    .map_or(Ok(stages), Err)
}

/// The heads of the network, each as the chain that goes on from [`Head::from`](crate::graph::Head::from), which is not in it. `main` is
/// the network's own chain.
pub(crate) fn heads(graph: &Graph, main: &[Stage]) -> Result<Vec<Vec<Stage>>, NodeId> {
    let mut seen = vec![false; graph.nodes.len()];
    hidden(main, &mut seen, &mut Vec::new()).map_or(Ok(()), Err)?;
    let mut printed = vec![false; graph.nodes.len()];
    for id in order(graph, graph.output, &printed.clone()) {
        printed[id.0] = true;
    }
    let mut heads = Vec::new();
    for head in &graph.heads {
        if !seen[head.from.0] {
            return Err(head.from);
        }
        let mut levels = Levels(vec![Level::at(head.from)]);
        let order = order(graph, head.node, &printed);
        for id in order.iter().copied() {
            levels.place(id, &graph.node(id).inputs).ok_or(id)?;
            printed[id.0] = true;
        }
        let Some(Level { done, current }) = levels.0.pop() else {
            return Err(head.node);
        };
        if !levels.0.is_empty() || !done.is_empty() || current.end() != head.node {
            return Err(head.node);
        }
        let (stages, _) = Brackets::of(graph, &order).chain(current.start, current.stages);
        hidden(&stages, &mut seen.clone(), &mut Vec::new()).map_or(Ok(()), Err)?;
        heads.push(stages);
    }
    Ok(heads)
}

/// What a layer depends on and is not known, in the order of expansion: inputs first, from left to right.
fn order(graph: &Graph, end: NodeId, known: &[bool]) -> Vec<NodeId> {
    let mut order = Vec::new();
    let mut seen = known.to_vec();
    let mut open = vec![(end, 0)];
    while let Some((id, next)) = open.pop() {
        match graph.node(id).inputs.get(next) {
            Some(&input) => {
                open.push((id, next + 1));
                if !seen[input.0] {
                    open.push((input, 0));
                }
            }
            None if seen[id.0] => {}
            None => {
                seen[id.0] = true;
                order.push(id);
            }
        }
    }
    order
}

/// A chain that grows.
struct Strand {
    /// The layer whose value it begins with, which is not its own.
    start: NodeId,
    stages: Vec<Stage>,
}

impl Strand {
    fn at(start: NodeId) -> Self {
        Self {
            start,
            stages: Vec::new(),
        }
    }

    fn end(&self) -> NodeId {
        self.stages.last().map_or(self.start, Stage::id)
    }

    /// Takes off what stands after a layer.
    fn cut(&mut self, after: NodeId) -> Option<Vec<Stage>> {
        if self.start == after {
            return Some(std::mem::take(&mut self.stages));
        }
        let at = self.stages.iter().rposition(|stage| stage.id() == after)?;
        Some(self.stages.split_off(at + 1))
    }
}

/// Branches that begin at one layer: those that have ended, and the one that grows.
struct Level {
    done: Vec<Strand>,
    current: Strand,
}

impl Level {
    fn at(start: NodeId) -> Self {
        Self {
            done: Vec::new(),
            current: Strand::at(start),
        }
    }
}

/// Branches in branches that are not joined yet, the network's own chain first.
struct Levels(Vec<Level>);

impl Levels {
    fn place(&mut self, id: NodeId, inputs: &[NodeId]) -> Option<()> {
        let end = self.0.last()?.current.end();
        match inputs.iter().position(|input| *input == end) {
            Some(0) => {}
            Some(at) => return self.join(id, inputs, at),
            None => self.fork(*inputs.first()?)?,
        }
        let stage = Stage::Layer(id, inputs[1..].to_vec());
        self.0.last_mut()?.current.stages.push(stage);
        Some(())
    }

    /// Begins a branch at a layer that the chain has passed.
    fn fork(&mut self, at: NodeId) -> Option<()> {
        let inside = self.0.len() > 1;
        let level = self.0.last_mut()?;
        if inside && level.current.start == at {
            let done = std::mem::replace(&mut level.current, Strand::at(at));
            level.done.push(done);
            return Some(());
        }
        let first = Strand {
            start: at,
            stages: level.current.cut(at)?,
        };
        self.0.push(Level {
            done: vec![first],
            current: Strand::at(at),
        });
        Some(())
    }

    /// Joins the branches whose ends are `inputs` up to the end of the chain, which stands at `at`. Inputs among them that are the
    /// fork itself are SKIPs.
    fn join(&mut self, id: NodeId, inputs: &[NodeId], at: usize) -> Option<()> {
        let level = self.0.last_mut()?;
        let begins = |strand: &Strand| inputs[..at].contains(&strand.end());
        let first = level.done.iter().position(begins);
        let (fork, mut strands) = match first {
            Some(first) => {
                let fork = level.current.start;
                let mut strands = level.done.split_off(first);
                let current = std::mem::replace(&mut level.current, Strand::at(fork));
                strands.push(current);
                (fork, strands)
            }
            None => {
                let start = *inputs.first()?;
                let stages = level.current.cut(start)?;
                (start, vec![Strand { start, stages }])
            }
        };
        let ends: Vec<NodeId> = strands.iter().map(Strand::end).collect();
        let read = inputs[..=at].iter().copied().filter(|id| *id != fork);
        if !read.eq(ends) {
            return None;
        }
        let skips = inputs[at + 1..].iter().take_while(|id| **id == fork);
        let (joined, taps) = inputs.split_at(at + 1 + skips.count());
        let mut strands = strands.drain(..);
        let branches = joined.iter().map(|id| match *id == fork {
            true => Some(Vec::new()),
            false => strands.next().map(|strand| strand.stages),
        });
        let stage = Stage::Branches(branches.collect::<Option<_>>()?, id, taps.to_vec());
        if first == Some(0) {
            self.0.pop();
        }
        self.0.last_mut()?.current.stages.push(stage);
        Some(())
    }
}

/// What is inside a run of stages.
#[derive(Clone, Copy, Default)]
struct Extent {
    /// How deep its brackets are.
    depth: usize,
    /// The last layer that reads one of its layers, as a place in the order of expansion.
    read: usize,
}

impl Extent {
    fn deeper(self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self
        }
    }

    fn of(parts: impl IntoIterator<Item = Extent>) -> Self {
        let larger = |a: Self, b: Self| Self {
            depth: a.depth.max(b.depth),
            read: a.read.max(b.read),
        };
        parts.into_iter().fold(Self::default(), larger)
    }
}

/// Turns taps into brackets: a join that reads nothing but the chain and one earlier layer joins the stages in between with a
/// SKIP, if nobody behind it reads inside.
struct Brackets {
    /// The place of each layer in the order of expansion.
    places: Vec<usize>,
    /// For each layer the place of the last one that reads it.
    readers: Vec<usize>,
}

impl Brackets {
    fn of(graph: &Graph, order: &[NodeId]) -> Self {
        let count = graph.nodes.len();
        let mut brackets = Self {
            places: vec![0; count],
            readers: vec![0; count],
        };
        for (place, id) in order.iter().enumerate() {
            brackets.places[id.0] = place;
            for input in &graph.node(*id).inputs {
                brackets.readers[input.0] = place;
            }
        }
        brackets
    }

    fn chain(&self, start: NodeId, stages: Vec<Stage>) -> (Vec<Stage>, Extent) {
        let mut chain: Vec<Stage> = Vec::new();
        let mut extents: Vec<Extent> = Vec::new();
        for stage in stages {
            let before = chain.last().map_or(start, Stage::id);
            let (stage, mut extent) = match stage {
                Stage::Branches(branches, join, taps) => {
                    let branches = branches.into_iter();
                    let (branches, inside): (Vec<_>, Vec<_>) =
                        branches.map(|branch| self.chain(before, branch)).unzip();
                    let stage = Stage::Branches(branches, join, taps);
                    (stage, Extent::of(inside).deeper())
                }
                Stage::Layer(id, taps) => match self.skipped(start, &chain, &extents, id, &taps) {
                    Some(from) => {
                        let inside = Extent::of(extents.drain(from..));
                        let mut branches = vec![chain.split_off(from)];
                        branches.resize(taps.len() + 1, Vec::new());
                        (Stage::Branches(branches, id, Vec::new()), inside.deeper())
                    }
                    None => (Stage::Layer(id, taps), Extent::default()),
                },
            };
            extent.read = extent.read.max(self.readers[stage.id().0]);
            chain.push(stage);
            extents.push(extent);
        }
        let all = Extent::of(extents);
        (chain, all)
    }

    /// Where in the chain the stages begin that a join and a SKIP can stand around.
    fn skipped(
        &self,
        start: NodeId,
        chain: &[Stage],
        extents: &[Extent],
        join: NodeId,
        taps: &[NodeId],
    ) -> Option<usize> {
        let tap = *taps.first()?;
        let from = match tap == start {
            true => 0,
            false => chain.iter().rposition(|stage| stage.id() == tap)? + 1,
        };
        let inside = Extent::of(extents[from..].iter().copied());
        let alone = taps.iter().all(|other| *other == tap);
        let closed = inside.read <= self.places[join.0];
        (alone && closed && inside.depth < DEEPEST).then_some(from)
    }
}

/// A layer that reads a tap which it cannot see: a branch's tap is visible in that branch, and after the join.
fn hidden(stages: &[Stage], seen: &mut [bool], order: &mut Vec<NodeId>) -> Option<NodeId> {
    for stage in stages {
        if let Stage::Branches(branches, ..) = stage {
            let known = order.len();
            let mut inside = Vec::new();
            for branch in branches {
                let problem = hidden(branch, seen, order);
                if problem.is_some() {
                    return problem;
                }
                for id in order.drain(known..) {
                    seen[id.0] = false;
                    inside.push(id);
                }
            }
            inside.iter().for_each(|id| seen[id.0] = true);
            order.extend(inside);
        }
        if !stage.taps().iter().all(|tap| seen[tap.0]) {
            return Some(stage.id());
        }
        seen[stage.id().0] = true;
        order.push(stage.id());
    }
    None
}
