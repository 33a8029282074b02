//! The search for an order of the modules in which every layer finds its shapes.

use super::super::modules::Module;
use super::super::wiring::Wiring;
use super::precedents::{Guess, Precedents};
use super::tree::{ROOT, Tree};

/// Bounds each search, with the square of the number of modules: far more than any network needs whose names mean something.
const BUDGET: usize = 2_000_000;

/// Bounds all searches after the first one. What has not been tried then counts as a guess.
const EFFORT: usize = 20_000_000;

/// How much speaks against a module as the next one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Doubt {
    /// The usual place of its name: heads come last.
    place: u8,
    /// Names that come first in other blocks of this make and still wait in this one.
    precedents: usize,
    /// What the network's wires and the series of names say, counted.
    misses: usize,
}

/// A module that may be the next one. The search tries those first that doubt speaks against least; of equal ones those
/// beside the last module, in natural order: a start, no reason to believe it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    doubt: Doubt,
    depth: usize,
    path: Vec<usize>,
    node: usize,
}

/// A module for each layer from some layer on.
struct Solution {
    nodes: Vec<usize>,
    /// Misses of all choices.
    misses: usize,
    /// The other modules that might have been chosen.
    ties: Vec<Guess>,
}

/// How a search ends.
enum End {
    Found(Solution),
    Nothing,
    /// It takes too long to find out.
    GivenUp,
}

pub(super) struct Search<'a> {
    pub(super) tree: Tree,
    pub(super) precedents: Precedents,
    /// By module of the network, and of the file.
    layers: &'a [usize],
    class: &'a [usize],
    kinds: Vec<usize>,
    wiring: &'a Wiring,
    /// The order of a series holds without exception.
    strict: bool,
    /// For each node the modules below that have no layer yet.
    left: Vec<usize>,
    /// Steps of the last search.
    spent: usize,
    budget: usize,
}

/// What each layer could be as well as what was chosen for it. `open` has the others, `doubts` the doubt in the choice.
fn ties(chosen: &[usize], first: usize, open: &[Vec<Candidate>], doubts: &[Doubt]) -> Vec<Guess> {
    let layers = open.iter().zip(doubts).zip(chosen).enumerate();
    let ties = layers.flat_map(|(i, ((others, doubt), &chosen))| {
        let weight = |doubt: &Doubt| (doubt.place, doubt.precedents);
        // More misses here may be fewer elsewhere: the sums of all count.
        let equal = others
            .iter()
            .filter(move |other| weight(&other.doubt) == weight(doubt));
        equal.map(move |other| Guess {
            layer: first + i,
            chosen,
            other: other.node,
        })
    });
    ties.collect()
}

impl<'a> Search<'a> {
    pub(super) fn new(
        ours: &[Module],
        theirs: &[Module],
        layers: &'a [usize],
        class: &'a [usize],
        wiring: &'a Wiring,
        strict: bool,
    ) -> Self {
        Self {
            tree: Tree::new(theirs, class),
            precedents: Precedents::default(),
            layers,
            class,
            kinds: ours.iter().map(|module| module.kind() as usize).collect(),
            wiring,
            strict,
            left: Vec::new(),
            spent: 0,
            budget: 0,
        }
    }

    /// The match with the fewest misses that trying the ties gives, with the choices in it that are guesses.
    pub(super) fn best(&mut self) -> Option<(Vec<usize>, Vec<Guess>)> {
        let End::Found(mut best) = self.solve(&[]) else {
            return None;
        };
        let mut effort = EFFORT;
        'better: loop {
            let mut guesses: Vec<Guess> = Vec::new();
            for tie in best.ties.clone() {
                let mut start = best.nodes[..tie.layer].to_vec();
                start.push(tie.other);
                let end = match effort {
                    0 => End::GivenUp,
                    _ => self.solve(&start),
                };
                effort = effort.saturating_sub(self.spent);
                match end {
                    End::Found(other) if other.misses < best.misses => {
                        best = other;
                        continue 'better;
                    }
                    End::Found(other) if other.misses > best.misses => {}
                    End::Nothing => {}
                    End::Found(_) | End::GivenUp => guesses.push(tie),
                }
            }
            return Some((best.nodes, guesses));
        }
    }

    /// A module for each layer; the first layers have theirs already.
    fn solve(&mut self, start: &[usize]) -> End {
        let modules = self.class.len();
        self.budget = BUDGET + 4 * modules * modules;
        self.spent = 0;
        self.left = self.tree.nodes.iter().map(|node| node.total).collect();
        let mut nodes: Vec<usize> = Vec::new();
        let mut misses = Vec::new();
        for &node in start {
            misses.push(self.doubt(&nodes, &self.fresh(node), node).misses);
            self.mark(node, false);
            nodes.push(node);
        }
        // For each layer after the first ones what else it could be, the best last, and the doubt in what was chosen.
        let mut open: Vec<Vec<Candidate>> = Vec::new();
        let mut chosen: Vec<Doubt> = Vec::new();
        while nodes.len() < self.layers.len() {
            if open.len() == chosen.len() {
                open.push(self.candidates(&nodes));
            }
            if self.spent > self.budget {
                return End::GivenUp;
            }
            if let Some(next) = open.last_mut().and_then(Vec::pop) {
                self.mark(next.node, false);
                nodes.push(next.node);
                misses.push(next.doubt.misses);
                chosen.push(next.doubt);
                continue;
            }
            // A dead end: take the last layer's choice back and try its next.
            open.pop();
            if chosen.pop().is_none() {
                return End::Nothing;
            }
            misses.pop();
            if let Some(node) = nodes.pop() {
                self.mark(node, true);
            }
        }
        End::Found(Solution {
            ties: ties(&nodes[start.len()..], start.len(), &open, &chosen),
            misses: misses.iter().sum(),
            nodes,
        })
    }

    /// Matches a module, or takes that back.
    fn mark(&mut self, node: usize, back: bool) {
        for node in self.tree.path(node).chain([ROOT]) {
            let left = &mut self.left[node];
            *left = if back { *left + 1 } else { *left - 1 };
        }
    }

    /// The module's node and those above it of which no module has a layer yet.
    fn fresh(&self, node: usize) -> Vec<usize> {
        let untouched = |node: &usize| self.left[*node] == self.tree.nodes[*node].total;
        self.tree.path(node).take_while(untouched).collect()
    }

    /// The modules that may follow, the most likely last.
    fn candidates(&mut self, nodes: &[usize]) -> Vec<Candidate> {
        let class = self.layers[nodes.len()];
        let mut at = nodes.last().copied().unwrap_or(ROOT);
        while self.left[at] == 0 && at != ROOT {
            at = self.tree.nodes[at].parent;
        }
        let mut found = Vec::new();
        let mut todo = vec![(at, Vec::new(), Vec::new())];
        while let Some((parent, order, path)) = todo.pop() {
            for (i, &child) in self.tree.nodes[parent].children.iter().enumerate() {
                self.spent += 1;
                let node = &self.tree.nodes[child];
                let untouched = self.left[child] == node.total;
                let waits = node.before.is_some_and(|before| self.left[before] > 0);
                if !untouched || (self.strict && waits) {
                    continue;
                }
                let (mut order, mut path) = (order.clone(), path.clone());
                order.push(i);
                path.insert(0, child);
                match node.module {
                    Some(module) if self.class[module] == class => found.push(Candidate {
                        doubt: self.doubt(nodes, &path, child),
                        depth: path.len(),
                        path: order,
                        node: child,
                    }),
                    Some(_) => {}
                    None => todo.push((child, order, path)),
                }
            }
        }
        found.sort_by(|a, b| b.cmp(a));
        found
    }

    /// What speaks against a module as the next one. `path` leads from it up to the topmost part that it would begin.
    fn doubt(&self, nodes: &[usize], path: &[usize], module: usize) -> Doubt {
        let top = path.last().map_or(1, |top| self.tree.nodes[*top].place);
        let series = path.iter().map(|node| self.against_series(nodes, *node));
        Doubt {
            place: top,
            misses: series.sum::<usize>() + self.astray(nodes, module) + self.unlike(nodes, path),
            precedents: self
                .precedents
                .broken(&self.tree, path, |node| self.left[node] > 0),
        }
    }

    /// What the neighbours in the series say against this part of the tree, which the next layer would begin.
    fn against_series(&self, nodes: &[usize], node: usize) -> usize {
        let layer = nodes.len();
        let kind = self.kinds[layer];
        let tree = &self.tree.nodes;
        let mut misses = 0;
        if tree[node]
            .before
            .is_some_and(|before| self.left[before] > 0)
        {
            misses += 1;
        }
        let neighbour = |next: fn(&super::tree::Node) -> Option<usize>| {
            let mut all = std::iter::successors(next(&tree[node]), |other| next(&tree[*other]));
            all.find(|other| tree[*other].count[kind] > 0)
        };
        // What comes before it feeds it.
        if let Some(before) = neighbour(|node| node.before) {
            let mut from = self.wiring.from[layer].iter();
            let fed = from.any(|from| self.tree.is_below(nodes[*from], before));
            misses += usize::from(!fed);
        }
        // It feeds what comes after it, where it is a single module.
        if let Some(after) = neighbour(|node| node.after)
            && tree[node].count[kind] == 1
        {
            let mut to = self.wiring.to[layer].iter();
            let feeds = to.any(|to| tree[after].classes[kind].contains(&self.layers[*to]));
            misses += usize::from(!feeds);
        }
        misses
    }

    /// Whether a name speaks of a pooling that the network does not have there.
    fn unlike(&self, nodes: &[usize], path: &[usize]) -> usize {
        let layer = nodes.len();
        let mut names = path.iter().map(|node| &self.tree.nodes[*node]);
        let is_pool = names.any(|node| node.is_pool);
        usize::from(is_pool && self.kinds[layer] == 0 && !self.wiring.pooled[layer])
    }

    /// Whether a normalisation would stand elsewhere than what feeds it.
    fn astray(&self, nodes: &[usize], module: usize) -> usize {
        let layer = nodes.len();
        if self.kinds[layer] == 0 {
            return 0;
        }
        let parent = |node: usize| self.tree.nodes[node].parent;
        let beside = &self.wiring.beside[layer];
        let strays = !beside.is_empty()
            && !beside
                .iter()
                .any(|from| parent(nodes[*from]) == parent(module));
        usize::from(strays)
    }
}
