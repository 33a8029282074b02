//! The diagnostics of one file, in the making.

use crate::limits::MAX_ERRORS;
use crate::span::floor_char_boundary;
use crate::{Code, Diagnostic, FileId, Span};

/// Collects diagnostics up to [`MAX_ERRORS`].
#[derive(Debug, Default)]
pub(crate) struct Reports {
    list: Vec<Diagnostic>,
    first_left_out: Option<Span>,
}

impl Reports {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.list.len() < MAX_ERRORS {
            self.list.push(diagnostic);
        } else if self.first_left_out.is_none() {
            self.first_left_out = Some(diagnostic.span());
        }
    }

    /// All of them in the order in which they were found; none if there were too many.
    pub(crate) fn all(&self) -> Option<&[Diagnostic]> {
        self.first_left_out.is_none().then_some(&self.list[..])
    }

    /// The diagnostics in the order of the text.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|d| (d.span().start, d.span().end));
        // A place that something has been said about needs no second "expected ..., found ...".
        self.list
            .dedup_by(|later, d| later.code == Code::E0101 && later.span().start == d.span().start);
        self.list.extend(self.first_left_out.map(|span| {
            Diagnostic::error(
                Code::E0134,
                format!("more than {MAX_ERRORS} syntax errors in one file"),
                span,
            )
            .primary("this one and those after it are not shown")
            .help("mend the errors above, then check again")
        }));
        self.list
    }
}

/// The span of `start..end`, widened to whole characters of `text`.
pub(crate) fn span_in(text: &str, file: FileId, start: usize, end: usize) -> Span {
    let end = end.clamp(start, text.len().max(start));
    Span {
        file,
        start: offset(floor_char_boundary(text, start)),
        end: offset(ceil_char_boundary(text, end)),
    }
}

fn ceil_char_boundary(text: &str, at: usize) -> usize {
    (at..text.len())
        .find(|&i| text.is_char_boundary(i))
        .unwrap_or(text.len())
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// At most some thirty characters of a text, for headlines.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(32) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
