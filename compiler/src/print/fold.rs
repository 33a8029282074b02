//! Repeats and blocks.

use netc_grammar::ast::File;

/// Folds.
pub(super) fn fold(_: &mut File) {}
