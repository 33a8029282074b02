//! Everything the compiler has to say about a text.

use crate::analysis::{Analysis, ROOT, bytes};
use netc_grammar::ast::Item;
use netc_grammar::{Diagnostic, Severity};
use serde_json::{Value, json};

/// The diagnostics of the protocol. What is wrong in a used file is shown where it is used.
pub(crate) fn diagnostics(analysis: &Analysis, uri: &str) -> Value {
    let shown = analysis.diagnostics.iter();
    shown.map(|d| diagnostic(analysis, uri, d)).collect()
}

/// One of them.
pub(crate) fn diagnostic(analysis: &Analysis, uri: &str, d: &Diagnostic) -> Value {
    let span = d.span();
    let mut message = d.headline.clone();
    let range = if span.file == ROOT {
        bytes(span)
    } else {
        let name = &analysis.sources.get(span.file).name;
        let (start, _) = analysis.sources.line_col(span);
        message = format!("{name}:{}:{}: {message}", start.line, start.column);
        used_at(analysis)
    };
    let first = d.labels.first().filter(|label| !label.text.is_empty());
    let facts = first.map(|label| label.text.clone()).into_iter();
    let facts = facts.chain(d.notes.iter().cloned());
    let helps = d.helps.iter().map(|help| match &help.edit {
        Some((_, new)) if !new.is_empty() => format!("help: {}: `{new}`", help.text),
        _ => format!("help: {}", help.text),
    });
    for line in facts.chain(helps) {
        message += "\n";
        message += &line;
    }
    let related = d.labels.iter().skip(1);
    let related = related.filter(|label| label.span.file == ROOT && !label.text.is_empty());
    let related = related.map(|label| {
        let range = analysis.text.range(bytes(label.span));
        json!({ "location": { "uri": uri, "range": range }, "message": label.text })
    });
    json!({
        "range": analysis.text.range(range),
        "severity": match d.severity { Severity::Error => 1, Severity::Warning => 2 },
        "code": d.code.as_str(),
        "source": "netc",
        "message": message,
        "relatedInformation": related.collect::<Vec<_>>(),
    })
}

/// The first `use`.
fn used_at(analysis: &Analysis) -> std::ops::Range<usize> {
    let items = &analysis.tree().items;
    let paths = items.iter().filter_map(|item| match item {
        Item::Use(path) => Some(bytes(path.span)),
        _ => None,
    });
    paths.take(1).next().unwrap_or(0..0)
}
