//! `netc watch`: compiles a network whenever one of its files is saved.

use crate::cli::{Emit, Watch};
use crate::failure::{Failure, Outcome};
use crate::files::{self, Target};
use crate::watched::Watched;
use crate::{emit, source, terminal};
use netc_compiler::{Options, Output};
use std::path::PathBuf;

pub(crate) fn run(args: &Watch) -> Outcome {
    if files::is_dash(&args.file) {
        return Err(Failure::tool("standard input cannot be watched").help("name a file"));
    }
    // What cannot be written will not be written later either; and the first look must succeed.
    files::read_source(&args.file)?;
    loop {
        let watched = Watched::default();
        let shown = show(args, &watched)?;
        terminal::finish()?;
        watched.wait(shown);
    }
}

/// Compiles, shows what came out, and gives the files that it depends on.
fn show(args: &Watch, watched: &Watched) -> Outcome<Vec<PathBuf>> {
    let options = Options {
        code: args.output.is_some(),
        estimate: true,
        ..Options::default()
    };
    let screen = terminal::whole_screen();
    if screen.is_some() {
        terminal::print(CLEAR)?;
        terminal::finish()?;
    }
    let compiled = match source::compile_watched(&args.file, &options, watched) {
        Ok(compiled) => compiled,
        // Editors take a file away for a moment before they put the new one in its place.
        Err(failure) => {
            terminal::report(&failure);
            return Ok(vec![args.file.clone()]);
        }
    };
    let inputs = source::files(&args.file, &compiled);
    let target = args.output.as_ref();
    let target = target.map(|path| Target::new(path, inputs.clone()));
    let target = target.transpose()?;
    match source::accept_or_library(&args.file, compiled) {
        Ok(Some(compiled)) => accepted(args, &compiled, target, screen)?,
        Ok(None) => terminal::status("Library", "no mistakes: blocks and constants for `use`"),
        // All has been said.
        Err(_) => {}
    }
    terminal::status("Watching", &watching(&inputs));
    Ok(inputs)
}

/// From the top of an empty screen.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

/// The summary, and the Rust where it is asked for.
fn accepted(
    args: &Watch,
    compiled: &Output,
    target: Option<Target>,
    screen: Option<usize>,
) -> Outcome {
    let summary = emit::text(Emit::Summary, &args.file, compiled)?;
    // Below it: what was written, and what is watched.
    let rows = screen.map(|rows| rows.saturating_sub(4));
    terminal::print(&shortened(&summary, rows))?;
    terminal::finish()?;
    let (Some(target), Some(code)) = (target, &compiled.code) else {
        return Ok(());
    };
    target.write(|out| out.write_all(code.as_bytes()))?;
    if !target.is_dash() {
        let size = files::size(code.len() as u64);
        terminal::status("Wrote", &format!("{} ({size})", target.path().display()));
    }
    Ok(())
}

/// Totals at the end of a summary, and what stands about them.
const TOTALS: usize = 10;

/// A text of no more than so many lines: its middle is left out.
fn shortened(text: &str, rows: Option<usize>) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let Some(rows) = rows.filter(|rows| lines.len() > *rows) else {
        return text.to_owned();
    };
    let end = TOTALS.min(rows / 2);
    let start = rows.saturating_sub(end + 1);
    let left_out = lines.len() - start - end;
    let marker = format!("... {left_out} more lines");
    let parts = [&lines[..start], &[&marker], &lines[lines.len() - end..]];
    parts.concat().join("\n") + "\n"
}

/// `a.net and 2 others`
fn watching(inputs: &[PathBuf]) -> String {
    let first = inputs
        .first()
        .map_or_else(String::new, |path| path.display().to_string());
    match inputs.len() {
        0 | 1 => first,
        2 => format!("{first} and another file"),
        n => format!("{first} and {} other files", n - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_summary_keeps_its_head_and_its_totals() {
        let text: String = (0..50).map(|i| format!("{i}\n")).collect();
        assert_eq!(shortened(&text, None), text);
        assert_eq!(shortened(&text, Some(50)), text);
        let short = shortened(&text, Some(24));
        assert_eq!(short.lines().count(), 24);
        assert!(short.starts_with("0\n1\n") && short.ends_with("\n49\n"));
        assert!(short.contains("... 27 more lines\n40\n"), "{short}");
        for rows in 0..4 {
            assert!(shortened(&text, Some(rows)).lines().count() <= rows.max(1));
        }
    }
}
