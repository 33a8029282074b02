//! `netc summary`: one row a layer, the totals, and what this dialect does where others differ.

use netc_plan::{Op, Plan};

use crate::Training;
use crate::compare::to_train;
use crate::graph::{Graph, Layer, Node, Order, PadMode, Padding, PoolKind};
use crate::layers;
use crate::params;

use crate::text;
use crate::text::numbers::{bytes, thousands};

/// Columns of a terminal.
const WIDTH: usize = 80;

/// The widest a name or a text is printed, however narrow the other columns are.
const WIDEST: usize = 40;

/// The table of layers with its totals, about 80 columns wide; `training` for what that would take.
#[must_use]
pub fn summary(graph: &Graph, plan: &Plan, training: Option<&Training>) -> String {
    let mut text = heading(graph);
    text.push('\n');
    text.push_str(&table(graph));
    text.push('\n');
    text.push_str(&totals(graph, plan, training));
    let notes = notes(graph);
    if !notes.is_empty() {
        text.push('\n');
        for note in notes {
            text.push_str(&wrapped(&note));
        }
    }
    text
}

fn heading(graph: &Graph) -> String {
    format!(
        "{}: {} -> {}\n",
        graph.name,
        graph
            .nodes
            .first()
            .map_or_else(String::new, |node| node.shape.to_string()),
        graph.node(graph.output).shape
    )
}

fn table(graph: &Graph) -> String {
    const HEAD: [&str; 6] = ["layer", "", "output", "params", "MACs", "memory"];
    let rows: Vec<[String; 6]> = graph.nodes.iter().map(|node| row(graph, node)).collect();
    let mut widths = HEAD.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    // What numbers leave free belongs to the words: the names first, then the texts.
    let numbers: usize = widths[2..].iter().sum::<usize>() + 2 * 5;
    let words = WIDTH.saturating_sub(numbers);
    widths[0] = widths[0].min(words / 2).clamp(8, WIDEST);
    widths[1] = widths[1]
        .min(words.saturating_sub(widths[0]))
        .clamp(12, WIDEST);

    let mut text = line(&HEAD.map(str::to_string), &widths);
    let rule: usize = widths.iter().sum::<usize>() + 2 * 5;
    text.push_str(&"-".repeat(rule));
    text.push('\n');
    for row in &rows {
        text.push_str(&line(row, &widths));
    }
    text
}

fn row(graph: &Graph, node: &Node) -> [String; 6] {
    let count = params::count(node, graph);
    let number = |value: u64| {
        if value == 0 {
            String::new()
        } else {
            thousands(value)
        }
    };
    [
        node.name.clone(),
        layers::text(&node.layer),
        node.shape.to_string(),
        number(count.params),
        number(count.macs),
        bytes(activation(node)),
    ]
}

/// Bytes of a layer's value, for one image.
fn activation(node: &Node) -> u64 {
    4 * node.shape.elements() as u64
}

fn line(cells: &[String; 6], widths: &[usize; 6]) -> String {
    let mut text = String::new();
    for (i, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let cell = cut(cell, *width);
        let space = " ".repeat(width.saturating_sub(cell.chars().count()));
        if i > 0 {
            text.push_str("  ");
        }
        // Words to the left, numbers to the right.
        if i < 2 {
            text.push_str(&cell);
            text.push_str(&space);
        } else {
            text.push_str(&space);
            text.push_str(&cell);
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// The text in `width` columns: the last arguments of a layer go first, then the end of the text.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    let mut shorter = text.strip_suffix(')').unwrap_or(text);
    while let Some((front, _)) = shorter.rsplit_once(", ") {
        shorter = front;
        // A part of a tuple is none.
        let open = front.matches('(').count() - front.matches(')').count();
        if open == 1 && front.chars().count() + 5 <= width {
            return format!("{front}, ..)");
        }
    }
    let front: String = text.chars().take(width.saturating_sub(2)).collect();
    format!("{front}..")
}

fn totals(graph: &Graph, plan: &Plan, training: Option<&Training>) -> String {
    let total = params::total(graph);
    let weights = 4 * total.params;
    let workspace = plan.arena as u64;
    let mut rows = vec![
        ("parameters", thousands(total.params)),
        ("trainable", thousands(total.trainable)),
        ("MACs", thousands(total.macs)),
        ("weights", bytes(weights)),
        (
            "to infer",
            format!("{} and {} per image", bytes(weights), bytes(workspace)),
        ),
    ];
    if let Some((fixed, each)) = training.map(to_train) {
        let text = format!("{} and {} per image", bytes(fixed), bytes(each));
        rows.push(("to train", text));
    }
    rows.iter()
        .map(|(name, value)| format!("{name:<12}{value}\n"))
        .collect()
}

/// What netc does where others do something else, as far as this network is concerned.
fn notes(graph: &Graph) -> Vec<String> {
    let mut notes: Vec<String> = heads(graph).collect();
    notes.extend(uneven_same(graph));
    notes.extend(rounded_down(graph));
    notes.extend(padded_mean(graph));
    notes.extend(batch_norm(graph));
    if has(graph, |op| matches!(op, Layer::Op(Op::Lrn(_)))) {
        notes.push("LRN: alpha is not divided by n".into());
    }
    notes.extend(flattening(graph));
    notes
}

fn has(graph: &Graph, is: impl Fn(&Layer) -> bool) -> bool {
    graph.nodes.iter().any(|node| is(&node.layer))
}

/// `conv1`, `conv1 and 3 more`
fn named<'a>(nodes: impl Iterator<Item = &'a Node>) -> Option<String> {
    let names: Vec<&str> = nodes.map(|node| node.name.as_str()).collect();
    match names[..] {
        [] => None,
        [one] => Some(one.into()),
        [one, two] => Some(format!("{one} and {two}")),
        [one, ref more @ ..] => Some(format!("{one} and {} more", more.len())),
    }
}

fn padding(node: &Node) -> Option<&Padding> {
    match &node.layer {
        Layer::Conv(conv) => Some(&conv.pad),
        Layer::Deconv(deconv) => Some(&deconv.pad),
        Layer::Pool(pool) => Some(&pool.pad),
        _ => None,
    }
}

fn uneven_same(graph: &Graph) -> Option<String> {
    let uneven = graph.nodes.iter().filter(|node| {
        padding(node).is_some_and(|pad| {
            let [top, bottom, left, right] = pad.cells;
            pad.mode == PadMode::Same && (top != bottom || left != right)
        })
    });
    let names = named(uneven.clone())?;
    let have = if uneven.count() == 1 { "has" } else { "have" };
    Some(format!(
        "same: {names} {have} an odd number of cells to pad; the odd one is at the bottom and right"
    ))
}

/// Poolings whose windows do not reach the last rows or columns.
fn rounded_down(graph: &Graph) -> Option<String> {
    let short = graph.nodes.iter().filter(|node| {
        let input = node.inputs.first();
        let input = input.and_then(|id| graph.node(*id).shape.hwc());
        let (Layer::Pool(pool), Some(input), Some(output)) = (&node.layer, input, node.shape.hwc())
        else {
            return false;
        };
        let falls_short = |axis: usize| {
            let reach = output[axis].saturating_sub(1) * pool.stride[axis] + pool.window[axis];
            reach < input[axis] + pool.pad.cells[2 * axis]
        };
        !pool.ceil && (0..2).any(falls_short)
    });
    let names = named(short)?;
    Some(format!(
        "POOL rounds down: {names} leave cells at the bottom or right unread"
    ))
}

fn padded_mean(graph: &Graph) -> Option<String> {
    let padded = graph.nodes.iter().filter(|node| {
        let Layer::Pool(pool) = &node.layer else {
            return false;
        };
        pool.kind == PoolKind::Avg && !pool.count_pad && pool.cells() != [0; 4]
    });
    let names = named(padded)?;
    Some(format!("AVGPOOL: padded cells do not count ({names})"))
}

/// `outputs: boxes 16x16x18`, `in training only: aux 10`
fn heads(graph: &Graph) -> impl Iterator<Item = String> {
    let list = |auxiliary, what: &str| {
        let heads = graph.heads.iter();
        let heads = heads.filter(|head| head.auxiliary == auxiliary);
        let heads: Vec<String> = heads
            .map(|head| format!("{} {}", head.name, graph.node(head.node).shape))
            .collect();
        (!heads.is_empty()).then(|| format!("{what}: {}", heads.join(", ")))
    };
    [
        list(false, "other outputs"),
        list(true, "auxiliary heads, which only training computes"),
    ]
    .into_iter()
    .flatten()
}

fn batch_norm(graph: &Graph) -> Option<String> {
    let mut all = graph.nodes.iter().filter_map(|node| match node.layer {
        Layer::BatchNorm { eps, momentum } => Some((eps, momentum)),
        _ => None,
    });
    let (eps, momentum) = all.next()?;
    let (mut one_eps, mut one_momentum) = (true, true);
    for other in all {
        one_eps &= other.0 == eps;
        one_momentum &= other.1 == momentum;
    }
    let said = |one: bool, value: f32| match one {
        true => text::number(value),
        false => "differs from layer to layer".to_owned(),
    };
    Some(format!(
        "BN: eps {}, momentum {} (the share of the old statistics that is kept)",
        said(one_eps, eps),
        said(one_momentum, momentum)
    ))
}

fn flattening(graph: &Graph) -> Option<String> {
    let channels_first = has(graph, |op| matches!(op, Layer::Flatten(Order::Chw)));
    let pixels = |node: &Node| node.shape.hwc().is_some_and(|[h, w, c]| h * w > 1 && c > 1);
    let implied = graph.nodes.iter().find(|node| {
        matches!(node.layer, Layer::Fc { .. } | Layer::Flatten(Order::Hwc))
            && node.inputs.iter().any(|id| pixels(graph.node(*id)))
    });
    match implied {
        Some(node) => Some(format!(
            "{} reads the picture in the order height, width, channels",
            node.name
        )),
        None if channels_first => Some("FLATTEN(chw): the order is channels, height, width".into()),
        None => None,
    }
}

/// A note in as many lines as it needs.
fn wrapped(note: &str) -> String {
    let mut text = String::from("note:");
    let mut column = text.len();
    for word in note.split(' ') {
        if column + 1 + word.chars().count() > WIDTH {
            text.push_str("\n     ");
            column = 5;
        }
        text.push(' ');
        text.push_str(word);
        column += 1 + word.chars().count();
    }
    text.push('\n');
    text
}
