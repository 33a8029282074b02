//! What blocks of one make say about the order of the same names inside: in `Mixed_5b` shapes tell that `branch1x1` comes
//! before `branch_pool`; in `Mixed_5c`, which has the same names, both have the same.

use super::super::names;
use super::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};

/// A choice without a reason: the other module would have done as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Guess {
    pub(super) layer: usize,
    pub(super) chosen: usize,
    pub(super) other: usize,
}

/// A name, and one that comes after it in blocks of this make.
type Order = (String, String, String);

/// Orders that were seen, and never the other way round.
#[derive(Debug, Default)]
pub(super) struct Precedents(BTreeSet<Order>);

impl Precedents {
    /// What the blocks tell in which none of the two names was guessed.
    pub(super) fn of(tree: &Tree, nodes: &[usize], guesses: &[Guess]) -> Self {
        let mut guessed: BTreeMap<usize, BTreeSet<[&str; 2]>> = BTreeMap::new();
        for guess in guesses {
            let Some((block, names)) = fork(tree, guess) else {
                continue;
            };
            guessed.entry(block).or_default().insert(names);
        }
        let wanted = guessed.iter().flat_map(|(block, all)| {
            let make = make(tree, *block);
            all.iter().map(move |names| (make.clone(), *names))
        });
        let wanted: BTreeSet<(String, [&str; 2])> = wanted.collect();
        // Where each part of the tree begins.
        let mut first: BTreeMap<usize, usize> = BTreeMap::new();
        for (layer, node) in nodes.iter().enumerate() {
            for above in tree.path(*node) {
                first.entry(above).or_insert(layer);
            }
        }
        let mut seen: BTreeSet<Order> = BTreeSet::new();
        for (block, node) in tree.nodes.iter().enumerate() {
            let here: BTreeMap<&str, usize> = node
                .children
                .iter()
                .filter_map(|c| Some((tree.nodes[*c].component.as_str(), *first.get(c)?)))
                .collect();
            let make = make(tree, block);
            for (_, [a, b]) in wanted.iter().filter(|(other, _)| *other == make) {
                let unsure = guessed
                    .get(&block)
                    .is_some_and(|all| all.contains(&[*a, *b]));
                let (Some(at), Some(bt)) = (here.get(a), here.get(b)) else {
                    continue;
                };
                if !unsure {
                    let (a, b) = if at < bt { (a, b) } else { (b, a) };
                    seen.insert((make.clone(), (*a).to_owned(), (*b).to_owned()));
                }
            }
        }
        let agreed = seen
            .iter()
            .filter(|(make, a, b)| !seen.contains(&(make.clone(), b.clone(), a.clone())));
        Self(agreed.cloned().collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many siblings of the nodes from `node` up to `top` should have come before them and have not.
    pub(super) fn broken(
        &self,
        tree: &Tree,
        path: &[usize],
        waits: impl Fn(usize) -> bool,
    ) -> usize {
        if self.is_empty() {
            return 0;
        }
        let at = |node: &usize| {
            let (own, parent) = (&tree.nodes[*node].component, tree.nodes[*node].parent);
            let make = make(tree, parent);
            let siblings = tree.nodes[parent].children.iter();
            let late = siblings.filter(|sibling| {
                let name = &tree.nodes[**sibling].component;
                waits(**sibling) && self.0.contains(&(make.clone(), name.clone(), own.clone()))
            });
            late.count()
        };
        path.iter().map(at).sum()
    }
}

/// The block in which the two modules of a guess part, and the names there, in the order of the alphabet.
fn fork<'t>(tree: &'t Tree, guess: &Guess) -> Option<(usize, [&'t str; 2])> {
    let chosen: Vec<usize> = tree.path(guess.chosen).collect();
    let other: Vec<usize> = tree.path(guess.other).collect();
    let (a, b) = chosen
        .iter()
        .rev()
        .zip(other.iter().rev())
        .find(|(a, b)| a != b)?;
    let mut names = [*a, *b].map(|node| tree.nodes[node].component.as_str());
    names.sort_unstable();
    Some((tree.nodes[*a].parent, names))
}

/// What blocks of one make have in common: the words of their names, and the names inside.
fn make(tree: &Tree, block: usize) -> String {
    let mut words: Vec<String> = tree
        .path(block)
        .map(|node| names::member(&tree.nodes[node].component).words.join("_"))
        .collect();
    words.reverse();
    let children = tree.nodes[block].children.iter();
    let inside: Vec<&str> = children
        .map(|child| tree.nodes[*child].component.as_str())
        .collect();
    format!("{}: {}", words.join("."), inside.join(" "))
}
