//! netc: the command line. A thin adapter: it reads arguments and files, calls the compiler and the runtime, and prints.

mod choices;
mod claims;
mod cli;
mod commands;
mod device;
mod download;
mod emit;
mod experiment;
mod failure;
mod files;
mod generated;
mod measure;
mod memory;
mod network;
mod roof;
mod scaffold;
mod source;
mod start;
mod table;
mod terminal;
mod watched;
mod weights;

use std::process::ExitCode;

fn main() -> ExitCode {
    let done = cli::parse(std::env::args_os().collect())
        .and_then(commands::run)
        .and_then(|()| terminal::finish());
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // What has been printed so far comes first.
            let _ = terminal::finish();
            terminal::report(&failure);
            ExitCode::from(failure.code)
        }
    }
}
