//! `netc fmt`: files as the catalogue is written.

use crate::cli::Fmt;
use crate::failure::{Failure, Outcome};
use crate::files::{self, Target, is_dash, unreadable};
use crate::source::{self, Count, plural};
use crate::terminal;
use netc_compiler::format::{Refusal, format};
use netc_compiler::grammar::{Sources, decode};
use netc_grammar::Diagnostic;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

pub(crate) fn run(args: &Fmt) -> Outcome {
    let mut done = Done::default();
    let standard = [PathBuf::from("-")];
    let given = if args.stdin {
        &standard
    } else {
        args.files.as_slice()
    };
    for path in given {
        match files_of(path) {
            Ok(files) if files.is_empty() => {
                terminal::warning(&format!("`{}` holds no .net files", path.display()))
            }
            Ok(files) => files.iter().for_each(|file| done.file(file, args.check)),
            Err(failure) => done.fail(&failure),
        }
    }
    done.conclude(args.check)
}

/// A file itself; of a folder the networks below it, in order.
fn files_of(path: &Path) -> Outcome<Vec<PathBuf>> {
    if is_dash(path) || !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in WalkDir::new(path).sort_by_file_name() {
        let entry = entry.map_err(|e| {
            let place = e.path().unwrap_or(path).to_owned();
            unreadable(&place, &e.into())
        })?;
        let path = entry.into_path();
        // A link may lead to a file, but no folder is walked twice.
        if path.extension().is_some_and(|e| e == "net") && path.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}

/// What has become of the files.
#[derive(Debug, Default)]
struct Done {
    changed: usize,
    unchanged: usize,
    broken: usize,
    /// The exit code of the first file that could not be read or written.
    failed: Option<u8>,
    /// The errors of those that were broken.
    diagnostics: Vec<Diagnostic>,
}

impl Done {
    fn file(&mut self, path: &Path, check: bool) {
        if let Err(failure) = self.try_file(path, check) {
            self.fail(&failure);
        }
    }

    fn fail(&mut self, failure: &Failure) {
        terminal::report(failure);
        self.failed.get_or_insert(failure.code);
    }

    fn try_file(&mut self, path: &Path, check: bool) -> Outcome {
        let bytes = files::read_source(path)?;
        let name = source::name(path);
        let text = match decode(bytes.clone()) {
            Ok(text) => text,
            Err(broken) => {
                let mut sources = Sources::default();
                let (_, diagnostic) = broken.report(&mut sources, &name);
                self.refuse(&sources, vec![diagnostic]);
                return Ok(());
            }
        };
        let formatted = match format(&name, &text) {
            Ok(formatted) => formatted,
            Err(Refusal::Broken(sources, diagnostics)) => {
                self.refuse(&sources, diagnostics);
                return Ok(());
            }
            Err(Refusal::Unsure) => {
                return Err(Failure::tool(format!(
                    "netc cannot format `{name}` without changing what it says, which is a mistake in netc: please report it"
                )));
            }
        };
        let same = formatted.as_bytes() == bytes;
        *if same {
            &mut self.unchanged
        } else {
            &mut self.changed
        } += 1;
        match (check, same) {
            (true, true) => Ok(()),
            (true, false) => terminal::print_line(&name),
            (false, true) if !is_dash(path) => Ok(()),
            (false, _) => Target::new(path, [] as [&Path; 0])?
                .write(|out| out.write_all(formatted.as_bytes())),
        }
    }

    fn refuse(&mut self, sources: &Sources, diagnostics: Vec<Diagnostic>) {
        source::report(sources, &diagnostics);
        self.broken += 1;
        self.diagnostics.extend(diagnostics);
    }

    fn conclude(self, check: bool) -> Outcome {
        let total = self.changed + self.unchanged;
        if total > 0 {
            let files = plural(total, "file");
            match check {
                true => {
                    terminal::status("Checked", &format!("{files}, {} to format", self.changed));
                }
                false => terminal::status("Formatted", &format!("{} of {files}", self.changed)),
            }
        }
        if self.broken > 0 {
            let errors = Count::of(&self.diagnostics).errors;
            terminal::error(&format!(
                "{} in {}, which netc leaves alone",
                plural(errors, "error"),
                plural(self.broken, "file")
            ));
            source::explain(&self.diagnostics);
        }
        match self.failed {
            Some(code) => Err(Failure::exit(code)),
            None if self.broken > 0 || check && self.changed > 0 => Err(Failure::reported()),
            None => Ok(()),
        }
    }
}
