//! rustc's style, drawn by annotate-snippets.

use annotate_snippets::{AnnotationKind, Element, Group, Level, Patch, Renderer, Snippet};
use std::ops::Range;

use crate::span::floor_char_boundary;
use crate::{Diagnostic, FileId, Help, Label, Severity, Sources, Span};

/// Lines longer than this many bytes are shown in part.
const LONG_LINE: usize = 240;

/// How much of a long line is shown before and after the place in question.
const CONTEXT: usize = 40;

/// The diagnostics as rustc would print them, one after the other.
///
/// ```
/// use netc_grammar::{Sources, parse, render};
/// let mut sources = Sources::default();
/// let file = sources.add("a.net", "INPUT(4) -> FC(2)");
/// let (_, diagnostics) = parse(&sources, file);
/// let text = render(&sources, &diagnostics, false);
/// assert!(text.starts_with("error[E0103]: `->` is not netc's arrow\n --> a.net:1:10\n"));
/// ```
#[must_use]
pub fn render(sources: &Sources, diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&renderer.render(&report(sources, diagnostic)));
        out.push_str("\n\n");
    }
    out
}

/// One diagnostic: its own group, then one for each edit.
fn report<'a>(sources: &'a Sources, diagnostic: &'a Diagnostic) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(&diagnostic.headline)
        .id(diagnostic.code.as_str());
    let mut main = Group::with_title(title).elements(snippets(sources, &diagnostic.labels));
    let mut edits = Vec::new();
    for note in &diagnostic.notes {
        main = main.element(Level::NOTE.message(note));
    }
    for help in &diagnostic.helps {
        match edit_group(sources, help) {
            Some(group) => edits.push(group),
            None => main = main.element(Level::HELP.message(in_words(help))),
        }
    }
    edits.insert(0, main);
    edits
}

/// The labelled places, file by file, the primary one's first.
fn snippets<'a>(sources: &'a Sources, labels: &'a [Label]) -> Vec<Element<'a>> {
    let mut files: Vec<FileId> = Vec::new();
    for label in labels.iter().filter(|label| sources.holds(label.span)) {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    let primary = labels.first();
    let kind = |label: &Label| match primary {
        Some(first) if std::ptr::eq(first, label) => AnnotationKind::Primary,
        _ => AnnotationKind::Context,
    };
    let mut elements = Vec::new();
    for file in files {
        let here = labels
            .iter()
            .filter(|label| label.span.file == file && sources.holds(label.span));
        match Window::around(sources, file, here.clone().map(|label| label.span)) {
            Some(window) => {
                let annotations = here.map(|label| {
                    let text = (!label.text.is_empty()).then_some(label.text.as_str());
                    kind(label).span(window.range(label.span)).label(text)
                });
                elements.push(window.snippet(sources).annotations(annotations).into());
            }
            None => elements.extend(here.map(|label| excerpt(sources, label, kind(label)))),
        }
    }
    elements
}

/// A label in a line too long to show, with what stands around it. Spaces take the place of the text before, so that the column is right.
fn excerpt<'a>(sources: &'a Sources, label: &'a Label, kind: AnnotationKind) -> Element<'a> {
    let span = label.span;
    let source = sources.get(span.file);
    let (start, _) = sources.line_col(span);
    let line = sources.lines(span.file, start.line, start.line);
    let boundary = |at: usize| floor_char_boundary(&source.text, at).clamp(line.start, line.end);
    let from = boundary((span.start as usize).saturating_sub(CONTEXT));
    let until = boundary(span.start as usize + 2 * CONTEXT);
    let hidden = source.text[line.start..from].chars().count();
    let more = if until < line.end { "..." } else { "" };
    let shown = format!("{}{}{more}", " ".repeat(hidden), &source.text[from..until]);
    let at = |offset: u32| (offset as usize).clamp(from, until) - from + hidden;
    let text = (!label.text.is_empty()).then_some(label.text.as_str());
    let annotation = kind.span(at(span.start)..at(span.end)).label(text);
    Snippet::source(shown)
        .path(&source.name)
        .line_start(start.line)
        .annotation(annotation)
        .into()
}

/// The edit as rustc shows suggestions; `None` where it must be put in words.
fn edit_group<'a>(sources: &'a Sources, help: &'a Help) -> Option<Group<'a>> {
    let (span, replacement) = help.edit.as_ref()?;
    let window = Some(*span)
        .filter(|&span| sources.holds(span))
        .and_then(|span| Window::around(sources, span.file, std::iter::once(span)))?;
    let patch = Patch::new(window.range(*span), replacement);
    let snippet = Snippet::source(&sources.get(span.file).text[window.bytes.clone()])
        .line_start(window.first_line)
        .patch(patch);
    Some(Group::with_title(Level::HELP.secondary_title(&help.text)).element(snippet))
}

fn in_words(help: &Help) -> String {
    match &help.edit {
        Some((_, replacement)) if !help.text.contains(replacement.trim()) => {
            format!("{}: `{}`", help.text, replacement.trim())
        }
        _ => help.text.clone(),
    }
}

/// The lines of one file that are shown.
struct Window {
    file: FileId,
    first_line: usize,
    bytes: Range<usize>,
}

impl Window {
    /// The lines that hold these spans; `None` where one of them is too long.
    fn around(sources: &Sources, file: FileId, spans: impl Iterator<Item = Span>) -> Option<Self> {
        let text = &sources.get(file).text;
        let (mut first, mut last) = (usize::MAX, 0);
        for span in spans {
            let (start, end) = sources.line_col(span);
            first = first.min(start.line);
            last = last.max(end.line);
        }
        let bytes = sources.lines(file, first.min(last), last);
        let fits = text[bytes.clone()]
            .split('\n')
            .all(|line| line.len() <= LONG_LINE);
        fits.then_some(Self {
            file,
            first_line: first,
            bytes,
        })
    }

    fn range(&self, span: Span) -> Range<usize> {
        let at = |offset: u32| {
            (offset as usize).clamp(self.bytes.start, self.bytes.end) - self.bytes.start
        };
        at(span.start)..at(span.end)
    }

    fn snippet<'a, T: Clone>(&self, sources: &'a Sources) -> Snippet<'a, T> {
        let source = sources.get(self.file);
        Snippet::source(&source.text[self.bytes.clone()])
            .path(&source.name)
            .line_start(self.first_line)
    }
}
