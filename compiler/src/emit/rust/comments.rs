//! Comments and blank lines. Tokens have neither, so the emitter writes numbered marker statements, which the printer
//! leaves on lines of their own, and puts the text in their place afterwards.

use std::cell::RefCell;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

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

    /// Replaces the markers in printed text.
    pub(super) fn put_back(&self, text: &str) -> String {
        let lines = self.lines.borrow();
        let mut out = String::with_capacity(text.len() * 2);
        for line in text.lines() {
            let code = line.trim_start();
            let number = code
                .strip_prefix(MARKER)
                .and_then(|rest| rest.strip_suffix(");"))
                .and_then(|number| number.parse::<usize>().ok());
            match number {
                None => out.push_str(line),
                Some(0) => {}
                Some(number) => {
                    out.push_str(&line[..line.len() - code.len()]);
                    out.push_str("// ");
                    out.push_str(lines.get(number - 1).map_or("", String::as_str));
                }
            }
            out.push('\n');
        }
        out
    }
}
