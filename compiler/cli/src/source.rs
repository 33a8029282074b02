//! From a path to a compiled network.

use crate::failure::{Failure, Outcome};
use crate::watched::Watched;
use crate::{files, terminal};
use netc_compiler::{Files, Loader, Options, Output};
use netc_grammar::{Diagnostic, Sources};
use netc_plan::Plan;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Compiles the file, or standard input for `-`. Nothing is printed.
pub(crate) fn compile(path: &Path, options: &Options) -> Outcome<Output> {
    with_loader(path, options, Beside::new(path))
}

/// As [`compile`]; the files that are asked for are noted before they are read.
pub(crate) fn compile_watched(
    path: &Path,
    options: &Options,
    watched: &Watched,
) -> Outcome<Output> {
    watched.note(path);
    let loader = Beside {
        watched: Some(watched),
        ..Beside::new(path)
    };
    with_loader(path, options, loader)
}

fn with_loader(path: &Path, options: &Options, mut loader: Beside<'_>) -> Outcome<Output> {
    let text = files::read_source(path)?;
    Ok(netc_compiler::compile(
        &name(path),
        text,
        options,
        &mut loader,
    ))
}

/// Compiles the file and prints its diagnostics; ends the command if there are errors, or no network.
pub(crate) fn network(path: &Path, options: &Options) -> Outcome<Output> {
    accept(path, compile(path, options)?)
}

/// Prints the diagnostics of what was compiled; ends the command if there are errors, or no network.
pub(crate) fn accept(path: &Path, output: Output) -> Outcome<Output> {
    let shown = name(path);
    accept_or_library(path, output)?.ok_or_else(|| {
        Failure::input(format!(
            "`{shown}` holds no network, only blocks and constants for `use`"
        ))
        .help("`netc check` checks such a file")
    })
}

/// As [`accept`]; nothing where there is no network and no error.
pub(crate) fn accept_or_library(path: &Path, output: Output) -> Outcome<Option<Output>> {
    report(&output.sources, &output.diagnostics);
    if output.has_errors() {
        terminal::error(&format!(
            "could not compile `{}` due to {}",
            name(path),
            Count::of(&output.diagnostics).due()
        ));
        explain(&output.diagnostics);
        return Err(Failure::reported());
    }
    let is_network = !output.library && output.graph.is_some();
    Ok(is_network.then_some(output))
}

/// The plan of a network that compiled.
pub(crate) fn plan(path: &Path, options: &Options) -> Outcome<Plan> {
    let output = network(path, options)?;
    output.plan.ok_or_else(|| incomplete(path))
}

/// An output that a network without errors lacks: a fault of netc itself.
pub(crate) fn incomplete(path: &Path) -> Failure {
    Failure::tool(format!(
        "netc compiled `{}` to nothing, which is a mistake in netc: please report it",
        name(path)
    ))
}

/// The files that a network was read from: its own, and those that it uses.
pub(crate) fn files(path: &Path, output: &Output) -> Vec<PathBuf> {
    let beside = Beside::new(path);
    let used = output.files.iter().filter(|used| **used != name(path));
    let used = used.map(|used| {
        let (root, used) = beside.place(used);
        root.join(used)
    });
    std::iter::once(path.to_owned()).chain(used).collect()
}

/// Prints diagnostics for people.
pub(crate) fn report(sources: &Sources, diagnostics: &[Diagnostic]) {
    if !diagnostics.is_empty() {
        terminal::say(&netc_grammar::render(
            sources,
            diagnostics,
            terminal::colour(),
        ));
    }
}

/// The way to the long texts, as rustc ends.
pub(crate) fn explain<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) {
    let errors = diagnostics.into_iter().filter(|d| d.is_error());
    let codes: BTreeSet<&str> = errors.map(|d| d.code.as_str()).collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    match codes[..] {
        [] => {}
        [code] => terminal::say(&format!(
            "For more information about this error, try `netc explain {code}`.\n"
        )),
        [first, ..] => terminal::say(&format!(
            "The errors have detailed explanations: {}.\nFor more information about an error, try `netc explain {first}`.\n",
            codes.join(", ")
        )),
    }
}

/// What diagnostics call the file.
pub(crate) fn name(path: &Path) -> String {
    if files::is_dash(path) {
        return "<stdin>".to_owned();
    }
    path.to_string_lossy().into_owned()
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+=@%:,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Errors and warnings, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
}

impl Count {
    pub(crate) fn of(diagnostics: &[Diagnostic]) -> Self {
        let errors = diagnostics.iter().filter(|d| d.is_error()).count();
        Self {
            errors,
            warnings: diagnostics.len() - errors,
        }
    }

    /// `2 previous errors; 1 warning emitted`, as rustc has it.
    pub(crate) fn due(self) -> String {
        let errors = match self.errors {
            1 => "1 previous error".to_owned(),
            n => format!("{n} previous errors"),
        };
        match self.warnings {
            0 => errors,
            n => format!("{errors}; {} emitted", plural(n, "warning")),
        }
    }
}

/// `1 error`, `2 errors`
pub(crate) fn plural(n: usize, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {what}{s}")
}

/// Reads used files. A folder whose name is not UTF-8 has a lossy name in the compiler, which is taken back here.
struct Beside<'w> {
    lossy: String,
    real: PathBuf,
    /// Where what is asked for is noted.
    watched: Option<&'w Watched>,
}

impl Beside<'_> {
    fn new(path: &Path) -> Self {
        let real = path.parent().unwrap_or(Path::new("")).to_owned();
        Self {
            lossy: real.to_string_lossy().into_owned(),
            real,
            watched: None,
        }
    }

    /// The folder and the path below it of a file that the compiler calls so.
    fn place<'p>(&self, path: &'p str) -> (PathBuf, &'p str) {
        if self.real.to_str().is_none()
            && let Some(rest) = path.strip_prefix(&self.lossy)
        {
            return (self.real.clone(), rest.trim_start_matches(['/', '\\']));
        }
        (PathBuf::new(), path)
    }
}

impl Loader for Beside<'_> {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let (root, path) = self.place(path);
        if let Some(watched) = self.watched {
            watched.note(&root.join(path));
        }
        Files { root }.read(path)
    }
}
