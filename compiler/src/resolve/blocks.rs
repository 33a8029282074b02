//! Using a block: its parameters, its body, and the circle that it must not close.

use super::expand::Expander;
use super::frame::{Flow, Frame};
use super::mistakes::recursive;
use super::modules::{Def, Defined};
use crate::names::{listed, plural};
use crate::value::{Argument, Value};
use netc_grammar::ast::{Call, Ident};
use netc_grammar::{Code, Diagnostic, Span};
use std::collections::HashMap;

impl<'a> Expander<'a, '_> {
    pub(super) fn block(
        &mut self,
        def: Def,
        call: &'a Call,
        flow: Flow,
        frame: &Frame<'a>,
    ) -> Flow {
        self.constants.used.borrow_mut().insert(def);
        let Some(Defined::Block(block)) = self.program.get(def) else {
            return flow;
        };
        if let Some(at) = self.active.iter().position(|&d| d == def) {
            let circle: Vec<Def> = self.active[at..].iter().copied().chain([def]).collect();
            self.error(recursive(self.program, &circle, call.span));
            return self.unknown_stage(call, flow);
        }
        let args = self.evaluate_args(call.args.as_deref().unwrap_or_default(), frame);
        let declared = block.params.as_deref().unwrap_or_default();
        let mut errors = Vec::new();
        let params = bind_params(call, &block.name, declared, &args, &mut errors);
        self.errors(errors);
        self.used_at.push(call.span);
        let flow = self.as_one(&block.name.node, |this| this.block_body(def, params, flow));
        self.used_at.pop();
        match flow {
            // They are joined where the block is used.
            Flow::Many { values, .. } => Flow::Many {
                values,
                span: call.span,
            },
            flow => flow,
        }
    }

    pub(super) fn block_body(
        &mut self,
        def: Def,
        params: HashMap<&'a str, Value>,
        flow: Flow,
    ) -> Flow {
        let Some(Defined::Block(block)) = self.program.get(def) else {
            return flow;
        };
        self.expanded.insert(def);
        self.active.push(def);
        let mut frame = Frame::block(def.module, params);
        let flow = self.nested(block.body.span, flow, |this, flow| {
            this.chain(&block.body, flow, &mut frame)
        });
        self.active.pop();
        flow
    }
}

/// Gives each argument of a block to its parameter. What is missing or wrong is unknown then.
fn bind_params<'a>(
    call: &Call,
    block: &Ident,
    params: &'a [Ident],
    args: &[Argument],
    errors: &mut Vec<Diagnostic>,
) -> HashMap<&'a str, Value> {
    let mut given: HashMap<&str, (&Argument, Span)> = HashMap::new();
    let mut positional = params.iter();
    for arg in args {
        let param = match &arg.name {
            Some(name) => params.iter().find(|p| p.node == name.node),
            None => positional.next(),
        };
        let Some(param) = param else {
            errors.push(match &arg.name {
                Some(name) => unknown_param(name, block, params),
                None => wrong_count(call, block, params, args),
            });
            continue;
        };
        if let Some((_, first)) = given.insert(&param.node, (arg, arg.span)) {
            errors.push(
                Diagnostic::error(
                    Code::E0208,
                    format!("`{}` of `{}` is given twice", param.node, block.node),
                    arg.span,
                )
                .primary("given again here")
                .label(first, "first given here"),
            );
        }
    }
    if errors.is_empty() && given.len() < params.len() {
        errors.push(wrong_count(call, block, params, args));
    }
    let value = |p: &Ident| {
        given
            .get(p.node.as_str())
            .map_or(Value::Unknown, |(arg, _)| arg.value.node.clone())
    };
    params.iter().map(|p| (p.node.as_str(), value(p))).collect()
}

fn unknown_param(name: &Ident, block: &Ident, params: &[Ident]) -> Diagnostic {
    let names = || params.iter().map(|p| p.node.as_str());
    let error = Diagnostic::error(
        Code::E0208,
        format!("`{}` has no parameter `{}`", block.node, name.node),
        name.span,
    )
    .label(
        block.span,
        format!("its parameters are {}", listed(names())),
    );
    error.did_you_mean(&name.node, name.span, names(), |error| error)
}

fn wrong_count(call: &Call, block: &Ident, params: &[Ident], args: &[Argument]) -> Diagnostic {
    let headline = format!(
        "`{}` takes {}, not {}",
        block.node,
        plural(params.len(), "argument"),
        args.len()
    );
    let names = params
        .iter()
        .map(|p| p.node.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    Diagnostic::error(Code::E0208, headline, call.span)
        .primary(format!("{} given", plural(args.len(), "argument")))
        .label(block.span, "defined here")
        .help(if params.is_empty() {
            format!("write `{}`", block.node)
        } else {
            format!("write `{}({names})`", block.node)
        })
}
