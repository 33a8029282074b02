//! The network as a drawing.

mod arrange;
mod flatten;
mod ladder;
mod layout;
mod path;
mod taps;
#[cfg(test)]
mod tests;

use crate::graph::Graph;
use crate::params;

use self::arrange::layout;
use self::flatten::flatten;
use self::ladder::Ladder;
use self::layout::{CARD_WIDTH, Drawing, Placed};
use super::cards::parts;
use crate::text::numbers::thousands;

const MARGIN: i64 = 40;
const HEAD: i64 = 78;
/// Advance of a character, about: of the text's monospaced font, and of the chips'.
const TEXT_ADVANCE: f64 = 6.6;
const CHIP_ADVANCE: f64 = 7.0;

const STYLE: &str = "\
text{font-family:Inter,'Segoe UI',Helvetica,Arial,sans-serif;fill:#0f172a}\
.title{font-size:22px;font-weight:700}\
.about{font-size:13px;fill:#475569}\
.name{font-size:13px;font-weight:600}\
.shape{font-size:12px;fill:#475569;text-anchor:end}\
.text{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:11px;fill:#334155}\
.chip{font-size:10px;font-weight:600;text-anchor:middle}\
.edge{fill:none;stroke:#94a3b8;stroke-width:1.6}\
.tap{stroke-dasharray:5 4}";

/// Lines from different places; the arrow heads have the same colours.
const TAP_COLOURS: [&str; 5] = ["#0284c7", "#ea580c", "#16a34a", "#9333ea", "#be123c"];

/// An SVG picture: chains run down, branches stand side by side, a U-Net is a U, other outputs and auxiliary heads stand on the right. Small layers stand on the card of the layer before them.
#[must_use]
pub fn svg(graph: &Graph) -> String {
    let (mut parts, heads) = parts(graph);
    if Ladder::of(&parts).is_none() {
        parts = flatten(parts, None);
    }
    let layout = layout(&parts, &heads, MARGIN, MARGIN + HEAD);
    let about = about(graph);
    let head = (7 * about.chars().count().max(2 * graph.name.len())) as i64;
    let width = layout.width.max(head) + 2 * MARGIN;
    let height = layout.height + HEAD + 2 * MARGIN;

    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n\
         <defs>{}</defs>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text class=\"title\" x=\"{MARGIN}\" y=\"{}\">{}</text>\n\
         <text class=\"about\" x=\"{MARGIN}\" y=\"{}\">{}</text>\n",
        escaped(&graph.name),
        arrow_heads(&layout),
        MARGIN + 20,
        escaped(&graph.name),
        MARGIN + 42,
        escaped(&about)
    );
    edges(&layout, &mut text);
    for placed in &layout.cards {
        card(placed, &mut text);
    }
    text.push_str("</svg>\n");
    text
}

fn about(graph: &Graph) -> String {
    let total = params::total(graph);
    let input = graph.nodes.first().map(|node| node.shape.to_string());
    format!(
        "{} -> {}   \u{b7}   {} parameters   \u{b7}   {} MACs",
        input.unwrap_or_default(),
        graph.node(graph.output).shape,
        thousands(total.params),
        thousands(total.macs)
    )
}

/// The arrow head of the chain, and those of the taps that there are.
fn arrow_heads(layout: &Drawing<'_>) -> String {
    let head = |id: &str, colour: &str| {
        format!(
            "<marker id=\"{id}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
             orient=\"auto\"><path d=\"M0 0.8L7.5 4L0 7.2z\" fill=\"{colour}\"/></marker>"
        )
    };
    let sources = layout.edges.iter().filter_map(|edge| edge.tap).max();
    let taps = TAP_COLOURS
        .iter()
        .enumerate()
        .take(sources.map_or(0, |last| last + 1));
    let taps = taps.map(|(i, colour)| head(&format!("arrow{i}"), colour));
    [head("arrow", "#94a3b8")].into_iter().chain(taps).collect()
}

fn edges(layout: &Drawing<'_>, text: &mut String) {
    for edge in &layout.edges {
        let (class, head) = match edge.tap.map(|source| source % TAP_COLOURS.len()) {
            None => ("edge".to_owned(), "arrow".to_owned()),
            Some(i) => (
                format!("edge tap\" style=\"stroke:{}", TAP_COLOURS[i]),
                format!("arrow{i}"),
            ),
        };
        let arrow = if edge.arrow {
            format!(" marker-end=\"url(#{head})\"")
        } else {
            String::new()
        };
        text.push_str(&format!(
            "<path class=\"{class}\" d=\"{}\"{arrow}/>\n",
            edge.path
        ));
    }
}

fn card(placed: &Placed<'_>, text: &mut String) {
    let Placed {
        card, x, y, height, ..
    } = placed;
    let (strong, tint) = card.family.colours();
    let room = CARD_WIDTH - 28;
    let columns = (room as f64 / TEXT_ADVANCE) as usize;
    let name = cut(&card.name, 30usize.saturating_sub(card.output.len()).max(8));
    text.push_str(&format!(
        "<g><title>{}</title>\n\
         <rect x=\"{x}\" y=\"{y}\" width=\"{CARD_WIDTH}\" height=\"{height}\" rx=\"8\" fill=\"{tint}\" stroke=\"{strong}\" \
         stroke-opacity=\"0.45\"/>\n\
         <rect x=\"{x}\" y=\"{}\" width=\"4\" height=\"{}\" rx=\"2\" fill=\"{strong}\"/>\n\
         <text class=\"name\" x=\"{}\" y=\"{}\">{}</text>\n\
         <text class=\"shape\" x=\"{}\" y=\"{}\">{}</text>\n\
         <text class=\"text\" x=\"{}\" y=\"{}\">{}</text>\n",
        escaped(&tooltip(placed)),
        y + 9,
        height - 18,
        x + 14,
        y + 20,
        escaped(&name),
        x + CARD_WIDTH - 12,
        y + 20,
        escaped(&card.output),
        x + 14,
        y + 37,
        escaped(&cut(&card.text, columns))
    ));
    chips(placed, text);
    text.push_str("</g>\n");
}

fn chips(placed: &Placed<'_>, text: &mut String) {
    let mut left = placed.x + 14;
    let top = placed.y + 46;
    for (family, kind) in &placed.card.chips {
        let (strong, _) = family.colours();
        let width = (kind.len() as f64 * CHIP_ADVANCE) as i64 + 14;
        text.push_str(&format!(
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"17\" rx=\"8.5\" fill=\"#ffffff\" stroke=\"{strong}\" \
             stroke-opacity=\"0.6\"/>\
             <text class=\"chip\" x=\"{}\" y=\"{}\" style=\"fill:{strong}\">{kind}</text>\n",
            left + width / 2,
            top + 12
        ));
        left += width + 6;
    }
}

fn tooltip(placed: &Placed<'_>) -> String {
    let card = placed.card;
    let mut text = format!("{}: {}", card.name, card.text);
    for (_, kind) in &card.chips {
        text.push_str(&format!(" + {kind}"));
    }
    text.push_str(&format!(" \u{2192} {}", card.output));
    if !card.weight.is_empty() {
        text.push_str(&format!(", {}", card.weight));
    }
    text
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    let mut front: String = text.chars().take(width.saturating_sub(1)).collect();
    front.push('\u{2026}');
    front
}

/// Text as XML holds it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
