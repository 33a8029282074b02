//! Branches that are too tall for one column, beside nothing but a SKIP, become a chain whose end is tapped: a chain can be
//! broken into columns.

use super::arrange::ONE_COLUMN;
use super::layout::chain_size;
use crate::emit::cards::{Card, Segment};
use crate::graph::NodeId;

/// The same network with no such branches. `before` is what the chain reads.
pub(super) fn flatten(parts: Vec<Segment>, mut before: Option<NodeId>) -> Vec<Segment> {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        let (branches, mut join) = match part {
            Segment::Fork(branches, join) => (branches, join),
            Segment::Card(card) => {
                before = last(&card);
                flat.push(Segment::Card(card));
                continue;
            }
        };
        let source = before;
        before = last(&join);
        match (inside(&branches), source) {
            (Some(at), Some(source)) => {
                let inside = branches.into_iter().nth(at).unwrap_or_default();
                flat.extend(flatten(inside, Some(source)));
                join.taps.push(source);
                flat.push(Segment::Card(join));
            }
            _ => flat.push(Segment::Fork(branches, join)),
        }
    }
    flat
}

/// The tall branch of two, if the other one is empty.
fn inside(branches: &[Vec<Segment>]) -> Option<usize> {
    let at = match branches {
        [_, skip] if skip.is_empty() => 0,
        [skip, _] if skip.is_empty() => 1,
        _ => return None,
    };
    (chain_size(&branches[at]).1 > ONE_COLUMN).then_some(at)
}

fn last(card: &Card) -> Option<NodeId> {
    card.layers.last().copied()
}
