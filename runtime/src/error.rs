//! What can go wrong at run time: bad weights, a wrong number of images.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Who has to act on an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A file cannot be opened, read or written.
    Io,
    /// The weights do not fit the network, or are broken.
    Weights,
    /// The images handed to a forward pass do not fit the network or the workspace.
    Input,
    /// Training met a number that is not finite.
    Diverged,
    /// A kernel or an instruction set was asked for that cannot serve here.
    Choice,
    /// The device that was asked for is not there, or failed.
    Device,
    /// The plan is not valid: it was not made by netc's compiler, or by that of another version.
    Plan,
}

/// Everything that is wrong, at once; shown with one line for each problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    /// What the problems are about: a file's name, or empty.
    subject: String,
    problems: Vec<String>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, problem: impl Into<String>) -> Self {
        Self::list(kind, alloc::vec![problem.into()])
    }

    pub(crate) fn list(kind: ErrorKind, problems: Vec<String>) -> Self {
        Self {
            kind,
            subject: String::new(),
            problems,
        }
    }

    /// A plan that no compiler makes.
    pub(crate) fn plan(problem: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Plan, alloc::format!("a faulty plan: {problem}"))
    }

    /// Says which file the problems are in.
    #[cfg(feature = "std")]
    pub(crate) fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// Who has to act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Each problem, one line.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.subject.is_empty() {
            write!(f, "{}: ", self.subject)?;
        }
        match &self.problems[..] {
            [one] => f.write_str(one),
            many => {
                write!(f, "{} problems", many.len())?;
                many.iter().try_for_each(|p| write!(f, "\n  - {p}"))
            }
        }
    }
}

impl core::error::Error for Error {}
