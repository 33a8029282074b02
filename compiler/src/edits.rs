//! Suggested edits are tried before they are suggested: one that would not leave fewer mistakes is none.
//!
//! What a diagnostic knows of the text around its place is little: that `->` should be `=>` is certain, that `CONVV` should be
//! `CONV` is a guess. So each edit is applied and the front of the pipeline runs once more. Help that says in words what to do
//! stays without its edit; help that is only the edit goes.

use crate::check::check;
use crate::loader::Loader;
use crate::resolve::resolve;
use netc_grammar::{Code, Diagnostic, FileId, Help, Parsed, Sources, Span, parse};

/// Bytes of text that are read again, at most, to try the edits of one network. Edits beyond that are suggested untried.
const MAX_WORK: usize = 1 << 20;

/// What a layer costs, in bytes of text.
const LAYER: usize = 32;

/// Tries the edits of these diagnostics, which are all that the front of the pipeline has to say about the texts. `parsed` is the root's
/// text where it has been kept: its other parts need not be parsed again then.
pub(crate) fn try_all(
    sources: &Sources,
    root: FileId,
    parsed: Option<&Parsed>,
    layers: usize,
    loader: &mut dyn Loader,
    diagnostics: &mut [Diagnostic],
) {
    let mut trial = Trial {
        sources,
        root,
        parsed,
        loader,
        before: diagnostics.iter().map(Mistake::of).collect(),
    };
    let texts = sources.iter().map(|(_, source)| source.text.len());
    let cost = layers * LAYER + texts.sum::<usize>();
    let mut left = MAX_WORK;
    for diagnostic in diagnostics {
        let mistake = Mistake::of(diagnostic);
        diagnostic.helps.retain_mut(|help| {
            let Some((span, text)) = &help.edit else {
                return true;
            };
            let untried = left < cost;
            left = left.saturating_sub(cost);
            if untried || trial.helps(mistake, *span, text) {
                return true;
            }
            help.edit = None;
            says_what_to_do(help)
        });
    }
}

/// Whether help is worth something without its edit: it names what to write.
fn says_what_to_do(help: &Help) -> bool {
    help.text.contains('`')
}

/// A diagnostic, as far as counting needs it.
#[derive(Clone, Copy)]
struct Mistake {
    is_error: bool,
    stage: Stage,
}

/// Mistakes of a stage come to light only where there are none of those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Text,
    Shapes,
    Claims,
}

impl Mistake {
    fn of(diagnostic: &Diagnostic) -> Self {
        let stage = match diagnostic.code {
            Code::E0503 | Code::E0607 | Code::E0608 | Code::E0609 => Stage::Claims,
            code if (Code::E0401..=Code::E0411).contains(&code) => Stage::Shapes,
            _ => Stage::Text,
        };
        Self {
            is_error: diagnostic.is_error(),
            stage,
        }
    }
}

struct Trial<'a> {
    sources: &'a Sources,
    root: FileId,
    parsed: Option<&'a Parsed>,
    loader: &'a mut dyn Loader,
    before: Vec<Mistake>,
}

impl Trial<'_> {
    /// Whether an edit for this mistake leaves fewer of its stage and those before. For a warning, errors must not become more.
    fn helps(&mut self, mistake: Mistake, span: Span, replacement: &str) -> bool {
        let after: Vec<Mistake> = self
            .mended(span, replacement)
            .iter()
            .map(Mistake::of)
            .collect();
        let left = |mistakes: &[Mistake]| {
            let count = |errors: bool| {
                let counted = mistakes.iter();
                counted
                    .filter(|m| m.stage <= mistake.stage && m.is_error == errors)
                    .count()
            };
            (count(true), if mistake.is_error { 0 } else { count(false) })
        };
        left(&after) < left(&self.before)
    }

    /// What the front of the pipeline says about the edited text.
    fn mended(&mut self, span: Span, replacement: &str) -> Vec<Diagnostic> {
        let edited = Edited {
            sources: self.sources,
            span,
            replacement,
        };
        let mut sources = Sources::default();
        let name = self.sources.get(self.root).name.clone();
        let root = sources.add(name, edited.text(self.root));
        let (tree, mut diagnostics) = match self.parsed {
            Some(parsed) => {
                let mut parsed = parsed.clone();
                parsed.change(&sources.get(root).text);
                parsed.into_parts()
            }
            None => parse(&sources, root),
        };
        let mut loader = Reread {
            edited,
            loader: self.loader,
        };
        let resolved = resolve(&mut sources, root, tree, &mut loader, &mut diagnostics);
        check(resolved, &mut diagnostics);
        diagnostics
    }
}

/// The texts, with an edit.
struct Edited<'a> {
    sources: &'a Sources,
    span: Span,
    replacement: &'a str,
}

impl Edited<'_> {
    fn text(&self, file: FileId) -> String {
        let text = &self.sources.get(file).text;
        if self.span.file != file {
            return text.clone();
        }
        let (start, end) = (self.span.start as usize, self.span.end as usize);
        format!("{}{}{}", &text[..start], self.replacement, &text[end..])
    }
}

/// Gives again what has been read, and reads what was not.
struct Reread<'a> {
    edited: Edited<'a>,
    loader: &'a mut dyn Loader,
}

impl Loader for Reread<'_> {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let mut files = self.edited.sources.iter();
        match files.find(|(_, source)| source.name == path) {
            // Where bytes could not be decoded, the text is not what was read.
            Some((file, source)) if !source.text.contains('\u{fffd}') => {
                Ok(self.edited.text(file).into_bytes())
            }
            _ => self.loader.read(path),
        }
    }
}
