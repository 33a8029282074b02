//! From text to syntax tree.
//!
//! Three steps: limits and characters ([`crate::scan`]), the grammar (`net.pest`), and the walk from pest's pairs to the tree, which also
//! puts the grammar's `bad_` and `no_` rules into words.

mod chain;
mod expr;
mod items;
mod number;
mod rules;
mod text;
mod walk;

use pest::Parser as _;
use pest::error::InputLocation;
use rules::{NetParser, Rule};
use walk::Walk;

use crate::ast::File;
use crate::limits::MAX_FILE_BYTES;
use crate::reports::{Reports, span_in};
use crate::scan::{Scanned, scan};
use crate::{Code, Diagnostic, FileId, Sources};

/// Parses one file: what could be parsed, and every syntax error in the order of the text.
///
/// The tree leaves out what could not be understood. With errors among the diagnostics, a missing stage, argument or item is
/// therefore no mistake of its own.
///
/// ```
/// use netc_grammar::{Sources, ast, parse};
/// let mut sources = Sources::default();
/// let file = sources.add("tiny.net", "INPUT(28x28x1) => CONV(8, 3x3) -> RELU => FC(10)");
/// let (tree, diagnostics) = parse(&sources, file);
/// assert!(matches!(&tree.items[..], [ast::Item::Chain(chain)] if chain.stages.len() == 4));
/// assert_eq!(diagnostics.len(), 1);
/// assert_eq!(diagnostics[0].headline, "`->` is not netc's arrow");
/// ```
#[must_use]
pub fn parse(sources: &Sources, file: FileId) -> (File, Vec<Diagnostic>) {
    let text = sources.get(file).text.as_str();
    let mut reports = Reports::default();
    let tree = if text.len() > MAX_FILE_BYTES {
        reports.push(too_large(text, file));
        File::default()
    } else {
        let scanned = scan(text, file, &mut reports);
        parse_scanned(text, file, &scanned, &mut reports)
    };
    (tree, reports.finish())
}

fn parse_scanned(text: &str, file: FileId, scanned: &Scanned, reports: &mut Reports) -> File {
    if scanned.too_deep {
        return File::default();
    }
    if !scanned.has_content {
        reports.push(
            Diagnostic::error(Code::E0132, "the file is empty", span_in(text, file, 0, 0))
                .primary("nothing but space and comments")
                .help("a network is a chain of layers: `INPUT(28x28x1) => CONV(8, 3x3) => RELU => FC(10)`"),
        );
        return File::default();
    }
    match NetParser::parse(Rule::file, &scanned.clean) {
        Ok(pairs) => Walk::new(text, &scanned.clean, file, reports).file(pairs),
        Err(error) => {
            let at = match error.location {
                InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
            };
            reports.push(
                Diagnostic::error(
                    Code::E0101,
                    "this is not valid netc syntax",
                    span_in(text, file, at, at + 1),
                )
                .primary("not expected here"),
            );
            File::default()
        }
    }
}

fn too_large(text: &str, file: FileId) -> Diagnostic {
    let headline = format!("the file has more than the {MAX_FILE_BYTES} bytes that netc reads");
    Diagnostic::error(Code::E0130, headline, span_in(text, file, 0, 0))
        .help("write repeated parts as blocks: `block unit(n) = CONV(n, 3x3, same) => RELU` and `unit(64) * 100`")
}
