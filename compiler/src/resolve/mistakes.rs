//! Stages that cannot be resolved, put into words.

use super::modules::{Def, Defined, Program};
use crate::layers;
use crate::names::is_all_caps;
use netc_grammar::ast::{Call, ExprKind, Ident};
use netc_grammar::{Code, Diagnostic, Span};

/// A call of something that is neither a layer nor a block.
pub(super) fn unknown_layer(program: &Program, module: usize, call: &Call) -> Diagnostic {
    let name = &call.name;
    let error = |headline| Diagnostic::error(Code::E0301, headline, name.span);
    let caps = is_all_caps(&name.node);
    if let Some(layer) = layers::find_in_any_case(&name.node).filter(|_| !caps) {
        return error(format!("there is no layer or block `{}`", name.node))
            .primary("names of layers are upper case")
            .edit(format!("write `{}`", layer.name), name.span, layer.name);
    }
    let what = if caps || layers::is_elsewhere(&name.node) {
        "layer"
    } else {
        "block"
    };
    let error = error(format!("there is no {what} `{}`", name.node));
    if let Some(same) = same_elsewhere(call) {
        return error.primary("not a layer of the language").edit(
            format!("write `{same}`"),
            call.span,
            same,
        );
    }
    if caps || layers::is_elsewhere(&name.node) {
        return unknown_caps(error.primary("not a layer of the language"), name);
    }
    let error = error.primary("not defined");
    error.did_you_mean(
        &name.node,
        name.span,
        blocks(program, module),
        |error| match layers::meant(&name.node) {
            Some(layer) => error.edit(
                format!("did you mean the layer `{}`?", layer.name),
                name.span,
                layer.name,
            ),
            None => error.help(format!(
                "define it: `block {} = CONV(64, 3x3) => RELU`",
                name.node
            )),
        },
    )
}

/// What the language has for a layer of Keras or PyTorch with these arguments.
fn same_elsewhere(call: &Call) -> Option<String> {
    let name = call.name.node.to_ascii_uppercase().replace('_', "");
    let [argument] = call.args.as_deref().unwrap_or_default() else {
        return None;
    };
    let same = match (name.as_str(), &argument.value.kind) {
        // One group a channel.
        ("INSTANCENORM" | "INSTANCENORM2D", ExprKind::Int(channels)) => {
            return Some(format!("GROUPNORM({channels})"));
        }
        ("ACTIVATION", ExprKind::Str(act) | ExprKind::Name(act)) => {
            let layer = layers::find_in_any_case(act)?;
            layer.is_activation().then_some(layer.name)
        }
        _ => None,
    };
    same.map(str::to_owned)
}

fn unknown_caps(error: Diagnostic, name: &Ident) -> Diagnostic {
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
