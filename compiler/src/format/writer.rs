//! Tokens and comments become lines.

use super::tokens::{Comment, Token};

/// A line as it will stand, but for what is aligned.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) indent: usize,
    pub(super) text: String,
    /// The comment at its end.
    pub(super) comment: Option<String>,
    /// What is to stand below its like in other lines.
    pub(super) mark: Option<Mark>,
    /// A blank line stands before it.
    pub(super) blank: bool,
}

/// A place in a line: spaces before it put it below its like.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// The place, in bytes of the line's text.
    pub(super) at: usize,
    /// Only marks of one group are aligned, ...
    pub(super) group: usize,
    /// ... and of those only neighbours of one kind, or before the same text.
    pub(super) kind: String,
}

impl Line {
    /// How many columns it takes without its comment.
    pub(super) fn width(&self) -> usize {
        self.indent + self.text.chars().count()
    }
}

/// Where the next token begins a line.
#[derive(Clone, Copy, Debug)]
struct Start {
    indent: usize,
    /// Where comments of their own lines before it stand.
    comments: usize,
    /// A blank line before it may stay.
    blank: bool,
}

#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) lines: Vec<Line>,
    start: Option<Start>,
    /// The line has ended in a comment.
    ended: bool,
    /// A comment stands before, in the same line.
    spaced: bool,
    groups: usize,
}

impl Writer {
    /// The next token begins a line in this column.
    pub(super) fn line(&mut self, indent: usize) {
        self.start = Some(Start {
            indent,
            comments: indent,
            blank: true,
        });
    }

    /// The next token begins a line in this column; it opens or closes what is indented by `comments`.
    pub(super) fn edge(&mut self, indent: usize, comments: usize) {
        self.start = Some(Start {
            indent,
            comments,
            blank: false,
        });
    }

    /// The column of the next token.
    pub(super) fn column(&self, spaced: bool) -> usize {
        match (self.start, self.lines.last()) {
            (Some(start), _) => start.indent,
            (None, Some(line)) => line.width() + usize::from(spaced),
            (None, None) => 0,
        }
    }

    /// Marks of a group that nothing has used.
    pub(super) fn group(&mut self) -> usize {
        self.groups += 1;
        self.groups
    }

    /// The next token, which stands in this line, is to be aligned.
    pub(super) fn mark(&mut self, group: usize, kind: &str) {
        if let Some(line) = self.lines.last_mut()
            && line.mark.is_none()
        {
            line.mark = Some(Mark {
                at: line.text.len(),
                group,
                kind: kind.to_owned(),
            });
        }
    }

    /// Writes a token and the comments before it. Where a comment ends the line it goes on in column `indent`.
    pub(super) fn token(&mut self, token: &Token<'_>, spaced: bool, indent: usize) {
        let next_breaks = token.before.iter().skip(1).map(|comment| comment.breaks);
        let next_breaks = next_breaks.chain([token.breaks]);
        let mut comments = token.before.iter().zip(next_breaks).peekable();
        let start = self.start.take();
        if let Some(start) = start {
            while let Some((comment, _)) =
                comments.next_if(|(c, _)| c.breaks == 0 && !self.lines.is_empty() && !self.ended)
            {
                self.behind(comment);
            }
            let breaks = comments.peek().map_or(token.breaks, |(c, _)| c.breaks);
            let column = match comments.peek() {
                Some(_) => start.comments,
                None => start.indent,
            };
            self.begin(column, start.blank && breaks > 1);
        }
        for (comment, breaks) in comments {
            self.comment(comment, start.map_or(indent, |start| start.comments));
            let own = comment.breaks > 0 || start.is_some();
            self.ended |= own && breaks > 0;
            if self.ended {
                let blank = start.is_none_or(|start| start.blank) && breaks > 1;
                let column = start.map_or(indent, |start| start.indent);
                self.begin(column, blank);
            }
        }
        if self.ended {
            self.begin(indent, false);
        }
        if token.text.is_empty() {
            return;
        }
        let spaced = self.spaced || spaced && start.is_none();
        self.push(token.text, spaced);
        self.spaced = false;
    }

    /// A comment in a line that something else has begun, or that it begins.
    fn comment(&mut self, comment: &Comment<'_>, indent: usize) {
        let empty = self.lines.last().is_none_or(|line| line.text.is_empty());
        if comment.breaks == 0 && !empty {
            self.behind(comment);
            return;
        }
        if !empty {
            self.begin(indent, comment.breaks > 1);
        }
        self.push(&plain(comment.text), false);
        self.ended = comment.ends_line();
        self.spaced = !self.ended;
    }

    /// A comment behind what stands in the line.
    fn behind(&mut self, comment: &Comment<'_>) {
        if comment.text.starts_with("//") {
            if let Some(line) = self.lines.last_mut() {
                line.comment = Some(comment.text.to_owned());
            }
        } else {
            self.push(&plain(comment.text), true);
            self.spaced = true;
        }
        self.ended = comment.ends_line();
    }

    /// Begins a line; an empty one moves.
    fn begin(&mut self, indent: usize, blank: bool) {
        self.ended = false;
        self.spaced = false;
        let first = self.lines.is_empty();
        match self.lines.last_mut() {
            Some(line) if line.text.is_empty() => line.indent = indent,
            _ => self.lines.push(Line {
                indent,
                blank: blank && !first,
                ..Line::default()
            }),
        }
    }

    fn push(&mut self, text: &str, spaced: bool) {
        if self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        if let Some(line) = self.lines.last_mut() {
            if spaced && !line.text.is_empty() {
                line.text.push(' ');
            }
            line.text += text;
        }
    }
}

/// The comment without spaces at the ends of its lines.
pub(super) fn plain(comment: &str) -> String {
    let lines: Vec<&str> = comment.lines().map(str::trim_end).collect();
    lines.join("\n")
}
