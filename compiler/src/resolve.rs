//! From syntax trees to the graph: files are joined, constants computed, blocks and repeats expanded, tables dealt out.
//!
//! A mistake does not hide the next: a layer that cannot be made leaves an `Input(Shape::Unknown)` behind, a value that cannot
//! be computed is `Value::Unknown`, and both are silent from there on.

mod blocks;
mod chain;
mod claim;
mod constants;
mod expand;
mod frame;
mod habits;
mod heads;
mod join;
mod mistakes;
mod modules;
mod rename;
mod table;
mod unused;

use crate::graph::Graph;
use crate::loader::Loader;
use crate::names::{camel_case, is_rust_keyword};
use crate::recipe;
use crate::report::Report;
pub(crate) use claim::quantity_name;
use expand::Network;
use netc_grammar::ast::{Chain, File, Ident, Item};
use netc_grammar::{Code, Diagnostic, FileId, Sources, Span};

/// What a file is.
#[derive(Clone, Debug, PartialEq)]
pub enum Resolved {
    /// A network; whole only if there were no errors.
    Net(Box<Graph>),
    /// Blocks and constants for others to use.
    Library,
}

/// Resolves a file and the files that it uses. `None` if nothing is left to go on with; the diagnostics say why then.
pub fn resolve(
    sources: &mut Sources,
    root: FileId,
    file: File,
    loader: &mut dyn Loader,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Resolved> {
    let mut report = Report::new(diagnostics);
    let program = modules::load(sources, root, file, loader, &mut report);
    let constants = constants::evaluate(&program, &mut report);
    let items = &program.root().file.items;

    let name = net_name(items, &sources.get(root).name, &mut report);
    let chain = only_chain(items, &mut report);
    let scope = constants.scope(&program, program.root_index());
    let claims = claim::claims(items, &scope, &mut report);
    let recipes = recipe::recipes(items, &scope, &mut report);

    let network = expand::expand(&program, &constants, chain, sources, &mut report);
    unused::warn(&program, &constants, chain.is_some(), &mut report);
    let Some(chain) = chain else {
        return without_chain(items, root, &mut report);
    };
    let Network {
        nodes,
        blocks,
        output,
        heads,
        pixels,
    } = network?;
    debug_assert!(!nodes.is_empty(), "{:?} has no stage", chain.span);
    Some(Resolved::Net(Box::new(Graph {
        name,
        about: about(&sources.get(root).text),
        nodes,
        blocks,
        output,
        heads,
        pixels,
        claims,
        recipes,
    })))
}

/// The network's name: the `net` line's, or the file's.
fn net_name(items: &[Item], file: &str, report: &mut Report) -> String {
    let mut lines = items.iter().filter_map(|item| match item {
        Item::Net(name) => Some(name),
        _ => None,
    });
    let Some(first) = lines.next() else {
        return camel_case(file);
    };
    for again in lines {
        report.push(
            Diagnostic::error(Code::E0212, "a file has one `net` line", again.span)
                .primary("a second name")
                .label(first.span, "the first name"),
        );
    }
    if is_rust_keyword(&first.node) {
        report.push(keyword(
            first,
            "the network becomes a struct of this name in Rust",
        ));
    }
    first.node.clone()
}

/// A name that generated Rust cannot have.
pub(crate) fn keyword(name: &Ident, why: &str) -> Diagnostic {
    Diagnostic::error(
        Code::E0203,
        format!("`{}` is a keyword of Rust", name.node),
        name.span,
    )
    .primary(why)
    .edit("choose another name", name.span, format!("{}_", name.node))
}

fn only_chain<'a>(items: &'a [Item], report: &mut Report) -> Option<&'a Chain> {
    let mut chains = items.iter().filter_map(|item| match item {
        Item::Chain(chain) => Some(chain),
        _ => None,
    });
    let first = chains.next()?;
    for again in chains {
        report.push(
            Diagnostic::error(Code::E0213, "a file has one chain", head(again))
                .primary("a second chain starts here")
                .label(head(first), "the first chain starts here")
                .help("put `=>` between them, or make one of them a block: `block name = ...`"),
        );
    }
    Some(first)
}

/// The first stage: a whole chain is too long to underline.
fn head(chain: &Chain) -> Span {
    chain.stages.first().map_or(chain.span, |s| s.span)
}

/// A file without a chain is a library, if it holds nothing that belongs to a network.
fn without_chain(items: &[Item], root: FileId, report: &mut Report) -> Option<Resolved> {
    let network_only = items.iter().find_map(|item| match item {
        Item::Net(name) => Some(("a `net` line", name.span)),
        Item::Where(table) => Some((
            "a `where` table",
            Span {
                end: table.span.start + 5,
                ..table.span
            },
        )),
        Item::Expect(claim) => Some(("an `expect` line", claim.span)),
        Item::Head(head) => Some(("an output", head.span)),
        Item::Train(recipe) => Some((
            "a recipe",
            Span {
                end: recipe.span.start + 5,
                ..recipe.span
            },
        )),
        Item::Use(_) | Item::Let(_) | Item::Block(_) | Item::Chain(_) => None,
    });
    let holds = |f: fn(&Item) -> bool| items.iter().any(f);
    match network_only {
        None if holds(|i| matches!(i, Item::Use(_) | Item::Let(_) | Item::Block(_))) => {
            Some(Resolved::Library)
        }
        // An empty file, or nothing that could be parsed: the parser has said so.
        None => None,
        Some((what, span)) => {
            debug_assert_eq!(span.file, root);
            report.push(
                Diagnostic::error(
                    Code::E0214,
                    format!("{what} in a file without a network"),
                    span,
                )
                .primary("this belongs to a network")
                .help("write the network's layers: `INPUT(32x32x3) => CONV(64, 3x3) => ...`"),
            );
            None
        }
    }
}

/// The comment at the head of the file, without comment signs.
fn about(text: &str) -> String {
    let mut lines = Vec::new();
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        if let Some(line) = rest.strip_prefix("//") {
            let (line, after) = line.split_once('\n').unwrap_or((line, ""));
            lines.push(line.trim_start_matches(['/', '!']).trim().to_owned());
            rest = after.trim_start_matches([' ', '\t']);
        } else if let Some((comment, after)) =
            rest.strip_prefix("/*").and_then(|c| c.split_once("*/"))
        {
            lines.extend(
                comment
                    .lines()
                    .map(|l| l.trim().trim_start_matches('*').trim().to_owned()),
            );
            rest = after.strip_prefix('\n').unwrap_or(after);
        } else {
            return lines.join("\n").trim().to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::about;

    #[test]
    fn the_comment_at_the_head_is_kept() {
        assert_eq!(about("// one\n// two\nnet A"), "one\ntwo");
        assert_eq!(about("// one\n\n// not this\nnet A"), "one");
        assert_eq!(about("/* one\n * two */\nnet A"), "one\ntwo");
        assert_eq!(about("net A // no"), "");
        assert_eq!(about("\u{feff}// one\r\nnet A"), "one");
        assert_eq!(about("/* never closed"), "");
    }
}
