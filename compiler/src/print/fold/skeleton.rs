//! What is alike in stages that differ in sizes.

use super::super::layout::suffix;
use super::inside;
use crate::layers::{self, LayerSpec};
use crate::names::WORDS;
use crate::text::expr;
use netc_grammar::ast::{Call, Chain, Expr, ExprKind, Stage, StageKind};

/// A stage in two parts.
pub(super) struct Skeleton {
    /// The text, with `_` in place of values.
    pub(super) text: String,
    /// The values.
    pub(super) values: Vec<Expr>,
}

/// The parts of a stage; `None` if it cannot stand in a block: INPUT, layers with names, and joins that read names.
pub(super) fn skeleton(stage: &Stage) -> Option<Skeleton> {
    let mut skeleton = Skeleton {
        text: String::new(),
        values: Vec::new(),
    };
    skeleton.stage(stage)?;
    Some(skeleton)
}

impl Skeleton {
    fn stage(&mut self, stage: &Stage) -> Option<()> {
        if stage.tap.is_some() {
            return None;
        }
        match &stage.kind {
            StageKind::Call(call) => self.call(call)?,
            StageKind::Group(_) | StageKind::Branches(_) => {
                self.text.push('[');
                for chain in inside(stage) {
                    self.chain(chain)?;
                    self.text.push('|');
                }
                self.text.push(']');
            }
        }
        self.text += &suffix(stage);
        Some(())
    }

    fn chain(&mut self, chain: &Chain) -> Option<()> {
        chain.stages.iter().try_for_each(|stage| {
            self.text += "=>";
            self.stage(stage)
        })
    }

    fn call(&mut self, call: &Call) -> Option<()> {
        self.text += &call.name.node;
        if call.name.node == "INPUT" || is_join(call) && call.args.is_some() {
            return None;
        }
        for arg in call.args.iter().flatten() {
            let name = arg.name.as_ref().map_or("", |name| name.node.as_str());
            self.text += &format!("({name}=");
            if is_value(&arg.value) {
                self.text.push('_');
                self.values.push(arg.value.clone());
            } else {
                self.text += &expr::text(&arg.value);
            }
        }
        Some(())
    }
}

/// Whether the arguments of a layer are taps.
fn is_join(call: &Call) -> bool {
    layers::find(&call.name.node).is_some_and(LayerSpec::is_join)
}

/// Whether a block could be given the value.
pub(super) fn is_value(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Size(_) => true,
        ExprKind::Name(name) => !WORDS.contains(&name.as_str()),
        ExprKind::Neg(inner) => is_value(inner),
        ExprKind::Binary(_, a, b) => is_value(a) && is_value(b),
        _ => false,
    }
}
