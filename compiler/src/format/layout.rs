//! What stands in which line and column.

use super::rows::{is_multiple, rows};
use super::tokens::Token;
use super::tree::{Assign, Chain, Item, Stage, StageKind, Train, Value};
use super::widths;
use super::writer::{Line, Writer};
use super::{INDENT, WIDTH};

/// The lines of the file, not yet aligned.
pub(super) fn lines(items: &[Item<'_>]) -> Vec<Line> {
    let mut layout = Layout::default();
    for item in items {
        layout.item(item);
    }
    layout.out.lines
}

#[derive(Default)]
struct Layout {
    out: Writer,
    /// What the item before was, if it took one line, and its group of marks.
    run: Option<(&'static str, usize)>,
}

impl Layout {
    fn item(&mut self, item: &Item<'_>) {
        self.out.line(0);
        let mut run = None;
        match item {
            Item::Line(value) => self.out.value(value, 0, false, 0),
            Item::Assign(assign) => {
                let group = self.item_group("assign", widths::first(&assign.name));
                run = Some(("assign", group));
                self.assign(assign, group, 0);
            }
            Item::Define(head, equals, chain) => {
                let group = self.item_group("define", widths::first(head));
                run = self.define(head, equals, chain, group);
            }
            Item::Chain(chain) => {
                let group = self.out.group();
                self.chain(chain, 0, false, group, 0);
            }
            Item::Where(head, rows) => {
                self.out.token(head, false, 0);
                let group = self.out.group();
                for row in rows {
                    self.out.line(INDENT);
                    self.assign(row, group, INDENT);
                }
            }
            Item::Train(train) => self.train(train),
            Item::End(token) => self.out.token(token, false, 0),
        }
        self.run = run;
    }

    /// The marks of an item of one line: those of its neighbours above.
    fn item_group(&mut self, kind: &'static str, first: Option<&Token<'_>>) -> usize {
        let apart = |token: &Token<'_>| token.breaks > 1 || token.is_pushed_down();
        match self.run {
            Some((run, group)) if run == kind && !first.is_some_and(apart) => group,
            _ => self.out.group(),
        }
    }

    /// `name = value`, in a line that begins in column `base`.
    fn assign(&mut self, assign: &Assign<'_>, group: usize, base: usize) {
        self.out.value(&assign.name, base, false, base);
        self.out.mark(group, "");
        self.out.token(&assign.sign, true, base + INDENT);
        self.out.elements(&assign.values, base, base + INDENT, true);
    }

    /// `name = chain`, on one line where it has room; gives back that it did.
    fn define(
        &mut self,
        head: &Value<'_>,
        equals: &Token<'_>,
        chain: &Chain<'_>,
        group: usize,
    ) -> Option<(&'static str, usize)> {
        self.out.value(head, 0, false, 0);
        let pushed = widths::chain_first(chain).is_some_and(Token::is_pushed_down);
        let width = widths::value(head) + 2 + widths::token(equals) + widths::chain(chain);
        if pushed || widths::chain_breaks(chain) || width > WIDTH {
            self.out.token(equals, true, INDENT);
            self.out.line(INDENT);
            let group = self.out.group();
            self.chain(chain, INDENT, false, group, 0);
            return None;
        }
        self.out.mark(group, "");
        self.out.token(equals, true, INDENT);
        self.flat_chain(chain, true);
        Some(("define", group))
    }

    fn train(&mut self, train: &Train<'_>) {
        self.out.value(&train.head, 0, false, 0);
        self.out.token(&train.open, true, INDENT);
        let flat = is_flat(train);
        let group = self.out.group();
        for (i, (entry, comma)) in train.entries.iter().enumerate() {
            match (flat, i) {
                (true, _) => {}
                (false, 0) => self.out.edge(INDENT, INDENT),
                (false, _) => self.out.line(INDENT),
            }
            if flat {
                self.out.value(&entry.name, 0, true, INDENT);
                self.out.token(&entry.sign, true, INDENT);
                self.out.elements(&entry.values, 0, INDENT, true);
            } else {
                self.assign(entry, group, INDENT);
            }
            if let Some(comma) = comma {
                self.out.token(comma, false, INDENT);
            }
        }
        if !flat {
            self.out.edge(0, INDENT);
        }
        self.out
            .token(&train.close, flat && !train.entries.is_empty(), 0);
    }

    /// The rows of a chain whose continuation lines begin in this column; `end` columns follow the last one.
    fn chain(&mut self, chain: &Chain<'_>, column: usize, spaced: bool, group: usize, end: usize) {
        let starts = rows(chain, column, end);
        let mut group = group;
        let mut row = None;
        for (i, (arrow, stage)) in chain.links.iter().enumerate() {
            if let Some(arrow) = arrow {
                if starts[i] {
                    self.out.line(column);
                } else if let Some(kind) = row.take() {
                    self.out.mark(group, kind);
                }
                self.out.token(arrow, true, column + INDENT);
            }
            if starts[i] {
                row = row_kind(stage);
                if row.is_none() {
                    group = self.out.group();
                }
            }
            self.stage(stage, column, spaced || i > 0);
        }
    }

    /// The chain in the line that has begun.
    fn flat_chain(&mut self, chain: &Chain<'_>, spaced: bool) {
        for (i, (arrow, stage)) in chain.links.iter().enumerate() {
            if let Some(arrow) = arrow {
                self.out.token(arrow, true, INDENT);
            }
            self.stage(stage, 0, spaced || i > 0);
        }
    }

    /// A stage of a chain that stands in column `base`.
    fn stage(&mut self, stage: &Stage<'_>, base: usize, spaced: bool) {
        let column = self.out.column(spaced);
        let multiple = is_multiple(stage, column);
        match &stage.kind {
            StageKind::Call => return self.out.value(&stage.text, base, spaced, base),
            StageKind::Group(open, chain, close) => {
                self.out.token(open, spaced, column);
                // Behind the comments before it.
                let column = self.out.column(false) - 1;
                if multiple {
                    let group = self.out.group();
                    let end = widths::beside(close, false) + widths::value(&stage.text);
                    self.chain(chain, column + 1, false, group, end);
                    if self.out.column(false) + end > WIDTH || close.is_pushed_down() {
                        self.out.edge(column, column + 1);
                    }
                } else {
                    self.flat_chain(chain, false);
                }
                self.out.token(close, false, column);
            }
            StageKind::Branches(branches, close) => {
                let group = self.out.group();
                let mut column = column;
                for (i, (sign, chain)) in branches.iter().enumerate() {
                    if multiple && i > 0 {
                        self.out.line(column);
                    }
                    self.out.token(sign, spaced || i > 0, column);
                    if i == 0 {
                        column = self.out.column(false) - 1;
                    }
                    if multiple {
                        self.branch(chain, column + 2, group);
                    } else {
                        self.flat_chain(chain, true);
                    }
                }
                if multiple {
                    self.out.edge(column, column + 2);
                }
                self.out.token(close, true, column);
            }
        }
        self.out.value(&stage.text, base, true, base + INDENT);
    }

    /// A branch; those of one line are rows of one table.
    fn branch(&mut self, chain: &Chain<'_>, column: usize, group: usize) {
        let lone = rows(chain, column, 0).iter().skip(1).all(|starts| !starts);
        let group = if lone { group } else { self.out.group() };
        self.chain(chain, column, true, group, 0);
    }
}

/// Whether a recipe stays on one line.
fn is_flat(train: &Train<'_>) -> bool {
    let mut width = widths::value(&train.head) + 2;
    width += widths::token(&train.open) + widths::token(&train.close);
    for (i, (entry, comma)) in train.entries.iter().enumerate() {
        let first = widths::first(&entry.name);
        let apart = |token: &Token<'_>| token.is_pushed_down() || i == 0 && token.begins_line();
        let values = &entry.values;
        let breaks = values.iter().any(|e| {
            widths::value_breaks(&e.value)
                || widths::first(&e.value).is_some_and(Token::is_pushed_down)
        });
        let separate = comma.is_some() || i + 1 == train.entries.len();
        if first.is_some_and(apart) || entry.sign.is_pushed_down() || breaks || !separate {
            return false;
        }
        let sign = widths::token(&entry.sign) + 2;
        let comma = comma.as_ref().map_or(0, widths::token) + 1;
        width += widths::value(&entry.name) + sign + widths::inside(values) + comma;
    }
    width <= WIDTH && !train.close.begins_line()
}

/// What rows must begin with to be aligned with each other: the name of the first stage, if it has more than that.
fn row_kind<'a>(stage: &Stage<'a>) -> Option<&'a str> {
    let name = stage.name().filter(|_| stage.text.len() > 1)?;
    Some(if name.ends_with("CONV") { "CONV" } else { name })
}
