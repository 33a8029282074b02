//! From text to syntax tree.
//!
//! Three steps: limits and characters ([`crate::scan`]), the grammar (`net.pest`), and the walk from pest's pairs to the tree, which also
//! puts the grammar's `bad_` and `no_` rules into words.

mod chain;
mod change;
mod expr;
mod items;
mod number;
mod parsed;
mod rules;
mod shift;
mod text;
mod walk;
mod window;

use pest::Parser as _;
use pest::error::InputLocation;
use pest::iterators::Pairs;
use rules::{NetParser, Rule};
use walk::Walk;

pub use parsed::Parsed;

use crate::ast::{Expr, File};
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
    parsed(text, file, Rule::file, |scanned, pairs, reports| {
        whole(text, file, scanned, pairs, reports)
    })
}

/// The tree of a file.
fn whole(
    text: &str,
    file: FileId,
    scanned: &Scanned,
    pairs: Pairs<'_, Rule>,
    reports: &mut Reports,
) -> File {
    if scanned.has_content {
        return Walk::new(text, &scanned.clean, file, reports).file(pairs);
    }
    reports.push(
        Diagnostic::error(Code::E0132, "the file is empty", span_in(text, file, 0, 0))
            .primary("nothing but space and comments")
            .help("a network is a chain of layers: `INPUT(28x28x1) => CONV(8, 3x3) => RELU => FC(10)`"),
    );
    File::default()
}

/// Parses the value of a recipe's entry that stands alone, as a command line has it: `adam(lr=0.01)`. `None` if nothing of it could be
/// understood; the diagnostics say why then.
#[must_use]
pub fn parse_value(sources: &Sources, file: FileId) -> (Option<Expr>, Vec<Diagnostic>) {
    let text = sources.get(file).text.as_str();
    parsed(text, file, Rule::lone_value, |scanned, pairs, reports| {
        Walk::new(text, &scanned.clean, file, reports).lone_value(pairs)
    })
}

/// Scans a text, runs a rule of the grammar over it, and walks what it found.
fn parsed<T: Default>(
    text: &str,
    file: FileId,
    rule: Rule,
    walk: impl FnOnce(&Scanned, Pairs<'_, Rule>, &mut Reports) -> T,
) -> (T, Vec<Diagnostic>) {
    let mut reports = Reports::default();
    if text.len() > MAX_FILE_BYTES {
        reports.push(too_large(text, file));
        return (T::default(), reports.finish());
    }
    let scanned = scan(text, file, &mut reports);
    if scanned.too_deep {
        return (T::default(), reports.finish());
    }
    let clean = &scanned.clean;
    let tree = walked(text, file, rule, clean, &mut reports, |pairs, reports| {
        walk(&scanned, pairs, reports)
    });
    (tree, reports.finish())
}

/// Runs a rule of the grammar over a scanned text, and walks what it found.
fn walked<T: Default>(
    text: &str,
    file: FileId,
    rule: Rule,
    clean: &str,
    reports: &mut Reports,
    walk: impl FnOnce(Pairs<'_, Rule>, &mut Reports) -> T,
) -> T {
    match NetParser::parse(rule, clean) {
        Ok(pairs) => walk(pairs, reports),
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
            T::default()
        }
    }
}

fn too_large(text: &str, file: FileId) -> Diagnostic {
    let headline = format!("the file has more than the {MAX_FILE_BYTES} bytes that netc reads");
    Diagnostic::error(Code::E0130, headline, span_in(text, file, 0, 0))
        .help("write repeated parts as blocks: `block unit(n) = CONV(n, 3x3, same) => RELU` and `unit(64) * 100`")
}
