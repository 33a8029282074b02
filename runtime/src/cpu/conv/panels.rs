//! Weights in panels of a few vectors of filters, in the order in which the tile kernels read them.

use crate::cpu::kernel::Weight;
use crate::plan::Conv;
use alloc::vec::Vec;

/// Where a tensor of weights holds what: the element of the first group, filter, cell and channel, and the distance, in
/// elements, for one step along each axis. Negative distances flip a kernel, for backward through a convolution.
#[derive(Clone, Copy)]
pub(crate) struct Strides {
    pub(crate) first: usize,
    pub(crate) group: isize,
    /// Inside a group.
    pub(crate) filter: isize,
    pub(crate) y: isize,
    pub(crate) x: isize,
    pub(crate) channel: isize,
}

impl Strides {
    /// The file's layout: `[filters, c / groups, kh, kw]`.
    pub(crate) fn file(d: &Conv) -> Self {
        let area = d.kernel[0] * d.kernel[1];
        let filter = d.input[2] / d.groups * area;
        Self {
            first: 0,
            group: (d.filters / d.groups * filter) as isize,
            filter: filter as isize,
            y: d.kernel[1] as isize,
            x: 1,
            channel: area as isize,
        }
    }

    /// Index of an element.
    pub(super) fn at(
        &self,
        group: usize,
        filter: usize,
        [y, x]: [usize; 2],
        channel: usize,
    ) -> usize {
        let steps = group as isize * self.group
            + filter as isize * self.filter
            + y as isize * self.y
            + x as isize * self.x
            + channel as isize * self.channel;
        self.first.wrapping_add_signed(steps)
    }
}

/// A few filters of one group: packed `[K][vectors * lanes]`.
#[derive(Clone, Copy)]
pub(super) struct Panel {
    pub(super) group: usize,
    /// Counted through all groups.
    pub(super) filter: usize,
    pub(super) width: usize,
    pub(super) vectors: usize,
    /// Offset of the weights.
    pub(super) weights: usize,
    /// Offset of the biases.
    pub(super) bias: usize,
}

/// Cuts `total` vectors of filters into panels: threes where that comes out even, fours where that does, else threes and
/// twos. A panel of one vector is the worst, as every pixel's value is loaded for it anew.
pub(super) fn widths(total: usize, most: usize, single: bool) -> Vec<usize> {
    let even = |width: usize| most >= width && total.is_multiple_of(width);
    let widest = if single && most >= 4 {
        4 // for a single pixel: the most sums at once
    } else if even(3) {
        3
    } else if even(4) {
        4
    } else {
        most.min(3)
    };
    let mut left = total;
    let mut widths = Vec::new();
    while left > 0 {
        let width = match left {
            4 if widest == 3 => 2,
            _ => widest.min(left),
        };
        widths.push(width);
        left -= width;
    }
    widths
}

/// Writes `[K][lanes]` weights of a panel; lanes past its width stay zero. `filters` are those of a group.
pub(super) fn pack<W: Weight>(
    to: &mut [W],
    panel: &Panel,
    [lanes, filters]: [usize; 2],
    [kh, kw, channels]: [usize; 3],
    from: &[f32],
    s: Strides,
) {
    /// Filters at a time: a cache line of `to`, written whole.
    const LINE: usize = 16;
    // Divisions here, not in the loops.
    let filter = panel.filter % filters;
    for first in (0..panel.width).step_by(LINE) {
        let count = LINE.min(panel.width - first);
        let mut line = |[ky, kx]: [usize; 2], c: usize| {
            let row = ((ky * kw + kx) * channels + c) * lanes;
            let mut source = s.at(panel.group, filter + first, [ky, kx], c);
            let numbers = (0..count).map(|_| {
                let number = from[source];
                source = source.wrapping_add_signed(s.filter);
                number
            });
            W::write(&mut to[row..row + lanes], panel.vectors, first, numbers);
        };
        // In the order of the source, where its cells lie closer together than its channels.
        let (outer, inner) = match s.x.unsigned_abs() < s.channel.unsigned_abs() {
            true => (channels, 1),
            false => (1, channels),
        };
        for chunk in 0..outer {
            for ky in 0..kh {
                for kx in 0..kw {
                    (0..inner).for_each(|c| line([ky, kx], chunk * inner + c));
                }
            }
        }
    }
}
