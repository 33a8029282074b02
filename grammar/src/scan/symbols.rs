//! Words, brackets, arrows, and characters that are not netc's.

use super::{Scanner, lookalike};
use crate::reports::shortened;
use crate::{Code, Diagnostic};

impl Scanner<'_> {
    pub(super) fn word(&mut self) {
        let len = self.count(|c| c.is_ascii_alphanumeric() || c == '_');
        let word = &self.rest()[..len];
        self.copy(len);
        if self.starts_item(word) {
            self.brackets.item();
        }
    }

    /// Whether this word, just read, is a keyword followed by what belongs to it. Anything else may be a keyword used as a name.
    fn starts_item(&self, word: &str) -> bool {
        matches!(
            word,
            "net" | "use" | "let" | "block" | "where" | "output" | "auxiliary" | "expect" | "train"
        ) && self
            .rest()
            .trim_start_matches([' ', '\t', '\r', '\n'])
            .starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '"' | '{'))
    }

    /// `=`, `==`, `=>`, `-`, and what people write for `=>`.
    pub(super) fn arrow_or_sign(&mut self, c: char) {
        let line = if c == '~' { 1 } else { self.count(|x| x == c) };
        let gap = if c == '=' && line == 1 {
            self.rest()[1..].bytes().take_while(|&b| b == b' ').count()
        } else {
            0
        };
        let len = line + gap + 1;
        let ends_in_head = self.rest().as_bytes().get(line + gap) == Some(&b'>');
        match (c, ends_in_head) {
            ('=', true) if len == 2 => {
                self.brackets.arrow();
                self.copy(2);
            }
            (_, true) => self.wrong_arrow(len),
            ('~', false) => self.foreign(c),
            (_, false) => self.copy(line),
        }
    }

    /// The length of `|>`, `>>` or `>>>` at this place, which other languages have for `=>`; 0 where none is.
    pub(super) fn pipe(&self) -> usize {
        let rest = self.rest();
        let len = rest.len() - rest.trim_start_matches(['|', '>']).len();
        match &rest[..len] {
            "|>" | ">>" | ">>>" | "|>>" if !self.in_relation() => len,
            _ => 0,
        }
    }

    /// Whether the relation of a claim should stand here: behind `expect` and one name.
    fn in_relation(&self) -> bool {
        let mut words = self
            .clean
            .rsplit([' ', '\t', '\r', '\n'])
            .filter(|w| !w.is_empty());
        words.nth(1) == Some("expect")
    }

    pub(super) fn wrong_arrow(&mut self, len: usize) {
        let span = self.span(len);
        let d = Diagnostic::error(
            Code::E0103,
            format!("`{}` is not netc's arrow", shortened(&self.rest()[..len])),
            span,
        )
        .primary("stages are joined by `=>`")
        .edit("write `=>`", span, "=>");
        self.report(d);
        self.brackets.arrow();
        self.mend(len, "=>");
    }

    pub(super) fn semicolon(&mut self) {
        let span = self.span(1);
        let d = Diagnostic::error(Code::E0116, "`;` is not part of the language", span)
            .primary("nothing ends in `;`")
            .edit("remove it", span, "");
        self.report(d);
        self.mend(1, "");
    }

    /// `×` between digits is left to the parser, which sees the whole size.
    pub(super) fn times_sign(&mut self) {
        let len = '×'.len_utf8();
        let digit_after = self.rest()[len..]
            .trim_start_matches(' ')
            .starts_with(|c: char| c.is_ascii_digit());
        let digit_before = self
            .clean
            .trim_end_matches(' ')
            .ends_with(|c: char| c.is_ascii_digit());
        if digit_before && digit_after {
            self.copy(len);
            return;
        }
        let span = self.span(len);
        let d = Diagnostic::error(Code::E0102, "`×` is not a character of the language", span)
            .primary("not an operator")
            .edit("repeat and multiply with `*`", span, "*");
        self.report(d);
        self.mend(len, "*");
    }

    /// A character that no token begins with.
    pub(super) fn foreign(&mut self, c: char) {
        let len = c.len_utf8();
        if lookalike::is_arrow(c) {
            self.wrong_arrow(len);
        } else if lookalike::is_quote(c) {
            self.foreign_quote(c);
        } else if let Some(meant) = lookalike::meant_by(c) {
            self.lookalike(c, meant);
        } else if self.hidden(c) {
            self.mend(len, "");
        } else if c.is_alphanumeric() {
            self.foreign_letters();
        } else {
            let d = Diagnostic::error(
                Code::E0102,
                format!("`{c}` is not a character of the language"),
                self.span(len),
            )
            .primary("unknown character")
            .edit("remove it", self.span(len), "");
            self.report(d);
            self.mend(len, "");
        }
    }

    fn lookalike(&mut self, c: char, meant: &'static str) {
        let len = c.len_utf8();
        let span = self.span(len);
        let d = Diagnostic::error(
            Code::E0102,
            format!("`{c}` looks like `{meant}`, but is another character"),
            span,
        )
        .primary(format!("U+{:04X}", u32::from(c)))
        .edit(format!("write `{meant}`"), span, meant);
        self.report(d);
        match meant.chars().next() {
            Some(bracket @ ('(' | '[' | '{' | ')' | ']' | '}')) => self.bracket(bracket, len),
            _ => self.mend(len, meant),
        }
    }

    /// A run of letters outside ASCII; it counts as a name, so that nothing else seems to be missing.
    fn foreign_letters(&mut self) {
        let len = self
            .count(|c| !c.is_ascii() && c.is_alphanumeric() && lookalike::meant_by(c).is_none());
        let span = self.span(len);
        let d = Diagnostic::error(
            Code::E0102,
            format!(
                "`{}` cannot stand in a name",
                shortened(&self.rest()[..len])
            ),
            span,
        )
        .primary("names are ASCII letters, digits and `_`");
        self.report(d);
        let name = "_".repeat(len);
        self.mend(len, &name);
    }

    /// Reports a character that cannot be seen, or that changes how others are seen; whether `c` is one.
    pub(super) fn hidden(&mut self, c: char) -> bool {
        let span = self.span(c.len_utf8());
        let point = u32::from(c);
        let d = if lookalike::is_bidi(c) {
            Diagnostic::error(
                Code::E0109,
                "a character that changes the direction of the text",
                span,
            )
            .primary(format!(
                "U+{point:04X} can make the file look different from what it says"
            ))
        } else if let Some(what) = lookalike::invisible(c) {
            Diagnostic::error(Code::E0108, format!("{what} in the text"), span)
                .primary(format!("U+{point:04X}"))
        } else {
            return false;
        };
        let d = if c.is_whitespace() {
            d.edit("write an ordinary space", span, " ")
        } else {
            d.edit("remove it", span, "")
        };
        self.report(d);
        true
    }
}
