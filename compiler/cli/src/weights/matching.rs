//! Which module of a foreign file is which layer.
//!
//! A foreign file says nothing about the order of its modules: PyTorch's safetensors are sorted by name, so `bn1` stands
//! before `conv1`, and `fc` before `layer1`. What is left are shapes and names, and facts about names that hold in nearly
//! every framework and model zoo:
//!
//! - names form a tree (`layer1.0.conv1`), and a subtree is a part of the network: once entered, it is finished before the
//!   next one starts;
//! - siblings of one series (`conv1`, `conv2`; `layer1`, `layer2`; `a`, `b`; see `names::member`) stand in its order, and
//!   mostly each feeds the next; siblings of different series (`conv1`, `bn1`; `branch5x5_1`, `branch_pool`) stand in any;
//! - a normalisation stands beside what feeds it, and what is called a pool reads one.
//!
//! So the network's layers are walked in order, and a depth-first search over the tree ([`tree`]) looks for the next module
//! of the same shapes, with backtracking, those first that agree with the network's own [`wiring`](super::wiring). If no
//! order fits, the order of a series is only preferred.
//!
//! What was found is not believed yet: wherever another module would have done as well, the rest is searched again with that
//! one. If the whole comes out no worse, the choice was a guess. What other blocks of the same make say about the same names
//! settles it ([`precedents`]); a guess that is left is refused.

mod precedents;
mod search;
mod tree;

use super::modules::{Module, Signature};
use super::wiring::Wiring;
use precedents::Guess;
use precedents::Precedents;
use search::Search;
use std::collections::{BTreeMap, BTreeSet};

/// How the modules were told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Every module's shapes are its own.
    Shapes,
    /// Several have the same shapes; the order of their names decides.
    Order,
    /// As above, though a series of names is not in the network's order.
    Wires,
}

/// For each layer the module that fits.
#[derive(Debug)]
pub(crate) struct Matching {
    pub(crate) evidence: Evidence,
    /// Index into `theirs` for each of `ours`.
    pub(crate) pairs: Vec<usize>,
}

/// Why there is no match. Lists are indices into `ours` and `theirs`.
#[derive(Debug, Default)]
pub(crate) struct Mismatch {
    /// Modules that only one side has, by shapes. Where both sides have modules of these shapes but not as many, all of them
    /// are listed.
    pub(crate) differ: Vec<(Vec<usize>, Vec<usize>)>,
    /// Modules that cannot be told apart.
    pub(crate) ambiguous: Vec<(Vec<usize>, Vec<usize>)>,
}

/// Modules of the same shapes: of the network, and of the file.
type Classes = BTreeMap<Signature, (Vec<usize>, Vec<usize>)>;

/// Finds the modules for the layers.
pub(crate) fn find(
    ours: &[Module],
    theirs: &[Module],
    wiring: &Wiring,
) -> Result<Matching, Mismatch> {
    let mut classes = Classes::new();
    for (i, module) in ours.iter().enumerate() {
        classes.entry(module.signature()).or_default().0.push(i);
    }
    for (i, module) in theirs.iter().enumerate() {
        classes.entry(module.signature()).or_default().1.push(i);
    }
    let differ = differ(&classes);
    if !differ.is_empty() {
        return Err(Mismatch {
            differ,
            ambiguous: Vec::new(),
        });
    }
    if classes.values().all(|(a, _)| a.len() == 1) {
        let mut pairs = vec![0; ours.len()];
        classes.values().for_each(|(a, b)| pairs[a[0]] = b[0]);
        let evidence = Evidence::Shapes;
        return Ok(Matching { evidence, pairs });
    }
    let mut class_of = (vec![0; ours.len()], vec![0; theirs.len()]);
    for (class, (a, b)) in classes.values().enumerate() {
        a.iter().for_each(|i| class_of.0[*i] = class);
        b.iter().for_each(|i| class_of.1[*i] = class);
    }
    for (evidence, strict) in [(Evidence::Order, true), (Evidence::Wires, false)] {
        let mut search = Search::new(ours, theirs, &class_of.0, &class_of.1, wiring, strict);
        let Some(found) = settle(&mut search) else {
            continue;
        };
        let (nodes, guesses) = found;
        let modules = nodes.iter().filter_map(|node| search.tree.module(*node));
        let pairs: Vec<usize> = modules.collect();
        if guesses.is_empty() {
            return Ok(Matching { evidence, pairs });
        }
        return Err(Mismatch {
            differ: Vec::new(),
            ambiguous: candidates(&search, &class_of.0, &pairs, &guesses),
        });
    }
    let mut ambiguous: Vec<_> = classes.into_values().filter(|(a, _)| a.len() > 1).collect();
    ambiguous.sort();
    Err(Mismatch {
        differ: Vec::new(),
        ambiguous,
    })
}

/// In the order of the network, then what is left over.
fn differ(classes: &Classes) -> Vec<(Vec<usize>, Vec<usize>)> {
    let unlike = classes.values().filter(|(a, b)| a.len() != b.len());
    let mut differ: Vec<_> = unlike.cloned().collect();
    differ.sort_by_key(|(a, b)| (a.first().copied().unwrap_or(usize::MAX), b.first().copied()));
    differ
}

/// The best match, with the choices in it that are guesses: first as it is, then by the precedents of its own blocks.
fn settle(search: &mut Search<'_>) -> Option<(Vec<usize>, Vec<Guess>)> {
    let (nodes, guesses) = search.best()?;
    if guesses.is_empty() {
        return Some((nodes, guesses));
    }
    search.precedents = Precedents::of(&search.tree, &nodes, &guesses);
    if search.precedents.is_empty() {
        return Some((nodes, guesses));
    }
    search.best().or(Some((nodes, guesses)))
}

/// The modules of each guess, and the layers that they might be, by class.
fn candidates(
    search: &Search<'_>,
    class_of: &[usize],
    pairs: &[usize],
    guesses: &[Guess],
) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut by_class: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for guess in guesses {
        let modules = [guess.chosen, guess.other].map(|node| search.tree.module(node));
        let both = by_class.entry(class_of[guess.layer]).or_default();
        both.extend(modules.into_iter().flatten());
    }
    let lists = by_class.into_values().map(|theirs| {
        let layers = (0..pairs.len()).filter(|i| theirs.contains(&pairs[*i]));
        (layers.collect(), theirs.into_iter().collect())
    });
    let mut lists: Vec<(Vec<usize>, Vec<usize>)> = lists.collect();
    lists.sort();
    lists
}

#[cfg(test)]
mod tests {
    use super::super::modules::{AxisOrder, ModuleTensor};
    use super::*;

    /// A module with a weight of this shape; of one axis, a normalisation.
    fn module(name: &str, shape: &[usize]) -> Module {
        let part = |shape: &[usize]| ModuleTensor {
            tensor: 0,
            shape: shape.to_vec(),
            layout: AxisOrder::Same,
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

    /// Wires by pairs of modules, of which the first feeds the second.
    fn wires(modules: &[Module], wires: impl IntoIterator<Item = (usize, usize)>) -> Wiring {
        let none = vec![BTreeSet::new(); modules.len()];
        let (mut from, mut to) = (none.clone(), none.clone());
        for (a, b) in wires {
            from[b].insert(a);
            to[a].insert(b);
        }
        Wiring {
            from,
            to,
            beside: none,
            pooled: vec![false; modules.len()],
        }
    }

    /// Each feeds the next.
    fn chain(modules: &[Module]) -> Wiring {
        wires(modules, (1..modules.len()).map(|i| (i - 1, i)))
    }

    /// Matches the modules in the order given, as layers, with the same modules in alphabetical order.
    fn names_in_order(modules: &[Module]) -> (Evidence, Vec<String>) {
        let mut theirs = modules.to_vec();
        theirs.sort_by(|a, b| a.name.cmp(&b.name));
        let found = find(modules, &theirs, &chain(modules)).unwrap();
        let names = found.pairs.iter().map(|j| theirs[*j].name.clone());
        (found.evidence, names.collect())
    }

    fn check(modules: &[(&str, &[usize])], evidence: Evidence) {
        let modules: Vec<Module> = modules.iter().map(|(n, s)| module(n, s)).collect();
        let wanted: Vec<String> = modules.iter().map(|m| m.name.clone()).collect();
        assert_eq!(names_in_order(&modules), (evidence, wanted));
    }

    #[test]
    fn unique_shapes_need_no_names() {
        check(
            &[("z", &[4, 3, 3, 3]), ("y", &[4]), ("a", &[10, 4])],
            Evidence::Shapes,
        );
    }

    #[test]
    fn numbers_decide_between_equals() {
        let conv = &[8, 8, 3, 3][..];
        check(
            &[("conv1", conv), ("conv2", conv), ("conv10", conv)],
            Evidence::Order,
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
            Evidence::Order,
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
            Evidence::Order,
        );
    }

    #[test]
    fn numbers_against_the_order_are_not_believed() {
        let shapes = [[4, 3, 3, 3], [4, 3, 3, 3], [8, 4, 3, 3], [4, 8, 1, 1]];
        let ours: Vec<Module> = ["0", "1", "2", "3"]
            .iter()
            .zip(shapes)
            .map(|(name, shape)| module(name, &shape))
            .collect();
        let theirs: Vec<Module> = [("c1", 2), ("c2", 0), ("c3", 3), ("c4", 1)]
            .iter()
            .map(|(name, i)| module(name, &shapes[*i]))
            .collect();
        let mismatch = find(&ours, &theirs, &wires(&ours, [])).unwrap_err();
        assert_eq!(mismatch.ambiguous, [(vec![0, 1], vec![1, 3])]);
    }

    #[test]
    fn branches_are_told_apart_by_their_wires() {
        // Two branches begin alike; the network has them in one order or the other.
        let (reduce, a, b) = (&[8, 16, 1, 1][..], &[8, 8, 3, 3][..], &[8, 8, 5, 5][..]);
        let names = [
            ("in", &[16, 3, 3, 3][..]),
            ("branch5x5_1", reduce),
            ("branch5x5_2", b),
            ("branch3x3dbl_1", reduce),
            ("branch3x3dbl_2", a),
            ("branch3x3dbl_3", a),
        ];
        let modules: Vec<Module> = names.iter().map(|(n, s)| module(n, s)).collect();
        for order in [[0, 1, 2, 3, 4, 5], [0, 3, 4, 5, 1, 2]] {
            let ours = order.map(|i: usize| modules[i].clone());
            let at = |i| order.iter().position(|j| *j == i).unwrap();
            let pairs = [(0, 1), (1, 2), (0, 3), (3, 4), (4, 5)];
            let wiring = wires(&ours, pairs.map(|(a, b)| (at(a), at(b))));
            let found = find(&ours, &modules, &wiring).unwrap();
            assert_eq!(found.pairs, order);
        }
    }

    #[test]
    fn blocks_of_one_make_are_alike() {
        // In the first block shapes tell the branches apart, in the second only the first block does.
        let (small, large) = (&[8, 16, 1, 1][..], &[9, 16, 1, 1][..]);
        let second = |names: [&'static str; 2]| names.map(|name| (name, small));
        let block = |first: [&'static str; 2], second: [(&'static str, &'static [usize]); 2]| {
            [(first[0], small), (first[1], large), second[0], second[1]]
        };
        let modules = |all: &[(&str, &[usize])]| -> Vec<Module> {
            all.iter().map(|(n, s)| module(n, s)).collect()
        };
        let file = modules(&block(
            ["mixed_5b.one.conv", "mixed_5b.pool.conv"],
            second(["mixed_6a.one.conv", "mixed_6a.pool.conv"]),
        ));
        let found = find(&file, &file, &wires(&file, [])).unwrap();
        assert_eq!(found.pairs, [0, 1, 2, 3]);
        // The other way round in the network, and so in both.
        let ours = [1, 0, 3, 2].map(|i: usize| file[i].clone());
        let found = find(&ours, &file, &wires(&ours, [])).unwrap();
        assert_eq!(found.pairs, [1, 0, 3, 2]);
        // Blocks of another make say nothing.
        let file = modules(&block(
            ["mixed_5b.one.conv", "mixed_5b.pool.conv"],
            second(["last.one.conv", "last.pool.conv"]),
        ));
        let mismatch = find(&file, &file, &wires(&file, [])).unwrap_err();
        assert_eq!(mismatch.ambiguous, [(vec![2, 3], vec![2, 3])]);
    }

    #[test]
    fn letters_count_from_a() {
        let square = &[64, 64][..];
        check(
            &[("f.a", square), ("f.b", square), ("f.c", square)],
            Evidence::Order,
        );
        let modules = ["q", "k", "v"].map(|name| module(name, square));
        assert!(find(&modules, &modules, &chain(&modules)).is_err());
        // RegNet's: a shortcut of the same shapes as the first layer of the other path.
        let modules = ["f.a", "f.b", "f.c", "proj"].map(|name| module(name, square));
        for order in [[0, 1, 2, 3], [3, 0, 1, 2]] {
            let ours = order.map(|i: usize| modules[i].clone());
            let at = |i| order.iter().position(|j| *j == i).unwrap();
            let wiring = wires(&ours, [(0, 1), (1, 2)].map(|(a, b)| (at(a), at(b))));
            assert_eq!(find(&ours, &modules, &wiring).unwrap().pairs, order);
        }
    }

    #[test]
    fn depth_decides_nothing() {
        // A convolution beside the body may come before it or after it.
        let square = &[8, 8, 3, 3][..];
        let modules = [
            ("conv_first", &[8, 3, 3, 3][..]),
            ("blocks.0.conv", square),
            ("blocks.1.conv", square),
            ("conv_after", square),
        ]
        .map(|(name, shape)| module(name, shape));
        assert!(find(&modules, &modules, &chain(&modules)).is_err());
    }

    #[test]
    fn differences_are_listed_whole() {
        let list =
            |all: &[(&str, &[usize])]| all.iter().map(|(n, s)| module(n, s)).collect::<Vec<_>>();
        let ours = list(&[("a", &[4, 3]), ("b", &[4, 4]), ("c", &[4, 4])]);
        let theirs = list(&[("x", &[4, 4]), ("y", &[9, 9])]);
        let mismatch = find(&ours, &theirs, &chain(&ours)).unwrap_err();
        assert_eq!(
            mismatch.differ,
            [(vec![0], vec![]), (vec![1, 2], vec![0]), (vec![], vec![1])]
        );
    }

    #[test]
    fn the_alphabet_decides_nothing() {
        let square = &[64, 64][..];
        let modules = ["key", "query", "out"].map(|name| module(name, square));
        let mismatch = find(&modules, &modules, &chain(&modules)).unwrap_err();
        // `out` is a name for the end.
        assert_eq!(mismatch.ambiguous, [(vec![0, 1], vec![0, 1])]);
        // Where only one of the two ways fits, the search finds it.
        let modules = [
            ("b.1", &[3, 64][..]),
            ("a.0", square),
            ("b.0", square),
            ("c", &[9, 3]),
        ]
        .map(|(name, shape)| module(name, shape));
        let ours = [1, 2, 0, 3].map(|i: usize| modules[i].clone());
        assert_eq!(
            find(&ours, &modules, &chain(&ours)).unwrap().pairs,
            [1, 2, 0, 3]
        );
    }

    #[test]
    fn thousands_of_layers_are_matched_at_once() {
        let modules: Vec<Module> = (0..3_000)
            .map(|i| module(&format!("layers.{i}"), &[4, 4]))
            .collect();
        let start = std::time::Instant::now();
        let (evidence, names) = names_in_order(&modules);
        assert_eq!(evidence, Evidence::Order);
        assert_eq!(names[2_999], "layers.2999");
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }
}
