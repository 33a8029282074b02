//! What the user settles by hand: `THEIRS=OURS`.

use crate::failure::{Failure, Outcome};
use crate::files;
use std::fmt;
use std::path::Path;

/// A module and its layer, a tensor and its parameter, or a part of the file's names and the first of its layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Map {
    pub(crate) theirs: String,
    pub(crate) ours: String,
}

impl Map {
    fn parse(entry: &str) -> Result<Self, String> {
        let shape = || "write THEIRS=OURS, as in head.0=fc2".to_owned();
        let (theirs, ours) = entry.split_once('=').ok_or_else(shape)?;
        let (theirs, ours) = (theirs.trim().to_owned(), ours.trim().to_owned());
        if theirs.is_empty() || ours.is_empty() {
            return Err(shape());
        }
        Ok(Self { theirs, ours })
    }

    /// Those of the arguments.
    pub(crate) fn arguments(entries: &[String]) -> Outcome<Vec<Self>> {
        let entries = entries.iter().map(|entry| {
            Self::parse(entry).map_err(|why| Failure::tool(format!("`--map {entry}`: {why}")))
        });
        entries.collect()
    }

    /// Those of a file, one a line; `#` begins a comment.
    pub(crate) fn file(path: &Path) -> Outcome<Vec<Self>> {
        let bytes = files::read(path)?;
        let shown = path.display();
        let text = str::from_utf8(&bytes).map_err(|_| {
            Failure::input(format!("`{shown}` cannot be used: it is not UTF-8 text"))
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().zip(1..).filter_map(|(line, number)| {
            let entry = line.split('#').next().unwrap_or_default().trim();
            (!entry.is_empty()).then(|| {
                let bad = |why| Failure::input(format!("{shown}:{number}: `{entry}`: {why}"));
                Self::parse(entry).map_err(bad)
            })
        });
        lines.collect()
    }

    /// Whether it stands for all below a name: `layer1.=conv2`.
    pub(crate) fn is_prefix(&self) -> bool {
        self.theirs.ends_with(['.', '/', '_', '-'])
    }

    /// What is wrong with it.
    pub(crate) fn bad(&self, why: impl fmt::Display) -> Failure {
        Failure::tool(format!("`--map {self}`: {why}"))
    }
}

impl fmt::Display for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.theirs, self.ours)
    }
}
