//! Quick fixes: the edits that diagnostics suggest.

use crate::analysis::{Analysis, ROOT, bytes};
use crate::diagnostics::diagnostic;
use serde_json::{Value, json};
use std::ops::Range;

/// The fixes of the diagnostics that touch a range.
pub(crate) fn actions(analysis: &Analysis, uri: &str, range: &Range<usize>) -> Value {
    let mut actions = Vec::new();
    for d in &analysis.diagnostics {
        let place = bytes(d.span());
        if d.span().file != ROOT || place.start > range.end || place.end < range.start {
            continue;
        }
        let edits = d
            .helps
            .iter()
            .filter_map(|help| Some((help, help.edit.as_ref()?)));
        for (i, (help, (span, new))) in edits.enumerate() {
            if span.file != ROOT {
                continue;
            }
            let title = match new.trim() {
                "" => help.text.clone(),
                shown => format!("{}: `{shown}`", help.text.trim_end_matches(['?', ':'])),
            };
            let edit = json!({ "range": analysis.text.range(bytes(*span)), "newText": new });
            actions.push(json!({
                "title": title,
                "kind": "quickfix",
                "isPreferred": i == 0,
                "diagnostics": [diagnostic(analysis, uri, d)],
                "edit": { "changes": { uri: [edit] } },
            }));
        }
    }
    Value::Array(actions)
}
