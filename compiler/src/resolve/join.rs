//! ADD, MUL and CONCAT: branches and taps become one value.

use super::expand::Expander;
use super::frame::{Flow, Frame};
use crate::graph::{Layer, NodeId};
use crate::layers::{LayerKind, LayerSpec};
use crate::names::listed;
use netc_grammar::ast::{Arg, Call, ExprKind, Ident};
use netc_grammar::{Code, Diagnostic, Span};

impl<'a> Expander<'a, '_> {
    pub(super) fn join(
        &mut self,
        spec: &'static LayerSpec,
        call: &'a Call,
        flow: Flow,
        frame: &Frame<'a>,
        name: Option<&Ident>,
    ) -> Flow {
        let taps: Vec<NodeId> = call
            .args
            .iter()
            .flatten()
            .map(|arg| self.tap(spec, arg, frame))
            .collect();
        let has_taps = call.args.as_ref().is_some_and(|args| !args.is_empty());
        let mut inputs = match flow {
            Flow::Start => vec![self.missing_input(call.span)],
            Flow::One(id) => {
                if !has_taps {
                    self.error(nothing_to_join(spec, call));
                }
                vec![id]
            }
            Flow::Many { values, span } => {
                if values.len() == 1 {
                    self.error(
                        Diagnostic::error(Code::E0310, "one branch is nothing to join", span)
                            .primary("these brackets hold a single branch")
                            .help("add a branch, `| SKIP` perhaps, or leave the brackets and the join out"),
                    );
                }
                values
            }
        };
        inputs.extend(taps);
        let layer = match spec.kind {
            LayerKind::Op(op) => Layer::Op(op),
            _ => Layer::Concat,
        };
        Flow::One(self.push(spec, layer, inputs, call.span, None, name))
    }

    fn tap(&mut self, spec: &LayerSpec, arg: &Arg, frame: &Frame<'a>) -> NodeId {
        let ExprKind::Name(name) = &arg.value.kind else {
            self.error(
                Diagnostic::error(
                    Code::E0306,
                    format!("{} joins taps, which are given by name", spec.name),
                    arg.value.span,
                )
                .primary("not a name")
                .help(format!(
                    "name a stage, `CONV(64, 3x3) as stem`, then join it: `{}(stem)`",
                    spec.name
                )),
            );
            return self.broken(arg.span, Vec::new());
        };
        if let Some(option) = &arg.name {
            self.error(Diagnostic::error(
                Code::E0302,
                format!("{} has no option `{}`", spec.name, option.node),
                option.span,
            ));
        }
        self.tap_called(name, arg.value.span, frame)
    }

    /// The value of a tap; a stand-in where there is none of this name, which is reported.
    pub(super) fn tap_called(&mut self, name: &str, span: Span, frame: &Frame<'a>) -> NodeId {
        if let Some(value) = frame.tap(name) {
            return value;
        }
        let error = Diagnostic::error(Code::E0209, format!("there is no tap `{name}` here"), span)
            .primary("not named before this stage")
            .note("a tap is visible in the chain that follows it, inside the same block; a branch's tap, in that branch and after the join");
        let taps = frame.tap_names();
        let error = error.did_you_mean(name, span, taps.clone(), |error| {
            if taps.is_empty() {
                error.help(format!(
                    "name a stage before this one: `CONV(64, 3x3) as {name}`"
                ))
            } else {
                error.note(format!("the taps here are {}", listed(taps)))
            }
        });
        self.error(error);
        self.broken(span, Vec::new())
    }
}

fn nothing_to_join(spec: &LayerSpec, call: &Call) -> Diagnostic {
    Diagnostic::error(Code::E0309, format!("{} has nothing to join", spec.name), call.span)
        .primary("one value comes in")
        .help(format!("put branches before it, `[ CONV(64, 1x1) | SKIP ] => {}`, or name what to join: `{}(stem)`", spec.name, spec.name))
}
