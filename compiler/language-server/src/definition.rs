//! Definitions, references and new names.

use crate::analysis::{Analysis, ROOT, bytes, holds};
use crate::symbols::{Occurrence, Symbol, occurrences};
use netc_grammar::ast::Item;
use netc_grammar::{FileId, Span, parse};
use serde_json::{Value, json};

/// Where the name at a place is defined, or the file that `use` names: a file and a place in it.
pub(crate) fn definition(analysis: &Analysis, offset: usize) -> Option<(FileId, Span)> {
    if let Some(file) = used_file(analysis, offset) {
        return Some((
            file,
            Span {
                file,
                start: 0,
                end: 0,
            },
        ));
    }
    let here = at(analysis, offset)?;
    let own = |o: &&Occurrence| o.defines && o.symbol == here.symbol;
    if let Some(defined) = analysis.occurrences().iter().find(own) {
        return Some((ROOT, defined.span));
    }
    let others = analysis.sources.iter().skip(1);
    others.map(|(file, _)| file).find_map(|file| {
        let tree = parse(&analysis.sources, file).0;
        let found = occurrences(&tree, file).into_iter();
        let defined = found.filter(|o| o.defines && is_shared(&o.symbol));
        let mut defined = defined.filter(|o| o.symbol == here.symbol);
        defined.next().map(|o| (file, o.span))
    })
}

/// Blocks and constants are seen by other files.
fn is_shared(symbol: &Symbol) -> bool {
    matches!(symbol, Symbol::Block(_) | Symbol::Constant(_))
}

/// The file that the `use` at a place names.
fn used_file(analysis: &Analysis, offset: usize) -> Option<FileId> {
    let items = analysis.tree().items.iter();
    let path = items.filter_map(|item| match item {
        Item::Use(path) if holds(path.span, offset) => Some(path.node.trim_start_matches("./")),
        _ => None,
    });
    let path = path.take(1).next()?;
    let others = analysis.sources.iter().skip(1);
    others
        .filter(|(_, source)| source.name.ends_with(path))
        .map(|(file, _)| file)
        .next()
}

fn at(analysis: &Analysis, offset: usize) -> Option<&Occurrence> {
    analysis
        .occurrences()
        .iter()
        .find(|o| holds(o.span, offset))
}

/// All places of the name at a place.
pub(crate) fn references(analysis: &Analysis, offset: usize, declaration: bool) -> Vec<Span> {
    let Some(here) = at(analysis, offset) else {
        return Vec::new();
    };
    let all = analysis.occurrences().iter();
    let same = all.filter(|o| o.symbol == here.symbol && (declaration || !o.defines));
    same.map(|o| o.span).collect()
}

/// The name at a place, if it can be changed: its range and text.
pub(crate) fn renameable(analysis: &Analysis, offset: usize) -> Value {
    match at(analysis, offset).filter(|here| is_defined_here(analysis, here)) {
        Some(here) => json!({
            "range": analysis.text.range(bytes(here.span)),
            "placeholder": here.symbol.name(),
        }),
        None => Value::Null,
    }
}

fn is_defined_here(analysis: &Analysis, here: &Occurrence) -> bool {
    let mut all = analysis.occurrences().iter();
    all.any(|o| o.defines && o.symbol == here.symbol)
}

/// The edit that gives the name at a place another; or why it cannot.
pub(crate) fn rename(
    analysis: &Analysis,
    uri: &str,
    offset: usize,
    new: &str,
) -> Result<Value, String> {
    let here = at(analysis, offset).ok_or("there is no name that can be changed")?;
    if !is_defined_here(analysis, here) {
        return Err(format!(
            "`{}` is defined in another file",
            here.symbol.name()
        ));
    }
    let is_name = new.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && new.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && new.chars().any(|c| c.is_ascii_lowercase());
    if !is_name {
        return Err(format!(
            "`{new}` is no name: letters, digits and `_`, with a small letter among them"
        ));
    }
    let taken = |o: &&Occurrence| o.defines && o.symbol.name() == new && o.symbol != here.symbol;
    if analysis.occurrences().iter().any(|o| taken(&o)) {
        return Err(format!("`{new}` is taken"));
    }
    let edit = |span: Span| json!({ "range": analysis.text.range(bytes(span)), "newText": new });
    let edits: Vec<Value> = references(analysis, offset, true)
        .into_iter()
        .map(edit)
        .collect();
    Ok(json!({ "changes": { uri: edits } }))
}
