//! Strings: Rust's escapes.

use pest::iterators::Pair;

use super::rules::Rule;
use super::walk::Walk;
use crate::{Code, Diagnostic};

impl Walk<'_> {
    /// The text that a string stands for. An unknown escape is reported, and stands for itself.
    pub(super) fn string(&mut self, pair: &Pair<'_, Rule>) -> String {
        let start = pair.as_span().start();
        let source = pair.as_str();
        let source = source.strip_prefix('"').unwrap_or(source);
        let mut rest = source.strip_suffix('"').unwrap_or(source);
        let whole = rest.len();
        let mut text = String::with_capacity(whole);
        while let Some(at) = rest.find('\\') {
            text.push_str(&rest[..at]);
            let offset = start + 1 + whole - rest.len() + at;
            rest = &rest[at..];
            let (meant, len) = escape(rest);
            match meant {
                Some(c) => text.push(c),
                None => {
                    text.push_str(&rest[..len]);
                    self.unknown_escape(offset, len);
                }
            }
            rest = &rest[len..];
        }
        text.push_str(rest);
        text
    }

    fn unknown_escape(&mut self, at: usize, len: usize) {
        let span = self.span(at, at + len);
        let written = self.written(span);
        let d = Diagnostic::error(Code::E0123, format!("`{written}` is not an escape"), span)
            .primary("unknown escape")
            .note("strings know \\\\, \\\", \\', \\n, \\r, \\t, \\0, \\x41 and \\u{1F600}")
            .edit("write a backslash as two", span, format!("\\{written}"));
        self.report(d);
    }
}

/// The character that the escape at the start of `text` stands for, and its length. `text` begins with a backslash.
fn escape(text: &str) -> (Option<char>, usize) {
    let Some(letter) = text[1..].chars().next() else {
        return (None, 1);
    };
    let simple = match letter {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        '\\' | '"' | '\'' => letter,
        'x' => return numeric(text, "\\x", text.get(2..4), 4, 0x7f),
        'u' => return unicode(text),
        _ => return (None, 1 + letter.len_utf8()),
    };
    (Some(simple), 2)
}

fn unicode(text: &str) -> (Option<char>, usize) {
    let digits = text
        .strip_prefix("\\u{")
        .and_then(|rest| rest.split_once('}'))
        .map(|(digits, _)| digits);
    let len = digits.map_or(2, |digits| digits.len() + 4);
    numeric(
        text,
        "\\u",
        digits.filter(|d| d.len() <= 6),
        len,
        0x0010_ffff,
    )
}

/// An escape of `len` bytes with hexadecimal digits; without them only its `head` counts as the escape.
fn numeric(
    text: &str,
    head: &str,
    digits: Option<&str>,
    len: usize,
    largest: u32,
) -> (Option<char>, usize) {
    let value = digits
        .filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_hexdigit()))
        .and_then(|d| u32::from_str_radix(d, 16).ok())
        .filter(|&v| v <= largest)
        .and_then(char::from_u32);
    let len = if value.is_some() { len } else { head.len() };
    (value, len.min(text.len()))
}
