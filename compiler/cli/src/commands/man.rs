//! `netc man`: the manual pages.

use crate::cli::{self, Man};
use crate::failure::{Failure, Outcome};
use crate::terminal;

pub(crate) fn run(args: &Man) -> Outcome {
    let mut command = cli::surface();
    command.build();
    if let Some(wanted) = &args.command {
        for part in wanted.split(['-', ' ']) {
            let Some(inner) = command.find_subcommand(part) else {
                return Err(
                    Failure::tool(format!("there is no command `{wanted}`")).help(
                        "`netc --help` lists the commands; `weights-import` is one inside another",
                    ),
                );
            };
            command = inner.clone();
        }
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .source(concat!("netc ", env!("CARGO_PKG_VERSION")))
        .manual("netc")
        .render(&mut page)
        .map_err(|e| Failure::tool(format!("cannot write the manual page: {e}")))?;
    terminal::print_bytes(&page)
}
