//! The diagnostic: a stable code, a headline that stands alone, labelled spans, the arithmetic, and the edit that helps.

use crate::codes::Code;
use crate::span::Span;

/// One thing to tell the user about the source.
///
/// ```
/// use netc_grammar::{Code, Diagnostic, Span};
/// let d = Diagnostic::error(Code::E0101, "expected `=>` or the end of the chain", Span::default())
///     .note("a chain is stages joined by `=>`")
///     .help("write `=>` between the stages");
/// assert!(d.is_error());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// The stable code.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// One line that stands alone.
    pub headline: String,
    /// Labelled places; the first is the primary one.
    pub labels: Vec<Label>,
    /// Further facts: the arithmetic of a shape, say.
    pub notes: Vec<String>,
    /// What to do.
    pub helps: Vec<Help>,
}

/// How grave a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing can be compiled.
    Error,
    /// Compiles, but probably not as meant.
    Warning,
}

/// A labelled place.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What to say about it; may be empty.
    pub text: String,
}

/// A suggestion, with the edit where it is known exactly.
#[derive(Clone, Debug, PartialEq)]
pub struct Help {
    /// What to do, in words.
    pub text: String,
    /// Replace this span by this text.
    pub edit: Option<(Span, String)>,
}

impl Diagnostic {
    /// An error with its primary place, which has no label text yet (see [`Diagnostic::primary`]).
    #[must_use]
    pub fn error(code: Code, headline: impl Into<String>, span: Span) -> Self {
        Self::new(Severity::Error, code, headline.into(), span)
    }

    /// A warning with its primary place.
    #[must_use]
    pub fn warning(code: Code, headline: impl Into<String>, span: Span) -> Self {
        Self::new(Severity::Warning, code, headline.into(), span)
    }

    fn new(severity: Severity, code: Code, headline: String, span: Span) -> Self {
        let text = String::new();
        Self {
            code,
            severity,
            headline,
            labels: vec![Label { span, text }],
            notes: Vec::new(),
            helps: Vec::new(),
        }
    }

    /// Sets the text under the primary span.
    #[must_use]
    pub fn primary(mut self, text: impl Into<String>) -> Self {
        self.labels[0].text = text.into();
        self
    }

    /// Adds a second place: the cause, the other definition.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        self.labels.push(Label { span, text });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.helps.push(Help { text, edit: None });
        self
    }

    /// Adds advice with the exact edit.
    #[must_use]
    pub fn edit(
        mut self,
        text: impl Into<String>,
        span: Span,
        replacement: impl Into<String>,
    ) -> Self {
        self.helps.push(Help {
            text: text.into(),
            edit: Some((span, replacement.into())),
        });
        self
    }

    /// The primary place.
    #[must_use]
    pub fn span(&self) -> Span {
        self.labels[0].span
    }

    /// Whether this is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
