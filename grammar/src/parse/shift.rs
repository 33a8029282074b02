//! Places of a text that has changed: what stands behind the change has moved.

use crate::ast::{Arg, Call, Chain, Expr, ExprKind, File, Ident, Item, Stage, StageKind};
use crate::{Diagnostic, Span};

/// Moves the places from an offset on.
#[derive(Clone, Copy)]
pub(super) struct Shift {
    /// Places before it stay.
    pub(super) from: u32,
    /// How far the others move.
    pub(super) by: i64,
}

impl Shift {
    /// Moves everything: what was found in a part of a text, which begins at this offset.
    pub(super) fn all(by: usize) -> Self {
        let by = i64::try_from(by).unwrap_or(i64::MAX);
        Self { from: 0, by }
    }

    fn offset(self, offset: &mut u32) {
        if *offset >= self.from {
            *offset = u32::try_from(i64::from(*offset) + self.by).unwrap_or(u32::MAX);
        }
    }

    pub(super) fn span(self, span: &mut Span) {
        self.offset(&mut span.start);
        self.offset(&mut span.end);
    }

    pub(super) fn diagnostic(self, diagnostic: &mut Diagnostic) {
        let labels = diagnostic.labels.iter_mut();
        labels.for_each(|label| self.span(&mut label.span));
        let edits = diagnostic.helps.iter_mut();
        edits
            .filter_map(|help| help.edit.as_mut())
            .for_each(|(span, _)| self.span(span));
    }

    pub(super) fn file(self, file: &mut File) {
        file.items.iter_mut().for_each(|item| self.item(item));
    }

    pub(super) fn item(self, item: &mut Item) {
        match item {
            Item::Net(name) | Item::Use(name) => self.span(&mut name.span),
            Item::Let(constant) => {
                self.span(&mut constant.span);
                self.span(&mut constant.name.span);
                self.expr(&mut constant.value);
            }
            Item::Block(block) => {
                self.span(&mut block.span);
                self.span(&mut block.name.span);
                self.names(block.params.iter_mut().flatten());
                self.chain(&mut block.body);
            }
            Item::Chain(chain) => self.chain(chain),
            Item::Where(table) => {
                self.span(&mut table.span);
                for row in &mut table.rows {
                    self.span(&mut row.span);
                    self.span(&mut row.kind.span);
                    for entry in &mut row.entries {
                        self.span(&mut entry.span);
                        self.args(&mut entry.args);
                    }
                }
            }
            Item::Head(head) => {
                self.span(&mut head.span);
                self.span(&mut head.name.span);
                head.chain.iter_mut().for_each(|chain| self.chain(chain));
            }
            Item::Expect(claim) => {
                self.span(&mut claim.span);
                self.span(&mut claim.quantity.span);
                self.span(&mut claim.relation.span);
                self.expr(&mut claim.value);
            }
            Item::Train(recipe) => {
                self.span(&mut recipe.span);
                self.names(recipe.name.iter_mut());
                for entry in &mut recipe.entries {
                    self.span(&mut entry.span);
                    self.span(&mut entry.key.span);
                    self.expr(&mut entry.value);
                }
            }
        }
    }

    fn names<'n>(self, names: impl Iterator<Item = &'n mut Ident>) {
        names.for_each(|name| self.span(&mut name.span));
    }

    fn chain(self, chain: &mut Chain) {
        self.span(&mut chain.span);
        chain.stages.iter_mut().for_each(|stage| self.stage(stage));
    }

    pub(super) fn stage(self, stage: &mut Stage) {
        // All of it stands before what moves.
        if stage.span.end < self.from {
            return;
        }
        self.span(&mut stage.span);
        match &mut stage.kind {
            StageKind::Call(call) => self.call(call),
            StageKind::Group(chain) => self.chain(chain),
            StageKind::Branches(chains) => chains.iter_mut().for_each(|chain| self.chain(chain)),
        }
        stage.repeat.iter_mut().for_each(|count| self.expr(count));
        self.names(stage.tap.iter_mut());
    }

    fn call(self, call: &mut Call) {
        self.span(&mut call.span);
        self.span(&mut call.name.span);
        call.args.iter_mut().for_each(|args| self.args(args));
    }

    fn args(self, args: &mut [Arg]) {
        for arg in args {
            self.span(&mut arg.span);
            self.names(arg.name.iter_mut());
            self.expr(&mut arg.value);
        }
    }

    fn expr(self, expr: &mut Expr) {
        self.span(&mut expr.span);
        match &mut expr.kind {
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Pipeline(items) => {
                items.iter_mut().for_each(|item| self.expr(item));
            }
            ExprKind::Neg(inner) => self.expr(inner),
            ExprKind::Binary(_, a, b) | ExprKind::Pair(a, b) => {
                self.expr(a);
                self.expr(b);
            }
            ExprKind::Call(call) => self.call(call),
            ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Size(_)
            | ExprKind::Str(_)
            | ExprKind::Name(_)
            | ExprKind::Unknown => {}
        }
    }
}
