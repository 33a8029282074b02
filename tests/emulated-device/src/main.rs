//! Runs a program on the emulated device: `cargo run -p netc-emulated-device -- netc devices`.

use netc_emulated_device::Libraries;
use std::env::args_os;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    match run() {
        Ok(code) => ExitCode::from(code),
        Err(problem) => {
            #[allow(clippy::print_stderr, reason = "what the user has to know")]
            {
                eprintln!("error: {problem}");
            }
            ExitCode::from(2)
        }
    }
}

/// The program's exit code.
fn run() -> Result<u8, String> {
    let mut args = args_os().skip(1);
    let program = args.next().ok_or(
        "a program and its arguments are needed: cargo run -p netc-emulated-device -- target/release/netc devices",
    )?;
    let libraries = Libraries::build().map_err(|e| e.to_string())?;
    let mut command = Command::new(&program);
    command.args(args).envs(libraries.environment());
    let status = command.status();
    let status = status.map_err(|e| format!("cannot run `{}`: {e}", program.display()))?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1))
}
