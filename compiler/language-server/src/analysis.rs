//! What is known about a text.

use crate::position::Text;
use crate::symbols::{Occurrence, Symbol, occurrences};
use netc_compiler::graph::Graph;
use netc_compiler::{Loader, analyse};
use netc_grammar::ast::File;
use netc_grammar::{Diagnostic, FileId, Sources, Span, parse};
use std::cell::OnceCell;
use std::ops::Range;

/// The file that is open; those that it uses follow.
pub(crate) const ROOT: FileId = FileId(0);

/// What the compiler says about a text.
#[derive(Debug)]
pub struct Analysis {
    pub(crate) text: Text,
    /// The text, and those of the files that it uses.
    pub(crate) sources: Sources,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The layers; some without shapes where there are errors.
    pub(crate) graph: Option<Graph>,
    tree: OnceCell<File>,
    occurrences: OnceCell<Vec<Occurrence>>,
}

impl Analysis {
    /// Reads a text; `name` is its path, to which those of `use` are relative.
    #[must_use]
    pub fn new(name: &str, text: &str, loader: &mut dyn Loader) -> Self {
        let output = analyse(name, text.as_bytes().to_vec(), loader);
        Self {
            text: Text::new(text.to_owned()),
            sources: output.sources,
            diagnostics: output.diagnostics,
            graph: output.graph,
            tree: OnceCell::new(),
            occurrences: OnceCell::new(),
        }
    }

    pub(crate) fn tree(&self) -> &File {
        self.tree.get_or_init(|| match self.has_root() {
            true => parse(&self.sources, ROOT).0,
            false => File::default(),
        })
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

    fn has_root(&self) -> bool {
        self.sources.iter().next().is_some()
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
