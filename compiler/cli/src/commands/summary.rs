//! `netc summary`.

use crate::cli::{Emit, Summary};
use crate::failure::Outcome;
use crate::{emit, source, terminal};
use netc_compiler::Options;

pub(crate) fn run(args: &Summary) -> Outcome {
    let compiled = source::network(
        &args.file,
        &Options {
            estimate: true,
            ..Options::default()
        },
    )?;
    let graph = || {
        compiled
            .graph
            .as_ref()
            .ok_or_else(|| source::incomplete(&args.file))
    };
    let mut text = if args.arrow {
        emit::printed(netc_compiler::print::arrow(graph()?))?
    } else if args.keras {
        netc_compiler::emit::keras(graph()?, terminal::screen())
    } else if args.json {
        emit::text(Emit::Json, &args.file, &compiled)?
    } else {
        emit::text(Emit::Summary, &args.file, &compiled)?
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    terminal::print(&text)
}
