//! `output` and `auxiliary`: values that leave the network beside the end of its chain.

use super::chain::bad_tap;
use super::expand::Expander;
use super::frame::{Flow, Frame};
use crate::graph::{Head, NodeId};
use netc_grammar::ast::{self, Call, Ident, Item, Stage, StageKind};
use netc_grammar::{Code, Diagnostic, Span};

impl<'a> Expander<'a, '_> {
    /// The heads of the file, whose layers come after those of the chain. `end` is the network's output.
    pub(super) fn heads(&mut self, end: Option<NodeId>, frame: &mut Frame<'a>) -> Vec<Head> {
        let items = self.program.root().file.items.iter();
        let written = items.filter_map(|item| match item {
            Item::Head(head) => Some(head),
            _ => None,
        });
        let mut heads: Vec<Head> = Vec::new();
        for written in written {
            let known = frame.count();
            let head = self.head(written, frame);
            // A tap belongs to its own chain.
            frame.hide(known);
            let Some(head) = head else { continue };
            let twice = heads.iter().find(|other| other.name == head.name);
            if let Some(first) = twice {
                self.error(called_twice(&written.name, first.span));
                continue;
            }
            if Some(head.node) == end {
                self.error(is_the_output(written));
            }
            heads.push(head);
        }
        heads
    }

    fn head(&mut self, written: &'a ast::Head, frame: &mut Frame<'a>) -> Option<Head> {
        if let Some(error) = bad_tap(&written.name) {
            self.error(error);
        }
        let (from, node) = match &written.chain {
            None => {
                let tap = self.tap_called(&written.name.node, written.name.span, frame);
                (tap, tap)
            }
            Some(chain) => {
                let (first, rest) = chain.stages.split_first()?;
                let from = match tap_of(first) {
                    Some(call) => self.tap_called(&call.name.node, call.name.span, frame),
                    None => {
                        self.error(no_tap(first));
                        self.broken(first.span, Vec::new())
                    }
                };
                let end = self.stages(rest, Flow::One(from), frame);
                let last = chain.stages.last().map_or(chain.span, |stage| stage.span);
                (from, self.single(end, last)?)
            }
        };
        Some(Head {
            name: written.name.node.clone(),
            from,
            node,
            auxiliary: written.auxiliary,
            span: written.name.span,
        })
    }
}

/// The call that is a tap's name and nothing else.
fn tap_of(stage: &Stage) -> Option<&Call> {
    let StageKind::Call(call) = &stage.kind else {
        return None;
    };
    let plain = call.args.is_none() && stage.repeat.is_none() && stage.tap.is_none();
    let a_name = call.name.node.contains(|c: char| c.is_ascii_lowercase());
    (plain && a_name).then_some(call)
}

fn no_tap(first: &Stage) -> Diagnostic {
    let start = Span {
        end: first.span.start,
        ..first.span
    };
    Diagnostic::error(
        Code::E0220,
        "an output goes on from a tap, which stands first",
        first.span,
    )
    .primary("this is no tap")
    .edit("begin with the tap's name", start, "middle => ")
    .note("name a stage of the chain with `as`: `CONV(64, 3x3) as middle`")
}

fn called_twice(name: &Ident, first: Span) -> Diagnostic {
    Diagnostic::error(
        Code::E0219,
        format!("there are two outputs `{}`", name.node),
        name.span,
    )
    .primary("named again here")
    .label(first, "first named here")
}

fn is_the_output(head: &ast::Head) -> Diagnostic {
    Diagnostic::error(
        Code::E0219,
        format!("`{}` is the network's output already", head.name.node),
        head.span,
    )
    .primary("the end of the chain")
    .edit("leave it out", head.span, "")
}
