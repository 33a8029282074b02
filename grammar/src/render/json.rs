//! One JSON object a line.

use std::fmt::Write as _;

use crate::{Diagnostic, Help, Label, Severity, Sources, Span};

/// The diagnostics as JSON, one object a line: `code`, `severity`, `message`, the place (`file`, `line`, `column`, `end_line`,
/// `end_column`; counted from 1, columns in characters, the end one past the last), `labels`, `notes`, `helps`. A help with an edit
/// has the `text`, the place that it replaces, and the `replacement`.
///
/// ```
/// use netc_grammar::{Sources, parse, render_json};
/// let mut sources = Sources::default();
/// let file = sources.add("a.net", "INPUT(4) -> FC(2)");
/// let (_, diagnostics) = parse(&sources, file);
/// let text = render_json(&sources, &diagnostics);
/// assert!(text.starts_with(r#"{"code":"E0103","severity":"error","message":"`->` is not netc's arrow","file":"a.net","line":1,"column":10,"#));
/// ```
#[must_use]
pub fn render_json(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        object(&mut out, sources, diagnostic);
        out.push('\n');
    }
    out
}

fn object(out: &mut String, sources: &Sources, diagnostic: &Diagnostic) {
    out.push_str("{\"code\":");
    string(out, diagnostic.code.as_str());
    out.push_str(",\"severity\":");
    string(
        out,
        match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
    );
    out.push_str(",\"message\":");
    string(out, &diagnostic.headline);
    if let Some(label) = diagnostic.labels.first() {
        place(out, sources, label.span);
    }
    array(out, "labels", &diagnostic.labels, |out, label: &Label| {
        out.push_str("{\"text\":");
        string(out, &label.text);
        place(out, sources, label.span);
        out.push('}');
    });
    array(out, "notes", &diagnostic.notes, |out, note| {
        string(out, note)
    });
    array(out, "helps", &diagnostic.helps, |out, help| {
        advice(out, sources, help)
    });
    out.push('}');
}

fn advice(out: &mut String, sources: &Sources, help: &Help) {
    out.push_str("{\"text\":");
    string(out, &help.text);
    if let Some((span, replacement)) = &help.edit {
        place(out, sources, *span);
        out.push_str(",\"replacement\":");
        string(out, replacement);
    }
    out.push('}');
}

fn place(out: &mut String, sources: &Sources, span: Span) {
    if !sources.holds(span) {
        return;
    }
    let (start, end) = sources.line_col(span);
    out.push_str(",\"file\":");
    string(out, &sources.get(span.file).name);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        ",\"line\":{},\"column\":{},\"end_line\":{},\"end_column\":{}",
        start.line, start.column, end.line, end.column
    );
}

fn array<T>(out: &mut String, key: &str, items: &[T], mut each: impl FnMut(&mut String, &T)) {
    let _ = write!(out, ",\"{key}\":[");
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        each(out, item);
    }
    out.push(']');
}

/// A JSON string, quotes included.
fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if c < ' ' || c == '\u{7f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}
