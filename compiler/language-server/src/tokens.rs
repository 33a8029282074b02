//! Semantic tokens: what each word is.

use crate::analysis::Analysis;
use crate::symbols::{Symbol, WORDS};
use netc_compiler::layers;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Range;

/// The kinds, in the order that the numbers count.
pub(crate) const KINDS: [&str; 10] = [
    "comment",
    "string",
    "number",
    "keyword",
    "operator",
    "class",
    "function",
    "variable",
    "parameter",
    "property",
];

/// The words of the language that stand before or between what they concern.
pub(crate) const KEYWORDS: [&str; 10] = [
    "net",
    "use",
    "let",
    "block",
    "where",
    "expect",
    "train",
    "as",
    "output",
    "auxiliary",
];

/// The tokens that touch a part of the text, each as its distance from the one before.
pub(crate) fn tokens(analysis: &Analysis, part: &Range<usize>) -> Value {
    let seen = |start: usize| part.start <= start && start <= part.end;
    let names: BTreeMap<u32, &Symbol> = analysis
        .occurrences()
        .iter()
        .filter(|o| seen(o.span.end as usize) || seen(o.span.start as usize))
        .map(|o| (o.span.start, &o.symbol))
        .collect();
    let text = analysis.text.as_str();
    let mut data = Vec::new();
    let mut last = (0, 0);
    // What begins a comment is known only from the beginning.
    let pieces = pieces(text).take_while(|range| range.start < part.end);
    for range in pieces.filter(|range| range.end > part.start) {
        let Some(kind) = kind(text, &range, &names) else {
            continue;
        };
        // A token may not span lines.
        let mut start = range.start;
        for line in text[range].split('\n') {
            let length = line.trim_end_matches('\r').encode_utf16().count();
            let (row, column) = analysis.text.line_character(start);
            start += line.len() + 1;
            if length == 0 {
                continue;
            }
            let across = if row == last.0 {
                column - last.1
            } else {
                column
            };
            data.extend([row - last.0, across, length, kind, 0]);
            last = (row, column);
        }
    }
    json!({ "data": data })
}

fn kind(text: &str, range: &Range<usize>, names: &BTreeMap<u32, &Symbol>) -> Option<usize> {
    let piece = &text[range.clone()];
    let first = piece.chars().next()?;
    let kind = match first {
        '/' if piece.starts_with("//") || piece.starts_with("/*") => "comment",
        '"' => "string",
        '0'..='9' => "number",
        'a'..='z' | 'A'..='Z' | '_' => word(text, range, names)?,
        '=' | '|' | '*' | '+' | '-' | '/' | '<' | '>' => "operator",
        _ => return None,
    };
    KINDS.iter().position(|k| *k == kind)
}

fn word(text: &str, range: &Range<usize>, names: &BTreeMap<u32, &Symbol>) -> Option<&'static str> {
    let word = &text[range.clone()];
    let start = u32::try_from(range.start).ok()?;
    Some(match names.get(&start) {
        Some(Symbol::Block(_)) => "function",
        Some(Symbol::Param(..)) => "parameter",
        Some(_) => "variable",
        None if layers::find(word).is_some() => "class",
        None if KEYWORDS.contains(&word) => "keyword",
        None if WORDS.contains(&word) => "keyword",
        None if text[range.end..].trim_start().starts_with('=') => "property",
        None => "function",
    })
}

/// Comments, strings, numbers, words and signs, in order.
fn pieces(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &text[at..];
        let trimmed = rest.trim_start();
        let start = at + rest.len() - trimmed.len();
        let len = piece(trimmed);
        at = start + len;
        (len > 0).then_some(start..at)
    })
}

fn piece(text: &str) -> usize {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let line = || text.find('\n').unwrap_or(text.len());
    match text.as_bytes() {
        [b'/', b'/', ..] => line(),
        [b'/', b'*', ..] => text.find("*/").map_or(text.len(), |end| end + 2),
        [b'"', ..] => text[1..]
            .find('"')
            .map_or(text.len(), |end| end + 2)
            .min(line().max(1)),
        [c, ..] if c.is_ascii_alphanumeric() || *c == b'_' => {
            text.find(|c| !is_word(c)).unwrap_or(text.len())
        }
        [b'=', b'>', ..] => 2,
        _ => text.chars().next().map_or(0, char::len_utf8),
    }
}
