//! Collecting diagnostics: each mistake once, although the block that holds it may be expanded a thousand times.

use netc_grammar::{Code, Diagnostic, Span};
use std::collections::HashSet;

/// Adds diagnostics to a list, the first of each code and place only.
pub(crate) struct Report<'a> {
    list: &'a mut Vec<Diagnostic>,
    seen: HashSet<(Code, Span)>,
    /// Where the syntax is wrong. What stands around it is not whole, and says nothing reliable about what is missing.
    broken: Vec<Span>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(list: &'a mut Vec<Diagnostic>) -> Self {
        let broken = list
            .iter()
            .filter(|d| is_syntax(d.code))
            .map(Diagnostic::span)
            .collect();
        Self {
            list,
            seen: HashSet::new(),
            broken,
        }
    }

    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        let span = diagnostic.span();
        if is_syntax(diagnostic.code) {
            self.broken.push(span);
        } else if self.broken.iter().any(|&b| touches(b, span)) {
            return;
        }
        if self.seen.insert((diagnostic.code, span)) {
            self.list.push(diagnostic);
        }
    }

    pub(crate) fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        diagnostics.into_iter().for_each(|d| self.push(d));
    }

    /// Whether there is an error among the diagnostics.
    pub(crate) fn has_errors(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }
}

fn is_syntax(code: Code) -> bool {
    code.as_str().starts_with("E01")
}

fn touches(a: Span, b: Span) -> bool {
    a.file == b.file && a.start <= b.end && b.start <= a.end
}

/// Says where the blocks were used that led to a place: the innermost and the outermost use.
pub(crate) fn within(diagnostic: Diagnostic, used_at: &[Span]) -> Diagnostic {
    match used_at {
        [] => diagnostic,
        [only] => diagnostic.label(*only, "in this use of the block"),
        [inner, .., outer] => diagnostic
            .label(*inner, "in this use of the block")
            .label(*outer, "which comes from here"),
    }
}
