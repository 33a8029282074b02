//! Numbers, and the signs glued to them that mean something else here.

use super::Scanner;
use crate::{Code, Diagnostic};

impl Scanner<'_> {
    pub(super) fn number(&mut self) {
        let len = self.count(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        let rest = self.rest();
        match rest[len..]
            .strip_prefix('%')
            .and_then(|_| share(&rest[..len]))
        {
            Some(share) => self.percent(len + 1, &share),
            None => self.copy(len),
        }
    }

    /// `98%`
    fn percent(&mut self, len: usize, share: &str) {
        let span = self.span(len);
        let d = Diagnostic::error(
            Code::E0112,
            "shares are numbers from 0 to 1, not percent",
            span,
        )
        .primary("not a number")
        .edit("write it so", span, share);
        self.report(d);
        // The copy has no more room than the text had, and what stands there is not used.
        let shown = share[..share.len().min(len)]
            .trim_end_matches('.')
            .to_owned();
        self.mend(len, &shown);
    }

    /// Whether `3x3//2` stands here: within arguments, right behind a number and before another that ends an argument.
    pub(super) fn is_doubled_stride(&self) -> bool {
        let Some(behind) = self.rest().strip_prefix("//") else {
            return false;
        };
        let digits = behind.trim_start_matches(|c: char| c.is_ascii_digit() || c == 'x');
        self.brackets.innermost_closer() == Some(')')
            && self.clean.ends_with(|c: char| c.is_ascii_digit())
            && behind.starts_with(|c: char| c.is_ascii_digit())
            && digits.trim_start_matches(' ').starts_with([',', ')'])
    }

    pub(super) fn doubled_stride(&mut self) {
        let span = self.span(2);
        let d = Diagnostic::error(Code::E0101, "`//` begins a comment", span)
            .primary("what follows on this line is no part of the network")
            .note("after a size, `/` is its stride: `3x3/2`")
            .edit("write one `/`", span, "/");
        self.report(d);
        self.mend(2, "/");
    }
}

/// The hundredth part of a decimal number, in digits.
fn share(percent: &str) -> Option<String> {
    let (whole, fraction) = percent.split_once('.').unwrap_or((percent, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let padded = format!("{whole:0>3}");
    let (ones, hundredths) = padded.split_at(padded.len() - 2);
    let ones = ones.trim_start_matches('0');
    let ones = if ones.is_empty() { "0" } else { ones };
    let after = format!("{hundredths}{fraction}");
    let after = after.trim_end_matches('0');
    let after = if after.is_empty() { "0" } else { after };
    Some(format!("{ones}.{after}"))
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn percent_are_hundredths() {
        for (percent, expected) in [
            ("98", "0.98"),
            ("5", "0.05"),
            ("100", "1.0"),
            ("99.2", "0.992"),
            ("0", "0.0"),
        ] {
            assert_eq!(share(percent).as_deref(), Some(expected));
        }
        assert_eq!(share("1e2"), None);
    }
}
