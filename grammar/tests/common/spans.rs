//! What holds of any text: it is answered in time, every span lies in it, and its diagnostics can be drawn.

use netc_grammar::{Diagnostic, Sources, Span, ast, parse, render, render_github, render_json};
use std::time::{Duration, Instant};

/// Parses a text, checks every span, and draws a few of the diagnostics; the tree, and whether the text has no errors.
pub(crate) fn surveyed(text: &str) -> (ast::File, bool) {
    let started = Instant::now();
    let mut sources = Sources::default();
    let file = sources.add("fuzz.net", text);
    let (tree, diagnostics) = parse(&sources, file);
    let fits = |span: Span| {
        assert_eq!(span.file, file);
        assert!(
            text.get(span.start as usize..span.end as usize).is_some(),
            "{span:?} does not fit in {text:?}"
        );
    };
    for diagnostic in &diagnostics {
        diagnostic.labels.iter().for_each(|label| fits(label.span));
        diagnostic
            .helps
            .iter()
            .filter_map(|help| help.edit.as_ref())
            .for_each(|(span, _)| fits(*span));
    }
    tree.items.iter().for_each(|item| item_spans(item, &fits));
    let few = &diagnostics[..diagnostics.len().min(3)];
    let drawn = [
        render(&sources, few, false),
        render_json(&sources, few),
        render_github(&sources, few),
    ];
    assert_eq!(drawn.iter().any(String::is_empty), few.is_empty());
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{} bytes took {:?}",
        text.len(),
        started.elapsed()
    );
    let is_valid = !diagnostics.iter().any(Diagnostic::is_error);
    (tree, is_valid)
}

fn item_spans(item: &ast::Item, fits: &impl Fn(Span)) {
    match item {
        ast::Item::Net(name) => fits(name.span),
        ast::Item::Use(path) => fits(path.span),
        ast::Item::Let(constant) => {
            fits(constant.span);
            fits(constant.value.span);
        }
        ast::Item::Block(block) => {
            fits(block.span);
            chain_spans(&block.body, fits);
        }
        ast::Item::Chain(chain) => chain_spans(chain, fits),
        ast::Item::Where(table) => {
            fits(table.span);
            table
                .rows
                .iter()
                .flat_map(|row| &row.entries)
                .for_each(|entry| fits(entry.span));
        }
        ast::Item::Head(head) => {
            fits(head.span);
            if let Some(chain) = &head.chain {
                chain_spans(chain, fits);
            }
        }
        ast::Item::Expect(claim) => fits(claim.span),
        ast::Item::Train(recipe) => {
            fits(recipe.span);
            recipe.entries.iter().for_each(|entry| fits(entry.span));
        }
    }
}

fn chain_spans(chain: &ast::Chain, fits: &impl Fn(Span)) {
    fits(chain.span);
    assert!(!chain.stages.is_empty());
    for stage in &chain.stages {
        fits(stage.span);
        match &stage.kind {
            ast::StageKind::Call(call) => {
                fits(call.span);
                call.args
                    .iter()
                    .flatten()
                    .for_each(|arg| fits(arg.value.span));
            }
            ast::StageKind::Group(chain) => chain_spans(chain, fits),
            ast::StageKind::Branches(chains) => {
                chains.iter().for_each(|chain| chain_spans(chain, fits))
            }
        }
    }
}
