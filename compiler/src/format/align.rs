//! Arrows, signs and comments below each other.

use super::WIDTH;
use super::writer::{Line, Mark};

/// More blanks than this before an arrow help nobody.
const GAP: usize = 40;
/// The least number of blanks before a comment.
const BEFORE_COMMENT: usize = 3;
/// A comment behind a longer line stands directly behind it.
const LONG: usize = 80;

/// The lines as text.
pub(super) fn text(mut lines: Vec<Line>) -> String {
    align_marks(&mut lines);
    let columns = comment_columns(&lines);
    let mut text = String::new();
    for (line, column) in lines.iter().zip(columns) {
        if line.blank {
            text.push('\n');
        }
        let indent = if line.text.is_empty() { 0 } else { line.indent };
        text += &" ".repeat(indent);
        text += &line.text;
        if let Some(comment) = &line.comment {
            text += &" ".repeat(column - line.width());
            text += comment.trim_end();
        }
        if !line.text.is_empty() || line.comment.is_some() {
            text.push('\n');
        }
    }
    text
}

fn align_marks(lines: &mut [Line]) {
    let mut marked: Vec<(usize, Mark)> = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        marked.extend(line.mark.clone().map(|mark| (i, mark)));
    }
    // Groups nest, so the rows of one need not follow each other.
    marked.sort_by_key(|(i, mark)| (mark.group, *i));
    let tail = |(i, mark): &(usize, Mark)| lines[*i].text[mark.at..].to_owned();
    let tails: Vec<String> = marked.iter().map(tail).collect();
    let mut start = 0;
    while start < marked.len() {
        let mut end = start + 1;
        while end < marked.len() {
            let (a, b) = (&marked[end - 1].1, &marked[end].1);
            let alike = a.kind == b.kind || tails[end - 1] == tails[end];
            if a.group != b.group || !alike {
                break;
            }
            end += 1;
        }
        align_run(&marked[start..end], lines);
        start = end;
    }
}

fn align_run(run: &[(usize, Mark)], lines: &mut [Line]) {
    let column = |lines: &[Line], (i, mark): &(usize, Mark)| {
        lines[*i].indent + lines[*i].text[..mark.at].chars().count()
    };
    let target = run.iter().map(|marked| column(lines, marked)).max();
    let target = target.unwrap_or(0);
    let fits = |marked: &(usize, Mark)| {
        let gap = target - column(lines, marked);
        gap <= GAP && lines[marked.0].width() + gap <= WIDTH
    };
    if !run.iter().all(fits) {
        return;
    }
    for marked in run {
        let gap = " ".repeat(target - column(lines, marked));
        lines[marked.0].text.insert_str(marked.1.at, &gap);
    }
}

/// Where the comments behind lines begin: below each other, up to the next blank line.
fn comment_columns(lines: &[Line]) -> Vec<usize> {
    let mut columns = Vec::new();
    let mut rest = lines;
    while !rest.is_empty() {
        let len = 1 + rest[1..].iter().take_while(|line| !line.blank).count();
        let (block, after) = rest.split_at(len);
        let short = block.iter().filter(|line| line.comment.is_some());
        let widest = short.map(Line::width).filter(|width| *width <= LONG).max();
        let column = |line: &Line| {
            line.width().max(match widest {
                Some(widest) if line.width() <= LONG => widest,
                _ => 0,
            })
        };
        columns.extend(block.iter().map(|line| column(line) + BEFORE_COMMENT));
        rest = after;
    }
    columns
}
