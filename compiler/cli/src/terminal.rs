//! Standard output for results, standard error for everything else.

use crate::failure::{Failure, Outcome};
use clap::builder::styling::{AnsiColor, Effects, Style};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

const RED: Style = AnsiColor::BrightRed.on_default().effects(Effects::BOLD);
const YELLOW: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
const GREEN: Style = AnsiColor::BrightGreen.on_default().effects(Effects::BOLD);
const BLUE: Style = AnsiColor::BrightBlue.on_default().effects(Effects::BOLD);
const BOLD: Style = Style::new().effects(Effects::BOLD);

/// The widest that running text is set.
pub(crate) const TEXT_WIDTH: usize = 100;

/// The reader of standard output has gone (`| head`): what follows is dropped, and the exit code stays the command's own.
static GONE: AtomicBool = AtomicBool::new(false);

/// Writes a result to standard output.
pub(crate) fn print(text: &str) -> Outcome {
    print_bytes(text.as_bytes())
}

/// Writes a result and ends the line.
pub(crate) fn print_line(text: &str) -> Outcome {
    print_bytes(format!("{text}\n").as_bytes())
}

/// Writes a result to standard output.
pub(crate) fn print_bytes(bytes: &[u8]) -> Outcome {
    with_stdout(|out| out.write_all(bytes))
}

/// Flushes standard output: a full disk is noticed here at the latest.
pub(crate) fn finish() -> Outcome {
    with_stdout(|out| out.flush())
}

fn with_stdout(write: impl FnOnce(&mut io::StdoutLock<'_>) -> io::Result<()>) -> Outcome {
    if GONE.load(Relaxed) {
        return Ok(());
    }
    match write(&mut io::stdout().lock()) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == ErrorKind::BrokenPipe => {
            GONE.store(true, Relaxed);
            Ok(())
        }
        Err(e) => Err(Failure::tool(format!(
            "cannot write to standard output: {}",
            netc_train::reason(&e)
        ))),
    }
}

/// How wide texts are: as the terminal, but no wider than reads well.
pub(crate) fn width() -> usize {
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let told = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal.or_else(told).unwrap_or(TEXT_WIDTH).min(TEXT_WIDTH)
}

/// The columns of the terminal that standard output is shown on; `None` for a file or a pipe.
pub(crate) fn screen() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// The rows of the terminal that everything is shown on; `None` if standard output or standard error is a file or a pipe.
pub(crate) fn whole_screen() -> Option<usize> {
    let all = io::stdout().is_terminal() && io::stderr().is_terminal();
    let (_, height) = terminal_size::terminal_size_of(io::stdout()).filter(|_| all)?;
    Some(usize::from(height.0))
}

/// Whether standard error shows colour: a terminal, and neither NO_COLOR nor `--color never`.
pub(crate) fn colour() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Whether standard output shows colour: only help texts have any.
pub(crate) fn stdout_has_colour() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// Writes to standard error as it is; colour is taken out where it does not belong. Nothing can be done if this fails.
pub(crate) fn say(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// `error: headline`
pub(crate) fn error(headline: &str) {
    say(&format!("{RED}error{RED:#}{BOLD}: {headline}{BOLD:#}\n"));
}

/// `warning: headline`
pub(crate) fn warning(headline: &str) {
    say(&format!(
        "{YELLOW}warning{YELLOW:#}{BOLD}: {headline}{BOLD:#}\n"
    ));
}

/// `note: text`
pub(crate) fn note(text: &str) {
    say(&format!("{BOLD}note{BOLD:#}: {text}\n"));
}

/// `note: text`, on a terminal in place of what stands in the line, and without an end: what is drawn next wipes it off.
pub(crate) fn note_in_passing(text: &str) {
    match io::stderr().is_terminal() {
        true => say(&format!("\r\u{1b}[2K{BOLD}note{BOLD:#}: {text}")),
        false => note(text),
    }
}

/// An indented line under a headline.
fn detail(line: &str) {
    say(&format!("  {line}\n"));
}

/// `  = help: text`
pub(crate) fn help(text: &str) {
    say(&format!("  {BLUE}={BLUE:#} {BOLD}help{BOLD:#}: {text}\n"));
}

/// A step that is done, as cargo shows it: `     Wrote alexnet.rs`.
pub(crate) fn status(verb: &str, text: &str) {
    say(&format!("{GREEN}{verb:>12}{GREEN:#} {text}\n"));
}

/// Says why a command ended.
pub(crate) fn report(failure: &Failure) {
    let Some(message) = &failure.message else {
        return;
    };
    error(&message.headline);
    message.details.iter().for_each(|line| detail(line));
    message.helps.iter().for_each(|text| help(text));
}
