//! What can go wrong: each error says which file it is about, and who has to act.

use std::fmt;
use std::io;
use std::path::Path;

/// Who has to act on an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The recipe, the data or a checkpoint is wrong or does not fit.
    Input,
    /// The tool could not do its work: a file cannot be opened or written.
    Tool,
    /// The numbers left the range of f32: the run cannot go on.
    Diverged,
    /// The user stopped it.
    Interrupted,
}

/// A message for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// What functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, message)
    }

    /// `path: what is wrong with it`
    pub(crate) fn file(path: &Path, problem: impl fmt::Display) -> Self {
        Self::input(format!("{}: {problem}", path.display()))
    }

    /// A file or folder that the tool needs and does not find.
    pub(crate) fn tool(path: &Path, problem: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Tool, format!("{}: {problem}", path.display()))
    }

    /// A file that cannot be read or written.
    pub(crate) fn io(path: &Path, error: &io::Error) -> Self {
        Self::tool(path, reason(error))
    }

    /// Who has to act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

/// Why it failed, without the system's numbers.
#[must_use]
pub fn reason(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::NotADirectory => "a part of the path is a file, not a folder".to_owned(),
        io::ErrorKind::AlreadyExists => "there is a file of this name".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => {
            let text = e.to_string();
            match text.find(" (os error") {
                Some(end) => text[..end].to_owned(),
                None => text,
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<netc_runtime::Error> for Error {
    fn from(error: netc_runtime::Error) -> Self {
        let kind = match error.kind() {
            netc_runtime::ErrorKind::Io
            | netc_runtime::ErrorKind::Choice
            | netc_runtime::ErrorKind::Device
            | netc_runtime::ErrorKind::Plan => ErrorKind::Tool,
            netc_runtime::ErrorKind::Diverged => ErrorKind::Diverged,
            netc_runtime::ErrorKind::Weights | netc_runtime::ErrorKind::Input => ErrorKind::Input,
        };
        Self::new(kind, error.to_string())
    }
}
