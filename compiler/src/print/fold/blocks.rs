//! `block basic(filters) = ...` for stages that stand in several places, with other sizes perhaps.
//!
//! One block after the other is made, each time the one that shortens the text most, as long as one is worth its name. Blocks use
//! those that were found before them, and the bodies of blocks are searched like the network's own chain.

use super::super::layout::stage_text;
use super::super::tree::plain;
use super::params::{Params, fill, params, unused};
use super::skeleton::{Skeleton, skeleton};
use super::{inside, inside_mut, is_whole};
use crate::layers;
use crate::options::Kind;
use crate::text::expr::{arg, call, ident};
use netc_grammar::Span;
use netc_grammar::ast::{Block, Chain, Expr, File, Item, Stage, StageKind};
use std::collections::{BTreeMap, HashMap};

/// The most stages in the chain of a block's body.
const LONGEST: usize = 24;
/// Larger networks are searched for repeats alone.
const MAX_STAGES: usize = 4_000;
/// What a block must save: characters, and per cent of the text.
const SAVING: (usize, usize) = (60, 12);
/// What a definition costs beside its body.
const DEFINITION: usize = 16;
/// More blocks than this make no text shorter.
const MOST: usize = 12;

/// Finds blocks in a file that has none.
pub(super) fn blocks(file: &mut File) {
    let found = file
        .items
        .iter()
        .position(|item| matches!(item, Item::Chain(_)));
    let Some(at) = found else { return };
    let Item::Chain(chain) = &mut file.items[at] else {
        return;
    };
    let mut blocks: BTreeMap<String, Block> = BTreeMap::new();
    while blocks.len() < MOST && size(chain) <= MAX_STAGES {
        let Some(new) = best(chain, &blocks) else {
            break;
        };
        new.replace(chain, false);
        for block in blocks.values_mut() {
            new.replace(&mut block.body, true);
        }
        blocks.insert(new.block.name.node.clone(), new.block);
    }
    let mut ordered = Vec::new();
    in_order(chain, &blocks, &mut ordered);
    let items = ordered
        .into_iter()
        .map(|name| Item::Block(blocks[&name].clone()));
    file.items.splice(at..at, items.collect::<Vec<_>>());
}

fn size(chain: &Chain) -> usize {
    let inner = chain.stages.iter().flat_map(inside).map(size);
    chain.stages.len() + inner.sum::<usize>()
}

/// The names of the blocks that a chain uses, each after those that it uses itself.
fn in_order(chain: &Chain, blocks: &BTreeMap<String, Block>, ordered: &mut Vec<String>) {
    for stage in &chain.stages {
        for chain in inside(stage) {
            in_order(chain, blocks, ordered);
        }
        let StageKind::Call(call) = &stage.kind else {
            continue;
        };
        if let Some(block) = blocks.get(&call.name.node) {
            in_order(&block.body, blocks, ordered);
            if !ordered.contains(&call.name.node) {
                ordered.push(call.name.node.clone());
            }
        }
    }
}

/// A block, and where it is used.
struct New {
    block: Block,
    /// The skeletons of its stages.
    key: Vec<String>,
    params: Params,
}

/// A chain to search, and its stages in two parts.
struct Searched<'a> {
    stages: &'a [Stage],
    parts: Vec<Option<Skeleton>>,
    /// It is the body of a block, which must not become a name for another one.
    is_body: bool,
}

fn search<'a>(chain: &'a Chain, is_body: bool, all: &mut Vec<Searched<'a>>) {
    all.push(Searched {
        stages: &chain.stages,
        parts: chain.stages.iter().map(skeleton).collect(),
        is_body,
    });
    for stage in &chain.stages {
        for chain in inside(stage) {
            search(chain, false, all);
        }
    }
}

/// The block that saves most.
fn best(chain: &Chain, blocks: &BTreeMap<String, Block>) -> Option<New> {
    let mut all = Vec::new();
    search(chain, false, &mut all);
    for block in blocks.values() {
        search(&block.body, true, &mut all);
    }
    let total: usize = chain
        .stages
        .iter()
        .map(|stage| stage_text(stage).len() + 4)
        .sum();
    let mut best: Option<(usize, New)> = None;
    for places in places(&all) {
        if let Some((saved, new)) = candidate(&places, &all, blocks)
            && saved >= SAVING.0
            && saved * 100 >= total * SAVING.1
            && best.as_ref().is_none_or(|(most, _)| saved > *most)
        {
            best = Some((saved, new));
        }
    }
    best.map(|(_, new)| new)
}

/// A run of stages: which chain, from where, how many.
type Stretch = (usize, usize, usize);

/// Runs of stages that are alike, without those that overlap; in the order of the text.
fn places(all: &[Searched]) -> Vec<Vec<Stretch>> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut alike: HashMap<Vec<usize>, usize> = HashMap::new();
    let mut places: Vec<Vec<Stretch>> = Vec::new();
    for (index, chain) in all.iter().enumerate() {
        for start in 0..chain.stages.len() {
            let mut key = Vec::new();
            for (length, part) in (1..=LONGEST).zip(&chain.parts[start..]) {
                let Some(part) = part else { break };
                let next = numbers.len();
                key.push(*numbers.entry(part.text.as_str()).or_insert(next));
                let entire = chain.is_body && length == chain.stages.len();
                let lone = length == 1 && !inside(&chain.stages[start]).is_empty();
                if entire || lone || !is_whole(chain.stages, start, start + length) {
                    continue;
                }
                let next = places.len();
                let at = *alike.entry(key.clone()).or_insert(next);
                if at == next {
                    places.push(Vec::new());
                }
                let overlaps = places[at]
                    .last()
                    .is_some_and(|(other, from, _)| *other == index && from + length > start);
                if !overlaps {
                    places[at].push((index, start, length));
                }
            }
        }
    }
    places.retain(|places| places.len() > 1);
    places
}

/// The block for these places, and how many characters it saves.
fn candidate(
    places: &[Stretch],
    all: &[Searched],
    blocks: &BTreeMap<String, Block>,
) -> Option<(usize, New)> {
    let uses: Vec<Vec<Expr>> = places
        .iter()
        .map(|(chain, start, length)| {
            let parts = all[*chain].parts[*start..start + length].iter().flatten();
            parts.flat_map(|part| part.values.iter().cloned()).collect()
        })
        .collect();
    let (chain, start, length) = *places.first()?;
    let mut stages = all[chain].stages[start..start + length].to_vec();
    let params = params(&stages, &uses, blocks);
    let layers = layers_in(&stages);
    if params.names.len() > (layers / 2).max(usize::from(layers > 1) * 2) {
        return None;
    }
    let name = unused(&name_of(&stages), |name| blocks.contains_key(name));
    let parts = all[chain].parts[start..start + length].iter().flatten();
    let key = parts.map(|part| part.text.clone()).collect();
    fill(&mut stages, &mut params.body.iter().cloned());
    let names: Vec<_> = params.names.iter().map(|(name, _)| name.clone()).collect();
    let new = New {
        block: Block {
            name: ident(&name),
            params: (!names.is_empty()).then_some(names),
            body: Chain {
                stages,
                span: Span::default(),
            },
            span: Span::default(),
        },
        key,
        params,
    };
    let before = places
        .iter()
        .zip(&uses)
        .map(|((chain, start, length), values)| {
            let texts = all[*chain].stages[*start..start + length].iter();
            let written: usize = texts.map(|stage| stage_text(stage).len() + 4).sum();
            written.saturating_sub(stage_text(&new.used(values)).len() + 4)
        });
    let body = new
        .block
        .body
        .stages
        .iter()
        .map(|stage| stage_text(stage).len() + 4);
    let cost = body.sum::<usize>() + DEFINITION;
    Some((before.sum::<usize>().checked_sub(cost)?, new))
}

fn layers_in(stages: &[Stage]) -> usize {
    let inner = stages.iter().flat_map(inside);
    let calls = stages
        .iter()
        .filter(|stage| matches!(stage.kind, StageKind::Call(_)));
    calls.count() + inner.map(|chain| layers_in(&chain.stages)).sum::<usize>()
}

/// What a block is about, in a word.
fn name_of(stages: &[Stage]) -> String {
    let mut name = None;
    for (stage, next) in stages.iter().zip(stages.iter().skip(1)) {
        if let (StageKind::Branches(branches), StageKind::Call(join)) = (&stage.kind, &next.kind) {
            let skips = branches
                .iter()
                .any(|b| b.stages.len() == 1 && stage_text(&b.stages[0]) == "SKIP");
            return match (join.name.node.as_str(), skips) {
                ("ADD", true) => "residual",
                ("ADD", false) => "project",
                ("CONCAT", true) => "dense",
                ("MUL", true) => "excite",
                _ => "branches",
            }
            .to_owned();
        }
    }
    for stage in stages {
        let StageKind::Call(call) = &stage.kind else {
            continue;
        };
        let spec = layers::find(&call.name.node);
        let weighs = spec.is_some_and(|spec| spec.options.iter().any(|o| o.kind == Kind::Init));
        if weighs {
            return call.name.node.to_ascii_lowercase();
        }
        name.get_or_insert_with(|| {
            let word = call.name.node.to_ascii_lowercase();
            word.trim_end_matches(|c: char| c.is_ascii_digit())
                .to_owned()
        });
    }
    name.unwrap_or_else(|| "part".to_owned())
}

impl New {
    /// The use of the block with these values.
    fn used(&self, values: &[Expr]) -> Stage {
        let args = self
            .params
            .names
            .iter()
            .map(|(_, index)| arg(None, values[*index].clone()));
        plain(StageKind::Call(call(&self.block.name.node, args.collect())))
    }

    /// Puts uses of the block in the place of what it stands for.
    fn replace(&self, chain: &mut Chain, is_body: bool) {
        let mut stages = Vec::new();
        let parts: Vec<_> = chain.stages.iter().map(skeleton).collect();
        let mut at = 0;
        while at < parts.len() {
            let end = at + self.key.len();
            let alike = parts.get(at..end).is_some_and(|parts| {
                let texts = parts
                    .iter()
                    .map(|part| part.as_ref().map(|part| part.text.as_str()));
                texts.eq(self.key.iter().map(|text| Some(text.as_str())))
            });
            let entire = is_body && self.key.len() == chain.stages.len();
            if alike && !entire && is_whole(&chain.stages, at, end) {
                let values = parts[at..end].iter().flatten();
                let values: Vec<Expr> = values.flat_map(|part| part.values.clone()).collect();
                stages.push(self.used(&values));
                at = end;
            } else {
                stages.push(chain.stages[at].clone());
                at += 1;
            }
        }
        chain.stages = stages;
        for stage in &mut chain.stages {
            inside_mut(stage)
                .iter_mut()
                .for_each(|chain| self.replace(chain, false));
            unwrap(stage);
        }
    }
}

/// `(conv(64)) * 2` is `conv(64) * 2`.
fn unwrap(stage: &mut Stage) {
    if let StageKind::Group(chain) = &mut stage.kind
        && let [only] = chain.stages.as_mut_slice()
        && only.repeat.is_none()
        && only.tap.is_none()
    {
        stage.kind = only.kind.clone();
    }
}
