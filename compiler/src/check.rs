//! What is checked once names are resolved: shapes, and then what the file claims.

use crate::claims;
use crate::resolve::Resolved;
use crate::shape;
use crate::train::fit;
use netc_grammar::Diagnostic;

/// The end of the front of the pipeline; claims and recipes are looked at where all else is right.
pub(crate) fn check(
    mut resolved: Option<Resolved>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Resolved> {
    if let Some(Resolved::Net(graph)) = &mut resolved {
        shape::infer(graph, diagnostics);
        if !diagnostics.iter().any(Diagnostic::is_error) {
            claims::check(graph, diagnostics);
            fit::check(graph, diagnostics);
        }
    }
    resolved
}
