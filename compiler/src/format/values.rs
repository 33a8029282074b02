//! How values lie in lines, and where that leaves the writer.

use super::tokens::Token;
use super::tree::{Element, Link, Part, PartKind};
use super::writer::Writer;
use super::{INDENT, WIDTH, widths};

/// The column behind a call of several lines, which begins a line of a chain in column `base`.
pub(super) fn end_of_call((arrow, stage): &Link<'_>, base: usize) -> usize {
    let mut out = Writer::default();
    // Comments before it stand behind what is above.
    out.line(base);
    out.token(&Token::PLACEHOLDER, false, base);
    out.line(base);
    if let Some(arrow) = arrow {
        out.token(arrow, true, base + INDENT);
    }
    out.value(&stage.text, base, arrow.is_some(), base);
    out.column(false)
}

impl Writer {
    /// Parts beside each other; a space stands before the first if `spaced`. Lines that go on stand deeper than `base`.
    pub(super) fn value(&mut self, parts: &[Part<'_>], base: usize, spaced: bool, first: usize) {
        self.value_before(parts, base, spaced, first, 0);
    }

    /// A value that `reserve` columns follow.
    fn value_before(
        &mut self,
        parts: &[Part<'_>],
        base: usize,
        spaced: bool,
        first: usize,
        reserve: usize,
    ) {
        for (i, part) in parts.iter().enumerate() {
            let spaced = if i == 0 { spaced } else { part.spaced };
            let indent = if i == 0 { first } else { base + INDENT };
            let rest = &parts[i + 1..];
            let chunk = rest.iter().take_while(|part| !part.breakable).count();
            let (behind, stopped) = widths::reach(&rest[..chunk]);
            let open_end = chunk == rest.len() && !stopped;
            let behind = behind + if open_end { reserve } else { 0 };
            match &part.kind {
                PartKind::Token(token) => {
                    let end = self.column(spaced) + widths::token(token) + behind;
                    if i > 0 && part.breakable && (token.begins_line() || end > WIDTH) {
                        self.line(base + INDENT);
                    }
                    self.token(token, spaced, indent);
                }
                PartKind::Bracket(open, elements, close) => {
                    let (inner, stopped) = widths::reach(std::slice::from_ref(part));
                    let column = self.column(false) + if stopped { 0 } else { behind };
                    self.token(open, spaced, indent);
                    let is_long = column + inner > WIDTH && !elements.is_empty();
                    if is_long || widths::is_broken(elements, close) {
                        self.edge(base + INDENT, base + INDENT);
                        self.elements(elements, base + INDENT, base + INDENT, false);
                        self.edge(base, base + INDENT);
                    } else {
                        self.flat_elements(elements, base, behind + 1);
                    }
                    self.token(close, false, base);
                }
            }
        }
    }

    /// Elements in as few lines as they fit, and no fewer than their author gave them. New lines begin in column `column`.
    pub(super) fn elements(
        &mut self,
        elements: &[Element<'_>],
        base: usize,
        column: usize,
        spaced: bool,
    ) {
        for (i, element) in elements.iter().enumerate() {
            let first = widths::first(&element.value);
            let (len, _) = widths::reach(&element.value);
            if i > 0 {
                let end = self.column(true) + len + widths::comma(element);
                if first.is_some_and(Token::begins_line) || end > WIDTH {
                    self.line(column);
                }
            }
            let reserve = widths::comma(element);
            self.value_before(&element.value, base, spaced || i > 0, column, reserve);
            if let Some(comma) = &element.comma {
                self.token(comma, false, column);
            }
        }
    }

    fn flat_elements(&mut self, elements: &[Element<'_>], base: usize, reserve: usize) {
        for (i, element) in elements.iter().enumerate() {
            let rest = widths::inside(&elements[i + 1..]);
            let reserve = reserve + rest + 2 * usize::from(rest > 0);
            self.value_before(&element.value, base, i > 0, base + INDENT, reserve);
            if let Some(comma) = &element.comma {
                self.token(comma, false, base + INDENT);
            }
        }
    }
}
