//! The whole drawing: a ladder, or columns of about the same height; and once more with room for the taps, where there are any.

use super::ladder::Ladder;
use super::layout::{Column, Drawing, chain_size, gap_before, size};
use super::path::{Path, Point};
use super::taps::Taps;
use crate::emit::cards::Segment;

/// Between columns.
const GUTTER: i64 = 96;
/// Between a head and the next.
const HEAD_GAP: i64 = 56;
/// Drawings up to this height are one column.
pub(super) const ONE_COLUMN: i64 = 1500;

/// However long the network is.
const MOST_COLUMNS: usize = 48;

/// Lays the parts out, with the left top corner at `(x, y)`, and the heads' chains on the right of them.
pub(super) fn layout<'a>(
    parts: &'a [Segment],
    heads: &'a [Vec<Segment>],
    x: i64,
    y: i64,
) -> Drawing<'a> {
    let draw = |y, room: &[i64]| {
        let mut layout = match Ladder::of(parts) {
            Some(ladder) => ladder.layout(x, y),
            None => in_columns(parts, x, y, room),
        };
        heads_beside(&mut layout, heads, (x, y), room);
        layout
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
fn in_columns<'a>(parts: &'a [Segment], x: i64, y: i64, room: &[i64]) -> Drawing<'a> {
    let mut layout = Drawing::default();
    let mut left = x;
    let mut bottom = y;
    let mut last: Option<Point> = None;
    for (i, column) in columns(parts).into_iter().enumerate() {
        let (width, height) = chain_size(column);
        let centre = left + width / 2;
        let starts_with_card = matches!(column.first(), Some(Segment::Card(_)));
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

/// Heads in columns of their own, below each other as far as the drawing is tall already. The layout begins at `(x, y)`.
fn heads_beside<'a>(
    layout: &mut Drawing<'a>,
    heads: &'a [Vec<Segment>],
    (x, y): Point,
    room: &[i64],
) {
    let tallest = layout.height.max(ONE_COLUMN / 2);
    let mut rest = heads;
    while let Some(first) = rest.first() {
        let mut height = chain_size(first).1;
        let mut count = 1;
        for head in &rest[1..] {
            let more = HEAD_GAP + chain_size(head).1;
            if height + more > tallest {
                break;
            }
            height += more;
            count += 1;
        }
        let (column, others) = rest.split_at(count);
        rest = others;
        let right = layout.columns.last().map_or(x, |column| column.right);
        let lanes = layout
            .columns
            .len()
            .checked_sub(1)
            .and_then(|last| room.get(last));
        let left = right + lanes.copied().unwrap_or(0) + GUTTER;
        let width = column.iter().map(|head| chain_size(head).0).max();
        let width = width.unwrap_or(0);
        layout.columns.push(Column {
            right: left + width,
        });
        let mut top = y;
        for head in column {
            layout.chain(head, left + width / 2, top);
            top += chain_size(head).1 + HEAD_GAP;
        }
        layout.width = left + width - x;
        layout.height = layout.height.max(height);
    }
}

/// The chain in parts of about the same height, so that the drawing is half again as wide as tall.
fn columns(parts: &[Segment]) -> Vec<&[Segment]> {
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

/// From the bottom of a column through the gutter at `x` to the top of the next.
fn around(from: Point, to: Point, x: i64) -> Path {
    let (down, up) = (from.1 + 20, to.1 - 20);
    Path::along(&[from, (from.0, down), (x, down), (x, up), (to.0, up), to])
}
