//! How the sum over the inputs of a window is cut.

use alloc::vec::Vec;
use core::ops::Range;

/// The most runs of inputs in a block.
pub(super) const MAX_SEGMENTS: usize = 64;

/// A block of the `K` terms of the sum: some rows of the window, or some cells of one row, or some channels of one cell.
pub(super) struct KBlock {
    pub(super) y: Range<usize>,
    pub(super) x: Range<usize>,
    pub(super) channel: Range<usize>,
    /// How many terms of the sum come before.
    pub(super) start: usize,
}

/// Cuts a sum over `[kh, kw, c]` into blocks of about `terms`.
pub(super) fn blocks([kh, kw, channels]: [usize; 3], terms: usize) -> Vec<KBlock> {
    let terms = terms.max(16);
    let even = |total: usize, most: usize| {
        let parts = total.div_ceil(most.max(1));
        (0..parts).map(move |i| i * total / parts..(i + 1) * total / parts)
    };
    let mut blocks = Vec::new();
    if kw * channels <= terms && kw <= MAX_SEGMENTS {
        for y in even(kh, (terms / (kw * channels)).min(MAX_SEGMENTS / kw)) {
            let start = y.start * kw * channels;
            blocks.push(KBlock {
                y,
                x: 0..kw,
                channel: 0..channels,
                start,
            });
        }
        return blocks;
    }
    for ky in 0..kh {
        if channels <= terms {
            for x in even(kw, (terms / channels).min(MAX_SEGMENTS)) {
                let start = (ky * kw + x.start) * channels;
                blocks.push(KBlock {
                    y: ky..ky + 1,
                    x,
                    channel: 0..channels,
                    start,
                });
            }
        } else {
            for kx in 0..kw {
                for channel in even(channels, terms) {
                    let start = (ky * kw + kx) * channels + channel.start;
                    blocks.push(KBlock {
                        y: ky..ky + 1,
                        x: kx..kx + 1,
                        channel,
                        start,
                    });
                }
            }
        }
    }
    blocks
}
