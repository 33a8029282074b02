//! What is known about a text.

use crate::position::Text;
use crate::symbols::{Occurrence, Symbol, occurrences};
use netc_compiler::{Loader, Output, analyse, try_edits};
use netc_grammar::ast::File;
use netc_grammar::{FileId, Parsed, Span, parse};
use std::cell::OnceCell;
use std::ops::{Deref, Range};

/// The file that is open; those that it uses follow.
pub(crate) const ROOT: FileId = FileId(0);

/// What the compiler says about a text: in it are the sources, the diagnostics, and the graph, some of whose layers have no shapes where
/// there are errors.
#[derive(Debug)]
pub struct Analysis {
    pub(crate) text: Text,
    parsed: Parsed,
    output: Output,
    /// The diagnostics are as they are shown.
    tried: bool,
    occurrences: OnceCell<Vec<Occurrence>>,
}

impl Deref for Analysis {
    type Target = Output;

    fn deref(&self) -> &Output {
        &self.output
    }
}

impl Analysis {
    /// Reads a text; `name` is its path, to which those of `use` are relative. `before` is what is known of the text before a change.
    pub(crate) fn new(
        name: &str,
        text: &Text,
        before: Option<Parsed>,
        loader: &mut dyn Loader,
    ) -> Self {
        let parsed = match before {
            Some(mut parsed) => {
                parsed.change(text.as_str());
                parsed
            }
            None => Parsed::new(text.as_str(), ROOT),
        };
        Self {
            text: text.clone(),
            output: analyse(name, &parsed, loader),
            parsed,
            tried: false,
            occurrences: OnceCell::new(),
        }
    }

    /// Makes the diagnostics ready: no answer but theirs waits for their edits to be tried.
    pub(crate) fn try_edits(&mut self, loader: &mut dyn Loader) {
        if !self.tried {
            self.tried = true;
            try_edits(&mut self.output, &self.parsed, loader);
        }
    }

    /// What the next analysis begins with.
    pub(crate) fn into_parsed(self) -> Parsed {
        self.parsed
    }

    pub(crate) fn tree(&self) -> &File {
        self.parsed.tree()
    }

    /// Names in the text: where they are defined, and where they are used.
    pub(crate) fn occurrences(&self) -> &[Occurrence] {
        self.occurrences
            .get_or_init(|| occurrences(self.tree(), ROOT))
    }

    /// The blocks and constants that used files define.
    pub(crate) fn shared(&self) -> impl Iterator<Item = Symbol> {
        let others = self.sources.iter().skip(1);
        others.flat_map(|(file, _)| {
            let found = occurrences(&parse(&self.sources, file).0, file).into_iter();
            let shared = |o: &Occurrence| {
                o.defines && matches!(o.symbol, Symbol::Block(_) | Symbol::Constant(_))
            };
            found.filter(shared).map(|o| o.symbol)
        })
    }

    /// The word at a place, or directly before it.
    pub(crate) fn word(&self, offset: usize) -> Option<Range<usize>> {
        let text = self.text.as_str();
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let before = text.get(..offset)?;
        let start = offset - (before.len() - before.trim_end_matches(is_word).len());
        let rest = &text[start..];
        let len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        (len > 0).then_some(start..start + len)
    }
}

/// The bytes of a span.
pub(crate) fn bytes(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

/// Whether a place of the open file lies in a span, or at its end.
pub(crate) fn holds(span: Span, offset: usize) -> bool {
    span.file == ROOT && (span.start as usize..=span.end as usize).contains(&offset)
}
