//! Places in source text.

use std::ops::Range;

/// The file a span belongs to: its index in [`crate::Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A range of bytes of one file, `start..end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset one past the last byte.
    pub end: u32,
}

impl Span {
    /// The smallest span that covers both; they must lie in the same file.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        debug_assert_eq!(self.file, other.file);
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// From the start of this span to the end of the other.
    #[must_use]
    pub fn to_end_of(self, other: Span) -> Span {
        Span {
            end: other.end.max(self.start),
            ..self
        }
    }
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub node: T,
    /// Its place.
    pub span: Span,
}

/// One source text: a name to show, and the text itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What diagnostics call the file: the path as the user gave it, or `net!`.
    pub name: String,
    /// The text, without a byte-order mark.
    pub text: String,
}

/// All texts that a compilation has read, in the order of reading. A [`FileId`] indexes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    files: Vec<Source>,
    /// For each file the offsets at which its lines begin.
    line_starts: Vec<Vec<u32>>,
}

/// A place as people count: lines and columns from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineCol {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Sources {
    /// Adds a text and returns its id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let text = text.into();
        self.line_starts.push(line_starts(&text));
        self.files.push(Source {
            name: name.into(),
            text,
        });
        id
    }

    /// The text with this id.
    ///
    /// # Panics
    /// If the id came from another `Sources`.
    pub fn get(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// The text that a span covers.
    pub fn slice(&self, span: Span) -> &str {
        &self.get(span.file).text[span.start as usize..span.end as usize]
    }

    /// Where a span begins and ends.
    ///
    /// ```
    /// use netc_grammar::{LineCol, Sources, Span};
    /// let mut sources = Sources::default();
    /// let file = sources.add("a.net", "INPUT(4)\n=> FC(2)");
    /// let (start, end) = sources.line_col(Span { file, start: 12, end: 17 });
    /// assert_eq!(start, LineCol { line: 2, column: 4 });
    /// assert_eq!(end, LineCol { line: 2, column: 9 });
    /// ```
    ///
    /// # Panics
    /// If the span came from another `Sources`.
    #[must_use]
    pub fn line_col(&self, span: Span) -> (LineCol, LineCol) {
        let at = |offset| self.position(span.file, offset);
        (at(span.start), at(span.end))
    }

    fn position(&self, file: FileId, offset: u32) -> LineCol {
        let starts = &self.line_starts[file.0 as usize];
        let line = starts.partition_point(|&start| start <= offset).max(1);
        let text = &self.get(file).text;
        let start = starts.get(line - 1).map_or(0, |&start| start as usize);
        let end = floor_char_boundary(text, offset as usize).max(start);
        let column = text[start..end].chars().count() + 1;
        LineCol { line, column }
    }

    /// The range of bytes that the lines `first..=last` take, counted from 1, without the last line's end.
    pub(crate) fn lines(&self, file: FileId, first: usize, last: usize) -> Range<usize> {
        let starts = &self.line_starts[file.0 as usize];
        let text = &self.get(file).text;
        let start_of = |line: usize| {
            starts
                .get(line - 1)
                .map_or(text.len(), |&start| start as usize)
        };
        let (start, end) = (start_of(first), start_of(last + 1));
        start..start + text[start..end].trim_end_matches(['\n', '\r']).len()
    }

    /// Whether the span lies in one of the texts.
    pub(crate) fn holds(&self, span: Span) -> bool {
        self.files.get(span.file.0 as usize).is_some_and(|source| {
            span.start <= span.end
                && source
                    .text
                    .get(span.start as usize..span.end as usize)
                    .is_some()
        })
    }

    /// All texts in the order of reading.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        (0u32..).map(FileId).zip(&self.files)
    }
}

fn line_starts(text: &str) -> Vec<u32> {
    let ends = text.bytes().zip(1_u32..).filter(|&(b, _)| b == b'\n');
    std::iter::once(0)
        .chain(ends.map(|(_, next)| next))
        .collect()
}

/// The last boundary between characters at or before `at`.
pub(crate) fn floor_char_boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at)
        .rev()
        .find(|&i| text.is_char_boundary(i))
        .unwrap_or(0)
}
