//! `netc diff`: two networks as a table, and as JSON.

use super::json::{Json, sizes};
use super::summary::cut;
use crate::compare::{Comparison, Pair, Row, Totals};
use crate::text::numbers::{bytes, thousands};

/// Layers that are alike stand beside this many that are not; the others are counted.
const CONTEXT: usize = 2;
/// The columns of numbers: output, parameters, MACs, memory.
const NUMBERS: usize = 4;

/// The layers that differ, with their neighbours, and the totals; no wider than `width` where the numbers leave room for words.
#[must_use]
pub fn comparison(comparison: &Comparison, width: usize) -> String {
    let lines = lines(&comparison.layers);
    let mut text = format!(
        "- {}\n+ {}\n\n",
        comparison.first.name, comparison.second.name
    );
    if lines.iter().all(|line| matches!(line, Line::Alike(_))) {
        let count = comparison.layers.len();
        text += &format!("The {count} layers are the same.\n");
    } else {
        text += &table(&lines, width);
    }
    text.push('\n');
    text += &totals(&comparison.first, &comparison.second);
    text
}

/// The same for scripts.
#[must_use]
pub fn comparison_json(comparison: &Comparison) -> String {
    let layers = comparison.layers.iter().map(|pair| {
        let (change, first, second) = match pair {
            Pair::Same(a, b) => ("same", Some(a), Some(b)),
            Pair::Changed(a, b) => ("changed", Some(a), Some(b)),
            Pair::First(a) => ("removed", Some(a), None),
            Pair::Second(b) => ("added", None, Some(b)),
        };
        let side = |row: Option<&Row>| row.map_or(Json::Null, row_json);
        Json::Object(vec![
            ("change", Json::Text(change.into())),
            ("a", side(first)),
            ("b", side(second)),
        ])
    });
    Json::Object(vec![
        ("a", totals_json(&comparison.first)),
        ("b", totals_json(&comparison.second)),
        ("layers", Json::List(layers.collect())),
    ])
    .print()
}

fn row_json(row: &Row) -> Json {
    Json::Object(vec![
        ("name", Json::Text(row.name.clone())),
        ("kind", Json::Text(row.kind.into())),
        ("text", Json::Text(row.text.clone())),
        ("output", sizes(&row.output.sizes())),
        ("params", Json::Number(row.count.params)),
        ("macs", Json::Number(row.count.macs)),
        ("memory", Json::Number(memory(row))),
    ])
}

fn totals_json(totals: &Totals) -> Json {
    let number = |value: Option<u64>| value.map_or(Json::Null, Json::Number);
    Json::Object(vec![
        ("name", Json::Text(totals.name.clone())),
        ("layers", Json::Number(totals.layers)),
        ("params", Json::Number(totals.count.params)),
        ("trainable", Json::Number(totals.count.trainable)),
        ("macs", Json::Number(totals.count.macs)),
        ("weights", Json::Number(totals.weights)),
        ("infer", Json::Number(totals.infer)),
        ("train", number(totals.train.map(|(fixed, _)| fixed))),
        (
            "train_per_image",
            number(totals.train.map(|(_, each)| each)),
        ),
    ])
}

/// Bytes of a layer's value, for one image.
fn memory(row: &Row) -> u64 {
    4 * row.output.elements() as u64
}

enum Line<'a> {
    Row(char, &'a Row),
    /// So many layers are the same.
    Alike(usize),
}

fn lines(pairs: &[Pair]) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut start = 0;
    while start < pairs.len() {
        let is_same = |pair: &&Pair| matches!(pair, Pair::Same(..));
        let same = pairs[start..].iter().take_while(is_same).count();
        if same > 0 {
            let before = if start > 0 { CONTEXT } else { 0 };
            let after = if start + same < pairs.len() {
                CONTEXT
            } else {
                0
            };
            alike(&pairs[start..start + same], before, after, &mut lines);
            start += same;
            continue;
        }
        let changed = pairs[start..]
            .iter()
            .take_while(|pair| !is_same(pair))
            .count();
        let block = &pairs[start..start + changed];
        for pair in block {
            if let Pair::Changed(a, _) | Pair::First(a) = pair {
                lines.push(Line::Row('-', a));
            }
        }
        for pair in block {
            if let Pair::Changed(_, b) | Pair::Second(b) = pair {
                lines.push(Line::Row('+', b));
            }
        }
        start += changed;
    }
    lines
}

/// Layers that are the same: those next to others as they are, the rest as a number.
fn alike<'a>(pairs: &'a [Pair], before: usize, after: usize, lines: &mut Vec<Line<'a>>) {
    let hidden = pairs.len().saturating_sub(before + after);
    // A line that counts one layer is no shorter than the layer.
    let hidden = if hidden < 2 { 0 } else { hidden };
    let shown = before.min(pairs.len());
    for (i, pair) in pairs.iter().enumerate() {
        if let Pair::Same(_, row) = pair {
            if hidden == 0 || i < shown || i >= shown + hidden {
                lines.push(Line::Row(' ', row));
            } else if i == shown {
                lines.push(Line::Alike(hidden));
            }
        }
    }
}

fn table(lines: &[Line<'_>], width: usize) -> String {
    const HEAD: [&str; 6] = ["layer", "", "output", "params", "MACs", "memory"];
    let rows: Vec<Option<[String; 6]>> = lines.iter().map(cells).collect();
    let mut widths = HEAD.map(str::len);
    for row in rows.iter().flatten() {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let numbers = widths[2..].iter().sum::<usize>() + 2 + 2 * (NUMBERS + 1);
    let words = width.saturating_sub(numbers);
    widths[0] = widths[0].min(words / 2).max(8);
    widths[1] = widths[1].min(words.saturating_sub(widths[0])).max(12);
    let mut text = line(' ', &HEAD.map(str::to_owned), &widths);
    let rule = 2 + widths.iter().sum::<usize>() + 2 * (NUMBERS + 1);
    text += &"-".repeat(rule);
    text.push('\n');
    for (shown, row) in lines.iter().zip(&rows) {
        match (shown, row) {
            (Line::Row(sign, _), Some(cells)) => text += &line(*sign, cells, &widths),
            (Line::Alike(count), _) => text += &format!("  ... {count} layers are the same\n"),
            (Line::Row(..), None) => {}
        }
    }
    text
}

fn cells(line: &Line<'_>) -> Option<[String; 6]> {
    let Line::Row(_, row) = line else {
        return None;
    };
    let number = |value: u64| {
        if value == 0 {
            String::new()
        } else {
            thousands(value)
        }
    };
    Some([
        row.name.clone(),
        row.text.clone(),
        row.output.to_string(),
        number(row.count.params),
        number(row.count.macs),
        bytes(memory(row)),
    ])
}

fn line(sign: char, cells: &[String; 6], widths: &[usize; 6]) -> String {
    let mut text = format!("{sign} ");
    for (i, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let cell = cut(cell, *width);
        text += &match i {
            0 | 1 => format!("{cell:<width$}  "),
            _ => format!("{cell:>width$}  "),
        };
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn totals(a: &Totals, b: &Totals) -> String {
    let train = |totals: &Totals| totals.train.unwrap_or_default();
    let number: fn(u64) -> String = thousands;
    let rows = [
        ("layers", a.layers, b.layers, number),
        ("parameters", a.count.params, b.count.params, number),
        ("trainable", a.count.trainable, b.count.trainable, number),
        ("MACs", a.count.macs, b.count.macs, number),
        ("weights", a.weights, b.weights, bytes),
        ("to infer, per image", a.infer, b.infer, bytes),
        ("to train", train(a).0, train(b).0, bytes),
        ("to train, per image", train(a).1, train(b).1, bytes),
    ];
    let mut text = format!("{:<20}{:>16}{:>16}{:>14}\n", "", "-", "+", "difference");
    for (name, x, y, show) in rows {
        let difference = difference(x, y);
        text += &format!("{name:<20}{:>16}{:>16}{difference:>14}\n", show(x), show(y));
    }
    text
}

/// `+12.5 %`, and `x 3.2` where the second is several times the first.
fn difference(x: u64, y: u64) -> String {
    match (x, y) {
        _ if x == y => "same".into(),
        (0, _) => String::new(),
        _ if y >= 3 * x => format!("x {:.1}", y as f64 / x as f64),
        _ => format!("{:+.1} %", (y as f64 / x as f64 - 1.0) * 100.0),
    }
}
