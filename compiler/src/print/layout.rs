//! A syntax tree as text.

use crate::layers::{self, LayerKind};
use crate::options::Kind;
use crate::text::expr::{self, call_text};
use netc_grammar::ast::{
    Block, Chain, Entry, ExprKind, File, Head, Item, Relation, Stage, StageKind, Train, WhereEntry,
};

/// The longest line.
const WIDTH: usize = 100;
/// Brackets up to this length stand on one line.
const SHORT: usize = 64;
/// Uses of blocks share a line up to this column.
const CALLS: usize = 40;
/// More blanks than this before an arrow help nobody.
const GAP: usize = 30;

/// The file, with a comment at its head. Spans and what the tree does not hold are not looked at.
#[must_use]
pub fn text(file: &File, about: &str) -> String {
    let mut text = String::new();
    for line in about.split(['\n', '\r']).filter(|_| !about.is_empty()) {
        text += format!("// {line}").trim_end();
        text.push('\n');
    }
    let mut items = file.items.as_slice();
    let mut before: Option<&Item> = None;
    while let Some(first) = items.first() {
        let count = items
            .iter()
            .take_while(|item| together(first, item))
            .count();
        let (run, rest) = items.split_at(count.max(1));
        if before.is_some_and(|before| !tight(before, first)) {
            text.push('\n');
        }
        for line in lines(run) {
            text += line.trim_end();
            text.push('\n');
        }
        before = run.last();
        items = rest;
    }
    text
}

/// Whether items stand below each other as rows of one table.
fn together(first: &Item, item: &Item) -> bool {
    match (first, item) {
        (Item::Expect(a), Item::Expect(b)) => {
            let judged = |name: &str| matches!(name, "accuracy" | "loss");
            judged(&a.quantity.node) == judged(&b.quantity.node)
        }
        (Item::Let(_), Item::Let(_)) | (Item::Use(_), Item::Use(_)) => true,
        _ => std::ptr::eq(first, item),
    }
}

/// Whether no blank line stands between two items.
fn tight(before: &Item, item: &Item) -> bool {
    match (before, item) {
        (Item::Block(a), Item::Block(b)) => block(a).len() == 1 && block(b).len() == 1,
        (Item::Head(a), Item::Head(b)) => head(a).len() == 1 && head(b).len() == 1,
        _ => false,
    }
}

fn lines(run: &[Item]) -> Vec<String> {
    match run.first() {
        Some(Item::Net(name)) => vec![format!("net {}", name.node)],
        Some(Item::Block(item)) => block(item),
        Some(Item::Chain(chain)) => finished(&rows(chain, 0, true)),
        Some(Item::Head(item)) => head(item),
        Some(Item::Train(item)) => train(item),
        Some(Item::Where(table)) => {
            let rows = table.rows.iter();
            let rows = rows.map(|row| (row.kind.node.clone(), "=", entries(&row.entries)));
            let mut lines = vec!["where".to_owned()];
            lines.extend(columns(&rows.collect::<Vec<_>>(), 4));
            lines
        }
        _ => columns(&run.iter().filter_map(definition).collect::<Vec<_>>(), 0),
    }
}

/// An item of one line: what is said about what.
fn definition(item: &Item) -> Option<(String, &'static str, String)> {
    match item {
        Item::Use(path) => Some((format!("use {:?}", path.node), "", String::new())),
        Item::Let(item) => Some((
            format!("let {}", item.name.node),
            "=",
            expr::text(&item.value),
        )),
        Item::Expect(item) => Some((
            format!("expect {}", item.quantity.node),
            relation(item.relation.node),
            expr::text(&item.value),
        )),
        Item::Net(_)
        | Item::Block(_)
        | Item::Chain(_)
        | Item::Head(_)
        | Item::Where(_)
        | Item::Train(_) => None,
    }
}

fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Eq => "=",
        Relation::Ge => ">=",
        Relation::Le => "<=",
        Relation::Gt => ">",
        Relation::Lt => "<",
    }
}

/// `name = value`, the signs below each other.
fn columns(rows: &[(String, &'static str, String)], indent: usize) -> Vec<String> {
    let width = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (name, sign, value) in rows {
        let head = format!("{:indent$}{name:width$} {sign} ", "");
        lines.extend(filled(head, value));
    }
    lines
}

fn entries(entries: &[WhereEntry]) -> String {
    let entries = entries.iter().map(|entry| match entry.args.as_slice() {
        [only] if only.name.is_none() => expr::text(&only.value),
        // As of a call without a name.
        args => call_text(&expr::call("", args.to_vec())),
    });
    entries.collect::<Vec<_>>().join(", ")
}

fn train(train: &Train) -> Vec<String> {
    let name = train.name.as_ref().map(|name| format!("{} ", name.node));
    let mut lines = vec![format!("train {}{{", name.unwrap_or_default())];
    let entry = |Entry { key, value, .. }: &Entry| (key.node.clone(), "=", expr::text(value));
    lines.extend(columns(
        &train.entries.iter().map(entry).collect::<Vec<_>>(),
        4,
    ));
    lines.push("}".to_owned());
    lines
}

fn block(block: &Block) -> Vec<String> {
    let params = block.params.as_ref().map(|params| {
        let names: Vec<&str> = params.iter().map(|name| name.node.as_str()).collect();
        format!("({})", names.join(", "))
    });
    let name = format!("block {}{}", block.name.node, params.unwrap_or_default());
    defined(&name, &block.body)
}

fn head(head: &Head) -> Vec<String> {
    let kind = if head.auxiliary {
        "auxiliary"
    } else {
        "output"
    };
    let name = format!("{kind} {}", head.name.node);
    match &head.chain {
        Some(chain) => defined(&name, chain),
        None => vec![name],
    }
}

/// `name = a => b`, on one line where it has room.
fn defined(name: &str, chain: &Chain) -> Vec<String> {
    let body = flat(chain);
    if name.len() + 3 + body.len() <= WIDTH {
        return vec![format!("{name} = {body}")];
    }
    let mut lines = vec![format!("{name} =")];
    lines.extend(finished(&rows(chain, 4, false)));
    lines
}

/// A line of a chain.
pub(super) struct Row {
    indent: usize,
    /// `=> `, or nothing at the chain's start.
    lead: &'static str,
    /// Stages, and arrows between them.
    cells: Vec<String>,
    /// It is part of a stage of several lines, and no row of a table.
    fixed: bool,
}

impl Row {
    fn text(&self) -> String {
        let indent = self.indent;
        format!("{:indent$}{}{}", "", self.lead, self.cells.join(" => "))
    }

    fn width(&self) -> usize {
        self.text().chars().count()
    }

    /// What the first stage is called.
    fn kind(&self) -> &str {
        let first = self.cells.first().map_or("", String::as_str);
        first.split(['(', ' ']).next().unwrap_or(first)
    }
}

fn finished(rows: &[Row]) -> Vec<String> {
    rows.iter().map(Row::text).collect()
}

/// The lines of a chain that stands at this column. The network's own chain has a line for each layer with weights.
fn rows(chain: &Chain, indent: usize, own: bool) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let one = flat(chain);
    if !own && indent + one.len() <= WIDTH {
        rows.push(row(indent, "", one));
        return rows;
    }
    for (i, stage) in chain.stages.iter().enumerate() {
        let text = stage_text(stage);
        let starts = (own && i == 1) || starts_row(stage, rows.last());
        match rows.last_mut() {
            Some(row) if !starts && row.width() + 4 + text.len() <= WIDTH => row.cells.push(text),
            _ => rows.extend(stage_rows(
                stage,
                text,
                indent,
                if i > 0 { "=> " } else { "" },
            )),
        }
    }
    align(&mut rows);
    rows
}

fn row(indent: usize, lead: &'static str, cell: String) -> Row {
    Row {
        indent,
        lead,
        cells: vec![cell],
        fixed: false,
    }
}

/// Whether a stage begins a line.
pub(super) fn starts_row(stage: &Stage, row: Option<&Row>) -> bool {
    let StageKind::Call(call) = &stage.kind else {
        return true;
    };
    match layers::find(&call.name.node) {
        Some(spec) => {
            spec.options.iter().any(|option| option.kind == Kind::Init)
                || matches!(spec.kind, LayerKind::Subsample | LayerKind::Rbf)
        }
        // A block without arguments is a small one: `norm`.
        None if call.args.is_none() && stage.repeat.is_none() => false,
        None => row.is_none_or(|row| {
            let is_block = |cell: &String| cell.starts_with(|c: char| c.is_ascii_lowercase());
            !row.cells.iter().all(is_block) || row.width() > CALLS
        }),
    }
}

/// The lines of one stage; the last one may go on.
fn stage_rows(stage: &Stage, text: String, indent: usize, lead: &'static str) -> Vec<Row> {
    let column = indent + lead.len();
    let fits = column + text.len() <= WIDTH;
    match &stage.kind {
        StageKind::Branches(branches) if !fits || text.len() > SHORT => {
            let mut rows = Vec::new();
            for (i, branch) in branches.iter().enumerate() {
                let (lead, sign) = if i == 0 { (lead, "[ ") } else { ("", "| ") };
                let at = column - lead.len();
                rows.extend(inner(branch, column + 2, format!("{:at$}{lead}{sign}", "")));
            }
            let mut end = row(column, "", format!("]{}", suffix(stage)));
            end.fixed = true;
            rows.push(end);
            rows
        }
        StageKind::Group(chain) if !fits || text.len() > SHORT => {
            let mut rows = inner(chain, column + 1, format!("{:indent$}{lead}(", ""));
            let end = format!("){}", suffix(stage));
            match rows.last_mut() {
                Some(row) if row.width() + end.len() <= WIDTH => {
                    row.cells
                        .last_mut()
                        .into_iter()
                        .for_each(|cell| *cell += &end);
                }
                _ => rows.push(Row {
                    fixed: true,
                    ..row(column, "", end)
                }),
            }
            rows
        }
        _ if fits => vec![row(indent, lead, text)],
        _ => {
            let lines = filled(format!("{:indent$}{lead}", ""), &text).into_iter();
            lines
                .map(|line| Row {
                    fixed: true,
                    ..row(0, "", line)
                })
                .collect()
        }
    }
}

/// The lines of a chain inside a stage, the first one after this sign.
fn inner(chain: &Chain, column: usize, sign: String) -> Vec<Row> {
    let mut rows = rows(chain, column, false);
    for row in &mut rows {
        row.fixed = true;
    }
    if let Some(first) = rows.first_mut() {
        let text = first.text();
        *first = Row {
            fixed: true,
            ..row(0, "", sign + text.trim_start())
        };
    }
    rows
}

/// Puts the arrows after the first stage below each other, in lines that begin with the same kind of stage.
fn align(rows: &mut [Row]) {
    let mut start = 0;
    while start < rows.len() {
        let is_row = |row: &Row| !row.fixed && !row.lead.is_empty() && row.cells.len() > 1;
        let run = rows[start..]
            .iter()
            .take_while(|row| is_row(row) && row.kind() == rows[start].kind());
        let count = run.count();
        let run = &mut rows[start..start + count];
        let length = |row: &Row| row.cells[0].len();
        let width = run.iter().map(length).max().unwrap_or(0);
        let fits =
            |row: &Row| width - length(row) <= GAP && row.width() + width - length(row) <= WIDTH;
        if run.iter().all(fits) {
            for row in run {
                row.cells[0] = format!("{:width$}", row.cells[0]);
            }
        }
        start += count.max(1);
    }
}

/// The chain on one line.
pub(super) fn flat(chain: &Chain) -> String {
    let stages: Vec<String> = chain.stages.iter().map(stage_text).collect();
    stages.join(" => ")
}

/// The stage on one line.
pub(super) fn stage_text(stage: &Stage) -> String {
    let text = match &stage.kind {
        StageKind::Call(call) => call_text(call),
        StageKind::Group(chain) => format!("({})", flat(chain)),
        StageKind::Branches(branches) => {
            let branches: Vec<String> = branches.iter().map(flat).collect();
            format!("[ {} ]", branches.join(" | "))
        }
    };
    text + &suffix(stage)
}

/// ` * 3 as stem`
pub(super) fn suffix(stage: &Stage) -> String {
    let mut text = String::new();
    if let Some(count) = &stage.repeat {
        let count_text = expr::text(count);
        text += &match count.kind {
            ExprKind::Int(_) | ExprKind::Name(_) => format!(" * {count_text}"),
            _ => format!(" * ({count_text})"),
        };
    }
    if let Some(name) = &stage.tap {
        text += &format!(" as {}", name.node);
    }
    text
}

/// Text after a head, in lines of at most the width where it can be broken; what follows the first line is indented.
fn filled(head: String, text: &str) -> Vec<String> {
    let indent = head.len() - head.trim_start().len() + 4;
    let mut lines = vec![head];
    for piece in pieces(text, 2) {
        let whole = indent + piece.trim_end().len() <= WIDTH;
        let parts = if whole {
            vec![piece]
        } else {
            pieces(piece, usize::MAX)
        };
        for part in parts {
            let line = lines.last_mut().map_or(0, |line| line.len());
            if line + part.trim_end().len() > WIDTH && line > indent {
                lines.push(" ".repeat(indent));
            }
            if let Some(line) = lines.last_mut() {
                *line += part;
            }
        }
    }
    lines
        .iter()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// The text, cut after commas inside at most so many brackets, and before arrows outside of them.
fn pieces(text: &str, deepest: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut depth, mut quoted, mut escaped, mut start) = (0_usize, false, false, 0);
    for (i, c) in text.char_indices() {
        let cut = match c {
            '"' if !escaped => {
                quoted = !quoted;
                None
            }
            _ if quoted => None,
            '(' | '[' => {
                depth += 1;
                None
            }
            ')' | ']' => {
                depth = depth.saturating_sub(1);
                None
            }
            ' ' if depth <= deepest && text[..i].ends_with(',') => Some(i + 1),
            '=' if depth == 0 && text[i..].starts_with("=> ") => Some(i),
            _ => None,
        };
        escaped = c == '\\' && !escaped;
        if let Some(at) = cut.filter(|at| *at > start) {
            pieces.push(&text[start..at]);
            start = at;
        }
    }
    pieces.push(&text[start..]);
    pieces
}
