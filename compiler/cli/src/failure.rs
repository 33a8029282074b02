//! Why a command ended early, and the exit code that says so.

/// What a command gives back.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Ends the command. Exit code 1: the input has errors. 2: the tool could not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The process's exit code.
    pub(crate) code: u8,
    /// What to say on standard error; `None` if everything has been said.
    pub(crate) message: Option<Message>,
}

/// What went wrong, as rustc says it.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) headline: String,
    /// Printed as they are, indented.
    pub(crate) details: Vec<String>,
    pub(crate) helps: Vec<String>,
}

impl Failure {
    /// The input has errors: a .net file, weights, an array, a picture.
    pub(crate) fn input(headline: impl Into<String>) -> Self {
        Self::new(1, headline.into())
    }

    /// The tool could not do its work: a file that cannot be opened, a full disk, bad usage.
    pub(crate) fn tool(headline: impl Into<String>) -> Self {
        Self::new(2, headline.into())
    }

    /// The errors of the input have been printed already.
    pub(crate) fn reported() -> Self {
        Self::exit(1)
    }

    /// Everything has been printed already.
    pub(crate) fn exit(code: u8) -> Self {
        Self {
            code,
            message: None,
        }
    }

    fn new(code: u8, headline: String) -> Self {
        Self {
            code,
            message: Some(Message {
                headline,
                details: Vec::new(),
                helps: Vec::new(),
            }),
        }
    }

    /// Adds a line of detail.
    pub(crate) fn detail(mut self, line: impl Into<String>) -> Self {
        if let Some(message) = &mut self.message {
            message.details.push(line.into());
        }
        self
    }

    /// Adds lines of detail.
    pub(crate) fn details(self, lines: impl IntoIterator<Item = String>) -> Self {
        lines.into_iter().fold(self, Self::detail)
    }

    /// Adds advice.
    pub(crate) fn help(mut self, text: impl Into<String>) -> Self {
        if let Some(message) = &mut self.message {
            message.helps.push(text.into());
        }
        self
    }

    /// Adds advice if there is any.
    pub(crate) fn maybe_help(self, text: Option<String>) -> Self {
        match text {
            Some(text) => self.help(text),
            None => self,
        }
    }
}
