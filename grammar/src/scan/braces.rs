//! Brackets, and those that stand where netc has others or none.

use super::Scanner;
use super::brackets::Closing;
use crate::limits::MAX_NESTING;
use crate::{Code, Diagnostic};

impl Scanner<'_> {
    /// A bracket, written in `len` bytes.
    pub(super) fn bracket(&mut self, bracket: char, len: usize) {
        match (bracket, self.swaps.remove(&self.at)) {
            (_, Some(' ')) => self.mend(len, ""),
            (_, Some(right)) => {
                self.brackets.close(right);
                self.mend(len, right.encode_utf8(&mut [0; 4]));
            }
            ('[' | '{', None) if len == 1 && self.holds_arguments(bracket) => {
                self.foreign_arguments(bracket, len)
            }
            ('{', None) if self.holds_network() => self.braces_of_network(),
            ('{', None) if self.holds_block() => self.braces_of_block(),
            ('(' | '[' | '{', None) => self.opening(bracket, len),
            (_, None) => self.closing(bracket, len),
        }
    }

    fn opening(&mut self, bracket: char, len: usize) {
        // A word in a comment calls nothing.
        let before = self.clean[..self.token_end].trim_end().bytes().next_back();
        let call = bracket == '(' && before.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !self.brackets.open(bracket, self.at, call) {
            self.too_deep = true;
            let d = Diagnostic::error(
                Code::E0131,
                format!("brackets are nested more than {MAX_NESTING} deep"),
                self.span(len),
            )
            .primary("this one is too deep")
            .note("nothing in this file was checked further")
            .help("give the inner parts names with `block` or `let`");
            self.report(d);
        }
        self.mend(len, bracket.encode_utf8(&mut [0; 4]));
    }

    fn closing(&mut self, bracket: char, len: usize) {
        let span = self.span(len);
        match self.brackets.close(bracket) {
            Closing::Fits => self.mend(len, bracket.encode_utf8(&mut [0; 4])),
            Closing::WrongKind { right, open } => {
                let open = self.span_at(open, 1);
                let d = Diagnostic::error(
                    Code::E0106,
                    format!("expected `{right}`, found `{bracket}`"),
                    span,
                )
                .primary(format!("should be `{right}`"))
                .label(open, "to close this one")
                .edit(format!("write `{right}`"), span, right);
                self.report(d);
                self.mend(len, right.encode_utf8(&mut [0; 4]));
            }
            Closing::Stray => {
                let d = Diagnostic::error(Code::E0106, format!("unmatched `{bracket}`"), span)
                    .primary("no bracket is open here")
                    .edit("remove it", span, "");
                self.report(d);
                self.mend(len, "");
            }
        }
    }

    /// Whether a bracket directly behind a word holds its arguments: no `=>` and no `|` is in it.
    fn holds_arguments(&mut self, bracket: char) -> bool {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = &self.clean[self.clean.trim_end_matches(word).len()..];
        // `train augmented{` is the beginning of a recipe.
        let named =
            !name.is_empty() && (bracket == '[' || !name.bytes().any(|b| b.is_ascii_lowercase()));
        named
            && self.partner().is_some_and(|end| {
                let inside = &self.text[self.at + 1..end];
                !inside.contains("=>") && !inside.contains('|')
            })
    }

    /// `CONV[8, 3x3]`
    fn foreign_arguments(&mut self, bracket: char, len: usize) {
        let Some(end) = self.partner() else {
            return self.opening(bracket, len);
        };
        let span = self.span(end + 1 - self.at);
        let inside = &self.text[self.at + 1..end];
        let closer = &self.text[end..=end];
        let d = Diagnostic::error(
            Code::E0101,
            format!("arguments stand in `( )`, not in `{bracket} {closer}`"),
            span,
        )
        .primary("expected round brackets")
        .edit("use round brackets", span, format!("({inside})"));
        self.report(d);
        self.swaps.insert(end, ')');
        self.opening('(', len);
    }

    /// Whether `net Name` stands before this place.
    fn holds_network(&self) -> bool {
        word_before(&self.clean) == Some("net")
    }

    /// Whether `block name(params)` stands before this place, perhaps with `=`.
    fn holds_block(&self) -> bool {
        let head = self.clean.trim_end();
        let head = head.strip_suffix('=').unwrap_or(head).trim_end();
        let head = match head.strip_suffix(')') {
            Some(open) => open.rfind('(').map_or("", |at| &open[..at]),
            None => head,
        };
        word_before(head) == Some("block")
    }

    /// `net Name { ... }`
    fn braces_of_network(&mut self) {
        let end = self.partner();
        let d = Diagnostic::error(Code::E0101, "a network stands in no braces", self.span(1))
            .primary("everything in the file belongs to it");
        let d = match end {
            Some(end) => {
                let inside = self.text[self.at + 1..end].to_owned();
                d.edit("leave them out", self.span(end + 1 - self.at), inside)
            }
            None => d.edit("remove it", self.span(1), ""),
        };
        self.report(d);
        self.swaps.extend(end.map(|end| (end, ' ')));
        self.mend(1, "");
    }

    /// `block name { ... }`
    fn braces_of_block(&mut self) {
        let end = self.partner();
        let has_equals = self.clean.trim_end().ends_with('=');
        let spaced = self.clean.ends_with([' ', '\t', '\n']);
        let equals = match (has_equals, spaced) {
            (true, _) => "",
            (false, true) => "= ",
            (false, false) => " = ",
        };
        let d = Diagnostic::error(Code::E0107, "a block stands in no braces", self.span(1))
            .primary("its chain follows `=`, and ends where the next item begins");
        let d = match end {
            Some(end) => {
                let inside = self.text[self.at + 1..end].trim();
                let chain = format!("{equals}{inside}");
                d.edit("leave them out", self.span(end + 1 - self.at), chain)
            }
            None => d.edit("remove it", self.span(1), equals.trim_end()),
        };
        self.report(d);
        self.swaps.extend(end.map(|end| (end, ' ')));
        self.mend(1, if has_equals { "" } else { "=" });
    }

    /// Where the bracket at this place is closed. How far all searches of a file go is bounded, so that they cost no more than a few
    /// passes over it.
    fn partner(&mut self) -> Option<usize> {
        let rest = self.rest().as_bytes();
        let (&open, mut depth, mut comment) = (rest.first()?, 0_usize, false);
        let close = if open == b'[' { b']' } else { b'}' };
        for (index, &byte) in rest.iter().enumerate() {
            self.lookahead = self.lookahead.checked_sub(1)?;
            match byte {
                b'\n' => comment = false,
                b'/' if rest.get(index + 1) == Some(&b'/') => comment = true,
                _ if comment => {}
                _ if byte == open => depth += 1,
                _ if byte == close && depth == 1 => return Some(self.at + index),
                _ if byte == close => depth -= 1,
                _ => {}
            }
        }
        None
    }
}

/// The word before the word that a text ends in, if there are two.
fn word_before(text: &str) -> Option<&str> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let text = text.trim_end();
    let before = text.trim_end_matches(word);
    let spaced = before.trim_end();
    let both = before.len() < text.len() && spaced.len() < before.len();
    both.then(|| &spaced[spaced.trim_end_matches(word).len()..])
}
