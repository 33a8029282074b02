//! Items: `net`, `use`, `let`, `block`, `where`, `output`, `auxiliary`, `expect`, `train`.

use pest::iterators::{Pair, Pairs};

use super::rules::Rule;
use super::walk::Walk;
use crate::ast::{
    Block, Chain, Entry, Expect, Expr, ExprKind, File, Head, Ident, Item, Let, Relation, Stage,
    Train, Where, WhereEntry, WhereRow,
};
use crate::reports::shortened;
use crate::{Code, Diagnostic, Span, Spanned};

impl Walk<'_> {
    pub(super) fn file(mut self, pairs: Pairs<'_, Rule>) -> File {
        let items = pairs
            .flat_map(Pair::into_inner)
            .filter_map(|pair| self.item(pair))
            .collect();
        File { items }
    }

    fn item(&mut self, pair: Pair<'_, Rule>) -> Option<Item> {
        match pair.as_rule() {
            Rule::net => self.net(pair).map(Item::Net),
            Rule::bad_naming => {
                self.chain_with_name(&pair);
                None
            }
            Rule::import => self.import(pair).map(Item::Use),
            Rule::constant => self.constant(pair),
            Rule::block => self.block(pair).map(Item::Block),
            Rule::network => self.chain(pair).map(Item::Chain),
            Rule::table => Some(Item::Where(self.table(pair))),
            Rule::claim => self.claim(pair).map(Item::Expect),
            Rule::head => self.head(pair).map(Item::Head),
            Rule::recipe => Some(Item::Train(self.recipe(pair))),
            Rule::bad_assignment => self.bad_assignment(pair),
            Rule::bad_item => {
                self.bad_item(&pair);
                None
            }
            _ => None,
        }
    }

    fn bad_item(&mut self, pair: &Pair<'_, Rule>) {
        let at = pair.as_span().start();
        let what = "a layer, `=>` or a keyword such as `let`";
        let d = self.unexpected(what, at);
        let place = self.place(pair);
        let d = if self.written(place) == "," {
            d.edit("remove it", place, "")
        } else {
            d
        };
        self.report(d);
    }

    fn net(&mut self, pair: Pair<'_, Rule>) -> Option<Ident> {
        let name = pair
            .into_inner()
            .find(|inner| inner.as_rule() != Rule::NET)?;
        match name.as_rule() {
            Rule::bad_net_name => Some(self.net_name(&name)),
            _ => self.name(name, "the network"),
        }
    }

    /// `input = INPUT(784) => ...`: the network's chain has no name of its own.
    fn chain_with_name(&mut self, pair: &Pair<'_, Rule>) {
        let place = self.place(pair);
        let d = Diagnostic::error(Code::E0121, "the network's chain is not assigned", place)
            .primary("the chain itself begins with INPUT")
            .note("`net Name` names the network, `as name` the output of a stage")
            .edit("remove it", self.with_space_behind(place), "");
        self.report(d);
    }

    /// `net My-Net`
    fn net_name(&mut self, pair: &Pair<'_, Rule>) -> Ident {
        let span = self.place(pair);
        let words = pair.as_str().split(['-', '.']).map(|word| {
            let (first, rest) = word.split_at(1);
            format!("{}{rest}", first.to_ascii_uppercase())
        });
        let node: String = words.collect();
        let d = Diagnostic::error(
            Code::E0101,
            format!("`{}` is not a name", shortened(pair.as_str())),
            span,
        )
        .primary("a name is letters, digits and `_`")
        .edit("write it so", span, node.as_str());
        self.report(d);
        Spanned { node, span }
    }

    fn import(&mut self, pair: Pair<'_, Rule>) -> Option<Spanned<String>> {
        let path = pair
            .into_inner()
            .find(|inner| inner.as_rule() != Rule::USE)?;
        let span = self.place(&path);
        match path.as_rule() {
            Rule::string => Some(Spanned {
                node: self.string(&path),
                span,
            }),
            Rule::bad_path => {
                let node = self.written(span).to_owned();
                let d = Diagnostic::error(Code::E0111, "the path of `use` stands in quotes", span)
                    .primary("expected a string")
                    .edit("quote it", span, format!("\"{node}\""));
                self.report(d);
                Some(Spanned { node, span })
            }
            _ => {
                let d = self
                    .missing("a path in quotes", path.as_span().start())
                    .note("for example `use \"blocks.net\"`");
                self.report(d);
                None
            }
        }
    }

    fn constant(&mut self, pair: Pair<'_, Rule>) -> Option<Item> {
        let start = self.place(&pair);
        let (mut name, mut value, mut chain) = (None, None, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                rule if is_name(rule) => name = self.name(inner, "the constant"),
                Rule::bad_equals | Rule::no_equals => self.wrong_equals(&inner),
                Rule::bad_let => self.not_let(&inner),
                Rule::expr => value = self.expr(inner),
                Rule::no_value => self.no_value(inner.as_span().start()),
                Rule::bad_chain => chain = inner.into_inner().find(|p| p.as_rule() == Rule::chain),
                _ => {}
            }
        }
        let name = name?;
        if let Some(chain) = chain {
            return self.chain_in_let(start, name, chain);
        }
        let value = value.unwrap_or(Expr {
            kind: ExprKind::Unknown,
            span: name.span,
        });
        let span = start.to_end_of(value.span);
        Some(Item::Let(Let { name, value, span }))
    }

    /// `const width = 64`
    fn not_let(&mut self, pair: &Pair<'_, Rule>) {
        let place = self.place(pair);
        let d = Diagnostic::error(Code::E0121, "a constant is defined with `let`", place)
            .primary("not a keyword")
            .edit("write `let`", place, "let");
        self.report(d);
    }

    /// `let stem = CONV(64, 3x3) => RELU` is taken for the block that it should be.
    fn chain_in_let(&mut self, start: Span, name: Ident, chain: Pair<'_, Rule>) -> Option<Item> {
        let keyword = self.found(start.start as usize).0;
        let d = Diagnostic::error(Code::E0121, "a constant cannot hold a chain", name.span)
            .primary("`let` names a value")
            .edit("name a chain with `block`", keyword, "block");
        self.report(d);
        let body = self.chain(chain)?;
        let span = start.to_end_of(body.span);
        Some(Item::Block(Block {
            name,
            params: None,
            body,
            span,
        }))
    }

    fn block(&mut self, pair: Pair<'_, Rule>) -> Option<Block> {
        let start = self.place(&pair);
        let (mut name, mut params, mut body) = (None, None, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                rule if is_name(rule) => name = self.name(inner, "the block"),
                Rule::params => params = Some(self.params(inner)),
                Rule::bad_equals | Rule::no_equals => self.wrong_equals(&inner),
                Rule::chain => body = self.chain(inner),
                _ => {}
            }
        }
        let body = body?;
        let span = start.to_end_of(body.span);
        Some(Block {
            name: name?,
            params,
            body,
            span,
        })
    }

    fn head(&mut self, pair: Pair<'_, Rule>) -> Option<Head> {
        let start = self.place(&pair);
        let (mut name, mut auxiliary, mut chain) = (None, false, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::AUXILIARY => auxiliary = true,
                Rule::name => name = Some(self.ident(&inner)),
                // A chain that is not understood is reported; without one the head would be a tap.
                Rule::chain => chain = Some(self.chain(inner)?),
                _ => {}
            }
        }
        let name = name?;
        let last = chain.as_ref().map_or(name.span, |chain| chain.span);
        let span = start.to_end_of(last);
        Some(Head {
            name,
            auxiliary,
            chain,
            span,
        })
    }

    fn params(&mut self, pair: Pair<'_, Rule>) -> Vec<Ident> {
        let open = pair.as_span().start();
        let mut params = Vec::new();
        for inner in pair.into_inner() {
            let at = inner.as_span().start();
            match inner.as_rule() {
                rule if is_name(rule) => params.extend(self.name(inner, "a parameter")),
                Rule::junk => {
                    let d = self
                        .unexpected("`,` or `)`", at)
                        .note("parameters are names: `block fire(s, e) = ...`");
                    self.report(d);
                }
                Rule::no_comma => self.no_comma(at),
                Rule::no_close => self.not_closed(open, at, ')'),
                _ => {}
            }
        }
        params
    }

    fn table(&mut self, pair: Pair<'_, Rule>) -> Where {
        let place = self.place(&pair);
        let mut span = Span {
            end: place.start + 5,
            ..place
        };
        let mut rows = Vec::new();
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::row => rows.extend(self.row(inner)),
                Rule::no_row => {
                    let at = inner.as_span().start();
                    let d = self
                        .missing("a row of the table", at)
                        .note("for example `CONV = (32, 3x3), (64, 3x3)`");
                    self.report(d);
                }
                _ => {}
            }
        }
        if let Some(last) = rows.last() {
            span = span.to_end_of(last.span);
        }
        Where { rows, span }
    }

    fn row(&mut self, pair: Pair<'_, Rule>) -> Option<WhereRow> {
        let mut kind = None;
        let mut entries = Vec::new();
        for inner in pair.into_inner() {
            let at = inner.as_span().start();
            match inner.as_rule() {
                Rule::name => kind = Some(self.ident(&inner)),
                Rule::bad_equals | Rule::bad_is => self.wrong_equals(&inner),
                Rule::entry => entries.extend(self.entry(inner)),
                Rule::no_entry_comma => self.no_comma(at),
                Rule::no_value => self.no_value(at),
                _ => {}
            }
        }
        let kind = kind?;
        let span = entries.last().map_or(kind.span, |last: &WhereEntry| {
            kind.span.to_end_of(last.span)
        });
        Some(WhereRow {
            kind,
            entries,
            span,
        })
    }

    fn entry(&mut self, pair: Pair<'_, Rule>) -> Option<WhereEntry> {
        let inner = pair.into_inner().next()?;
        if inner.as_rule() == Rule::args {
            let span = self.place(&inner);
            let (args, _) = self.args(inner);
            return Some(WhereEntry { args, span });
        }
        let value = self.expr(inner)?;
        let span = value.span;
        Some(WhereEntry {
            args: vec![super::expr::positional(value)],
            span,
        })
    }

    fn claim(&mut self, pair: Pair<'_, Rule>) -> Option<Expect> {
        let start = self.place(&pair);
        let (mut quantity, mut relation, mut value) = (None, None, None);
        for inner in pair.into_inner() {
            match inner.as_rule() {
                rule if is_name(rule) => quantity = self.name(inner, "what is claimed"),
                Rule::relation | Rule::bad_relation | Rule::no_relation => {
                    relation = self.relation(&inner)
                }
                Rule::expr => value = self.expr(inner),
                Rule::no_value => self.no_value(inner.as_span().start()),
                Rule::bad_thousands => self.thousands(&mut value, &inner),
                _ => {}
            }
        }
        let (quantity, relation, value) = (quantity?, relation?, value?);
        let span = start.to_end_of(value.span);
        Some(Expect {
            quantity,
            relation,
            value,
            span,
        })
    }

    fn relation(&mut self, pair: &Pair<'_, Rule>) -> Option<Spanned<Relation>> {
        let span = self.place(pair);
        let (node, meant) = match pair.as_str() {
            "=" | "==" | ":" | ":=" | "===" => (Relation::Eq, "="),
            ">=" | "=>" => (Relation::Ge, ">="),
            "<=" | "=<" => (Relation::Le, "<="),
            ">" => (Relation::Gt, ">"),
            "<" => (Relation::Lt, "<"),
            _ => {
                let d = self.missing("`=`, `>=`, `<=`, `>` or `<`", pair.as_span().start());
                self.report(d);
                return None;
            }
        };
        if pair.as_rule() == Rule::bad_relation {
            let d = Diagnostic::error(
                Code::E0107,
                format!("`{}` is not a relation", self.written(span)),
                span,
            )
            .primary("expected `=`, `>=`, `<=`, `>` or `<`")
            .edit(format!("write `{meant}`"), span, meant);
            self.report(d);
        }
        Some(Spanned { node, span })
    }

    /// `expect params = 60,965,224`
    fn thousands(&mut self, value: &mut Option<Expr>, pair: &Pair<'_, Rule>) {
        let place = self.place(pair);
        let Some(value) = value else {
            return;
        };
        value.span = value.span.to_end_of(place);
        let mended = self.written(value.span).replace(',', "_").replace(' ', "");
        let d = Diagnostic::error(
            Code::E0112,
            "digits are grouped with `_`, not with `,`",
            place,
        )
        .primary("not part of the number")
        .edit("write it so", value.span, mended.as_str());
        self.report(d);
        if let Ok(number) = mended.replace('_', "").parse() {
            value.kind = ExprKind::Int(number);
        }
    }

    fn recipe(&mut self, pair: Pair<'_, Rule>) -> Train {
        let place = self.place(&pair);
        let mut name = None;
        let mut entries = Vec::new();
        let mut span = place;
        for inner in pair.into_inner() {
            match inner.as_rule() {
                Rule::name | Rule::bad_name => name = self.name(inner, "the recipe"),
                Rule::settings => {
                    span = span.to_end_of(self.place(&inner));
                    self.settings(inner, &mut entries);
                }
                Rule::setting => entries.extend(self.setting(inner)),
                Rule::no_open => {
                    let d = self
                        .missing("`{`", inner.as_span().start())
                        .note("a recipe is `train { epochs = 5 ... }`");
                    self.report(d);
                }
                _ => {}
            }
        }
        Train {
            name,
            entries,
            span,
        }
    }

    fn settings(&mut self, pair: Pair<'_, Rule>, entries: &mut Vec<Entry>) {
        let open = pair.as_span().start();
        for inner in pair.into_inner() {
            let at = inner.as_span().start();
            match inner.as_rule() {
                Rule::setting => entries.extend(self.setting(inner)),
                Rule::no_close => self.not_closed(open, at, '}'),
                Rule::bad_setting => {
                    let d = self.unexpected("`key = value` or `}`", at);
                    self.report(d);
                }
                _ => {}
            }
        }
    }

    fn setting(&mut self, pair: Pair<'_, Rule>) -> Option<Entry> {
        let (mut key, mut value, mut no_equals) = (None, None, None);
        for inner in pair.into_inner() {
            let at = inner.as_span().start();
            match (inner.as_rule(), &no_equals) {
                (Rule::name | Rule::bad_name, _) => key = self.name(inner, "the entry"),
                (Rule::bad_equals, _) => self.wrong_equals(&inner),
                (Rule::no_equals, _) => no_equals = Some(inner),
                (Rule::pipeline, no_equals) => {
                    if let Some(place) = no_equals {
                        self.wrong_equals(place);
                    }
                    value = self.pipeline(inner);
                }
                (Rule::no_value, Some(_)) => {
                    let d = self.missing("`=` and a value", at);
                    self.report(d);
                }
                (Rule::no_value, None) => self.no_value(at),
                _ => {}
            }
        }
        let (key, value) = (key?, value?);
        let span = key.span.to_end_of(value.span);
        Some(Entry { key, value, span })
    }

    /// `width = 64` without `let`, or a row outside a `where` table.
    fn bad_assignment(&mut self, pair: Pair<'_, Rule>) -> Option<Item> {
        let row = self.row(pair)?;
        let kind = row.kind.clone();
        let head = Span {
            end: kind.span.start,
            ..kind.span
        };
        let is_layer = !kind.node.bytes().any(|b| b.is_ascii_lowercase());
        let (code, headline, what, keyword) = if is_layer {
            (
                Code::E0122,
                "a row of sizes stands in a `where` table",
                "a row without its table",
                "where ",
            )
        } else {
            (
                Code::E0121,
                "a constant is defined with `let`",
                "a constant without `let`",
                "let ",
            )
        };
        let d = Diagnostic::error(code, headline, kind.span).primary(what);
        let d = match self.misspelt_keyword_before(kind.span) {
            Some((word, meant)) => d.edit(format!("did you mean `{meant}`?"), word, meant),
            None => d.edit(format!("add `{}`", keyword.trim()), head, keyword),
        };
        self.report(d);
        if is_layer {
            let span = row.span;
            return Some(Item::Where(Where {
                rows: vec![row],
                span,
            }));
        }
        let value = row
            .entries
            .into_iter()
            .next()?
            .args
            .into_iter()
            .next()?
            .value;
        Some(Item::Let(Let {
            name: kind,
            value,
            span: row.span,
        }))
    }
}

fn is_name(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::name | Rule::bad_name | Rule::bad_new_name | Rule::no_name
    )
}

/// Only a chain of at least one stage is one.
pub(super) fn chain_of(stages: Vec<Stage>) -> Option<Chain> {
    let span = stages.first()?.span.to_end_of(stages.last()?.span);
    Some(Chain { stages, span })
}
