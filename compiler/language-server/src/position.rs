//! Places as the protocol counts them: lines and UTF-16 units from 0; and as the compiler does: bytes.

use serde_json::{Value, json};
use std::ops::Range;

/// A text and where its lines begin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    text: String,
    lines: Vec<usize>,
}

impl Text {
    pub(crate) fn new(text: String) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let lines = std::iter::once(0).chain(ends.map(|(i, _)| i + 1)).collect();
        Self { text, lines }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// `{line, character}` of a place.
    pub(crate) fn position(&self, offset: usize) -> Value {
        let (line, character) = self.line_character(offset);
        json!({ "line": line, "character": character })
    }

    pub(crate) fn line_character(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.lines.partition_point(|start| *start <= offset) - 1;
        let before = &self.text[self.lines[line]..offset];
        (line, before.encode_utf16().count())
    }

    pub(crate) fn range(&self, range: Range<usize>) -> Value {
        json!({ "start": self.position(range.start), "end": self.position(range.end) })
    }

    /// The place of a `{line, character}`; what lies outside the text is moved to its end, or its line's.
    pub(crate) fn offset(&self, position: &Value) -> usize {
        let number = |name: &str| position[name].as_u64().unwrap_or(0) as usize;
        let Some(start) = self.lines.get(number("line")) else {
            return self.text.len();
        };
        let rest = &self.text[*start..];
        let line = rest.split('\n').next().unwrap_or(rest);
        let mut left = number("character");
        for (i, c) in line.char_indices() {
            if left < c.len_utf16() {
                return start + i;
            }
            left -= c.len_utf16();
        }
        start + line.trim_end_matches('\r').len()
    }

    /// The text after a change of the protocol: a part, or all of it.
    pub(crate) fn changed(&self, change: &Value) -> Self {
        let new = change["text"].as_str().unwrap_or("");
        let Some(range) = change.get("range").filter(|range| range.is_object()) else {
            return Self::new(new.to_owned());
        };
        let (start, end) = (self.offset(&range["start"]), self.offset(&range["end"]));
        let (start, end) = (start.min(end), end.max(start));
        Self::new([&self.text[..start], new, &self.text[end..]].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_in_utf_16() {
        let text = Text::new("// \u{1F600}é\r\nRELU".to_owned());
        assert_eq!(text.line_character(7), (0, 5));
        assert_eq!(text.offset(&json!({ "line": 0, "character": 5 })), 7);
        assert_eq!(text.offset(&json!({ "line": 0, "character": 99 })), 9);
        assert_eq!(text.offset(&json!({ "line": 1, "character": 2 })), 13);
        assert_eq!(text.offset(&json!({ "line": 9, "character": 0 })), 15);
        let range =
            json!({ "start": { "line": 0, "character": 3 }, "end": { "line": 1, "character": 0 } });
        let changed = text.changed(&json!({ "range": range, "text": "a\n" }));
        assert_eq!(changed.as_str(), "// a\nRELU");
    }
}
