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

/// Filters at a time: a cache line of what is written, whole.
const LINE: usize = 16;

/// Numbers of a filter that lie side by side: all its terms, or the cells of each of its channels.
struct Runs {
    count: usize,
    len: usize,
    /// Terms from one number of a run to the next.
    step: usize,
}

impl Runs {
    /// None where the cells of no channel lie side by side, or filters lie backwards.
    fn of(s: Strides, [kh, kw, channels]: [usize; 3]) -> Option<Self> {
        let are = |x: usize, y: usize| s.filter > 0 && s.x == x as isize && s.y == y as isize;
        if s.channel == 1 && are(channels, kw * channels) {
            return Some(Self {
                count: 1,
                len: kh * kw * channels,
                step: 1,
            });
        }
        are(1, kw).then_some(Self {
            count: channels,
            len: kh * kw,
            step: channels,
        })
    }
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
    let runs = Runs::of(s, [kh, kw, channels]);
    let mut block = [[0.0; LINE]; LINE];
    // Divisions here, not in the loops.
    let filter = panel.filter % filters;
    for first in (0..panel.width).step_by(LINE) {
        let count = LINE.min(panel.width - first);
        let source = |cell, c| s.at(panel.group, filter + first, cell, c);
        if let Some(runs) = &runs {
            for c in 0..runs.count {
                let rows = from[source([0, 0], c)..].chunks(s.filter as usize);
                transpose(rows.take(count), runs.len, &mut block, |i, line| {
                    let numbers = line[..count].iter().copied();
                    let row = (c + i * runs.step) * lanes;
                    W::write(&mut to[row..row + lanes], panel.vectors, first, numbers);
                });
            }
            continue;
        }
        for (y, x) in (0..kh).flat_map(|y| (0..kw).map(move |x| (y, x))) {
            for c in 0..channels {
                let row = ((y * kw + x) * channels + c) * lanes;
                let mut source = source([y, x], c);
                let numbers = (0..count).map(|_| {
                    let number = from[source];
                    source = source.wrapping_add_signed(s.filter);
                    number
                });
                W::write(&mut to[row..row + lanes], panel.vectors, first, numbers);
            }
        }
    }
}

/// Calls `write` with the numbers of each column of the first `len`: one number of each row. By blocks, so that rows are read and columns
/// written as they lie.
fn transpose<'r>(
    rows: impl Iterator<Item = &'r [f32]> + Clone,
    len: usize,
    block: &mut [[f32; LINE]; LINE],
    mut write: impl FnMut(usize, &[f32; LINE]),
) {
    for start in (0..len).step_by(LINE) {
        let end = len.min(start + LINE);
        for (f, row) in rows.clone().enumerate() {
            for (line, number) in block.iter_mut().zip(&row[start..end]) {
                line[f] = *number;
            }
        }
        (start..end)
            .zip(&*block)
            .for_each(|(i, line)| write(i, line));
    }
}
