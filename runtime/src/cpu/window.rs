//! Windows that slide over a picture.

use core::ops::Range;

/// The rows (or columns) of a picture of `size` under window `o`; those over the padding are left out.
pub(super) fn under(
    o: usize,
    window: usize,
    stride: usize,
    pad: usize,
    size: usize,
) -> Range<usize> {
    let start = (o * stride).saturating_sub(pad).min(size);
    let end = (o * stride + window).saturating_sub(pad).min(size);
    start..end
}

/// Channels that a kernel keeps in registers while it walks over a window.
pub(super) const BLOCK: usize = 32;
