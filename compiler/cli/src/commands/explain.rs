//! `netc explain E0101`.

use crate::cli::Explain;
use crate::failure::{Failure, Outcome};
use crate::terminal;
use netc_grammar::Code;

pub(crate) fn run(args: &Explain) -> Outcome {
    let Some(wanted) = &args.code else {
        return Code::ALL.iter().try_for_each(|code| {
            terminal::print_line(&format!("{}  {}", code.as_str(), code.title()))
        });
    };
    let Some(code) = find(wanted) else {
        let near = Code::ALL.iter().map(|code| {
            (
                strsim::damerau_levenshtein(&wanted.to_ascii_uppercase(), code.as_str()),
                code,
            )
        });
        let meant = near.min().filter(|(distance, _)| *distance <= 2);
        let hint =
            meant.map(|(_, code)| format!("did you mean {}: {}?", code.as_str(), code.title()));
        return Err(Failure::tool(format!("there is no code `{wanted}`"))
            .maybe_help(hint)
            .help("`netc explain` lists all codes"));
    };
    let text = code.explanation();
    terminal::print(text)?;
    if text.ends_with('\n') {
        Ok(())
    } else {
        terminal::print("\n")
    }
}

/// `E0101`, `e0101`, and as it is copied from a message: `error[E0101]`.
fn find(wanted: &str) -> Option<Code> {
    let bare = wanted.trim().trim_end_matches(':');
    let bare = match bare.split_once('[') {
        Some((_, inside)) => inside.trim_end_matches(']'),
        None => bare,
    };
    Code::parse(bare)
}
