//! Walking a chain: stages, repeats, groups, branches, taps.

use super::expand::Expander;
use super::frame::{Flow, Frame};
use crate::graph::NodeId;
use crate::limits::MAX_DEPTH;
use crate::names::is_rust_keyword;
use crate::value::Value;
use netc_grammar::ast::{Call, Chain, Expr, ExprKind, Ident, Stage, StageKind};
use netc_grammar::{Code, Diagnostic, Span};

impl<'a> Expander<'a, '_> {
    pub(super) fn chain(&mut self, chain: &'a Chain, flow: Flow, frame: &mut Frame<'a>) -> Flow {
        self.stages(&chain.stages, flow, frame)
    }

    pub(super) fn stages(
        &mut self,
        stages: &'a [Stage],
        flow: Flow,
        frame: &mut Frame<'a>,
    ) -> Flow {
        let stages = stages.iter();
        stages.fold(flow, |flow, stage| self.stage(stage, flow, frame))
    }

    fn stage(&mut self, stage: &'a Stage, flow: Flow, frame: &mut Frame<'a>) -> Flow {
        let count = stage
            .repeat
            .as_ref()
            .map_or(1, |repeat| self.repeat_count(repeat, frame));
        // `as` on a single layer names the layer; on anything else it only names the value.
        let layer_name = stage.tap.as_ref().filter(|_| stage.repeat.is_none());
        let mut end = flow;
        for _ in 0..count {
            if !self.count_stage(stage.span) {
                break;
            }
            end = match &stage.kind {
                StageKind::Group(_) if count > 1 => {
                    self.as_one("", |this| this.once(stage, end, frame, layer_name))
                }
                _ => self.once(stage, end, frame, layer_name),
            };
        }
        if let Some(name) = &stage.tap {
            self.define_tap(name, &end, frame);
        }
        end
    }

    fn once(
        &mut self,
        stage: &'a Stage,
        flow: Flow,
        frame: &mut Frame<'a>,
        name: Option<&Ident>,
    ) -> Flow {
        match &stage.kind {
            StageKind::Call(call) => self.call(call, flow, frame, name),
            StageKind::Group(chain) => self.nested(stage.span, flow, |this, flow| {
                this.chain(chain, flow, frame)
            }),
            StageKind::Branches(branches) => self.nested(stage.span, flow, |this, flow| {
                this.branches(branches, stage.span, flow, frame)
            }),
        }
    }

    /// Goes one level down, unless there are too many.
    pub(super) fn nested(
        &mut self,
        span: Span,
        flow: Flow,
        inside: impl FnOnce(&mut Self, Flow) -> Flow,
    ) -> Flow {
        if self.depth >= MAX_DEPTH {
            self.error(
                Diagnostic::error(Code::E0218, "nested too deeply", span)
                    .primary("this level is one too many")
                    .note(format!(
                        "blocks, groups and branches may stand in each other {MAX_DEPTH} times"
                    )),
            );
            self.exhausted = true;
            return flow;
        }
        self.depth += 1;
        let flow = inside(self, flow);
        self.depth -= 1;
        flow
    }

    fn branches(
        &mut self,
        branches: &'a [Chain],
        span: Span,
        flow: Flow,
        frame: &mut Frame<'a>,
    ) -> Flow {
        let input = match flow {
            Flow::Start => Some(self.missing_input(span)),
            Flow::Many { values, span: open } if open == span => {
                self.error(
                    not_joined(span).help("put the join inside the repeat: `([ ... ] => ADD) * 2`"),
                );
                Some(self.broken(span, values))
            }
            flow => self.single(flow, span),
        };
        let Some(input) = input else {
            return Flow::One(self.broken(span, Vec::new()));
        };
        let known = frame.count();
        let mut values = Vec::new();
        let mut taps = Vec::new();
        for branch in branches {
            let end = self.chain(branch, Flow::One(input), frame);
            values.extend(self.single(end, branch.span));
            // A tap belongs to its branch until the branches are joined.
            taps.extend(frame.hide(known));
        }
        for (name, tap) in taps {
            let name = Ident {
                node: name,
                span: tap.span,
            };
            if let Some(first) = frame.define(&name, tap.value) {
                self.error(tap_twice(&name, first));
            }
        }
        Flow::Many { values, span }
    }

    /// The one value that a stage reads. Branches that nothing joins are reported.
    pub(super) fn single(&mut self, flow: Flow, reader: Span) -> Option<NodeId> {
        match flow {
            Flow::Start => None,
            Flow::One(id) => Some(id),
            Flow::Many { values, span } => {
                let error = not_joined(span);
                let error = if span == reader || reader.file != span.file {
                    error
                } else {
                    error.label(reader, "this reads one value")
                };
                let end = Span {
                    start: span.end,
                    ..span
                };
                self.error(error.edit("join them with `=> ADD` or `=> CONCAT`", end, " => CONCAT"));
                Some(self.broken(span, values))
            }
        }
    }

    pub(super) fn skip(&mut self, call: &Call, flow: Flow) -> Flow {
        if call.args.as_ref().is_some_and(|a| !a.is_empty()) {
            self.error(Diagnostic::error(
                Code::E0304,
                "SKIP takes no arguments",
                call.span,
            ));
        }
        match flow {
            Flow::Start => Flow::One(self.missing_input(call.span)),
            Flow::One(id) => Flow::One(id),
            many @ Flow::Many { .. } => match self.single(many, call.span) {
                Some(id) => Flow::One(id),
                None => Flow::Start,
            },
        }
    }

    fn repeat_count(&mut self, repeat: &Expr, frame: &Frame<'a>) -> usize {
        let count = self.evaluate(repeat, frame);
        match count.node {
            Value::Unknown => 1,
            Value::Int(0) if matches!(repeat.kind, ExprKind::Int(_)) => {
                self.error(
                    Diagnostic::warning(
                        Code::W0004,
                        "a repeat of 0 leaves the stage out",
                        repeat.span,
                    )
                    .primary("this is 0"),
                );
                0
            }
            Value::Int(n) if n >= 0 => usize::try_from(n).unwrap_or(usize::MAX),
            other => {
                self.error(
                    Diagnostic::error(
                        Code::E0314,
                        "a stage is repeated a whole number of times",
                        repeat.span,
                    )
                    .primary(format!("this is {}", other.kind())),
                );
                1
            }
        }
    }

    fn define_tap(&mut self, name: &Ident, flow: &Flow, frame: &mut Frame<'a>) {
        if let Some(error) = bad_tap(name) {
            self.error(error);
        }
        match flow {
            Flow::One(value) => {
                if let Some(first) = frame.define(name, *value) {
                    self.error(tap_twice(name, first));
                }
            }
            Flow::Many { span, .. } => self.error(
                Diagnostic::error(
                    Code::E0315,
                    "`as` names one value, and branches have several",
                    name.span,
                )
                .primary("name the joined value")
                .label(*span, "these branches are not joined yet")
                .help(format!("write `[ ... ] => CONCAT as {}`", name.node)),
            ),
            Flow::Start => {}
        }
    }
}

fn not_joined(branches: Span) -> Diagnostic {
    Diagnostic::error(Code::E0308, "the branches are not joined", branches)
        .primary("more than one value comes out of these branches")
}

/// What is wrong with a name for a value.
pub(super) fn bad_tap(name: &Ident) -> Option<Diagnostic> {
    if is_rust_keyword(&name.node) {
        return Some(super::keyword(
            name,
            "the name is used in the generated Rust",
        ));
    }
    crate::names::bad_name(name, "taps")
}

fn tap_twice(name: &Ident, first: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0210,
        format!("there are two taps `{}`", name.node),
        name.span,
    )
    .primary("named again here")
    .label(first, "first named here")
}
