//! `netc explain E0101`.

use crate::cli::Explain;
use crate::failure::{Failure, Outcome};
use crate::terminal;
use netc_grammar::{Code, nearest};

pub(crate) fn run(args: &Explain) -> Outcome {
    let Some(wanted) = &args.code else {
        return Code::ALL.iter().try_for_each(|code| {
            terminal::print_line(&format!("{}  {}", code.as_str(), code.title()))
        });
    };
    let Some(code) = find(wanted) else {
        let near = nearest(wanted, Code::ALL.iter().map(|code| code.as_str()));
        let meant = near.and_then(Code::parse);
        let hint = meant.map(|code| format!("did you mean {}: {}?", code.as_str(), code.title()));
        return Err(Failure::tool(format!("there is no code `{wanted}`"))
            .maybe_help(hint)
            .help("`netc explain` lists all codes"));
    };
    terminal::print(&filled(code.explanation(), terminal::width()))
}

/// The text with its paragraphs and list items as wide as the terminal. Code stays as it is.
fn filled(markdown: &str, width: usize) -> String {
    let mut text = String::new();
    let mut paragraph = String::new();
    let mut in_code = false;
    let end = |paragraph: &mut String, text: &mut String| {
        if !paragraph.is_empty() {
            let hanging = if paragraph.starts_with("- ") {
                "  "
            } else {
                ""
            };
            let options = textwrap::Options::new(width)
                .subsequent_indent(hanging)
                .break_words(false);
            *text += &textwrap::fill(paragraph, options);
            text.push('\n');
            paragraph.clear();
        }
    };
    for line in markdown.lines() {
        let fence = line.starts_with("```");
        let as_it_is = in_code || fence || line.is_empty() || line.starts_with(['#', '|']);
        if as_it_is || line.starts_with("- ") {
            end(&mut paragraph, &mut text);
        }
        in_code ^= fence;
        if as_it_is {
            text += line;
            text.push('\n');
        } else {
            let gap = if paragraph.is_empty() { "" } else { " " };
            paragraph += gap;
            paragraph += line.trim();
        }
    }
    end(&mut paragraph, &mut text);
    text
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_filled_and_code_is_not() {
        let text = "one two\nthree four\n\n```net\nINPUT(1) => FC(1) => RELU\n```\n- five six seven\n- eight\n";
        let wanted = "one two three\nfour\n\n```net\nINPUT(1) => FC(1) => RELU\n```\n- five six\n  seven\n- eight\n";
        assert_eq!(filled(text, 13), wanted);
        for code in Code::ALL {
            let text = filled(code.explanation(), 80);
            let mut in_code = false;
            for line in text.lines() {
                in_code ^= line.starts_with("```");
                assert!(in_code || line.chars().count() <= 80, "{line}");
            }
        }
    }
}
