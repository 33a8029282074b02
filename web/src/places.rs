//! Places in a text as JavaScript counts them, in UTF-16.

use netc_compiler::grammar::{FileId, Span};
use serde_json::{Value, json};

/// The text in the editor; errors in `use` are shown in it, too, as there are no other files.
const ROOT: FileId = FileId(0);

/// `[start, end]`; null where a span lies in another text.
pub(crate) fn place(text: &str, span: Span) -> Value {
    if span.file != ROOT {
        return Value::Null;
    }
    json!([units(text, span.start), units(text, span.end)])
}

fn units(text: &str, byte: u32) -> usize {
    let before = text
        .char_indices()
        .take_while(|(at, _)| *at < byte as usize);
    before.map(|(_, c)| c.len_utf16()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_as_javascript_does() {
        let text = "é𝄞x";
        let span = |start, end, file| Span {
            file: FileId(file),
            start,
            end,
        };
        assert_eq!(place(text, span(2, 6, 0)), json!([1, 3]));
        assert_eq!(place(text, span(6, 7, 0)), json!([3, 4]));
        assert_eq!(place(text, span(6, 99, 0)), json!([3, 4]));
        assert_eq!(place(text, span(0, 1, 1)), Value::Null);
    }
}
