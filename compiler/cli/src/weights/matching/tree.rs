//! The tree of a file's names.

use super::super::modules::Module;
use super::super::names::{self, Member, Ordinal};
use super::super::wiring::KINDS;
use std::collections::{BTreeMap, BTreeSet};

/// A component of the names: a module, or a part of the tree.
pub(super) struct Node {
    pub(super) parent: usize,
    pub(super) component: String,
    /// In natural order.
    pub(super) children: Vec<usize>,
    /// The module that ends here.
    pub(super) module: Option<usize>,
    /// The neighbours in the series of siblings.
    pub(super) before: Option<usize>,
    pub(super) after: Option<usize>,
    /// Modules below, itself included.
    pub(super) total: usize,
    /// For each kind the classes of shapes of the modules below, and how many there are.
    pub(super) classes: [BTreeSet<usize>; KINDS.len()],
    pub(super) count: [usize; KINDS.len()],
    /// Where such a name usually stands.
    pub(super) place: u8,
    /// Whether the name speaks of a pooling: `branch_pool`.
    pub(super) is_pool: bool,
}

pub(super) const ROOT: usize = 0;

/// The tree of a file's names. The leaves are the modules.
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

impl Tree {
    pub(super) fn new(modules: &[Module], class: &[usize]) -> Self {
        let mut tree = Self { nodes: Vec::new() };
        tree.child(None, "");
        let mut order: Vec<usize> = (0..modules.len()).collect();
        order.sort_by(|a, b| names::natural(&modules[*a].name, &modules[*b].name));
        let mut index: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        for module in order {
            let mut at = ROOT;
            for component in names::components(&modules[module].name) {
                at = match index.get(&(at, component)) {
                    Some(known) => *known,
                    None => {
                        let new = tree.child(Some(at), component);
                        index.insert((at, component), new);
                        new
                    }
                };
                // A module that others stand below (`block`, `block.conv`) is its own child beside them.
                if let Some(own) = tree.nodes[at].module.take() {
                    let child = tree.child(Some(at), "");
                    tree.nodes[child].module = Some(own);
                }
            }
            if at == ROOT || !tree.nodes[at].children.is_empty() {
                at = tree.child(Some(at), "");
            }
            tree.nodes[at].module = Some(module);
        }
        tree.count(modules, class);
        for node in 0..tree.nodes.len() {
            tree.link(node, modules);
        }
        tree
    }

    pub(super) fn module(&self, node: usize) -> Option<usize> {
        self.nodes[node].module
    }

    /// The node and those above it, without the root.
    pub(super) fn path(&self, node: usize) -> impl Iterator<Item = usize> {
        let above = |node: &usize| Some(self.nodes[*node].parent);
        std::iter::successors(Some(node), above).take_while(|node| *node != ROOT)
    }

    pub(super) fn is_below(&self, node: usize, other: usize) -> bool {
        self.path(node).any(|above| above == other)
    }

    fn child(&mut self, parent: Option<usize>, component: &str) -> usize {
        let new = self.nodes.len();
        self.nodes.push(Node {
            parent: parent.unwrap_or(ROOT),
            component: component.to_owned(),
            children: Vec::new(),
            module: None,
            before: None,
            after: None,
            total: 0,
            classes: Default::default(),
            count: Default::default(),
            place: names::place(component),
            is_pool: names::member(component)
                .words
                .iter()
                .any(|word| word == "pool"),
        });
        if let Some(parent) = parent {
            self.nodes[parent].children.push(new);
        }
        new
    }

    /// Counts the modules below each node.
    fn count(&mut self, modules: &[Module], class: &[usize]) {
        for leaf in 0..self.nodes.len() {
            let Some(module) = self.nodes[leaf].module else {
                continue;
            };
            let kind = modules[module].kind() as usize;
            let above: Vec<usize> = self.path(leaf).chain([ROOT]).collect();
            for node in above {
                let node = &mut self.nodes[node];
                node.total += 1;
                node.count[kind] += 1;
                node.classes[kind].insert(class[module]);
            }
        }
    }

    /// Links the children that are one series.
    fn link(&mut self, parent: usize, modules: &[Module]) {
        type Series = (Vec<String>, Option<(usize, usize)>);
        let mut series: BTreeMap<Series, Vec<(Vec<Ordinal>, usize)>> = BTreeMap::new();
        for &child in &self.nodes[parent].children {
            let node = &self.nodes[child];
            let Member { words, counts } = names::member(&node.component);
            let ranks = node.module.map(|module| ranks(&modules[module]));
            // Numbers that stand alone count everything.
            let ranks = ranks.filter(|_| !words.is_empty());
            series
                .entry((words, ranks))
                .or_default()
                .push((counts, child));
        }
        for mut members in series.into_values() {
            // Letters that stand alone count from `a`, without a gap; `q`, `k`, `v` do not.
            let is_letter = |m: &(Vec<Ordinal>, usize)| matches!(m.0[..], [Ordinal::Letter(_)]);
            let mut letters: Vec<_> = members.iter().filter(|m| is_letter(m)).collect();
            letters.sort();
            let counted = letters
                .iter()
                .zip('a'..)
                .all(|(letter, c)| letter.0 == [Ordinal::Letter(c)]);
            if !counted {
                members.retain(|m| !is_letter(m));
            }
            members.sort();
            for pair in members.windows(2) {
                let [(a, before), (b, after)] = pair else {
                    continue;
                };
                if a != b {
                    self.nodes[*after].before = Some(*before);
                    self.nodes[*before].after = Some(*after);
                }
            }
        }
    }
}

/// Convolutions, matrices and normalisations are numbered apart.
fn ranks(module: &Module) -> (usize, usize) {
    let rank = |role: &str| module.parts.get(role).map_or(0, |part| part.shape.len());
    (rank("weight"), rank("running_mean"))
}
