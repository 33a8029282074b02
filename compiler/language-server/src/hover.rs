//! What stands under the pointer: a layer with its shapes and numbers, an option, a name.

use crate::analysis::{Analysis, ROOT, bytes, holds};
use crate::completion::enclosing_call;
use crate::texts::{layer_text, option_text};
use netc_compiler::graph::{Graph, Node, Shape};
use netc_compiler::layers::{self, LayerSpec};
use netc_compiler::options::Opt;
use netc_compiler::params::{self, Count};
use netc_compiler::text::thousands;
use serde_json::{Value, json};
use std::ops::Range;

/// Uses of a block's layer that are listed.
const MOST: usize = 6;

/// The hover of a place.
pub(crate) fn hover(analysis: &Analysis, offset: usize) -> Value {
    let Some(word) = analysis.word(offset) else {
        return Value::Null;
    };
    let name = &analysis.text.as_str()[word.clone()];
    let numbers = analysis
        .graph
        .as_ref()
        .and_then(|graph| numbers(graph, offset));
    let option = enclosing_call(analysis.text.as_str(), word.start)
        .and_then(layers::find)
        .and_then(|layer| option(layer, name));
    let about = match (layers::find(name), option) {
        (Some(layer), _) => Some(layer_text(layer)),
        (None, Some(option)) => Some(option_text(option)),
        (None, None) => symbol_text(analysis, offset),
    };
    let parts: Vec<String> = match (option.is_some() && layers::find(name).is_none(), numbers) {
        (false, Some(numbers)) => [Some(numbers), about].into_iter().flatten().collect(),
        _ => about.into_iter().collect(),
    };
    if parts.is_empty() {
        return Value::Null;
    }
    json!({
        "contents": { "kind": "markdown", "value": parts.join("\n\n") },
        "range": analysis.text.range(word),
    })
}

/// The option of a layer with this name.
fn option(layer: &LayerSpec, name: &str) -> Option<&'static Opt> {
    let mut options = layer.options.iter();
    options.find(|option| option.name == name || option.aliases.contains(&name))
}

/// A name that the file defines or uses.
fn symbol_text(analysis: &Analysis, offset: usize) -> Option<String> {
    let all = analysis.occurrences();
    let here = all.iter().find(|o| holds(o.span, offset))?;
    let defined = all.iter().find(|o| o.defines && o.symbol == here.symbol);
    let text = defined.and_then(|o| o.item);
    let text = text.map(|item| &analysis.text.as_str()[bytes(item)]);
    let kind = here.symbol.kind();
    Some(match text {
        Some(text) => format!("{kind}\n```netc\n{text}\n```"),
        None => format!("{kind} `{}`", here.symbol.name()),
    })
}

/// Shapes and numbers of the layer that is written here, or of the block that is used here.
fn numbers(graph: &Graph, offset: usize) -> Option<String> {
    let here = |node: &&Node| holds(node.span, offset);
    let smallest = |node: &&Node| node.span.end - node.span.start;
    if let Some(least) = graph.nodes.iter().filter(here).map(|n| smallest(&n)).min() {
        let nodes = graph
            .nodes
            .iter()
            .filter(|n| here(n) && smallest(n) == least);
        let lines: Vec<String> = nodes.map(|node| line(graph, &[node])).collect();
        let mut text = lines[..lines.len().min(MOST)].join("\n");
        if lines.len() > MOST {
            text += &format!("\nand {} more", lines.len() - MOST);
        }
        return Some(fenced(&text));
    }
    let used = |node: &Node| {
        let spans = node.used_at.iter().filter(|span| holds(**span, offset));
        spans.min_by_key(|span| span.end - span.start).copied()
    };
    let span = graph.nodes.iter().find_map(used)?;
    let nodes: Vec<&Node> = graph
        .nodes
        .iter()
        .filter(|n| n.used_at.contains(&span))
        .collect();
    Some(fenced(&line(graph, &nodes)))
}

fn fenced(text: &str) -> String {
    format!("```text\n{text}\n```")
}

/// `conv1: 32x32x3 -> 28x28x6, 156 parameters, 117,600 MACs`
fn line(graph: &Graph, nodes: &[&Node]) -> String {
    let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else {
        return String::new();
    };
    let mut total = Count::default();
    for node in nodes {
        let count = params::count(node, graph);
        total.params += count.params;
        total.macs += count.macs;
    }
    let inputs: Vec<String> = first
        .inputs
        .iter()
        .map(|id| graph.node(*id).shape.to_string())
        .collect();
    let from = match inputs.as_slice() {
        [] => String::new(),
        inputs => format!("{} -> ", inputs.join(", ")),
    };
    let name = match nodes.len() {
        1 => format!("{}: ", first.name),
        count => format!("{count} layers: "),
    };
    let mut text = format!("{name}{from}{}", last.shape);
    for (count, what) in [(total.params, "parameters"), (total.macs, "MACs")] {
        if count > 0 {
            text += &format!(", {} {what}", thousands(count));
        }
    }
    text
}

/// The shape behind each stage that is written in the open file's own chain, in a part of it: the place, and the shape.
pub(crate) fn shapes(graph: &Graph, part: &Range<usize>) -> Vec<(usize, Shape)> {
    let mut shapes: Vec<(usize, Shape)> = Vec::new();
    for node in &graph.nodes {
        let span = node.used_at.last().copied().unwrap_or(node.span);
        let place = span.end as usize;
        let seen = part.start <= place && place <= part.end;
        if span.file != ROOT || !seen || node.shape.is_unknown() {
            continue;
        }
        match shapes
            .iter_mut()
            .rev()
            .take(64)
            .find(|(at, _)| *at == place)
        {
            // A block's last layer, and the last round of a repeat.
            Some((_, shape)) => *shape = node.shape,
            None => shapes.push((place, node.shape)),
        }
    }
    shapes
}
