//! The text of a network written inside `net!{ }`, rebuilt from its tokens.
//!
//! Tokens are laid out by line and column as they stand in the source, and each byte range remembers its token, so that a
//! diagnostic's span finds the tokens to underline.

use netc_compiler::grammar;
use proc_macro2::{Delimiter, LineColumn, Spacing, Span, TokenStream, TokenTree};

/// The text, and which token each part of it came from.
pub(crate) struct Text {
    text: String,
    /// Where the next character goes, in the coordinates of the source file.
    at: LineColumn,
    /// Byte range and span of each token, in order.
    tokens: Vec<(u32, u32, Span)>,
    /// Whether the last token was punctuation that belongs to the next one (`=` of `=>`).
    joint: bool,
}

impl Text {
    /// Lays out the tokens.
    pub(crate) fn of(tokens: TokenStream) -> Self {
        let mut text = Self {
            text: String::new(),
            at: LineColumn { line: 0, column: 0 },
            tokens: Vec::new(),
            joint: false,
        };
        text.write(tokens);
        text
    }

    /// The text as a file would hold it.
    pub(crate) fn as_bytes(&self) -> Vec<u8> {
        self.text.clone().into_bytes()
    }

    /// The first and last token that a span of the text covers; the call site where it covers none (an empty network).
    pub(crate) fn spans(&self, span: grammar::Span) -> (Span, Span) {
        let first = self.tokens.partition_point(|t| t.1 <= span.start);
        let past = self.tokens.partition_point(|t| t.0 < span.end);
        let last = past.saturating_sub(1).max(first);
        let token = |i: usize| self.tokens.get(i).or(self.tokens.last());
        match (token(first), token(last)) {
            (Some(first), Some(last)) => (first.2, last.2),
            _ => (Span::call_site(), Span::call_site()),
        }
    }

    fn write(&mut self, tokens: TokenStream) {
        let mut trees = tokens.into_iter().peekable();
        while let Some(tree) = trees.next() {
            match tree {
                TokenTree::Punct(hash) if hash.as_char() == '#' && is_doc(trees.clone()) => {
                    trees.by_ref().find(|t| matches!(t, TokenTree::Group(_)));
                }
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    self.put(open, group.span_open());
                    self.write(group.stream());
                    self.put(close, group.span_close());
                }
                TokenTree::Punct(punct) => {
                    self.put(&punct.as_char().to_string(), punct.span());
                    self.joint = punct.spacing() == Spacing::Joint;
                }
                word => self.put(&word.to_string(), word.span()),
            }
        }
    }

    fn put(&mut self, token: &str, span: Span) {
        if token.is_empty() {
            return;
        }
        self.move_to(span.start());
        self.joint = false;
        let start = self.offset();
        self.text.push_str(token);
        self.at.column += token.chars().count();
        self.tokens.push((start, self.offset(), span));
    }

    /// Fills the gap up to where the token stands. Tokens that another macro made may stand anywhere: one space then.
    fn move_to(&mut self, to: LineColumn) {
        if self.at.line == 0 {
            self.at = to;
        }
        if to.line > self.at.line {
            self.text.push('\n');
            self.text.push_str(&" ".repeat(to.column));
        } else if to.line == self.at.line && to.column >= self.at.column {
            self.text.push_str(&" ".repeat(to.column - self.at.column));
        } else if !self.joint {
            self.text.push(' ');
        }
        self.at = to;
    }

    fn offset(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }
}

/// Whether `[doc = "..."]` or `![doc = "..."]` follows, which Rust makes of `///` and `//!`; to the language they are comments
/// like any other.
fn is_doc(mut after_hash: impl Iterator<Item = TokenTree>) -> bool {
    let next = match after_hash.next() {
        Some(TokenTree::Punct(mark)) if mark.as_char() == '!' => after_hash.next(),
        next => next,
    };
    let Some(TokenTree::Group(group)) = next else {
        return false;
    };
    let first = group.stream().into_iter().next();
    matches!(first, Some(TokenTree::Ident(word)) if word == "doc")
}
