//! Which stages of a chain begin a line.

use super::tokens::Token;
use super::tree::{Chain, Link, Stage, StageKind};
use super::{WIDTH, values, widths};
use crate::layers::{self, LayerKind};
use crate::options::Kind;

/// How many columns an arrow and the space behind it take.
const ARROW: usize = 3;

/// Whether a group or branches take several lines where they begin in this column.
pub(super) fn is_multiple(stage: &Stage<'_>, column: usize) -> bool {
    !matches!(stage.kind, StageKind::Call)
        && (widths::stage_breaks(stage) || column + widths::stage(stage) > WIDTH)
}

/// Those that did, brackets of several lines, and what must so that all lines fit. `end` columns follow the last line.
pub(super) fn rows(chain: &Chain<'_>, column: usize, end: usize) -> Vec<bool> {
    let links = &chain.links;
    let begins = |link: &Link<'_>| {
        let (arrow, stage) = link;
        arrow.as_ref().is_none_or(Token::begins_line) || is_multiple(stage, lead(link, column))
    };
    let mut starts: Vec<bool> = links.iter().map(begins).collect();
    let mut first = 0;
    while first < links.len() {
        let len = starts[first + 1..].iter().take_while(|s| !**s).count() + 1;
        let row = first..first + len;
        let end = if row.end == links.len() { end } else { 0 };
        split(&links[row.clone()], column, end, &mut starts[row]);
        first += len;
    }
    starts
}

/// Splits a row that is too long: before layers with weights, and where it is full.
fn split(links: &[Link<'_>], column: usize, end: usize, starts: &mut [bool]) {
    let mut width = end_of(&links[0], column);
    if width + rest(&links[1..]) + end <= WIDTH {
        return;
    }
    for (i, link) in links.iter().enumerate().skip(1) {
        let stage = &link.1;
        let last = i + 1 == links.len();
        let more = widths::link(link) + if last { end } else { 0 };
        if has_weights(stage) || width + more > WIDTH {
            starts[i] = true;
            width = end_of(link, column);
        } else {
            width += more;
        }
    }
}

/// The column of a stage that begins a line of a chain of this column, behind its arrow.
fn lead((arrow, _): &Link<'_>, column: usize) -> usize {
    column
        + arrow
            .as_ref()
            .map_or(0, |arrow| widths::leading(arrow) + ARROW)
}

/// The column behind a stage that begins a line of a chain of this column.
fn end_of(link: &Link<'_>, column: usize) -> usize {
    let (stage, lead) = (&link.1, lead(link, column));
    let multiple = is_multiple(stage, lead);
    match &stage.kind {
        StageKind::Group(open, chain, close) if multiple => {
            let lead = lead + widths::comments(open);
            let end = widths::beside(close, false) + widths::value(&stage.text);
            let inner = end_of_chain(chain, lead + 1, end);
            if close.is_pushed_down() || inner > WIDTH {
                lead + end
            } else {
                inner
            }
        }
        StageKind::Branches(branches, _) if multiple => {
            let comments = branches
                .first()
                .map_or(0, |(sign, _)| widths::comments(sign));
            lead + comments + 1 + widths::value(&stage.text)
        }
        StageKind::Call if widths::stage_breaks(stage) || lead + widths::stage(stage) > WIDTH => {
            values::end_of_call(link, column)
        }
        _ => lead + widths::stage(stage),
    }
}

/// The column behind a chain of several lines, and `end` columns more.
fn end_of_chain(chain: &Chain<'_>, column: usize, end: usize) -> usize {
    let starts = rows(chain, column, end);
    let last = starts.iter().rposition(|starts| *starts).unwrap_or(0);
    end_of(&chain.links[last], column) + rest(&chain.links[last + 1..]) + end
}

/// What stands behind the first stage of a row.
fn rest(links: &[Link<'_>]) -> usize {
    links.iter().map(widths::link).sum()
}

/// Whether a stage is a layer with weights, its sizes given, or brackets.
fn has_weights(stage: &Stage<'_>) -> bool {
    let Some(name) = stage.name() else {
        return true;
    };
    let sized = |layer: &&layers::LayerSpec| {
        layer.options.iter().any(|option| option.kind == Kind::Init)
            || matches!(layer.kind, LayerKind::Subsample | LayerKind::Rbf)
    };
    stage.text.len() > 1 && layers::find(name).filter(sized).is_some()
}
