//! Lines from tapped cards to their readers. Each runs in a lane of its own to the right of its column; to another column it
//! goes over the top.

use super::layout::{CARD_WIDTH, Drawing, Edge, Placed};
use super::path::{Path, Point};
use crate::graph::NodeId;
use std::collections::BTreeMap;

/// From a column to its first lane, and from a lane to the next.
const FIRST: i64 = 18;
const LANE: i64 = 12;
/// Between lines that end at one card.
const APART: i64 = 8;

/// One line.
struct Tap {
    /// The cards, by their index.
    from: usize,
    to: usize,
    /// The place among the lines to this card, and their number.
    place: (usize, usize),
    /// Lanes beside the two columns.
    lanes: [usize; 2],
    /// The lane over the top, for a line to another column.
    over: Option<usize>,
}

/// All lines, and the lanes that they take.
pub(super) struct Taps {
    taps: Vec<Tap>,
    /// For each column and lane the heights that are taken.
    taken: Vec<Vec<Vec<(i64, i64)>>>,
    over: usize,
}

impl Taps {
    pub(super) fn of(layout: &Drawing<'_>) -> Self {
        let mut taps = Self {
            taps: found(&layout.cards),
            taken: layout.columns.iter().map(|_| Vec::new()).collect(),
            over: 0,
        };
        for i in 0..taps.taps.len() {
            let [from, to] = [taps.taps[i].from, taps.taps[i].to].map(|card| &layout.cards[card]);
            let [a, b] = [from, to].map(|card| card.y + card.height / 2);
            if from.column == to.column {
                let lane = taps.take(from.column, (a.min(b), a.max(b)));
                taps.taps[i].lanes = [lane; 2];
            } else {
                let lanes = [(from.column, a), (to.column, b)];
                taps.taps[i].lanes = lanes.map(|(column, y)| taps.take(column, (i64::MIN, y)));
                taps.taps[i].over = Some(taps.over);
                taps.over += 1;
            }
        }
        taps
    }

    /// The first lane that is free at these heights.
    fn take(&mut self, column: usize, (top, bottom): (i64, i64)) -> usize {
        let lanes = &mut self.taken[column];
        let is_free = |lane: &Vec<(i64, i64)>| {
            let mut taken = lane.iter();
            taken.all(|other| bottom + LANE < other.0 || other.1 + LANE < top)
        };
        let lane = lanes.iter().position(is_free).unwrap_or(lanes.len());
        if lane == lanes.len() {
            lanes.push(Vec::new());
        }
        lanes[lane].push((top, bottom));
        lane
    }

    pub(super) fn is_empty(&self) -> bool {
        self.taps.is_empty()
    }

    /// The room that the lines over the top need.
    pub(super) fn above(&self) -> i64 {
        if self.over == 0 {
            0
        } else {
            FIRST + LANE * self.over as i64
        }
    }

    /// The room that each column needs beside it.
    pub(super) fn beside(&self) -> Vec<i64> {
        let lanes = self.taken.iter().map(|lanes| LANE * lanes.len() as i64);
        lanes.collect()
    }

    /// Draws the lines into the layout that has the room; the drawing begins at `(left, top)`, with the room above.
    pub(super) fn draw(&self, layout: &mut Drawing<'_>, (left, top): Point) {
        let mut sources: Vec<usize> = self.taps.iter().map(|tap| tap.from).collect();
        sources.sort_unstable();
        sources.dedup();
        for tap in &self.taps {
            let [from, to] = [tap.from, tap.to].map(|card| &layout.cards[card]);
            let middle = |card: &Placed<'_>| card.y + card.height / 2;
            let (place, count) = (tap.place.0 as i64, tap.place.1 as i64);
            let entry = middle(to) + (2 * place - (count - 1)) * APART / 2;
            let lane = |card: &Placed<'_>, lane: usize| {
                layout.columns[card.column].right + FIRST + LANE * lane as i64
            };
            let (out, back) = (lane(from, tap.lanes[0]), lane(to, tap.lanes[1]));
            let mut points = vec![(from.x + CARD_WIDTH, middle(from)), (out, middle(from))];
            if let Some(over) = tap.over {
                let y = top + LANE * over as i64;
                points.extend([(out, y), (back, y)]);
            }
            points.extend([(back, entry), (to.x + CARD_WIDTH, entry)]);
            layout.edges.push(Edge {
                path: Path::along(&points),
                arrow: true,
                tap: sources.binary_search(&tap.from).ok(),
            });
        }
        layout.height += self.above();
        let last = layout.columns.last().map_or(left, |column| column.right);
        let lanes = self.taken.last().map_or(0, Vec::len) as i64;
        layout.width = layout.width.max(last + FIRST + LANE * lanes - left);
    }
}

/// The lines of a drawing, short ones first, so that they get the inner lanes.
fn found(cards: &[Placed<'_>]) -> Vec<Tap> {
    let mut at: BTreeMap<NodeId, usize> = BTreeMap::new();
    for (i, placed) in cards.iter().enumerate() {
        at.extend(placed.card.layers.iter().map(|layer| (*layer, i)));
    }
    let mut taps = Vec::new();
    for (to, placed) in cards.iter().enumerate() {
        let sources: Vec<usize> = placed
            .card
            .taps
            .iter()
            .filter_map(|tap| at.get(tap).copied())
            .collect();
        for (place, &from) in sources.iter().enumerate() {
            taps.push(Tap {
                from,
                to,
                place: (place, sources.len()),
                lanes: [0; 2],
                over: None,
            });
        }
    }
    taps.sort_by_key(|tap| (cards[tap.from].y - cards[tap.to].y).abs());
    taps
}
