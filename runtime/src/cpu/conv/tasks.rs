//! How the output pixels and the panels of a product are cut into tasks: by sizes only, so that the threads do not matter.

use crate::cpu::tuning::Tuning;
use core::ops::Range;

/// The most pixels in a task.
pub(crate) const MAX_PIXELS: usize = 384;

/// What a run has to do.
pub(crate) struct Work {
    /// Output pixels of the batch.
    pub(crate) pixels: usize,
    /// Panels of filters, or groups of them that a pixel takes at once.
    pub(crate) panels: usize,
    /// Products of a pixel with the widest panel.
    pub(crate) products: usize,
    /// Products that make a task worth its start.
    pub(crate) worth: usize,
    /// Bytes of input from the window of one pixel to the next one's, in both directions.
    pub(crate) input: usize,
    /// Bytes of all weights.
    pub(crate) weights: usize,
    /// The least pixels in a task: some tiles of the widest kernel.
    pub(crate) least: usize,
}

/// The tasks of one run: some pixels by a panel each.
#[derive(Clone, Copy)]
pub(crate) struct Tasks {
    pixels: usize,
    step: usize,
    parts: usize,
    panels: usize,
    panels_first: bool,
}

impl Tasks {
    /// Cuts this work.
    pub(crate) fn of(work: &Work, tuning: &Tuning) -> Self {
        let fair = work.pixels * work.panels / tuning.tasks;
        let step = fair
            .max(work.worth / work.products.max(1))
            .min(tuning.input_bytes / work.input.max(1))
            .clamp(work.least, MAX_PIXELS);
        let parts = work.pixels.div_ceil(step).max(1);
        Self {
            pixels: work.pixels,
            step: work.pixels.div_ceil(parts),
            parts,
            panels: work.panels,
            panels_first: work.weights > tuning.resident_bytes,
        }
    }

    /// How many they are.
    pub(crate) fn count(&self) -> usize {
        self.parts * self.panels
    }

    /// The pixels of a task, counted through the batch, at most [`MAX_PIXELS`], and its panel. There may be no pixels.
    pub(crate) fn get(&self, task: usize) -> (Range<usize>, usize) {
        let (part, panel) = match self.panels_first {
            true => (task % self.parts, task / self.parts),
            false => (task / self.panels, task % self.panels),
        };
        let end = self.pixels.min((part + 1) * self.step);
        ((part * self.step).min(end)..end, panel)
    }
}
