//! Where the cards of a drawing lie and how the lines between them run. Chains run down, branches stand side by side, and a
//! long network is broken into columns.

use std::collections::BTreeMap;

use crate::emit::cards::{Card, Part};
use crate::graph::NodeId;

pub(super) const CARD_WIDTH: i64 = 260;
const CARD_HEIGHT: i64 = 48;
const CHIPS_HEIGHT: i64 = 24;
/// Between a card and the next.
const GAP: i64 = 26;
/// Above and below branches, where lines part and meet.
const FORK_GAP: i64 = 44;
const BRANCH_GAP: i64 = 28;
/// The room of a branch without layers.
const SKIP_WIDTH: i64 = 36;
/// Between columns.
const GUTTER: i64 = 96;
/// Drawings up to this height are one column.
const ONE_COLUMN: i64 = 1500;

/// However long the network is.
const MOST_COLUMNS: usize = 48;

/// A card at its place.
pub(super) struct Placed<'a> {
    pub(super) card: &'a Card,
    /// The left top corner.
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) height: i64,
}

/// A line, as the data of an SVG path.
pub(super) struct Edge {
    pub(super) path: String,
    /// Ends in an arrow head.
    pub(super) arrow: bool,
    /// A tap: drawn beside the chain.
    pub(super) tap: bool,
}

/// A whole drawing.
#[derive(Default)]
pub(super) struct Layout<'a> {
    pub(super) cards: Vec<Placed<'a>>,
    pub(super) edges: Vec<Edge>,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// Lays the parts out, with the left top corner at `(x, y)`.
pub(super) fn layout(parts: &[Part], x: i64, y: i64) -> Layout<'_> {
    let mut layout = Layout::default();
    let mut left = x;
    let mut bottom = y;
    let mut last: Option<(i64, i64)> = None;
    for column in columns(parts) {
        let (width, height) = chain_size(column);
        let centre = left + width / 2;
        let starts_with_card = matches!(column.first(), Some(Part::Card(_)));
        if let Some(from) = last {
            layout.edges.push(Edge {
                path: around(from, (centre, y), left - GUTTER / 2),
                arrow: starts_with_card,
                tap: false,
            });
        }
        layout.chain(column, centre, y);
        last = Some((centre, y + height));
        bottom = bottom.max(y + height);
        left += width + GUTTER;
    }
    layout.width = left - GUTTER - x;
    layout.height = bottom - y;
    layout.taps();
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
    let (mut low, mut high) = (0, height);
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

fn card_height(card: &Card) -> i64 {
    if card.chips.is_empty() {
        CARD_HEIGHT
    } else {
        CARD_HEIGHT + CHIPS_HEIGHT
    }
}

/// Branches bring their own room.
fn gap_before(part: &Part) -> i64 {
    match part {
        Part::Card(_) => GAP,
        Part::Fork(..) => 0,
    }
}

fn chain_size(parts: &[Part]) -> (i64, i64) {
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
    fn chain(&mut self, parts: &'a [Part], centre: i64, top: i64) {
        let mut y = top;
        for (i, part) in parts.iter().enumerate() {
            if i > 0 && gap_before(part) > 0 {
                self.edges.push(Edge {
                    path: format!("M{centre} {y}V{}", y + GAP),
                    arrow: true,
                    tap: false,
                });
                y += GAP;
            }
            match part {
                Part::Card(card) => self.card(card, centre, y),
                Part::Fork(branches, join) => self.fork(branches, join, centre, y),
            }
            y += size(part).1;
        }
    }

    fn card(&mut self, card: &'a Card, centre: i64, y: i64) {
        self.cards.push(Placed {
            card,
            x: centre - CARD_WIDTH / 2,
            y,
            height: card_height(card),
        });
    }

    fn fork(&mut self, branches: &'a [Vec<Part>], join: &'a Card, centre: i64, y: i64) {
        let (width, height) = branches_size(branches);
        let (top, bottom) = (y + FORK_GAP, y + FORK_GAP + height);
        let end = bottom + FORK_GAP;
        let mut left = centre - width / 2;
        for branch in branches {
            let (branch_width, branch_height) = chain_size(branch);
            let x = left + branch_width / 2;
            left += branch_width + BRANCH_GAP;
            let part = curve((centre, y), (x, top));
            let meet = curve_on((x, bottom), (centre, end));
            if branch.is_empty() {
                self.edges.push(Edge {
                    path: format!("{part}V{bottom}{meet}"),
                    arrow: true,
                    tap: false,
                });
                continue;
            }
            self.edges.push(Edge {
                path: part,
                arrow: matches!(branch.first(), Some(Part::Card(_))),
                tap: false,
            });
            self.chain(branch, x, top);
            self.edges.push(Edge {
                path: format!("M{x} {}V{bottom}{meet}", top + branch_height),
                arrow: true,
                tap: false,
            });
        }
        self.card(join, centre, end);
    }

    /// Lines from tapped cards to their readers, along the right side.
    fn taps(&mut self) {
        let mut at: BTreeMap<NodeId, (i64, i64)> = BTreeMap::new();
        for placed in &self.cards {
            for layer in &placed.card.layers {
                let right = placed.x + CARD_WIDTH;
                at.insert(*layer, (right, placed.y + placed.height / 2));
            }
        }
        for placed in &self.cards {
            for tap in &placed.card.taps {
                let to = (placed.x + CARD_WIDTH, placed.y + placed.height / 2);
                let Some(from) = at.get(tap) else { continue };
                // The further apart, the wider the bow, so that several stay distinct.
                let bow = from.0.max(to.0) + 24 + ((to.1 - from.1).abs() / 24).min(70);
                self.edges.push(Edge {
                    path: format!(
                        "M{} {}C{bow} {} {bow} {} {} {}",
                        from.0, from.1, from.1, to.1, to.0, to.1
                    ),
                    arrow: true,
                    tap: true,
                });
            }
        }
    }
}

fn curve(from: (i64, i64), to: (i64, i64)) -> String {
    format!("M{} {}{}", from.0, from.1, curve_on(from, to))
}

/// The curve without its start, for going on.
fn curve_on(from: (i64, i64), to: (i64, i64)) -> String {
    if from.0 == to.0 {
        return format!("V{}", to.1);
    }
    let middle = (from.1 + to.1) / 2;
    format!("C{} {middle} {} {middle} {} {}", from.0, to.0, to.0, to.1)
}

/// From the bottom of a column through the gutter at `x` to the top of the next.
fn around(from: (i64, i64), to: (i64, i64), x: i64) -> String {
    const R: i64 = 10;
    let (down, up) = (from.1 + 20, to.1 - 20);
    format!(
        "M{} {}V{}q0 {R} {R} {R}H{}q{R} 0 {R} -{R}V{}q0 -{R} {R} -{R}H{}q{R} 0 {R} {R}V{}",
        from.0,
        from.1,
        down - R,
        x - R,
        up + R,
        to.0 - R,
        to.1
    )
}
