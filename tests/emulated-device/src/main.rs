//! `cargo run -p netc-emulated-device -- COMMAND ARGUMENTS...` runs a command that finds the emulated device in place of a GPU. Without a
//! command it prints the environment that does so.

use netc_emulated_device::{Libraries, Missing};
use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let done = match arguments.next() {
        Some(command) => run(&command, arguments),
        None => print_environment(),
    };
    done.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "error: {error}");
        ExitCode::from(2)
    })
}

fn run(command: &OsString, arguments: impl Iterator<Item = OsString>) -> Result<ExitCode, Missing> {
    let libraries = Libraries::build()?;
    let status = Command::new(command)
        .args(arguments)
        .envs(libraries.environment())
        .status();
    let status = status
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", command.display())))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn print_environment() -> Result<ExitCode, Missing> {
    let mut out = io::stdout();
    for (name, value) in Libraries::build()?.environment() {
        writeln!(out, "export {name}='{}'", value.display())?;
    }
    Ok(ExitCode::SUCCESS)
}
