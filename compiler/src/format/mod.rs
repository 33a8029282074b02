//! The formatter: text in, text out.
//!
//! ```text
//! text --tokens--> tokens with comments --tree--> what stands in what --layout--> lines --align--> text
//! ```
//!
//! It changes white space and writes layers by their own names (`DENSE` becomes `FC`), nothing else. A line of a chain stays a line: where
//! to break is the author's choice, up to [`WIDTH`] columns. What came out is read again and compared (`same`) before anyone sees it.
//!
//! ```
//! use netc_compiler::format::format;
//! let text = "INPUT(28x28x1)=>CONV(8,3x3)=>RELU =>\nDENSE( 10 )   // the classes";
//! let formatted = "INPUT(28x28x1) => CONV(8, 3x3) => RELU\n=> FC(10)   // the classes\n";
//! assert_eq!(format("tiny.net", text).ok().as_deref(), Some(formatted));
//! ```

mod align;
mod layout;
mod rows;
mod same;
mod tokens;
mod tree;
mod values;
mod widths;
mod writer;

use netc_grammar::{Diagnostic, Sources, parse};

/// The longest line, where it can be broken. Comments are left as they are.
pub const WIDTH: usize = 100;

/// How much further to the right stands what belongs to a line.
const INDENT: usize = 4;

/// Why a text was not formatted.
#[derive(Debug)]
pub enum Refusal {
    /// It has these syntax errors.
    Broken(Sources, Vec<Diagnostic>),
    /// The formatter would have changed what the text says: a mistake in netc.
    Unsure,
}

/// The text, formatted. `name` is what diagnostics call it.
///
/// # Errors
/// Text with syntax errors stays as it is.
pub fn format(name: &str, text: &str) -> Result<String, Refusal> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let (tree, diagnostics) = parse(&sources, file);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(Refusal::Broken(sources, diagnostics));
    }
    let items = tree::items(tokens::tokens(text)).ok_or(Refusal::Unsure)?;
    let lines = layout::lines(&items);
    let formatted = align::text(lines);
    if same::is_same(text, &tree, &formatted) {
        Ok(formatted)
    } else {
        Err(Refusal::Unsure)
    }
}
