//! A text and its tree, kept so that a changed text need not be parsed from its beginning.

use super::change::Change;
use super::rules::Rule;
use super::shift::Shift;
use super::window::{self, Window};
use super::{too_large, walked, whole};
use crate::ast::File;
use crate::limits::{MAX_ERRORS, MAX_FILE_BYTES};
use crate::reports::Reports;
use crate::scan::{Scanned, scan};
use crate::{Diagnostic, FileId};

/// A text with its tree and its syntax errors, for editors: after a change they are found from what was known before.
///
/// Whatever the changes were, tree and diagnostics are those that [`crate::parse`] gives for the text.
///
/// ```
/// use netc_grammar::{FileId, Parsed};
/// let mut parsed = Parsed::new("INPUT(4) => FC(2) => RELU", FileId(0));
/// parsed.change("INPUT(4) => FC(20) => RELU");
/// assert_eq!(parsed, Parsed::new("INPUT(4) => FC(20) => RELU", FileId(0)));
/// ```
#[derive(Clone, Debug)]
pub struct Parsed {
    file: FileId,
    text: String,
    tree: File,
    diagnostics: Vec<Diagnostic>,
    kept: Option<Kept>,
}

/// What the next tree can be made from; there is none of a text that has too many mistakes, or is no network at all.
#[derive(Clone, Debug)]
struct Kept {
    /// What the grammar was run over.
    clean: String,
    /// What the walk found, without what the scan did.
    walked: Vec<Diagnostic>,
}

/// All else follows from the text.
impl PartialEq for Parsed {
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file
            && self.text == other.text
            && self.tree == other.tree
            && self.diagnostics == other.diagnostics
    }
}

impl Parsed {
    /// Parses a text.
    #[must_use]
    pub fn new(text: &str, file: FileId) -> Self {
        let mut reports = Reports::default();
        if text.len() > MAX_FILE_BYTES {
            reports.push(too_large(text, file));
            return Self {
                file,
                text: text.to_owned(),
                tree: File::default(),
                diagnostics: reports.finish(),
                kept: None,
            };
        }
        let scanned = scan(text, file, &mut reports);
        Self::scanned(text, file, scanned, reports)
    }

    /// Parses a text that has been scanned.
    fn scanned(text: &str, file: FileId, scanned: Scanned, mut reports: Reports) -> Self {
        let found = reports.all().map_or(0, <[_]>::len);
        let tree = match scanned.too_deep {
            true => File::default(),
            false => {
                let clean = &scanned.clean;
                walked(
                    text,
                    file,
                    Rule::file,
                    clean,
                    &mut reports,
                    |pairs, reports| whole(text, file, &scanned, pairs, reports),
                )
            }
        };
        let all = reports.all().filter(|_| scanned.can_be_patched());
        let kept = all.map(|all| all[found..].to_vec());
        Self {
            file,
            text: text.to_owned(),
            tree,
            diagnostics: reports.finish(),
            kept: kept.map(|walked| Kept {
                clean: scanned.clean,
                walked,
            }),
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What could be parsed.
    #[must_use]
    pub fn tree(&self) -> &File {
        &self.tree
    }

    /// Every syntax error, in the order of the text.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Tree and diagnostics.
    #[must_use]
    pub fn into_parts(self) -> (File, Vec<Diagnostic>) {
        (self.tree, self.diagnostics)
    }

    /// Parses another text, which may differ from this one in a few places. Returns whether most of the tree could be kept.
    pub fn change(&mut self, text: &str) -> bool {
        if text.len() > MAX_FILE_BYTES || self.kept.is_none() {
            *self = Self::new(text, self.file);
            return false;
        }
        let mut reports = Reports::default();
        let scanned = scan(text, self.file, &mut reports);
        let patched = scanned.can_be_patched() && self.patched(text, &scanned, &reports).is_some();
        if !patched {
            *self = Self::scanned(text, self.file, scanned, reports);
        }
        patched
    }

    /// Parses what stands around the change alone, where that is enough.
    fn patched(&mut self, text: &str, scanned: &Scanned, reports: &Reports) -> Option<()> {
        let kept = self.kept.as_mut()?;
        let found = reports.all()?;
        let change = Change::between([(&self.text, text), (&kept.clean, &scanned.clean)]);
        let windows = window::around(&self.tree, &change, self.text.len());
        let (tree, file, new) = (&self.tree, self.file, (text, scanned));
        let parse = |window: Window| {
            let part = window.parse(tree, &kept.walked, new, &change, file)?;
            Some((window, part))
        };
        let (window, part) = windows.into_iter().find_map(parse)?;
        let shift = Shift {
            from: window.end(),
            by: change.shift(),
        };
        kept.walked.retain(|d| window.is_outside(d));
        kept.walked.iter_mut().for_each(|d| shift.diagnostic(d));
        kept.walked.extend(part.diagnostics);
        if found.len() + kept.walked.len() >= MAX_ERRORS {
            return None;
        }
        shift.file(&mut self.tree);
        window.put(&mut self.tree, part.items);
        kept.clean.clone_from(&scanned.clean);
        let mut reports = Reports::default();
        let all = found.iter().chain(&kept.walked).cloned();
        all.for_each(|d| reports.push(d));
        self.diagnostics = reports.finish();
        text.clone_into(&mut self.text);
        Some(())
    }
}

impl Scanned {
    /// Whether the grammar has seen the text, and something is in it.
    fn can_be_patched(&self) -> bool {
        self.has_content && !self.too_deep
    }
}
