//! Numbers and sizes.

use pest::iterators::Pair;

use super::rules::Rule;
use super::walk::Walk;
use crate::ast::ExprKind;
use crate::reports::shortened;
use crate::{Code, Diagnostic, Span};

impl Walk<'_> {
    pub(super) fn number(&mut self, pair: &Pair<'_, Rule>) -> Option<ExprKind> {
        let span = self.place(pair);
        let digits = pair.as_str().replace('_', "");
        match pair.as_rule() {
            Rule::integer => self.integer(&digits, span).map(ExprKind::Int),
            Rule::float => self.float(&digits, span),
            Rule::size => self.size(&digits, span),
            Rule::bad_size => self.bad_size(&digits, span),
            _ => self.bad_number(&digits, span),
        }
    }

    fn integer(&mut self, digits: &str, span: Span) -> Option<u64> {
        let value = digits.parse().ok();
        if value.is_none() {
            let d = Diagnostic::error(Code::E0113, "this number is too large", span)
                .primary(format!("whole numbers go up to {}", u64::MAX));
            self.report(d);
        }
        value
    }

    fn float(&mut self, digits: &str, span: Span) -> Option<ExprKind> {
        match digits.parse::<f64>() {
            Ok(value) if value.is_finite() => Some(ExprKind::Float(value)),
            _ => {
                let d = Diagnostic::error(Code::E0113, "this number is too large", span).primary(
                    format!(
                        "numbers with a point or an exponent go up to {:e}",
                        f64::MAX
                    ),
                );
                self.report(d);
                None
            }
        }
    }

    fn size(&mut self, digits: &str, span: Span) -> Option<ExprKind> {
        let sides: Option<Vec<u64>> = digits
            .split('x')
            .map(|side| self.integer(side, span))
            .collect();
        sides.map(ExprKind::Size)
    }

    /// `3×3`, `3X3`, `3 x 3`
    fn bad_size(&mut self, digits: &str, span: Span) -> Option<ExprKind> {
        let size = digits.replace(['X', '×'], "x").replace(' ', "");
        let d = Diagnostic::error(Code::E0119, format!("a size is written `{size}`"), span)
            .primary("joined by a small `x`, without spaces")
            .edit("write it so", span, size.as_str());
        self.report(d);
        self.size(&size, span)
    }

    /// `.5`, `5.`, `1e`, `3xk`
    fn bad_number(&mut self, digits: &str, span: Span) -> Option<ExprKind> {
        let written = self.written(span);
        let d = Diagnostic::error(
            Code::E0112,
            format!("`{}` is not a number", shortened(written)),
            span,
        )
        .primary("expected a number such as 64, 0.5, 1e-4, or a size such as 3x3");
        let whole = format!("0{digits}0");
        let mended = whole.trim_start_matches('0').trim_end_matches('0');
        let mended = format!(
            "{}{mended}{}",
            if mended.starts_with('.') { "0" } else { "" },
            if mended.ends_with('.') { "0" } else { "" }
        );
        let value = mended
            .parse::<f64>()
            .ok()
            .filter(|v| v.is_finite() && digits.contains('.'));
        let misread = digits.replace(['O', 'o'], "0").replace(['l', 'I'], "1");
        let is_number = misread.bytes().all(|b| b.is_ascii_digit()) && misread != digits;
        let d = match value {
            _ if is_number => d.edit("write it with digits", span, misread.as_str()),
            Some(_) => d.edit("digits stand on both sides of the point", span, mended),
            None if written.contains(['x', '×']) => d.note(
                "the sides of a size are digits; a name can stand for a whole size: `let k = 3x3`",
            ),
            None => d,
        };
        self.report(d);
        if is_number {
            return misread.parse().ok().map(ExprKind::Int);
        }
        value.map(ExprKind::Float)
    }
}
