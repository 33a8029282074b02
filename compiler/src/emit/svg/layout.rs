//! Where the cards of a chain lie and how the lines between them run: chains run down, branches stand side by side.

use super::path::{Path, Point};
use crate::emit::cards::{Card, Segment};

pub(super) const CARD_WIDTH: i64 = 260;
const CARD_HEIGHT: i64 = 48;
const CHIPS_HEIGHT: i64 = 24;
/// Between a card and the next.
pub(super) const GAP: i64 = 26;
/// Above and below branches, where lines part and meet.
pub(super) const FORK_GAP: i64 = 44;
const BRANCH_GAP: i64 = 28;
/// The room of a branch without layers.
const SKIP_WIDTH: i64 = 36;

/// A card at its place.
pub(super) struct Placed<'a> {
    pub(super) card: &'a Card,
    /// The left top corner.
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) height: i64,
    /// The column that it stands in.
    pub(super) column: usize,
}

/// A line between cards.
pub(super) struct Edge {
    pub(super) path: Path,
    /// Ends in an arrow head.
    pub(super) arrow: bool,
    /// A tap, drawn beside the chain: the number of its source, so that lines from different places look different.
    pub(super) tap: Option<usize>,
}

/// A column at its place.
pub(super) struct Column {
    /// Where its cards and branches end on the right.
    pub(super) right: i64,
}

/// A whole drawing.
#[derive(Default)]
pub(super) struct Drawing<'a> {
    pub(super) cards: Vec<Placed<'a>>,
    pub(super) edges: Vec<Edge>,
    pub(super) columns: Vec<Column>,
    pub(super) width: i64,
    pub(super) height: i64,
}

pub(super) fn card_height(card: &Card) -> i64 {
    if card.chips.is_empty() {
        CARD_HEIGHT
    } else {
        CARD_HEIGHT + CHIPS_HEIGHT
    }
}

/// Branches bring their own room.
pub(super) fn gap_before(part: &Segment) -> i64 {
    match part {
        Segment::Card(_) => GAP,
        Segment::Fork(..) => 0,
    }
}

pub(super) fn chain_size(parts: &[Segment]) -> (i64, i64) {
    let mut width = SKIP_WIDTH;
    let mut height = 0;
    for (i, part) in parts.iter().enumerate() {
        let (w, h) = size(part);
        width = width.max(w);
        height += h;
        if i > 0 {
            height += gap_before(part);
        }
    }
    (width, height)
}

pub(super) fn size(part: &Segment) -> (i64, i64) {
    match part {
        Segment::Card(card) => (CARD_WIDTH, card_height(card)),
        Segment::Fork(branches, join) => {
            let (width, height) = branches_size(branches);
            (
                width.max(CARD_WIDTH),
                height + 2 * FORK_GAP + card_height(join),
            )
        }
    }
}

fn branches_size(branches: &[Vec<Segment>]) -> (i64, i64) {
    let sizes = branches.iter().map(|branch| chain_size(branch));
    let (width, height) = sizes.fold((0, 0), |(width, height), (w, h)| {
        (width + w + BRANCH_GAP, height.max(h))
    });
    (width - BRANCH_GAP, height)
}

impl<'a> Drawing<'a> {
    pub(super) fn chain(&mut self, parts: &'a [Segment], centre: i64, top: i64) {
        let mut y = top;
        for (i, part) in parts.iter().enumerate() {
            if i > 0 && gap_before(part) > 0 {
                self.step((centre, y), (centre, y + GAP));
                y += GAP;
            }
            match part {
                Segment::Card(card) => self.card(card, centre, y),
                Segment::Fork(branches, join) => self.fork(branches, join, centre, y),
            }
            y += size(part).1;
        }
    }

    /// A straight line to the next card.
    pub(super) fn step(&mut self, from: Point, to: Point) {
        self.edge(Path::from(from).line(to), true);
    }

    pub(super) fn card(&mut self, card: &'a Card, centre: i64, y: i64) {
        self.cards.push(Placed {
            card,
            x: centre - CARD_WIDTH / 2,
            y,
            height: card_height(card),
            column: self.columns.len().saturating_sub(1),
        });
    }

    fn fork(&mut self, branches: &'a [Vec<Segment>], join: &'a Card, centre: i64, y: i64) {
        let (width, height) = branches_size(branches);
        let (top, bottom) = (y + FORK_GAP, y + FORK_GAP + height);
        let end = (centre, bottom + FORK_GAP);
        let mut left = centre - width / 2;
        for branch in branches {
            let (branch_width, branch_height) = chain_size(branch);
            let x = left + branch_width / 2;
            left += branch_width + BRANCH_GAP;
            let part = Path::from((centre, y)).curve((x, top));
            if branch.is_empty() {
                let whole = part.line((x, bottom)).curve(end);
                self.edge(whole, true);
                continue;
            }
            let arrow = matches!(branch.first(), Some(Segment::Card(_)));
            self.edge(part, arrow);
            self.chain(branch, x, top);
            let meet = Path::from((x, top + branch_height));
            let meet = meet.line((x, bottom)).curve(end);
            self.edge(meet, true);
        }
        self.card(join, end.0, end.1);
    }

    pub(super) fn edge(&mut self, path: Path, arrow: bool) {
        let tap = None;
        self.edges.push(Edge { path, arrow, tap });
    }

    /// Adds a drawing with what was at `y` at `sum - y`, so that its chain runs up.
    pub(super) fn add_turned_over(&mut self, other: Self, sum: i64) {
        self.cards.extend(other.cards.into_iter().map(|mut placed| {
            placed.y = sum - placed.y - placed.height;
            placed
        }));
        self.edges.extend(other.edges.into_iter().map(|mut edge| {
            edge.path = edge.path.turned_over(sum);
            edge
        }));
    }
}
