//! `netc diff`: two networks layer by layer.

use crate::cli::Diff;
use crate::failure::{Failure, Outcome};
use crate::files::is_dash;
use crate::{source, terminal};
use netc_compiler::compare::compare;
use netc_compiler::{Options, emit};

pub(crate) fn run(args: &Diff) -> Outcome {
    if is_dash(&args.first) && is_dash(&args.second) {
        return Err(Failure::tool(
            "standard input can be only one of the networks",
        ));
    }
    let options = Options {
        estimate: true,
        ..Options::default()
    };
    // The errors of one do not hide those of the other.
    let first = source::network(&args.first, &options);
    let second = source::network(&args.second, &options);
    let (first, second) = match (first, second) {
        (Ok(first), Ok(second)) => (first, second),
        (Err(a), Err(b)) => {
            terminal::report(&a);
            return Err(b);
        }
        (Err(failure), _) | (_, Err(failure)) => return Err(failure),
    };
    let comparison = compare(&first, &second).ok_or_else(|| source::incomplete(&args.first))?;
    let width = terminal::screen().unwrap_or(terminal::TEXT_WIDTH);
    terminal::print(&match args.json {
        true => emit::comparison_json(&comparison),
        false => emit::comparison(&comparison, width),
    })
}
