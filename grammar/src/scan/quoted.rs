//! Strings and comments: text in which any character may stand, except those that hide.

use super::{Scanner, lookalike};
use crate::limits::MAX_NESTING;
use crate::{Code, Diagnostic, Span};

impl Scanner<'_> {
    /// A string; it ends on its line.
    pub(super) fn string(&mut self) {
        if self.at < self.unclosed_until {
            self.mend(1, "");
            return;
        }
        self.string_behind_word();
        match quoted_len(&self.rest()[1..]) {
            Quoted::Closed(len) => {
                self.copy_watching(1 + len + 1);
                self.word_behind_string();
            }
            Quoted::Open(len) => self.unclosed_string(1 + len),
        }
    }

    /// `use"blocks.net"`: Rust takes the word for a prefix of the string, and `net!{ }` could not hold it.
    fn string_behind_word(&mut self) {
        if self
            .clean
            .ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        {
            let d = Diagnostic::error(
                Code::E0101,
                "expected a space before the string",
                self.span(1),
            )
            .primary("directly behind a word")
            .edit("add it", self.span(0), " ");
            self.report(d);
        }
    }

    /// `"a"b`: Rust takes the word for a suffix of the string.
    fn word_behind_string(&mut self) {
        if self
            .rest()
            .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        {
            let d = Diagnostic::error(
                Code::E0101,
                "expected a space after the string",
                self.span(1),
            )
            .primary("directly behind a string")
            .edit("add it", self.span(0), " ");
            self.report(d);
        }
    }

    /// Ends an unclosed string before the bracket or comma that probably follows it, so that one error stays one.
    fn unclosed_string(&mut self, line: usize) {
        self.unclosed_until = self.at + line;
        let body = self.rest()[..line].trim_end();
        let closer = self.brackets.innermost_closer();
        let ends = |c: char| Some(c) == closer || c == ',' && closer.is_some_and(|c| c != '}');
        let len = body
            .find(ends)
            .map_or(body.len(), |end| body[..end].trim_end().len());
        let end = self.span_at(self.at + len, 0);
        let d = Diagnostic::error(Code::E0110, "this string is not closed", self.span(len))
            .primary("expected `\"` before the end of the line")
            .edit("close it", end, "\"");
        self.report(d);
        let last = self.rest()[..len]
            .char_indices()
            .next_back()
            .map_or(0, |(i, _)| i);
        if last == 0 {
            self.mend(len, "");
        } else {
            self.copy_watching(last);
            self.mend(len - last, "\"");
        }
    }

    /// A quotation mark that is not `"`: the string ends at the next such mark of the line.
    pub(super) fn foreign_quote(&mut self, open: char) {
        let mark = open.len_utf8();
        let body = &self.rest()[mark..];
        let close = body
            .char_indices()
            .find(|&(_, c)| lookalike::is_quote(c) || matches!(c, '"' | '\\' | '\n' | '\r'));
        let Some((len, close)) = close.filter(|&(_, c)| lookalike::is_quote(c) || c == '"') else {
            let d = Diagnostic::error(
                Code::E0102,
                format!("`{open}` is not a character of the language"),
                self.span(mark),
            )
            .primary("unknown character")
            .help("strings stand in `\"`");
            self.report(d);
            self.mend(mark, "");
            return;
        };
        let span = self.span(mark + len + close.len_utf8());
        // Words such as `same` are no strings at all; the path of `use` and names of files are.
        let word = self.brackets.innermost_closer() == Some(')') && is_word(&body[..len]);
        // `activation='relu'` is no argument at all, which the compiler says.
        let activation = word && self.clean.trim_end().ends_with("activation=");
        if !activation {
            self.not_quoted_so(open, span, &body[..len], word);
        }
        let quote = if word && !activation { "" } else { "\"" };
        self.clean
            .extend(std::iter::repeat_n(' ', mark - quote.len()));
        self.clean.push_str(quote);
        self.at += mark;
        self.copy_watching(len);
        self.mend(close.len_utf8(), quote);
    }

    fn not_quoted_so(&mut self, open: char, span: Span, text: &str, word: bool) {
        let d = Diagnostic::error(
            Code::E0111,
            format!("strings stand in `\"`, not in `{open}`"),
            span,
        )
        .primary("not a string");
        let d = if word {
            d.edit("words of the language stand in no quotes", span, text)
        } else {
            d
        };
        let quoted = format!("\"{text}\"");
        self.report(d.edit("use straight double quotes", span, quoted));
    }

    pub(super) fn line_comment(&mut self) {
        self.copy_watching(self.line_len());
    }

    pub(super) fn hash_comment(&mut self) {
        let len = self.line_len();
        let d = Diagnostic::error(Code::E0115, "`#` does not begin a comment", self.span(1))
            .primary("comments begin with `//`")
            .edit("write `//`", self.span(1), "//");
        self.report(d);
        self.blank(len);
    }

    /// A block comment; they nest, as in Rust.
    pub(super) fn block_comment(&mut self) {
        match comment_len(self.rest()) {
            Some((len, depth)) if depth <= MAX_NESTING => self.copy_watching(len),
            Some((len, _)) => {
                let d = Diagnostic::error(
                    Code::E0131,
                    format!("comments are nested more than {MAX_NESTING} deep"),
                    self.span(2),
                )
                .primary("in this comment");
                self.report(d);
                self.blank(len);
            }
            None => {
                let d = Diagnostic::error(Code::E0114, "this comment is not closed", self.span(2))
                    .primary("opened here, and open to the end of the file")
                    .note("block comments nest: each `/*` needs its own `*/`")
                    .edit("close it", self.span_at(self.text.len(), 0), " */");
                self.report(d);
                self.blank(self.rest().len());
            }
        }
    }

    /// The length of the rest of the line.
    fn line_len(&self) -> usize {
        self.count(|c| !matches!(c, '\n' | '\r'))
    }

    /// Copies quoted text, but reports and blanks characters that hide.
    fn copy_watching(&mut self, len: usize) {
        let end = self.at + len;
        self.quoted.push(self.at..end);
        while self.at < end {
            let plain = self.text[self.at..end]
                .find(|c: char| {
                    c == '\r' || lookalike::is_bidi(c) || lookalike::invisible(c).is_some()
                })
                .unwrap_or(end - self.at);
            self.copy(plain);
            match self.peek() {
                Some('\r') if self.at < end => self.carriage_return(),
                Some(c) if self.at < end && self.hidden(c) => self.mend(c.len_utf8(), ""),
                _ => {}
            }
        }
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// How long the text in quotes is.
enum Quoted {
    Closed(usize),
    /// To the end of the line, where no quote came.
    Open(usize),
}

/// The length of the quoted text that `body` begins with.
fn quoted_len(body: &str) -> Quoted {
    let mut escaped = false;
    for (i, b) in body.bytes().enumerate() {
        match b {
            b'\n' | b'\r' => return Quoted::Open(i),
            b'"' if !escaped => return Quoted::Closed(i),
            _ => escaped = b == b'\\' && !escaped,
        }
    }
    Quoted::Open(body.len())
}

/// The length of the comment that `text` begins with, and how deep it nests.
fn comment_len(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut deepest) = (0, 0_usize, 0);
    loop {
        match bytes.get(at..at + 2)? {
            b"/*" => {
                depth += 1;
                deepest = deepest.max(depth);
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some((at, deepest));
                }
            }
            _ => at += 1,
        }
    }
}
