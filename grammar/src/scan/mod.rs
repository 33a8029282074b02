//! What must be settled before the grammar can run: characters that do not belong to the language, strings and comments that do not end,
//! brackets that do not match, and nesting too deep for a recursive parser.
//!
//! Each mistake is reported, then mended in a copy of the text: `→` becomes `=>`, a `;` a space. The copy has the same length as the
//! text, so that an offset means the same place in both, and the parser sees only characters that it knows.

mod braces;
mod brackets;
mod lookalike;
mod numbers;
mod quoted;
mod symbols;

use crate::reports::{Reports, span_in};
use crate::{Code, Diagnostic, FileId, Span};
use brackets::Brackets;
use std::collections::BTreeMap;
use std::ops::Range;

/// The outcome of a scan.
pub(crate) struct Scanned {
    /// The mended copy of the text, byte for byte as long.
    pub(crate) clean: String,
    /// Where comments and strings stand, in order.
    pub(crate) quoted: Vec<Range<usize>>,
    /// The text holds something besides spaces and comments.
    pub(crate) has_content: bool,
    /// Brackets nest too deeply; the parser must not see this text.
    pub(crate) too_deep: bool,
}

impl Scanned {
    /// Whether a place lies within a comment or a string.
    pub(crate) fn cuts(&self, at: usize) -> bool {
        let before = self.quoted.partition_point(|quoted| quoted.end <= at);
        let next = self.quoted.get(before);
        next.is_some_and(|quoted| quoted.start < at)
    }
}

pub(crate) fn scan(text: &str, file: FileId, reports: &mut Reports) -> Scanned {
    let mut scanner = Scanner {
        text,
        file,
        at: 0,
        token_end: 0,
        clean: String::with_capacity(text.len()),
        quoted: Vec::new(),
        reports,
        brackets: Brackets::default(),
        has_content: false,
        too_deep: false,
        lone_cr_reported: false,
        unclosed_until: 0,
        swaps: BTreeMap::new(),
        lookahead: 4 * text.len(),
    };
    if text.starts_with('\u{feff}') {
        scanner.mend('\u{feff}'.len_utf8(), "");
    }
    while let Some(c) = scanner.peek() {
        scanner.step(c);
        if scanner.too_deep {
            break;
        }
    }
    Scanned {
        clean: scanner.clean,
        quoted: scanner.quoted,
        has_content: scanner.has_content,
        too_deep: scanner.too_deep,
    }
}

struct Scanner<'a> {
    text: &'a str,
    file: FileId,
    /// How much of the text has been read, and how long `clean` is.
    at: usize,
    clean: String,
    quoted: Vec<Range<usize>>,
    /// Where the last token ends: what follows are spaces and comments.
    token_end: usize,
    reports: &'a mut Reports,
    brackets: Brackets,
    has_content: bool,
    too_deep: bool,
    lone_cr_reported: bool,
    /// The end of the line that holds the last unclosed string.
    unclosed_until: usize,
    /// Closing brackets ahead that another bracket takes the place of, or a space.
    swaps: BTreeMap<usize, char>,
    /// How many bytes ahead may still be looked at.
    lookahead: usize,
}

impl<'a> Scanner<'a> {
    fn step(&mut self, c: char) {
        match c {
            ' ' | '\t' | '\n' => self.copy(1),
            '\r' => self.carriage_return(),
            '/' if self.is_doubled_stride() => self.doubled_stride(),
            '/' if self.rest().starts_with("//") => self.line_comment(),
            '/' if self.rest().starts_with("/*") => self.block_comment(),
            '#' => self.hash_comment(),
            _ => {
                self.has_content = true;
                self.token(c);
                self.token_end = self.at;
            }
        }
    }

    fn token(&mut self, c: char) {
        match c {
            'a'..='z' | 'A'..='Z' | '_' => self.word(),
            '0'..='9' => self.number(),
            '"' => self.string(),
            '(' | '[' | '{' | ')' | ']' | '}' => self.bracket(c, 1),
            '=' | '-' | '~' => self.arrow_or_sign(c),
            '|' | '>' if self.pipe() > 0 => self.wrong_arrow(self.pipe()),
            ',' | '|' | '*' | '+' | '/' | '<' | '>' | ':' | '.' => self.copy(1),
            ';' => self.semicolon(),
            '×' => self.times_sign(),
            _ => self.foreign(c),
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// How many bytes from here on satisfy the condition.
    fn count(&self, belongs: impl Fn(char) -> bool) -> usize {
        let rest = self.rest();
        rest.find(|c| !belongs(c)).unwrap_or(rest.len())
    }

    /// Takes the next `len` bytes as they are.
    fn copy(&mut self, len: usize) {
        self.clean.push_str(&self.text[self.at..self.at + len]);
        self.at += len;
    }

    /// Takes `mended` in place of the next `len` bytes; it must not be longer.
    fn mend(&mut self, len: usize, mended: &str) {
        debug_assert!(mended.len() <= len);
        // Together they would begin a comment that nobody wrote.
        let comment = self.clean.ends_with('/') && mended.starts_with(['/', '*']);
        if comment && mended.len() < len {
            self.clean.push(' ');
            self.at += 1;
            return self.mend(len - 1, mended);
        }
        self.clean.push_str(mended);
        self.clean
            .extend(std::iter::repeat_n(' ', len - mended.len()));
        self.at += len;
    }

    /// Takes spaces in place of the next `len` bytes, and keeps the line breaks.
    fn blank(&mut self, len: usize) {
        let bytes = self.text[self.at..self.at + len].bytes();
        self.clean
            .extend(bytes.map(|b| if b == b'\n' { '\n' } else { ' ' }));
        self.at += len;
    }

    /// The span of the next `len` bytes.
    fn span(&self, len: usize) -> Span {
        self.span_at(self.at, len)
    }

    fn span_at(&self, at: usize, len: usize) -> Span {
        span_in(self.text, self.file, at, at + len)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.reports.push(diagnostic);
    }

    fn carriage_return(&mut self) {
        if self.rest().starts_with("\r\n") {
            self.copy(2);
            return;
        }
        if !self.lone_cr_reported {
            self.lone_cr_reported = true;
            let d = Diagnostic::error(
                Code::E0108,
                "a carriage return without a line feed",
                self.span(1),
            )
            .primary("lines end in a line feed, or in both")
            .help("save the file with Unix or Windows line ends");
            self.report(d);
        }
        self.mend(1, "\n");
    }
}
