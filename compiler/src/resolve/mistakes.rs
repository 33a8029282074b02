//! Stages that cannot be resolved, put into words.

use super::modules::{Def, Defined, Program};
use crate::layers;
use crate::names::{is_all_caps, nearest};
use netc_grammar::ast::Ident;
use netc_grammar::{Code, Diagnostic, Span};

/// A name that is neither a layer nor a block.
pub(super) fn unknown_layer(program: &Program, module: usize, name: &Ident) -> Diagnostic {
    let error = |headline| Diagnostic::error(Code::E0301, headline, name.span);
    if is_all_caps(&name.node) {
        return unknown_caps(error(format!("there is no layer `{}`", name.node)), name);
    }
    if let Some(layer) = layers::find(&name.node.to_ascii_uppercase()) {
        return error(format!("there is no layer or block `{}`", name.node))
            .primary("names of layers are upper case")
            .edit(format!("write `{}`", layer.name), name.span, layer.name);
    }
    let error = error(format!("there is no block `{}`", name.node)).primary("not defined");
    if let Some(near) = nearest(&name.node, blocks(program, module)) {
        return error.edit(format!("did you mean the block `{near}`?"), name.span, near);
    }
    match layers::meant(&name.node) {
        Some(layer) => error.edit(
            format!("did you mean the layer `{}`?", layer.name),
            name.span,
            layer.name,
        ),
        None => error.help(format!(
            "define it: `block {} = CONV(64, 3x3) => RELU`",
            name.node
        )),
    }
}

fn unknown_caps(error: Diagnostic, name: &Ident) -> Diagnostic {
    let error = error.primary("not a layer of the language");
    match layers::meant(&name.node) {
        Some(layer) => error.edit(
            format!("did you mean `{}`?", layer.name),
            name.span,
            layer.name,
        ),
        None => {
            let names: Vec<&str> = layers::LAYERS.iter().map(|l| l.name).collect();
            error.note(format!("the layers are {}", names.join(", ")))
        }
    }
}

/// The blocks that a file can use, in order.
fn blocks(program: &Program, module: usize) -> Vec<&str> {
    let visible = program.modules[module].visible.iter();
    let mut blocks: Vec<&str> = visible
        .filter(|(_, defs)| {
            defs.iter()
                .any(|&d| matches!(program.get(d), Some(Defined::Block(_))))
        })
        .map(|(name, _)| name.as_str())
        .collect();
    blocks.sort_unstable();
    blocks
}

pub(super) fn recursive(program: &Program, circle: &[Def], span: Span) -> Diagnostic {
    let names: Vec<&Ident> = circle
        .iter()
        .filter_map(|&d| Some(program.get(d)?.name()))
        .collect();
    let path: Vec<&str> = names.iter().map(|n| n.node.as_str()).collect();
    let first = names.first().map_or(span, |n| n.span);
    let path = if path.len() > 10 {
        format!(
            "{} => ... => {}",
            path[..5].join(" => "),
            path[path.len() - 4..].join(" => ")
        )
    } else {
        path.join(" => ")
    };
    Diagnostic::error(
        Code::E0204,
        format!(
            "the block `{}` uses itself",
            names.first().map_or("", |n| &n.node)
        ),
        span,
    )
    .primary("it would never end")
    .label(first, "defined here")
    .note(format!("the circle is {path}"))
    .help("for the same layers again and again, repeat them: `(CONV(64, 3x3) => RELU) * 3`")
}
