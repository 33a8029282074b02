//! What may be written at a place.

use crate::analysis::Analysis;
use crate::symbols::{Symbol, WORDS};
use crate::texts::{layer_text, option_text};
use crate::tokens::KEYWORDS;
use netc_compiler::layers::{self, LAYERS, LayerSpec};
use netc_compiler::recipe::KEYS;
use serde_json::{Value, json};

/// Kinds of completions, as the protocol numbers them.
const FUNCTION: u8 = 3;
const VARIABLE: u8 = 6;
const CLASS: u8 = 7;
const PROPERTY: u8 = 10;
const VALUE: u8 = 12;
const KEYWORD: u8 = 14;

/// What a claim can speak of.
const QUANTITIES: [&str; 7] = [
    "params",
    "trainable",
    "macs",
    "output",
    "layers",
    "accuracy",
    "loss",
];

/// The completions of a place.
pub(crate) fn completion(analysis: &Analysis, offset: usize) -> Value {
    let text = analysis.text.as_str();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let before = text.get(..offset).unwrap_or(text);
    let head = before.trim_end_matches(is_word);
    if is_hidden(head) {
        return json!([]);
    }
    if head.trim_end().ends_with("expect") {
        return QUANTITIES
            .iter()
            .map(|name| item(name, PROPERTY, "claim", None))
            .collect();
    }
    let mut items = Vec::new();
    match (enclosing_call(text, head.len()), in_recipe(head)) {
        (Some(call), _) => arguments(analysis, call, head, &mut items),
        (None, true) if !head.trim_end().ends_with('=') => {
            let key = |key: &netc_compiler::recipe::Key| {
                item(
                    key.option.name,
                    PROPERTY,
                    key.option.about,
                    Some(option_text(&key.option)),
                )
            };
            items.extend(KEYS.iter().map(key));
        }
        (None, true) => names(analysis, &mut items, |s| matches!(s, Symbol::Constant(_))),
        (None, false) => stages(analysis, head, &mut items),
    }
    Value::Array(items)
}

/// Layers, blocks, and the words that begin an item.
fn stages(analysis: &Analysis, head: &str, items: &mut Vec<Value>) {
    let layer = |layer: &LayerSpec| item(layer.name, CLASS, layer.about, Some(layer_text(layer)));
    items.extend(LAYERS.iter().map(layer));
    names(analysis, items, |s| matches!(s, Symbol::Block(_)));
    if !head.trim_end().ends_with("=>") {
        let words = KEYWORDS.into_iter().filter(|word| *word != "as");
        items.extend(words.map(|word| item(word, KEYWORD, "", None)));
    }
}

/// What may stand in the parentheses of a call.
fn arguments(analysis: &Analysis, call: &str, head: &str, items: &mut Vec<Value>) {
    let Some(layer) = layers::find(call) else {
        return names(analysis, items, |s| !matches!(s, Symbol::Block(_)));
    };
    if head.trim_end().ends_with(['(', ',']) {
        for option in layer.options {
            let mut entry = item(
                option.name,
                PROPERTY,
                option.about,
                Some(option_text(option)),
            );
            entry["insertText"] = json!(format!("{}=", option.name));
            items.push(entry);
        }
    }
    let takes_taps = layer.options.is_empty();
    names(analysis, items, |symbol| match symbol {
        Symbol::Tap(..) => takes_taps,
        Symbol::Constant(_) | Symbol::Param(..) => !takes_taps,
        _ => false,
    });
    if !takes_taps {
        items.extend(WORDS.iter().map(|word| item(word, VALUE, "", None)));
    }
}

/// The names that this file defines, each once, and the blocks and constants of those that it uses.
fn names(analysis: &Analysis, items: &mut Vec<Value>, fits: impl Fn(&Symbol) -> bool) {
    let mut seen: Vec<&str> = Vec::new();
    let own = analysis.occurrences().iter();
    let own = own.filter(|o| o.defines && fits(&o.symbol));
    for occurrence in own {
        let symbol = &occurrence.symbol;
        if !seen.contains(&symbol.name()) {
            seen.push(symbol.name());
            let kind = match symbol {
                Symbol::Block(_) => FUNCTION,
                _ => VARIABLE,
            };
            items.push(item(symbol.name(), kind, symbol.kind(), None));
        }
    }
    for name in analysis.shared().filter(|symbol| fits(symbol)) {
        items.push(item(name.name(), FUNCTION, name.kind(), None));
    }
}

fn item(label: &str, kind: u8, detail: &str, documentation: Option<String>) -> Value {
    let mut item = json!({ "label": label, "kind": kind });
    if !detail.is_empty() {
        item["detail"] = json!(detail);
    }
    if let Some(text) = documentation {
        item["documentation"] = json!({ "kind": "markdown", "value": text });
    }
    item
}

/// Whether the end of this text lies in a comment or a string.
fn is_hidden(text: &str) -> bool {
    let line = text.rsplit('\n').next().unwrap_or(text);
    let comment = line.contains("//");
    let quoted = line.matches('"').count() % 2 == 1;
    let block = text
        .rfind("/*")
        .is_some_and(|open| !text[open..].contains("*/"));
    comment || quoted || block
}

/// Whether the end of this text lies in the braces of a recipe.
fn in_recipe(text: &str) -> bool {
    text.rfind('{')
        .is_some_and(|open| !text[open..].contains('}'))
}

/// The call in whose parentheses a place lies.
pub(crate) fn enclosing_call(text: &str, offset: usize) -> Option<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut depth = 0_usize;
    // An arrow cannot stand in parentheses of a call, and few calls are longer than this.
    let from = offset.saturating_sub(4096);
    let from = (from..=offset).find(|i| text.is_char_boundary(*i))?;
    for (i, c) in text.get(from..offset)?.char_indices().rev() {
        match c {
            ')' | ']' => depth += 1,
            '(' | '[' if depth > 0 => depth -= 1,
            '(' => {
                let before = text[..from + i].trim_end();
                let name = &before[before.trim_end_matches(is_word).len()..];
                return (!name.is_empty()).then_some(name);
            }
            '>' => return None,
            _ => {}
        }
    }
    None
}
