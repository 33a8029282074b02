//! Views in an arena for a batch, on the host's side.

use crate::plan::{Slot, View};
use alloc::vec::Vec;
use core::ops::Range;

/// The numbers of a view's buffer in an arena for `batch` images.
pub(super) fn range(view: View, batch: usize) -> Range<usize> {
    let first = match view.slot {
        Slot::Arena(offset) => offset / size_of::<f32>() * batch,
        Slot::Input => 0,
    };
    first..first + view.image() * batch
}

/// A view's values out of its buffer, dense.
pub(super) fn gather(view: View, buffer: &[f32]) -> Vec<f32> {
    let channels = view.channel..view.channel + view.shape[2];
    let pixels = buffer.chunks_exact(view.pixel);
    pixels
        .flat_map(|pixel| pixel[channels.clone()].iter().copied())
        .collect()
}

/// A view's values into its buffer.
#[cfg(feature = "train")]
pub(super) fn scatter(view: View, buffer: &mut [f32], values: &[f32]) {
    let pixels = buffer.chunks_exact_mut(view.pixel);
    for (pixel, values) in pixels.zip(values.chunks_exact(view.shape[2])) {
        pixel[view.channel..][..view.shape[2]].copy_from_slice(values);
    }
}
