//! Where the cards of a drawing lie and how the lines between them run. Chains run down, branches stand side by side, and a
//! long network is broken into columns.

use super::ladder::Ladder;
use super::path::{Path, Point};
use super::taps::Taps;
use crate::emit::cards::{Card, Part};

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
/// Between columns.
const GUTTER: i64 = 96;
/// Drawings up to this height are one column.
pub(super) const ONE_COLUMN: i64 = 1500;

/// However long the network is.
const MOST_COLUMNS: usize = 48;

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
pub(super) struct Layout<'a> {
    pub(super) cards: Vec<Placed<'a>>,
    pub(super) edges: Vec<Edge>,
    pub(super) columns: Vec<Column>,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// Lays the parts out, with the left top corner at `(x, y)`.
pub(super) fn layout(parts: &[Part], x: i64, y: i64) -> Layout<'_> {
    let draw = |y, room: &[i64]| match Ladder::of(parts) {
        Some(ladder) => ladder.layout(x, y),
        None => in_columns(parts, x, y, room),
    };
    let layout = draw(y, &[]);
    let taps = Taps::of(&layout);
    if taps.is_empty() {
        return layout;
    }
    // Once more, with room for the taps.
    let mut layout = draw(y + taps.above(), &taps.beside());
    taps.draw(&mut layout, (x, y));
    layout
}

/// `room` is what each column needs beside it for taps.
fn in_columns<'a>(parts: &'a [Part], x: i64, y: i64, room: &[i64]) -> Layout<'a> {
    let mut layout = Layout::default();
    let mut left = x;
    let mut bottom = y;
    let mut last: Option<Point> = None;
    for (i, column) in columns(parts).into_iter().enumerate() {
        let (width, height) = chain_size(column);
        let centre = left + width / 2;
        let starts_with_card = matches!(column.first(), Some(Part::Card(_)));
        if let Some(from) = last {
            let path = around(from, (centre, y), left - GUTTER / 2);
            layout.edge(path, starts_with_card);
        }
        layout.columns.push(Column {
            right: left + width,
        });
        layout.chain(column, centre, y);
        last = Some((centre, y + height));
        bottom = bottom.max(y + height);
        left += width + GUTTER + room.get(i).copied().unwrap_or(0);
    }
    layout.width = left - GUTTER - x;
    layout.height = bottom - y;
    layout
}

/// The chain in parts of about the same height, so that the drawing is half again as wide as tall.
fn columns(parts: &[Part]) -> Vec<&[Part]> {
    let (_, height) = chain_size(parts);
    if height <= ONE_COLUMN {
        return vec![parts];
    }
    let sizes: Vec<(i64, i64)> = parts
        .iter()
        .map(|part| (size(part).0, size(part).1 + gap_before(part)))
        .collect();
    let candidates = (1..=MOST_COLUMNS).map(|count| balanced(&sizes, height, count));
    let best = candidates.min_by_key(|starts| {
        let (width, height) = columns_size(&sizes, starts);
        // How far from 3:2, in thousandths, either way.
        let (wide, tall) = (2 * width, 3 * height);
        1000 * wide.max(tall) / wide.min(tall).max(1)
    });
    let starts = best.unwrap_or_default();
    let ends = starts.iter().skip(1).copied().chain([parts.len()]);
    let columns = starts.iter().zip(ends);
    columns.map(|(start, end)| &parts[*start..end]).collect()
}

/// Where columns start, at most `count` of them and as low as they can be.
fn balanced(sizes: &[(i64, i64)], height: i64, count: usize) -> Vec<usize> {
    // Nothing is lower than the part that is tallest.
    let tallest = sizes.iter().map(|size| size.1).max().unwrap_or(0);
    let (mut low, mut high) = (tallest, height);
    while low < high {
        let middle = (low + high) / 2;
        if filled(sizes, middle).len() <= count {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    filled(sizes, low)
}

/// Where columns start that are filled up to this height.
fn filled(sizes: &[(i64, i64)], tallest: i64) -> Vec<usize> {
    let mut starts = vec![0];
    let mut height = 0;
    for (i, (_, more)) in sizes.iter().enumerate() {
        if height > 0 && height + more > tallest {
            starts.push(i);
            height = 0;
        }
        height += more;
    }
    starts
}

fn columns_size(sizes: &[(i64, i64)], starts: &[usize]) -> (i64, i64) {
    let ends = starts.iter().skip(1).copied().chain([sizes.len()]);
    let columns = starts
        .iter()
        .zip(ends)
        .map(|(start, end)| &sizes[*start..end]);
    columns.fold((0, 0), |(width, height), column| {
        let wide = column.iter().map(|size| size.0).max().unwrap_or(0);
        let tall = column.iter().map(|size| size.1).sum::<i64>();
        (width + wide + GUTTER, height.max(tall))
    })
}

pub(super) fn card_height(card: &Card) -> i64 {
    if card.chips.is_empty() {
        CARD_HEIGHT
    } else {
        CARD_HEIGHT + CHIPS_HEIGHT
    }
}

/// Branches bring their own room.
pub(super) fn gap_before(part: &Part) -> i64 {
    match part {
        Part::Card(_) => GAP,
        Part::Fork(..) => 0,
    }
}

pub(super) fn chain_size(parts: &[Part]) -> (i64, i64) {
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

fn size(part: &Part) -> (i64, i64) {
    match part {
        Part::Card(card) => (CARD_WIDTH, card_height(card)),
        Part::Fork(branches, join) => {
            let (width, height) = branches_size(branches);
            (
                width.max(CARD_WIDTH),
                height + 2 * FORK_GAP + card_height(join),
            )
        }
    }
}

fn branches_size(branches: &[Vec<Part>]) -> (i64, i64) {
    let sizes = branches.iter().map(|branch| chain_size(branch));
    let (width, height) = sizes.fold((0, 0), |(width, height), (w, h)| {
        (width + w + BRANCH_GAP, height.max(h))
    });
    (width - BRANCH_GAP, height)
}

impl<'a> Layout<'a> {
    pub(super) fn chain(&mut self, parts: &'a [Part], centre: i64, top: i64) {
        let mut y = top;
        for (i, part) in parts.iter().enumerate() {
            if i > 0 && gap_before(part) > 0 {
                self.step((centre, y), (centre, y + GAP));
                y += GAP;
            }
            match part {
                Part::Card(card) => self.card(card, centre, y),
                Part::Fork(branches, join) => self.fork(branches, join, centre, y),
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

    fn fork(&mut self, branches: &'a [Vec<Part>], join: &'a Card, centre: i64, y: i64) {
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
            let arrow = matches!(branch.first(), Some(Part::Card(_)));
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

/// From the bottom of a column through the gutter at `x` to the top of the next.
fn around(from: Point, to: Point, x: i64) -> Path {
    let (down, up) = (from.1 + 20, to.1 - 20);
    Path::along(&[from, (from.0, down), (x, down), (x, up), (to.0, up), to])
}
