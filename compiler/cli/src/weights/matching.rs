//! Which module of a foreign file is which layer.
//!
//! A foreign file says nothing about the order of its modules: PyTorch's safetensors are sorted by name, so `bn1` stands
//! before `conv1`, and `fc` before `layer1`. What is left are shapes and names, and three facts about names that hold in
//! nearly every framework and model zoo:
//!
//! - names form a tree (`layer1.0.conv1`), and a subtree is a part of the network: once entered, it is finished before the
//!   next one starts;
//! - siblings with the same stem and kind (`conv1`, `conv2`; `layer1`, `layer2`; `0`, `1`) stand in the order of their
//!   numbers; siblings with different stems (`conv1`, `bn1`, `layer1`, `fc`) in any order;
//! - where both are possible, a module beside the last one is more likely than one deeper inside.
//!
//! So the network's layers are walked in order, and a depth-first search over the tree looks for the next module of the same
//! shapes, with backtracking. If no order fits, the second fact is dropped; if still none fits, only modules whose shapes are
//! unique can be told apart.

use super::modules::{Module, Signature};
use super::names;
use std::collections::{BTreeMap, BTreeSet};

/// Bounds the search, with the square of the number of modules: far more than any network needs whose names mean something.
const BUDGET: usize = 2_000_000;

/// How the modules were told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Every module's shapes are its own.
    Shapes,
    /// Several have the same shapes; the order of their names decides.
    Order,
    /// As above, though the numbers in the names had to be ignored in places.
    LooseOrder,
}

/// For each layer the module that fits.
#[derive(Debug)]
pub(crate) struct Matching {
    pub(crate) how: How,
    /// Index into `theirs` for each of `ours`.
    pub(crate) pairs: Vec<usize>,
}

/// Why there is no match.
#[derive(Debug, Default)]
pub(crate) struct Mismatch {
    /// Modules that only one side has, by shapes: indices into `ours` and `theirs`. Where both sides have modules of these
    /// shapes but not as many, all of them are listed.
    pub(crate) differ: Vec<(Vec<usize>, Vec<usize>)>,
    /// Modules that cannot be told apart: nothing but the alphabet would decide.
    pub(crate) ambiguous: Vec<(Vec<usize>, Vec<usize>)>,
}

/// Finds the modules for the layers.
pub(crate) fn find(ours: &[Module], theirs: &[Module]) -> Result<Matching, Mismatch> {
    let mut classes: BTreeMap<Signature, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (i, module) in ours.iter().enumerate() {
        classes.entry(module.signature()).or_default().0.push(i);
    }
    for (i, module) in theirs.iter().enumerate() {
        classes.entry(module.signature()).or_default().1.push(i);
    }
    let mut mismatch = Mismatch::default();
    let mut class_of = (vec![0; ours.len()], vec![0; theirs.len()]);
    for (class, (a, b)) in classes.values().enumerate() {
        a.iter().for_each(|i| class_of.0[*i] = class);
        b.iter().for_each(|i| class_of.1[*i] = class);
        if a.len() != b.len() {
            mismatch.differ.push((a.clone(), b.clone()));
        }
    }
    if !mismatch.differ.is_empty() {
        // In the order of the network, then what is left over.
        mismatch
            .differ
            .sort_by_key(|(a, b)| (a.first().copied().unwrap_or(usize::MAX), b.first().copied()));
        return Err(mismatch);
    }
    if classes.values().all(|(a, _)| a.len() == 1) {
        let mut pairs = vec![0; ours.len()];
        classes.values().for_each(|(a, b)| pairs[a[0]] = b[0]);
        let how = How::Shapes;
        return Ok(Matching { how, pairs });
    }
    for (how, strict) in [(How::Order, true), (How::LooseOrder, false)] {
        let mut search = Search::new(theirs, &class_of.1, strict);
        let Some(solution) = search.solve(&class_of.0, Vec::new()) else {
            continue;
        };
        let guessed = if strict {
            search.guesses(&class_of.0, &solution)
        } else {
            BTreeSet::new()
        };
        if guessed.is_empty() {
            let modules = solution
                .nodes
                .iter()
                .filter_map(|node| search.nodes[*node].module);
            let pairs = modules.collect();
            return Ok(Matching { how, pairs });
        }
        let guessed = |(class, _): &(usize, _)| guessed.contains(class);
        let classes = classes.into_values().enumerate().filter(guessed);
        mismatch.ambiguous = classes.map(|(_, both)| both).collect();
        mismatch.ambiguous.sort();
        return Err(mismatch);
    }
    mismatch.ambiguous = classes.into_values().filter(|(a, _)| a.len() > 1).collect();
    mismatch.ambiguous.sort();
    Err(mismatch)
}

/// A component of the names: a module, or a part of the tree.
struct Node {
    parent: usize,
    /// In natural order.
    children: Vec<usize>,
    /// The module that ends here.
    module: Option<usize>,
    /// The sibling of the same stem and kind before this one.
    before: Option<usize>,
    /// Modules below, itself included.
    total: usize,
    /// Those not matched yet.
    left: usize,
    /// Likelier ones first: the usual place of such a name, its number.
    rank: (u8, u64),
}

const ROOT: usize = 0;

/// How likely a module comes next, the likeliest first: by the usual place of its name, then modules beside the last one
/// before those deeper inside, then by numbers.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Likely {
    place: u8,
    depth: usize,
    path: Vec<(u8, u64)>,
}

struct Search<'a> {
    nodes: Vec<Node>,
    class: &'a [usize],
    strict: bool,
    budget: usize,
}

/// A layer's candidates, the most likely last.
type Candidates = Vec<(Likely, usize)>;

/// A module for each layer.
struct Solution {
    nodes: Vec<usize>,
    /// Where another module was exactly as likely: the layer, and that module.
    ties: Vec<(usize, usize)>,
}

impl<'a> Search<'a> {
    fn new(theirs: &[Module], class: &'a [usize], strict: bool) -> Self {
        let mut search = Self {
            nodes: vec![Node::new(ROOT, "")],
            class,
            strict,
            budget: BUDGET + 4 * theirs.len() * theirs.len(),
        };
        let mut order: Vec<usize> = (0..theirs.len()).collect();
        order.sort_by(|a, b| names::natural(&theirs[*a].name, &theirs[*b].name));
        let mut index: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        let mut last: BTreeMap<(usize, &str, String), usize> = BTreeMap::new();
        for module in order {
            let mut at = ROOT;
            let mut path = names::components(&theirs[module].name).peekable();
            if path.peek().is_none() {
                at = search.child(ROOT, "");
            }
            while let Some(component) = path.next() {
                let parent = at;
                // A module that others stand below (`block`, `block.conv`) is its own child beside them.
                let leaf = path.peek().is_none();
                at = match index.get(&(parent, component)) {
                    Some(known) if leaf => search.child(*known, ""),
                    Some(known) => *known,
                    None => {
                        let new = search.child(parent, component);
                        index.insert((parent, component), new);
                        let kind = if leaf {
                            kind(&theirs[module])
                        } else {
                            String::new()
                        };
                        let chain = (parent, names::stem(component), kind);
                        search.nodes[new].before = last.insert(chain, new);
                        new
                    }
                };
                if !leaf && search.nodes[at].module.is_some() {
                    let own = search.nodes[at].module.take();
                    let child = search.child(at, "");
                    search.nodes[child].module = own;
                    search.nodes[child].total = 1;
                }
            }
            search.nodes[at].module = Some(module);
            loop {
                search.nodes[at].total += 1;
                if at == ROOT {
                    break;
                }
                at = search.nodes[at].parent;
            }
        }
        for node in &mut search.nodes {
            node.left = node.total;
        }
        search
    }

    fn child(&mut self, parent: usize, component: &str) -> usize {
        let new = self.nodes.len();
        self.nodes.push(Node::new(parent, component));
        self.nodes[parent].children.push(new);
        new
    }

    /// A module for each layer, which is given by the class of its shapes; the first layers have theirs already.
    fn solve(&mut self, layers: &[usize], start: Vec<usize>) -> Option<Solution> {
        let first = start.len();
        self.nodes
            .iter_mut()
            .for_each(|node| node.left = node.total);
        start.iter().for_each(|node| self.mark(*node, false));
        let mut at = start.last().copied().unwrap_or(ROOT);
        let mut nodes = start;
        // For each layer after the first ones: what else it could be, and how likely its choice was.
        let mut open: Vec<Candidates> = Vec::new();
        let mut chosen: Vec<Likely> = Vec::new();
        while let Some(class) = layers.get(nodes.len()) {
            if open.len() == chosen.len() {
                open.push(self.candidates(at, *class));
            }
            if self.budget == 0 {
                return None;
            }
            if let Some((likely, node)) = open.last_mut()?.pop() {
                self.mark(node, false);
                nodes.push(node);
                chosen.push(likely);
                at = node;
            } else {
                // A dead end: take the last layer's choice back and try its next.
                open.pop();
                chosen.pop()?;
                let node = nodes.pop()?;
                self.mark(node, true);
                at = nodes.last().copied().unwrap_or(ROOT);
            }
        }
        let tie = |(layer, (others, likely)): (usize, (&Candidates, &Likely))| {
            let (other, node) = others.last()?;
            (other == likely).then_some((layer, *node))
        };
        let choices = open.iter().zip(&chosen);
        let ties = choices
            .enumerate()
            .filter_map(|(i, choice)| tie((first + i, choice)));
        let ties = ties.collect();
        Some(Solution { nodes, ties })
    }

    /// The classes of which a module was chosen for no reason: another was exactly as likely, and fits as well.
    fn guesses(&mut self, layers: &[usize], solution: &Solution) -> BTreeSet<usize> {
        let mut guessed = BTreeSet::new();
        for &(layer, other) in &solution.ties {
            let mut start = solution.nodes[..layer].to_vec();
            start.push(other);
            if !guessed.contains(&layers[layer]) && self.solve(layers, start).is_some() {
                guessed.insert(layers[layer]);
            }
        }
        guessed
    }

    /// Matches a module, or takes that back.
    fn mark(&mut self, mut node: usize, back: bool) {
        loop {
            let left = &mut self.nodes[node].left;
            *left = if back { *left + 1 } else { *left - 1 };
            if node == ROOT {
                return;
            }
            node = self.nodes[node].parent;
        }
    }

    /// The modules of this class that may follow the one at `at`.
    fn candidates(&mut self, mut at: usize, class: usize) -> Candidates {
        while self.nodes[at].left == 0 && at != ROOT {
            at = self.nodes[at].parent;
        }
        let mut found: Vec<(Likely, usize)> = Vec::new();
        let mut todo = vec![(at, Vec::new())];
        while let Some((parent, path)) = todo.pop() {
            for &child in &self.nodes[parent].children {
                self.budget = self.budget.saturating_sub(1);
                let node = &self.nodes[child];
                let untouched = node.left == node.total;
                let waits = |before: usize| self.nodes[before].left > 0;
                if !untouched || (self.strict && node.before.is_some_and(waits)) {
                    continue;
                }
                let mut path: Vec<(u8, u64)> = path.clone();
                path.push(node.rank);
                match node.module {
                    Some(module) if self.class[module] == class => {
                        let (place, depth) = (path[0].0, path.len());
                        found.push((Likely { place, depth, path }, child));
                    }
                    Some(_) => {}
                    None => todo.push((child, path)),
                }
            }
        }
        found.sort_by(|a, b| b.cmp(a));
        found
    }
}

impl Node {
    fn new(parent: usize, component: &str) -> Self {
        Self {
            parent,
            children: Vec::new(),
            module: None,
            before: None,
            total: 0,
            left: 0,
            rank: (
                names::place(component),
                names::number(component).unwrap_or(0),
            ),
        }
    }
}

/// Convolutions, matrices and normalisations are numbered apart, unless the numbers stand alone (`features.0`).
fn kind(module: &Module) -> String {
    let last = names::components(&module.name).next_back().unwrap_or("");
    if names::stem(last).is_empty() {
        return String::new();
    }
    let rank = |role: &str| module.parts.get(role).map_or(0, |p| p.shape.len());
    format!("{} {}", rank("weight"), rank("running_mean"))
}

#[cfg(test)]
mod tests {
    use super::super::modules::{Layout, Part};
    use super::*;
    use std::path::Path;

    /// A module with a weight of this shape; of one axis, a normalisation.
    fn module(name: &str, shape: &[usize]) -> Module {
        let part = |shape: &[usize]| Part {
            tensor: 0,
            shape: shape.to_vec(),
            layout: Layout::Same,
        };
        let mut parts = BTreeMap::from([("weight".to_owned(), part(shape))]);
        if let [channels] = *shape {
            for role in ["bias", "running_mean", "running_var"] {
                parts.insert(role.to_owned(), part(&[channels]));
            }
        }
        let name = name.to_owned();
        Module { name, parts }
    }

    /// Matches the modules in the order given, as layers, with the same modules in alphabetical order.
    fn names_in_order(modules: &[Module]) -> (How, Vec<String>) {
        let mut theirs = modules.to_vec();
        theirs.sort_by(|a, b| a.name.cmp(&b.name));
        let found = find(modules, &theirs).unwrap();
        let names = found.pairs.iter().map(|j| theirs[*j].name.clone());
        (found.how, names.collect())
    }

    fn check(modules: &[(&str, &[usize])], how: How) {
        let modules: Vec<Module> = modules.iter().map(|(n, s)| module(n, s)).collect();
        let wanted: Vec<String> = modules.iter().map(|m| m.name.clone()).collect();
        assert_eq!(names_in_order(&modules), (how, wanted));
    }

    #[test]
    fn torchvision_is_matched_in_its_own_order() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/state_dicts");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let mut modules: Vec<Module> = Vec::new();
            for line in text.lines().filter(|l| !l.starts_with('#')) {
                let (name, shape) = line.split_once(' ').unwrap();
                let (owner, role) = names::split(name);
                let shape = shape.split('x').map(|n| n.parse().unwrap()).collect();
                if modules.last().is_none_or(|m| m.name != owner) {
                    let name = owner.to_owned();
                    let parts = BTreeMap::new();
                    modules.push(Module { name, parts });
                }
                let layout = Layout::Same;
                let part = Part {
                    tensor: 0,
                    shape,
                    layout,
                };
                modules
                    .last_mut()
                    .unwrap()
                    .parts
                    .insert(role.to_owned(), part);
            }
            let wanted: Vec<String> = modules.iter().map(|m| m.name.clone()).collect();
            let (how, names) = names_in_order(&modules);
            assert_ne!(how, How::LooseOrder);
            assert_eq!(names, wanted);
            seen += 1;
        }
        assert_eq!(seen, 7);
    }

    #[test]
    fn unique_shapes_need_no_names() {
        check(
            &[("z", &[4, 3, 3, 3]), ("y", &[4]), ("a", &[10, 4])],
            How::Shapes,
        );
    }

    #[test]
    fn numbers_decide_between_equals() {
        let conv = &[8, 8, 3, 3][..];
        check(
            &[("conv1", conv), ("conv2", conv), ("conv10", conv)],
            How::Order,
        );
    }

    #[test]
    fn a_subtree_is_not_left_before_it_is_finished() {
        // DenseNet's trap: the transition's 1x1 has the shape of a later block's.
        let (wide, narrow) = (&[128, 256, 1, 1][..], &[32, 128, 3, 3][..]);
        check(
            &[
                ("block1.layer1.conv1", wide),
                ("block1.layer1.conv2", narrow),
                ("transition1.conv", wide),
                ("block2.layer1.conv1", wide),
                ("block2.layer1.conv2", narrow),
            ],
            How::Order,
        );
    }

    #[test]
    fn heads_come_last_and_stems_first() {
        let square = &[64, 64][..];
        check(
            &[
                ("encoder.0", square),
                ("middle.0", square),
                ("decoder.0", square),
            ],
            How::Order,
        );
    }

    #[test]
    fn numbers_against_the_order_are_a_last_resort() {
        let ours: Vec<Module> = [[4, 3, 3, 3], [4, 3, 3, 3], [8, 4, 3, 3], [4, 8, 1, 1]]
            .iter()
            .enumerate()
            .map(|(i, s)| module(&i.to_string(), s))
            .collect();
        let theirs: Vec<Module> = [
            ("c1", [8, 4, 3, 3]),
            ("c2", [4, 3, 3, 3]),
            ("c3", [4, 8, 1, 1]),
            ("c4", [4, 3, 3, 3]),
        ]
        .iter()
        .map(|(n, s)| module(n, s))
        .collect();
        let found = find(&ours, &theirs).unwrap();
        assert_eq!(
            (found.how, found.pairs),
            (How::LooseOrder, vec![1, 3, 0, 2])
        );
    }

    #[test]
    fn differences_are_listed_whole() {
        let list =
            |all: &[(&str, &[usize])]| all.iter().map(|(n, s)| module(n, s)).collect::<Vec<_>>();
        let ours = list(&[("a", &[4, 3]), ("b", &[4, 4]), ("c", &[4, 4])]);
        let theirs = list(&[("x", &[4, 4]), ("y", &[9, 9])]);
        let mismatch = find(&ours, &theirs).unwrap_err();
        assert_eq!(
            mismatch.differ,
            [(vec![0], vec![]), (vec![1, 2], vec![0]), (vec![], vec![1])]
        );
    }

    #[test]
    fn the_alphabet_decides_nothing() {
        let square = &[64, 64][..];
        let modules = ["key", "query", "out"].map(|name| module(name, square));
        let mismatch = find(&modules, &modules).unwrap_err();
        assert_eq!(mismatch.ambiguous, [(vec![0, 1, 2], vec![0, 1, 2])]);
        // Where only one of the two ways fits, the search finds it.
        let modules = [
            ("b.1", &[3, 64][..]),
            ("a.0", square),
            ("b.0", square),
            ("c", &[9, 3]),
        ]
        .map(|(name, shape)| module(name, shape));
        let ours = [1, 2, 0, 3].map(|i: usize| modules[i].clone());
        assert_eq!(find(&ours, &modules).unwrap().pairs, [1, 2, 0, 3]);
    }

    #[test]
    fn thousands_of_layers_are_matched_at_once() {
        let modules: Vec<Module> = (0..3_000)
            .map(|i| module(&format!("layers.{i}"), &[4, 4]))
            .collect();
        let start = std::time::Instant::now();
        let (how, names) = names_in_order(&modules);
        assert_eq!(how, How::Order);
        assert_eq!(names[2_999], "layers.2999");
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }
}
