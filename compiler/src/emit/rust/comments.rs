//! Comments and blank lines. Tokens have neither, so the emitter writes numbered marker statements, which the printer
//! leaves on lines of their own, or elements of arrays, and puts the text in their place afterwards.

use std::cell::RefCell;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

/// The widest line with a comment at its end.
const WIDTH: usize = 120;

const MARKER: &str = "__netc_comment!(";

/// A marker for a blank line.
pub(super) fn blank() -> TokenStream {
    quote!(__netc_comment!(0);)
}

/// The texts behind the markers; 0 is the blank line.
#[derive(Default)]
pub(super) struct Comments {
    lines: RefCell<Vec<String>>,
}

impl Comments {
    /// A marker for a comment of one line.
    pub(super) fn line(&self, text: impl Into<String>) -> TokenStream {
        let text: String = text.into();
        let mut lines = self.lines.borrow_mut();
        // A line break would end the comment.
        lines.push(text.replace(|c: char| c.is_control(), " "));
        let number = Literal::usize_unsuffixed(lines.len());
        quote!(__netc_comment!(#number);)
    }

    /// A marker for a comment among the elements of an array.
    pub(super) fn element(&self, text: impl Into<String>) -> TokenStream {
        let statement = self.line(text);
        let mut tokens: Vec<_> = statement.into_iter().collect();
        // The semicolon.
        tokens.pop();
        tokens.into_iter().collect()
    }

    /// Replaces the markers in printed text.
    pub(super) fn put_back(&self, text: &str) -> String {
        let lines = self.lines.borrow();
        let mut out = String::with_capacity(text.len() * 2);
        let mut rest = text.lines().peekable();
        while let Some(line) = rest.next() {
            let code = line.trim_start();
            let number = code
                .strip_prefix(MARKER)
                .and_then(|rest| rest.strip_suffix(");").or(rest.strip_suffix("),")))
                .and_then(|number| number.parse::<usize>().ok());
            match number {
                None => out.push_str(line),
                Some(0) => {}
                Some(number) => {
                    let comment = lines.get(number - 1).map_or("", String::as_str);
                    let margin = &line[..line.len() - code.len()];
                    let mut element = || next_element(rest.peek()?, margin, comment);
                    if code.ends_with(',')
                        && let Some(element) = element()
                    {
                        out.push_str(&element);
                        rest.next();
                    } else {
                        out.push_str(margin);
                        out.push_str("// ");
                        out.push_str(comment);
                    }
                }
            }
            out.push('\n');
        }
        out
    }
}

/// An element of an array with its comment behind it, where both are short.
fn next_element(line: &str, margin: &str, comment: &str) -> Option<String> {
    let element = format!("{line} // {comment}");
    let code = line.strip_prefix(margin)?;
    let is_whole = !code.starts_with(' ') && code.ends_with("),");
    (is_whole && element.len() <= WIDTH).then_some(element)
}
