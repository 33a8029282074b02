//! Which bracket closes which.

use crate::limits::MAX_NESTING;

/// An opening bracket that has not been closed yet.
#[derive(Clone, Copy, Debug)]
struct Open {
    bracket: char,
    at: usize,
    /// It stands directly after a name, so it holds arguments, and no `=>` can stand in it.
    call: bool,
}

/// The brackets open at one point of the text.
#[derive(Debug, Default)]
pub(crate) struct Brackets {
    stack: Vec<Open>,
}

/// What a closing bracket does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// It closes the innermost bracket, or one further out (the parser reports those in between).
    Fits,
    /// It stands where this other bracket should, which would close the one opened at `open`.
    WrongKind { right: char, open: usize },
    /// Nothing is open.
    Stray,
}

impl Brackets {
    /// Opens a bracket; `false` where that is nested too deeply.
    #[must_use]
    pub(crate) fn open(&mut self, bracket: char, at: usize, call: bool) -> bool {
        self.stack.push(Open { bracket, at, call });
        self.stack.len() <= MAX_NESTING
    }

    pub(crate) fn close(&mut self, closer: char) -> Closing {
        let Some(top) = self.stack.last().copied() else {
            return Closing::Stray;
        };
        if let Some(depth) = self
            .stack
            .iter()
            .rposition(|open| partner(open.bracket) == closer)
        {
            self.stack.truncate(depth);
            return Closing::Fits;
        }
        self.stack.pop();
        Closing::WrongKind {
            right: partner(top.bracket),
            open: top.at,
        }
    }

    /// The bracket that would close the innermost open one.
    pub(crate) fn innermost_closer(&self) -> Option<char> {
        self.stack.last().map(|open| partner(open.bracket))
    }

    /// An arrow ends arguments that were never closed: `CONV(64, 3x3 => RELU`.
    pub(crate) fn arrow(&mut self) {
        while self.stack.pop_if(|open| open.call).is_some() {}
    }

    /// The start of an item ends everything.
    pub(crate) fn item(&mut self) {
        self.stack.clear();
    }
}

fn partner(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}
