//! Chains, stages, groups and branches.

use pest::iterators::Pair;

use super::items::chain_of;
use super::rules::Rule;
use super::walk::Walk;
use crate::ast::{Call, Chain, Expr, ExprKind, Ident, Stage, StageKind};
use crate::{Code, Diagnostic, Span};

impl Walk<'_> {
    pub(super) fn chain(&mut self, pair: Pair<'_, Rule>) -> Option<Chain> {
        let mut stages = Vec::new();
        let mut arrow = None;
        for inner in pair.into_inner() {
            if inner.as_rule() == Rule::bad_comma {
                self.comma_between_stages(&inner);
            }
            self.link_or_stage(inner, &mut arrow, &mut stages);
        }
        chain_of(stages)
    }

    /// One part of a chain. `arrow` is the place of the last `=>`.
    fn link_or_stage(
        &mut self,
        pair: Pair<'_, Rule>,
        arrow: &mut Option<Span>,
        stages: &mut Vec<Stage>,
    ) {
        let at = pair.as_span().start();
        match pair.as_rule() {
            Rule::arrow => *arrow = Some(self.place(&pair)),
            Rule::stage => stages.extend(self.stage(pair)),
            Rule::bad_stage => stages.extend(self.bad_stage(pair)),
            Rule::no_stage => self.no_stage(at, *arrow),
            Rule::no_arrow => self.no_arrow(at),
            Rule::bad_lead => {
                let place = self.place(&pair);
                let d = Diagnostic::error(Code::E0101, "a chain cannot begin with `=>`", place)
                    .primary("expected a layer before this")
                    .note("a chain ends where another item begins, such as `let` or `expect`")
                    .edit("remove it", place, "");
                self.report(d);
            }
            Rule::bad_arrow => {
                let place = self.place(&pair);
                *arrow = Some(place);
                let d = Diagnostic::error(Code::E0103, "`=` is not netc's arrow", place)
                    .primary("stages are joined by `=>`")
                    .edit("write `=>`", place, "=>");
                self.report(d);
            }
            Rule::bad_trailing_comma => {
                let place = self.place(&pair);
                let d = Diagnostic::error(Code::E0103, "no comma stands before `=>`", place)
                    .primary("stages are joined by `=>` alone")
                    .edit("remove it", place, "");
                self.report(d);
            }
            Rule::bad_in_chain => {
                let d = self.unexpected("`=>` or the end of the chain", at);
                self.report(d);
            }
            _ => {}
        }
    }

    fn no_stage(&mut self, at: usize, arrow: Option<Span>) {
        let d = self.missing("a layer", at);
        let d = match arrow {
            Some(arrow) => d.label(arrow, "after this `=>`"),
            None => d,
        };
        self.report(d);
    }

    fn no_arrow(&mut self, at: usize) {
        let (span, found) = self.found(at);
        let keyword = self.keyword_meant(span);
        if let Some(keyword) = keyword.filter(|_| self.begins_line(at)) {
            let d = Diagnostic::error(Code::E0104, format!("expected `=>` before {found}"), span)
                .primary("no keyword, and no stage of the chain above")
                .edit(format!("did you mean `{keyword}`?"), span, keyword);
            self.report(d);
            return;
        }
        let (place, arrow) = if self.begins_line(at) {
            (self.span(at, at), "=> ")
        } else {
            (self.behind(at), " =>")
        };
        let d = Diagnostic::error(Code::E0104, format!("expected `=>` before {found}"), span)
            .primary("stages are joined by `=>`")
            .note("a second chain in one file begins with INPUT")
            .edit("add it", place, arrow);
        self.report(d);
    }

    fn comma_between_stages(&mut self, pair: &Pair<'_, Rule>) {
        let place = self.place(pair);
        let d = Diagnostic::error(Code::E0103, "stages are joined by `=>`, not by `,`", place)
            .primary("expected `=>`")
            .edit("write `=>`", place, " =>");
        self.report(d);
    }

    /// Something else where a layer should stand: a number, a string, a keyword.
    fn bad_stage(&mut self, pair: Pair<'_, Rule>) -> Option<Stage> {
        let at = pair.as_span().start();
        let whole = self.place(&pair);
        let mut call = None;
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::bad_count => self.count_before(&inner, whole),
                Rule::stage => return self.stage(inner),
                Rule::bad_name => {
                    let name = self.name(inner, "the stage")?;
                    call = Some(Call {
                        span: name.span,
                        name,
                        args: None,
                    });
                }
                Rule::args => {
                    let span = self.place(&inner);
                    let (args, _) = self.args(inner);
                    if let Some(call) = &mut call {
                        call.args = Some(args);
                        call.span = call.span.to_end_of(span);
                    }
                }
                _ => {}
            }
        }
        let Some(call) = call else {
            let d = self.unexpected("a layer", at);
            self.report(d);
            return None;
        };
        let span = call.span;
        Some(Stage {
            kind: StageKind::Call(call),
            repeat: None,
            tap: None,
            span,
        })
    }

    /// `2 * CONV(64, 3x3)`
    fn count_before(&mut self, pair: &Pair<'_, Rule>, whole: Span) {
        let place = self.place(pair);
        let count = self.written(place).trim_end_matches(['*', 'x']).trim_end();
        let stage = Span {
            start: place.end,
            ..whole
        };
        let mended = format!("{} * {count}", self.written(stage).trim());
        let d = Diagnostic::error(Code::E0101, "a repeat stands behind its stage", place)
            .primary("not before it")
            .edit("write it so", whole, mended);
        self.report(d);
    }

    fn stage(&mut self, pair: Pair<'_, Rule>) -> Option<Stage> {
        let mut inner = pair.into_inner();
        let what = inner.next()?;
        let mut span = self.place(&what);
        let kind = match what.as_rule() {
            Rule::group => self.group(what)?,
            Rule::branches => StageKind::Branches(self.branches(what)),
            _ => StageKind::Call(self.stage_call(what)?),
        };
        let (mut repeat, mut tap) = (None, None);
        for modifier in inner {
            let place = self.place(&modifier);
            if modifier.as_rule() == Rule::repeat {
                self.modifier_order(repeat.is_some() || tap.is_some(), place);
                repeat = self.repeat(modifier);
            } else {
                self.modifier_order(tap.is_some(), place);
                tap = self.tap(modifier);
            }
            span = span.to_end_of(place);
        }
        Some(Stage {
            kind,
            repeat,
            tap,
            span,
        })
    }

    /// A stage has at most one `* n`, then at most one `as name`.
    fn modifier_order(&mut self, wrong: bool, place: Span) {
        if wrong {
            let d = Diagnostic::error(
                Code::E0101,
                format!("`{}` cannot stand here", self.written(place)),
                place,
            )
            .primary("not expected here")
            .note("a stage takes one `* n`, then one `as name`: `CONV(64, 3x3) * 2 as x`");
            self.report(d);
        }
    }

    fn stage_call(&mut self, pair: Pair<'_, Rule>) -> Option<Call> {
        let (mut call, _) = self.call(pair)?;
        for arg in call.args.iter_mut().flatten() {
            self.colon_for_equals(arg);
        }
        Some(call)
    }

    fn repeat(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        let whole = self.place(&pair);
        let mut inner = pair.into_inner();
        let mut count = inner.next()?;
        if count.as_rule() == Rule::bad_times {
            count = inner.next()?;
        }
        let at = count.as_span().start();
        if self.written(whole).starts_with('x') {
            let digits = self.written(whole).trim_start_matches(['x', ' ']);
            let d = Diagnostic::error(Code::E0101, "stages are repeated with `*`", whole)
                .primary("`x` joins the sides of a size")
                .edit("write it so", whole, format!("* {digits}"));
            self.report(d);
        }
        match count.as_rule() {
            Rule::bad_times_number => {
                let place = self.place(&count);
                let digits = self.written(place).trim_start_matches('x');
                let kind = ExprKind::Int(digits.parse().ok()?);
                Some(Expr { kind, span: place })
            }
            Rule::no_count => {
                let d = self
                    .missing("how often to repeat", at)
                    .note("for example `(CONV(64, 3x3, same) => RELU) * 3`");
                self.report(d);
                None
            }
            Rule::name => {
                let name = self.ident(&count);
                Some(Expr {
                    kind: ExprKind::Name(name.node),
                    span: name.span,
                })
            }
            _ => self.atom(count).map(|built| built.expr),
        }
    }

    fn tap(&mut self, pair: Pair<'_, Rule>) -> Option<Ident> {
        let name = pair
            .into_inner()
            .find(|inner| inner.as_rule() != Rule::AS)?;
        self.name(name, "the output")
    }

    /// `( a => b )`; with `|` in it, the branches that were meant.
    fn group(&mut self, pair: Pair<'_, Rule>) -> Option<StageKind> {
        let open = pair.as_span().start();
        let place = self.place(&pair);
        let (mut chains, mut bars, mut closed) = (Vec::new(), 0, true);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::chain => chains.extend(self.chain(inner)),
                Rule::bad_bar => bars += 1,
                Rule::no_close => {
                    closed = false;
                    self.not_closed(open, inner.as_span().start(), ')');
                }
                _ => {}
            }
        }
        if bars == 0 {
            return chains.pop().map(StageKind::Group);
        }
        if closed {
            let inside = self.written(Span {
                start: place.start + 1,
                end: place.end - 1,
                ..place
            });
            let d = Diagnostic::error(Code::E0120, "branches stand in `[ ]`, not in `( )`", place)
                .primary("a group has no branches")
                .edit("use square brackets", place, format!("[{inside}]"));
            self.report(d);
        }
        Some(StageKind::Branches(chains))
    }

    fn branches(&mut self, pair: Pair<'_, Rule>) -> Vec<Chain> {
        let open = pair.as_span().start();
        let mut chains = Vec::new();
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::chain => self.branch(inner, &mut chains),
                Rule::no_close => self.not_closed(open, inner.as_span().start(), ']'),
                _ => {}
            }
        }
        chains
    }

    /// One branch, or several with `,` between them.
    fn branch(&mut self, pair: Pair<'_, Rule>, chains: &mut Vec<Chain>) {
        let mut stages = Vec::new();
        let mut arrow = None;
        for inner in pair.into_inner() {
            if inner.as_rule() == Rule::bad_comma {
                let place = self.place(&inner);
                let d = Diagnostic::error(
                    Code::E0120,
                    "branches are separated by `|`, not by `,`",
                    place,
                )
                .primary("expected `|`")
                .edit("write `|`", place, " |");
                self.report(d);
                chains.extend(chain_of(std::mem::take(&mut stages)));
            }
            self.link_or_stage(inner, &mut arrow, &mut stages);
        }
        chains.extend(chain_of(stages));
    }
}
