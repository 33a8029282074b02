//! Which steps of a plan stand in generated code once, as a struct of their own, though they run several times: the uses of a block of
//! the `.net` file, and the rounds of a repeated group, where they are alike but for sizes, names and places.

use std::collections::BTreeMap;
use std::ops::Range;

use netc_plan::{Plan, Step};

use super::by_rows;
use super::values::Values;
use crate::emit::rust::weights::connect;

/// Steps that are alike.
pub(super) struct Alike<'p> {
    /// The block's name in the file; empty for a group.
    pub(super) name: &'p str,
    /// Where they stand, in order.
    pub(super) uses: Vec<Range<usize>>,
}

/// The most groups of alike steps that all choices are tried of.
const TRIED: usize = 12;

/// About how many lines are printed for a step on its own, for a struct and each of its steps, for uses that follow on each other
/// and for each of them.
const STEP: usize = 9;
const STRUCT: usize = 14;
const PART: usize = 9;
const RUN: usize = 6;
const USE: usize = 3;
/// What a name from the file is worth.
const NAME: usize = 8;

/// The structs with which the network is printed in the fewest lines, in the order of first uses.
pub(super) fn choose(plan: &Plan) -> Vec<Alike<'_>> {
    let mut groups: BTreeMap<(&str, String), (usize, Alike)> = BTreeMap::new();
    for (order, block) in plan.blocks.iter().enumerate() {
        let (name, uses) = (block.name.as_str(), Vec::new());
        let key = (name, key(plan, &block.steps));
        let (_, alike) = groups.entry(key).or_insert((order, Alike { name, uses }));
        alike.uses.push(block.steps.clone());
    }
    let again = |(_, alike): &(usize, Alike)| alike.uses.len() > 1 && alike.uses[0].len() > 1;
    let mut groups: Vec<(usize, Alike)> = groups.into_values().filter(again).collect();
    groups.sort_by_key(|(order, alike)| {
        let again = (alike.uses.len() - 1) * alike.uses[0].len();
        (std::cmp::Reverse(again), *order)
    });
    groups.truncate(TRIED);
    // Where one stands in another, the longer goes first.
    groups.sort_by_key(|(order, alike)| (std::cmp::Reverse(alike.uses[0].len()), *order));
    let groups: Vec<Alike> = groups.into_iter().map(|(_, alike)| alike).collect();
    let choices = (0..1_usize << groups.len()).map(|choice| chosen(plan, &groups, choice));
    let best = choices.min_by_key(|chosen| lines(plan, chosen));
    let mut best = best.unwrap_or_default();
    best.sort_by_key(|alike| alike.uses[0].start);
    best
}

/// Those of the groups whose bits are set, as far as they are not part of another.
fn chosen<'p>(plan: &Plan, groups: &[Alike<'p>], choice: usize) -> Vec<Alike<'p>> {
    let mut taken = vec![false; plan.forward.len()];
    let mut chosen = Vec::new();
    for (i, group) in groups.iter().enumerate() {
        if choice & 1 << i == 0 {
            continue;
        }
        let free = |steps: &&Range<usize>| taken[(*steps).clone()].iter().all(|taken| !taken);
        let uses: Vec<Range<usize>> = group.uses.iter().filter(free).cloned().collect();
        for steps in &uses {
            taken[steps.clone()].fill(true);
        }
        if !uses.is_empty() {
            let name = group.name;
            chosen.push(Alike { name, uses });
        }
    }
    chosen
}

/// About how many lines a choice takes.
fn lines(plan: &Plan, chosen: &[Alike<'_>]) -> usize {
    let mut lines = STEP * plan.forward.len();
    for Alike { name, uses } in chosen {
        let length = uses[0].len();
        let follows = uses.windows(2).filter(|pair| pair[0].end == pair[1].start);
        lines += STRUCT + PART * length + RUN * (uses.len() - follows.count()) + USE * uses.len();
        lines += if name.is_empty() { NAME } else { 0 };
        lines -= STEP * length * uses.len();
    }
    lines
}

/// What uses of a struct have in common: all but sizes, names and places.
fn key(plan: &Plan, steps: &Range<usize>) -> String {
    let values = Values::of(plan, steps);
    let parts = plan.forward[steps.clone()].iter().zip(&values.inputs);
    let steps_of = parts.map(|(step, inputs)| {
        let (name, fixed) = (step.op.name(), fixed(plan, step));
        format!("{name} {inputs:?} {fixed}\n")
    });
    let by_rows = format!("{:?}", by_rows(plan, steps));
    steps_of.chain([by_rows]).collect()
}

/// What of a step cannot be an argument.
fn fixed(plan: &Plan, step: &Step) -> String {
    let fields = step.op.fields().into_iter();
    let fixed = fields.filter(|field| !is_size(&field.value));
    let fields: Vec<String> = fixed.map(|field| field.value).collect();
    let source = step.source.as_ref().map(|source| {
        let eps = source.fold.as_ref().map(|fold| fold.eps.to_bits());
        (
            eps,
            source.chw,
            source.pointwise.as_ref(),
            connect(plan, &source.layer),
        )
    });
    format!("{fields:?} {source:?}")
}

/// Whether a field's value is a whole number or an array of them.
pub(super) fn is_size(value: &str) -> bool {
    value.starts_with('[') || value.bytes().all(|byte| byte.is_ascii_digit())
}
