//! Why a file is not taken.

use std::fmt;

/// More lines than a screen has help nobody.
const LINES: usize = 60;

/// Why a file is not taken: one sentence, and a line for each thing that is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, to stand behind the file's name: "it is cut short".
    pub headline: String,
    /// Everything that is in the way, each with its place and the nearest way.
    pub details: Vec<String>,
    /// What to do.
    pub help: Option<String>,
}

impl Refusal {
    /// With one sentence.
    #[must_use]
    pub fn of(headline: String) -> Self {
        Self::new(headline)
    }

    pub(crate) fn new(headline: impl Into<String>) -> Self {
        Self {
            headline: headline.into(),
            details: Vec::new(),
            help: None,
        }
    }

    /// Adds a line a problem; those beyond a screen are counted.
    pub(crate) fn details(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(lines);
        let rest = self.details.len().saturating_sub(LINES);
        if rest > 0 {
            self.details.truncate(LINES);
            self.details.push(format!("and {rest} more"));
        }
        self
    }

    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline)?;
        self.details
            .iter()
            .try_for_each(|line| write!(f, "\n  {line}"))?;
        self.help
            .iter()
            .try_for_each(|help| write!(f, "\n  = help: {help}"))
    }
}

impl std::error::Error for Refusal {}
