//! What the parts of a training step's text share: what it depends on, and the names of its memory.

use super::super::Precision;
use super::super::source::Argument;
use super::super::task::Through;
use crate::plan::{Plan, Slot, View};
use crate::train::Rule;
use alloc::format;
use alloc::string::String;

/// Numbers of a piece of the parameters, one block's work.
pub(super) const PIECE: usize = 4096;

/// What the text depends on beside the plan.
pub(super) struct About<'r> {
    pub(super) rule: &'r Rule,
    /// Pieces of the parameters.
    pub(super) pieces: usize,
    /// Parts of the sums over them.
    pub(super) parts: usize,
    /// Whether a connection table leaves out weights.
    pub(super) masked: bool,
    /// The activation that each loss takes its gradient through.
    pub(super) losses: &'r [Option<Through>],
    /// Images of the largest batch.
    pub(super) max_batch: usize,
    /// What products are computed to.
    pub(super) precision: Precision,
    /// The preparation of held pictures, where the step begins with it.
    pub(super) pictures: Option<&'r str>,
}

pub(super) const PIECES: Argument = Argument::Own("const netc::Piece*", "pieces");
pub(super) const PARAMS: Argument = Argument::Own("float*", "params");
pub(super) const GRADIENTS: Argument = Argument::Own("float*", "gradients");
pub(super) const BEFORE: Argument = Argument::Own("float*", "before");
pub(super) const MASK: Argument = Argument::Own("const float*", "mask");
pub(super) const PARTS: Argument = Argument::Own("netc::Part*", "parts");
pub(super) const LABELS: Argument = Argument::Own("const unsigned int*", "labels");
pub(super) const FIGURES: Argument = Argument::Own("netc::Figure*", "figures");
pub(super) const OUTCOME: Argument = Argument::Own("netc::Outcome*", "outcome");
pub(super) const FIRST: Argument = Argument::Own("float*", "first");
pub(super) const SECOND: Argument = Argument::Own("float*", "second");
pub(super) const RATES: Argument = Argument::Own("const netc::Rates*", "rates");

/// The most labels that a loss has for an image.
pub(super) fn labels(plan: &Plan) -> usize {
    let pixels = plan
        .loss
        .iter()
        .map(|loss| loss.scores.shape[0] * loss.scores.shape[1]);
    pixels.max().unwrap_or(1)
}

/// Where a view lies for the batch.
pub(super) fn by_batch(view: View) -> String {
    match view.slot {
        Slot::Input => "input".into(),
        Slot::Arena(offset) => format!("arena + {}ull * images", offset / size_of::<f32>()),
    }
}
