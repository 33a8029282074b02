//! `(CONV(64, 3x3, same) => RELU) * 3` in place of the stages three times.

use super::super::layout::{stage_text, starts_row};
use super::super::tree::plain;
use super::{inside_mut, is_whole};
use crate::text::expr::whole;
use netc_grammar::Span;
use netc_grammar::ast::{Chain, Stage, StageKind};
use std::collections::HashMap;

/// The most stages in what is repeated.
const LONGEST: usize = 64;

pub(super) fn repeats(chain: &mut Chain) {
    for stage in &mut chain.stages {
        inside_mut(stage).iter_mut().for_each(repeats);
    }
    chain.stages = runs(std::mem::take(&mut chain.stages));
}

/// The stages, with repeats in place of runs: of those that begin at a stage, the one that leaves the fewest.
fn runs(stages: Vec<Stage>) -> Vec<Stage> {
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let keys: Vec<usize> = stages
        .iter()
        .map(|stage| {
            let next = numbers.len();
            *numbers.entry(stage_text(stage)).or_insert(next)
        })
        .collect();
    let mut written = Vec::new();
    let mut at = 0;
    while at < stages.len() {
        let lengths = 1..=LONGEST.min((stages.len() - at) / 2);
        let rounds = lengths.map(|length| (length, rounds(&keys[at..], length)));
        let found = rounds
            .filter(|(length, rounds)| *rounds > 1 && can_repeat(&stages, at, at + length))
            .max_by_key(|(length, rounds)| (length * (rounds - 1), std::cmp::Reverse(*length)));
        let Some((length, rounds)) = found else {
            written.push(stages[at].clone());
            at += 1;
            continue;
        };
        let start = at + shift(&stages[at..], &keys[at..], length, rounds);
        let end = start + length;
        written.extend_from_slice(&stages[at..start]);
        written.push(repeated(stages[start..end].to_vec(), rounds));
        at = start + length * rounds;
    }
    written
}

/// How often the first `length` stages stand there, one after the other.
fn rounds(keys: &[usize], length: usize) -> usize {
    let (unit, rest) = keys.split_at(length);
    1 + rest
        .chunks_exact(length)
        .take_while(|next| *next == unit)
        .count()
}

/// How many stages later the same run begins with what begins a line: `([ a | SKIP ] => ADD => RELU) * 2` reads better than
/// `(RELU => [ a | SKIP ] => ADD) * 2`.
fn shift(stages: &[Stage], keys: &[usize], length: usize, times: usize) -> usize {
    let fits = |from: usize| {
        let left = keys.len() - from >= length;
        left && rounds(&keys[from..], length) >= times
            && starts_row(&stages[from], None)
            && can_repeat(stages, from, from + length)
    };
    (0..length).find(|from| fits(*from)).unwrap_or(0)
}

fn can_repeat(stages: &[Stage], start: usize, end: usize) -> bool {
    // A layer that has a name has another in each round.
    let named = stages[start..end].iter().any(|stage| stage.tap.is_some());
    !named && is_whole(stages, start, end)
}

fn repeated(stages: Vec<Stage>, rounds: usize) -> Stage {
    let mut stages = runs(stages);
    let once = stages.len() == 1 && stages[0].repeat.is_none();
    let stage = match stages.pop() {
        Some(stage) if once => stage,
        last => {
            stages.extend(last);
            plain(StageKind::Group(Chain {
                stages,
                span: Span::default(),
            }))
        }
    };
    Stage {
        repeat: Some(whole(rounds)),
        ..stage
    }
}
