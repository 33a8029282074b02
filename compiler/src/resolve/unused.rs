//! Warnings about definitions that nothing uses.

use super::constants::{Constants, names_in};
use super::modules::{Defined, Program};
use crate::report::Report;
use netc_grammar::ast::{Arg, Block, Chain, Stage, StageKind};
use netc_grammar::{Code, Diagnostic};
use std::collections::HashSet;

/// Warns about blocks and constants of the root file that nothing uses, unless it is a library, and about unused parameters.
pub(super) fn warn(
    program: &Program,
    constants: &Constants,
    is_network: bool,
    report: &mut Report,
) {
    // What cannot be resolved may be what uses them.
    let has_errors = report.has_errors();
    for (def, defined) in program.defs(program.root_index()) {
        if let Defined::Block(block) = defined {
            warn_params(block, report);
        }
        if is_network && !has_errors && !constants.used.borrow().contains(&def) {
            let (what, name) = match defined {
                Defined::Let(constant) => ("constant", &constant.name),
                Defined::Block(block) => ("block", &block.name),
            };
            report.push(
                Diagnostic::warning(
                    Code::W0001,
                    format!("the {what} `{}` is not used", name.node),
                    name.span,
                )
                .primary("nothing uses it"),
            );
        }
    }
}

fn warn_params(block: &Block, report: &mut Report) {
    let mut names = Vec::new();
    names_in_chain(&block.body, &mut names);
    let names: HashSet<&str> = names.into_iter().collect();
    for param in block
        .params
        .iter()
        .flatten()
        .filter(|p| !names.contains(p.node.as_str()))
    {
        report.push(
            Diagnostic::warning(
                Code::W0002,
                format!("the parameter `{}` is not used", param.node),
                param.span,
            )
            .primary(format!("`{}` does not mention it", block.name.node)),
        );
    }
}

fn names_in_chain<'a>(chain: &'a Chain, names: &mut Vec<&'a str>) {
    for Stage { kind, repeat, .. } in &chain.stages {
        match kind {
            StageKind::Call(call) => call
                .args
                .iter()
                .flatten()
                .for_each(|arg: &Arg| names_in(&arg.value, names)),
            StageKind::Group(chain) => names_in_chain(chain, names),
            StageKind::Branches(branches) => branches.iter().for_each(|b| names_in_chain(b, names)),
        }
        repeat.iter().for_each(|r| names_in(r, names));
    }
}
