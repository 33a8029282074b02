//! `netc check`: every diagnostic of every file.

use crate::cli::{Check, Format};
use crate::failure::{Failure, Outcome};
use crate::source::{self, Count, plural};
use crate::terminal;
use netc_compiler::Options;
use netc_grammar::{Diagnostic, render_github, render_json};

pub(crate) fn run(args: &Check) -> Outcome {
    let mut total = Count::default();
    let mut bad_files = 0;
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    // A file that cannot be opened does not hide the others; the first one decides the exit code.
    let mut unreadable = None;
    for file in &args.files {
        let output = match source::compile(file, &Options::default()) {
            Ok(output) => output,
            Err(failure) => {
                terminal::report(&failure);
                unreadable.get_or_insert(failure.code);
                continue;
            }
        };
        let count = Count::of(&output.diagnostics);
        total.errors += count.errors;
        total.warnings += count.warnings;
        bad_files += usize::from(count.errors > 0);
        match args.format {
            Format::Human => source::report(&output.sources, &output.diagnostics),
            Format::Json => terminal::print(&render_json(&output.sources, &output.diagnostics))?,
            Format::Github => {
                terminal::print(&render_github(&output.sources, &output.diagnostics))?
            }
        }
        diagnostics.extend(output.diagnostics);
    }
    if args.format == Format::Human {
        conclude(args.files.len(), bad_files, total, unreadable.is_some());
        source::explain(&diagnostics);
    }
    match unreadable {
        Some(code) => Err(Failure::exit(code)),
        None if total.errors > 0 => Err(Failure::reported()),
        None => Ok(()),
    }
}

/// The last line, as rustc and cargo have it.
fn conclude(files: usize, bad_files: usize, total: Count, unreadable: bool) {
    let warned = match total.warnings {
        0 => String::new(),
        n => format!("; {} emitted", plural(n, "warning")),
    };
    if total.errors > 0 {
        let where_ = match files {
            1 => String::new(),
            n => format!(" in {bad_files} of {n} files"),
        };
        let errors = plural(total.errors, "error");
        terminal::error(&format!("{errors}{where_}{warned}"));
    } else if !unreadable {
        let files = plural(files, "file");
        terminal::status("Checked", &format!("{files}, no errors{warned}"));
    }
}
