//! The `where` table: sizes for bare layers, in order.

use super::modules::Module;
use crate::layers::{self, LayerSpec};
use crate::names::plural;
use crate::report::Report;
use netc_grammar::ast::{Item, WhereEntry, WhereRow};
use netc_grammar::{Code, Diagnostic, Span};

/// The rows of all `where` tables of the file.
pub(super) struct Table<'a> {
    rows: Vec<Row<'a>>,
    /// Bare layers that need sizes, of kinds that have no row: each kind is one mistake.
    rowless: Vec<(&'static LayerSpec, Vec<Span>)>,
}

struct Row<'a> {
    spec: &'static LayerSpec,
    row: &'a WhereRow,
    /// Bare layers that have asked for an entry.
    asked: usize,
    /// The first that got none.
    unserved: Option<Span>,
}

/// What the table has for a bare layer.
pub(super) enum Served<'a> {
    /// Its arguments.
    Entry(&'a WhereEntry),
    /// A row with too few entries; reported at the end.
    TooFew,
    /// No row for its kind.
    NoRow,
}

impl<'a> Table<'a> {
    pub(super) fn new(root: &'a Module, report: &mut Report) -> Self {
        let mut table = Table {
            rows: Vec::new(),
            rowless: Vec::new(),
        };
        let rows = root.file.items.iter().filter_map(|item| match item {
            Item::Where(table) => Some(&table.rows),
            _ => None,
        });
        for row in rows.flatten() {
            table.add(row, report);
        }
        table
    }

    fn add(&mut self, row: &'a WhereRow, report: &mut Report) {
        let Some(spec) = layers::find(&row.kind.node) else {
            report.push(unknown_kind(row));
            return;
        };
        if let Some(first) = self.rows.iter().find(|r| r.spec.name == spec.name) {
            report.push(
                Diagnostic::error(
                    Code::E0312,
                    format!("there are two rows for {}", spec.name),
                    row.kind.span,
                )
                .primary("a second row")
                .label(first.row.kind.span, "the first row")
                .help("put all entries into one row, separated by commas"),
            );
            return;
        }
        self.rows.push(Row {
            spec,
            row,
            asked: 0,
            unserved: None,
        });
    }

    /// The entry for the next bare layer of a kind.
    pub(super) fn next(&mut self, spec: &LayerSpec, span: Span) -> Served<'a> {
        let Some(row) = self.rows.iter_mut().find(|r| r.spec.name == spec.name) else {
            return Served::NoRow;
        };
        let entries = &row.row.entries;
        let index = if entries.len() == 1 { 0 } else { row.asked };
        row.asked += 1;
        match entries.get(index) {
            Some(entry) => Served::Entry(entry),
            None => {
                row.unserved.get_or_insert(span);
                Served::TooFew
            }
        }
    }

    /// Notes a bare layer that needs sizes and has no row.
    pub(super) fn lacks(&mut self, spec: &'static LayerSpec, span: Span) {
        match self.rowless.iter_mut().find(|(s, _)| s.name == spec.name) {
            // A repeat comes here with the same layer again.
            Some((_, spans)) if spans.contains(&span) => {}
            Some((_, spans)) => spans.push(span),
            None => self.rowless.push((spec, vec![span])),
        }
    }

    /// Reports bare layers without a row, and rows that do not fit the chain.
    pub(super) fn finish(&self, report: &mut Report) {
        let rowless = self.rowless.iter();
        report.extend(rowless.filter_map(|(spec, spans)| no_row(spec, spans)));
        for row in &self.rows {
            report.extend(row.misfit());
        }
    }
}

impl Row<'_> {
    fn misfit(&self) -> Option<Diagnostic> {
        let (name, entries) = (self.spec.name, self.row.entries.len());
        if self.asked == 0 {
            return Some(
                Diagnostic::warning(Code::W0003, format!("the row for {name} serves no layer"), self.row.span)
                    .primary(format!("no {name} is written bare"))
                    .note("layers with arguments, and layers inside blocks, do not take sizes from the table"),
            );
        }
        if entries <= 1 || entries == self.asked {
            return None;
        }
        let headline = format!(
            "the row for {name} has {} for {}",
            plural_entries(entries),
            plural(self.asked, "bare layer")
        );
        let error = Diagnostic::error(Code::E0313, headline, self.row.span)
            .note("one entry serves every bare layer of its kind, several serve them in order; repeats are expanded first");
        Some(match self.unserved {
            Some(span) => error
                .primary(format!("{} here", plural_entries(entries)))
                .label(span, format!("this {name} gets none")),
            None => {
                let spare = self
                    .row
                    .entries
                    .get(self.asked)
                    .map_or(self.row.span, |e| e.span);
                error
                    .primary(format!(
                        "the network has {}",
                        plural(self.asked, &format!("bare {name}"))
                    ))
                    .label(spare, "no layer is left for this")
            }
        })
    }
}

/// Some kinds have dozens of bare layers: so many of them are shown.
const SHOWN: usize = 8;

fn no_row(spec: &LayerSpec, spans: &[Span]) -> Option<Diagnostic> {
    let (&first, others) = spans.split_first()?;
    let (name, example) = (spec.name, spec.example);
    let sizes = example.trim_start_matches(name);
    let row = if sizes.contains(',') {
        sizes
    } else {
        sizes.trim_matches(['(', ')'])
    };
    let (headline, primary) = if others.is_empty() {
        let primary = "written bare, and no row of a `where` table gives its sizes";
        (format!("this {name} has no sizes"), primary)
    } else {
        let primary = "written bare, and no row of a `where` table gives their sizes";
        (format!("{} {name} have no sizes", spans.len()), primary)
    };
    let error = Diagnostic::error(Code::E0305, headline, first)
        .primary(primary)
        .help(format!(
            "give them here, `{example}`, or in a table: `where {name} = {row}`"
        ));
    let labelled = others.iter().take(SHOWN - 1);
    Some(labelled.fold(error, |error, &span| error.label(span, "and this one")))
}

fn plural_entries(n: usize) -> String {
    if n == 1 {
        "1 entry".to_owned()
    } else {
        format!("{n} entries")
    }
}

fn unknown_kind(row: &WhereRow) -> Diagnostic {
    let error = Diagnostic::error(
        Code::E0312,
        format!("there is no layer `{}`", row.kind.node),
        row.kind.span,
    )
    .primary("a row begins with the name of a layer");
    match layers::meant(&row.kind.node) {
        Some(LayerSpec { name, .. }) => {
            error.edit(format!("did you mean `{name}`?"), row.kind.span, *name)
        }
        None => error.note("for constants, use `let`"),
    }
}
