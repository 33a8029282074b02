//! The state of the walk, and what all its parts share: spans, names, and saying what was found.

use pest::iterators::{Pair, Pairs};

use super::rules::Rule;
use crate::ast::Ident;
use crate::reports::{Reports, shortened, span_in};
use crate::{Code, Diagnostic, FileId, Span, Spanned, nearest};

pub(super) struct Walk<'a> {
    text: &'a str,
    /// The mended copy that pest has parsed; the same offsets hold in both.
    clean: &'a str,
    file: FileId,
    reports: &'a mut Reports,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        text: &'a str,
        clean: &'a str,
        file: FileId,
        reports: &'a mut Reports,
    ) -> Self {
        Self {
            text,
            clean,
            file,
            reports,
        }
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.reports.push(diagnostic);
    }

    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        span_in(self.text, self.file, start, end)
    }

    /// The place of a pair, without the space that pest lets a rule end in.
    pub(super) fn place(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        self.span(span.start(), span.start() + span.as_str().trim_end().len())
    }

    /// The text as the user wrote it.
    pub(super) fn written(&self, span: Span) -> &'a str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// The empty span behind the last visible character before `at`.
    pub(super) fn behind(&self, at: usize) -> Span {
        let end = self.clean[..at].trim_end().len();
        self.span(end, end)
    }

    /// What follows a place, spaces left out.
    pub(super) fn clean_after(&self, span: Span) -> &'a str {
        self.clean[span.end as usize..].trim_start()
    }

    /// The keyword that a word was probably meant to be, if what follows it follows no stage.
    pub(super) fn keyword_meant(&self, word: Span) -> Option<&'static str> {
        const ITEMS: [&str; 9] = [
            "net",
            "use",
            "let",
            "block",
            "where",
            "output",
            "auxiliary",
            "expect",
            "train",
        ];
        let next = self.clean_after(word).chars().next()?;
        let follows = is_word(next) || matches!(next, '{' | '"');
        let near = nearest(self.written(word), ITEMS).filter(|_| follows)?;
        (self.written(word) != near).then_some(near)
    }

    /// A misspelt keyword before a name, alone with it at the beginning of its line.
    pub(super) fn misspelt_keyword_before(&self, name: Span) -> Option<(Span, &'static str)> {
        let before = &self.clean[..name.start as usize];
        let line = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
        let word = line.trim();
        if word.is_empty() || !word.chars().all(is_word) {
            return None;
        }
        let start = before.len() - line.trim_start().len();
        let span = self.span(start, start + word.len());
        Some((span, self.keyword_meant(span)?))
    }

    /// A place and the space up to the next token.
    pub(super) fn with_space_behind(&self, span: Span) -> Span {
        let end = self.clean.len() - self.clean_after(span).len();
        self.span(span.start as usize, end)
    }

    /// The token at `at`, for "found ...".
    pub(super) fn found(&self, at: usize) -> (Span, String) {
        let rest = &self.clean[at..];
        let len = match rest.chars().next() {
            None => return (self.behind(at), "the end of the file".to_owned()),
            Some(c) if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            Some('"') => rest[1..]
                .find(['"', '\n'])
                .map_or(rest.len(), |end| end + 2),
            Some('=') if rest.starts_with("=>") => 2,
            Some(c) => c.len_utf8(),
        };
        let span = self.span(at, at + len);
        (span, format!("`{}`", shortened(self.written(span))))
    }

    /// Something is missing. At the end of a line it is shown there, not where the next line begins.
    pub(super) fn missing(&self, what: &str, at: usize) -> Diagnostic {
        let (found_at, found) = self.found(at);
        let span = if self.begins_line(at) {
            self.behind(at)
        } else {
            found_at
        };
        expected(what, &found, span)
    }

    /// Something stands where it does not belong.
    pub(super) fn unexpected(&self, what: &str, at: usize) -> Diagnostic {
        let (span, found) = self.found(at);
        expected(what, &found, span)
    }

    /// Whether the token at `at` is the first of its line, and not of the file.
    pub(super) fn begins_line(&self, at: usize) -> bool {
        let end = self.behind(at).end as usize;
        end > 0 && self.clean[end.min(at)..at].contains('\n')
    }

    /// A `no_close` in brackets that were opened at `open`.
    pub(super) fn not_closed(&mut self, open: usize, at: usize, closer: char) {
        let opener = self.span(open, open + 1);
        let (found_at, found) = self.found(at);
        let end = self.behind(at);
        let bracket = self.written(opener);
        let d = Diagnostic::error(
            Code::E0105,
            format!("this `{bracket}` is not closed: expected `{closer}` before {found}"),
            opener,
        )
        .primary("opened here")
        .label(found_at, format!("expected `{closer}` before this"))
        .edit("close it", end, closer);
        self.report(d);
    }

    /// A name from `name`, `bad_name` or one of the rules that stand in for it. `what` names the thing: "the constant".
    pub(super) fn name(&mut self, pair: Pair<'_, Rule>, what: &str) -> Option<Ident> {
        let at = pair.as_span().start();
        match pair.as_rule() {
            Rule::name => return Some(self.ident(&pair)),
            Rule::bad_name => return self.keyword_as_name(pair.into_inner()),
            Rule::bad_new_name => {
                let d = self
                    .unexpected(&format!("the name of {what}"), at)
                    .note(NAMES);
                let place = self.place(&pair);
                let bare = self.written(place).trim_matches('"').to_owned();
                let valid = bare.starts_with(|c: char| c.is_ascii_alphabetic())
                    && bare.chars().all(is_word);
                let d = if valid {
                    d.edit("write it without quotes", place, bare)
                } else {
                    d
                };
                self.report(d);
            }
            _ => {
                let d = self.missing(&format!("the name of {what}"), at);
                self.report(d);
            }
        }
        None
    }

    fn keyword_as_name(&mut self, mut inner: Pairs<'_, Rule>) -> Option<Ident> {
        let ident = self.ident(&inner.next()?);
        let d = Diagnostic::error(
            Code::E0117,
            format!("`{}` is a keyword and cannot be a name", ident.node),
            ident.span,
        )
        .primary("a keyword")
        .note("the keywords are net, use, let, block, where, expect, train and as")
        .help(format!("choose another name, such as `{}_`", ident.node));
        self.report(d);
        Some(ident)
    }

    pub(super) fn ident(&self, pair: &Pair<'_, Rule>) -> Ident {
        Spanned {
            node: pair.as_str().to_owned(),
            span: self.place(pair),
        }
    }

    /// `bad_equals`, `bad_is` and `no_equals` where `=` should stand.
    pub(super) fn wrong_equals(&mut self, pair: &Pair<'_, Rule>) {
        let place = self.place(pair);
        let d = if pair.as_rule() == Rule::no_equals {
            let end = self.behind(pair.as_span().start());
            self.missing("`=`", pair.as_span().start())
                .edit("add it", end, " =")
        } else {
            Diagnostic::error(
                Code::E0107,
                format!("expected `=`, found `{}`", self.written(place)),
                place,
            )
            .primary("values are given with `=`")
            .edit("write `=`", place, self.equals_for(place))
        };
        self.report(d);
    }

    /// `=`, with a space before it where none is.
    fn equals_for(&self, wrong: Span) -> &'static str {
        if self.text[..wrong.start as usize].ends_with([' ', '\t']) {
            "="
        } else {
            " ="
        }
    }

    /// `no_comma` and `no_entry_comma`.
    pub(super) fn no_comma(&mut self, at: usize) {
        let (span, found) = self.found(at);
        let end = self.behind(at);
        let d = Diagnostic::error(Code::E0118, format!("expected `,` before {found}"), span)
            .primary("a comma is missing before this")
            .edit("add it", end, ",");
        self.report(d);
    }
}

fn expected(what: &str, found: &str, span: Span) -> Diagnostic {
    Diagnostic::error(Code::E0101, format!("expected {what}, found {found}"), span)
        .primary(format!("expected {what}"))
}

const NAMES: &str = "a name is letters, digits and `_`, and begins with a letter or `_`";

pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
