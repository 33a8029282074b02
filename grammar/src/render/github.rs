//! GitHub's workflow commands, which become annotations of a pull request.

use std::fmt::Write as _;

use crate::{Diagnostic, Severity, Sources};

/// One `::error` or `::warning` command a line.
///
/// ```
/// use netc_grammar::{Sources, parse, render_github};
/// let mut sources = Sources::default();
/// let file = sources.add("a,b.net", "INPUT(4) -> FC(2)");
/// let (_, diagnostics) = parse(&sources, file);
/// let text = render_github(&sources, &diagnostics);
/// assert!(text.starts_with("::error file=a%2Cb.net,line=1,endLine=1,col=10,endColumn=12,title=E0103::`->` is not netc's arrow%0A"));
/// ```
#[must_use]
pub fn render_github(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        command(&mut out, sources, diagnostic);
    }
    out
}

fn command(out: &mut String, sources: &Sources, diagnostic: &Diagnostic) {
    out.push_str(match diagnostic.severity {
        Severity::Error => "::error ",
        Severity::Warning => "::warning ",
    });
    let primary = diagnostic
        .labels
        .first()
        .filter(|label| sources.holds(label.span));
    if let Some(label) = primary {
        let (start, end) = sources.line_col(label.span);
        out.push_str("file=");
        escape(out, &sources.get(label.span.file).name, true);
        let (first, last) = (start.line, end.line);
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            ",line={first},endLine={last},col={},endColumn={},",
            start.column, end.column
        );
    }
    out.push_str("title=");
    out.push_str(diagnostic.code.as_str());
    out.push_str("::");
    escape(out, &message(diagnostic), false);
    out.push('\n');
}

/// The headline, then labels, notes and helps, one a line.
fn message(diagnostic: &Diagnostic) -> String {
    let mut lines = vec![diagnostic.headline.clone()];
    lines.extend(
        diagnostic
            .labels
            .iter()
            .map(|label| label.text.clone())
            .filter(|text| !text.is_empty()),
    );
    lines.extend(diagnostic.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(
        diagnostic
            .helps
            .iter()
            .map(|help| format!("help: {}", help.text)),
    );
    lines.join("\n")
}

/// Escapes as GitHub's runner expects; properties end at `,` and `:`, so that those count there.
fn escape(out: &mut String, text: &str, property: bool) {
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            ':' if property => out.push_str("%3A"),
            ',' if property => out.push_str("%2C"),
            _ => out.push(c),
        }
    }
}
