//! Networks that go down and come back up, each rung with a line across: the U-Net and its kin. What is inside the forks runs
//! down on the left and up on the right, as such networks are drawn.

use super::layout::{
    CARD_WIDTH, Column, Drawing, FORK_GAP, GAP, card_height, chain_size, gap_before,
};
use super::path::Path;
use crate::emit::cards::{Card, Segment};

/// Between the two sides.
const BETWEEN: i64 = 150;
/// Between two rungs.
const RUNG_GAP: i64 = 44;
/// How far above the lower edge of its rung a line across runs: the middle of a low card.
const ACROSS: i64 = 24;

/// One rung.
struct Rung<'a> {
    /// The chain down to the fork.
    down: &'a [Segment],
    /// What the fork's branches end in, and the chain up from there.
    join: &'a Card,
    up: &'a [Segment],
}

/// Forks inside each other, each with an empty branch.
pub(super) struct Ladder<'a> {
    rungs: Vec<Rung<'a>>,
    /// What is inside the innermost fork.
    bottom: &'a [Segment],
}

impl<'a> Ladder<'a> {
    /// None for what is no ladder of at least two rungs.
    pub(super) fn of(parts: &'a [Segment]) -> Option<Self> {
        let mut rungs = Vec::new();
        let mut bottom = parts;
        while let Some((at, inside, join)) = tower(bottom) {
            let (down, up) = (&bottom[..at], &bottom[at + 1..]);
            // The line across begins at a card.
            if down.is_empty() {
                break;
            }
            rungs.push(Rung { down, join, up });
            bottom = inside;
        }
        (rungs.len() >= 2).then_some(Self { rungs, bottom })
    }

    pub(super) fn layout(&self, x: i64, y: i64) -> Drawing<'a> {
        let widest = |side: fn(&Rung<'a>) -> &'a [Segment]| {
            let widths = self.rungs.iter().map(|rung| chain_size(side(rung)).0);
            widths.max().unwrap_or(0).max(CARD_WIDTH)
        };
        let (left, right) = (widest(|rung| rung.down), widest(|rung| rung.up));
        let bottom = chain_size(self.bottom);
        let width = (left + BETWEEN + right).max(bottom.0);
        let mut layout = Drawing {
            columns: vec![Column { right: x + width }],
            width,
            ..Drawing::default()
        };
        let [down, up] = [x + left / 2, x + left + BETWEEN + right / 2];
        let mut top = y;
        // Where the side above ends on the left, and where its way up begins on the right.
        let mut ends: Option<[i64; 2]> = None;
        for rung in &self.rungs {
            let end = layout.rung(rung, [down, up], top, ends);
            ends = Some([end; 2]);
            top = end + RUNG_GAP;
        }
        let end = ends.map_or(y, |ends| ends[0]);
        layout.bottom(self.bottom, [down, up], end);
        layout.height = end + 2 * FORK_GAP + bottom.1 - y;
        layout
    }
}

/// The fork with an empty branch that is much taller than all others of the chain: its place, its other branch, its join.
fn tower(chain: &[Segment]) -> Option<(usize, &[Segment], &Card)> {
    let mut forks: Vec<(i64, usize, &[Segment], &Card)> = Vec::new();
    for (i, part) in chain.iter().enumerate() {
        let Segment::Fork(branches, join) = part else {
            continue;
        };
        let tallest = branches.iter().map(|branch| chain_size(branch).1).max();
        let inside = match &branches[..] {
            [inside, skip] | [skip, inside] if skip.is_empty() => &inside[..],
            _ => &[],
        };
        forks.push((tallest.unwrap_or(0), i, inside, join));
    }
    forks.sort_by_key(|fork| -fork.0);
    let &(height, at, inside, join) = forks.first()?;
    let second = forks.get(1).map_or(0, |fork| fork.0);
    (!inside.is_empty() && height > 2 * second).then_some((at, inside, join))
}

impl<'a> Drawing<'a> {
    /// A rung from `top` on, its sides at these centres; gives its lower edge.
    fn rung(
        &mut self,
        rung: &Rung<'a>,
        [down, up]: [i64; 2],
        top: i64,
        above: Option<[i64; 2]>,
    ) -> i64 {
        let height_down = chain_size(rung.down).1;
        let rest = rung.up.first().map_or(0, gap_before) + chain_size(rung.up).1;
        let height_up = card_height(rung.join) + rest;
        let end = top + height_down.max(height_up);
        if let Some([left, right]) = above {
            let arrow = matches!(rung.down.first(), Some(Segment::Card(_)));
            let begin = (down, end - height_down);
            self.edge(Path::from((down, left)).line(begin), arrow);
            self.step((up, end - height_up), (up, right));
        }
        self.chain(rung.down, down, end - height_down);
        let tapped = self.cards.last().map_or(down, |placed| placed.x) + CARD_WIDTH;
        let across = Path::from((tapped, end - ACROSS));
        self.edge(across.line((up - CARD_WIDTH / 2, end - ACROSS)), true);

        let mut side = Drawing::default();
        side.card(rung.join, up, 0);
        let mut at = card_height(rung.join);
        if rung.up.first().is_some_and(|part| gap_before(part) > 0) {
            side.step((up, at), (up, at + GAP));
            at += GAP;
        }
        side.chain(rung.up, up, at);
        self.add_turned_over(side, end);
        end
    }

    /// The innermost chain, in the middle below the last rung.
    fn bottom(&mut self, chain: &'a [Segment], [down, up]: [i64; 2], end: i64) {
        let (middle, top) = ((down + up) / 2, end + FORK_GAP);
        let (width, height) = chain_size(chain);
        let arrow = matches!(chain.first(), Some(Segment::Card(_)));
        self.edge(Path::from((down, end)).curve((middle, top)), arrow);
        self.chain(chain, middle, top);
        // Back up beside it.
        let below = top + height + FORK_GAP / 2;
        let beside = up.max(middle + width / 2 + FORK_GAP);
        let (from, turn) = ((middle, top + height), end + FORK_GAP / 2);
        let points = [
            from,
            (middle, below),
            (beside, below),
            (beside, turn),
            (up, turn),
            (up, end),
        ];
        self.edge(Path::along(&points), true);
    }
}
