//! Where pixels and their windows lie in memory.

use crate::cpu::access::{Shared, Source, Target};
use crate::plan::Conv;

/// A batch of NHWC pictures in memory, for kernels that find their way there themselves.
#[derive(Clone, Copy)]
pub(crate) struct Pixels<'m> {
    /// From the first element of the first image on.
    pub(crate) memory: Shared<'m, f32>,
    /// Elements from one pixel to the next; images follow each other without a gap.
    pub(crate) pixel: usize,
}

impl<'m> Pixels<'m> {
    /// What a step reads.
    pub(crate) fn of(x: &Source<'m>) -> Self {
        Self {
            memory: x.memory(),
            pixel: x.geometry.pixel,
        }
    }

    /// What a step writes.
    pub(crate) fn into(y: &Target<'m>) -> Self {
        Self {
            memory: y.memory(),
            pixel: y.geometry.pixel,
        }
    }

    /// The same pixels from this channel on.
    pub(crate) fn skip(self, channels: usize) -> Self {
        Self {
            memory: self.memory.skip(channels),
            ..self
        }
    }

    /// So many dense pixels as one.
    pub(super) fn of_several(self, count: usize) -> Self {
        Self {
            pixel: count * self.pixel,
            ..self
        }
    }

    /// The address of an element, counted from the first; where it lies in no pixel, nothing may be read or written.
    #[inline]
    pub(crate) fn at(&self, offset: usize) -> *mut f32 {
        self.memory.at(offset)
    }
}

/// Where a pixel's window starts in the input.
#[derive(Clone, Copy, Default)]
pub(crate) struct Origin {
    /// Elements from the start of the batch; wraps where the window starts in the padding, below zero before the first image.
    pub(crate) offset: usize,
    /// Row; negative in the padding.
    pub(crate) y: isize,
    /// Column; negative in the padding.
    pub(crate) x: isize,
}

/// The windows of the output pixels from `start` on, counted through the batch.
pub(crate) fn origins(
    d: &Conv,
    [height, width]: [usize; 2],
    start: usize,
    pixel: usize,
    origins: &mut [Origin],
) {
    let mut image = start / (height * width);
    let (mut oy, mut ox) = (start / width % height, start % width);
    for origin in origins {
        let y = (oy * d.stride[0]) as isize - d.pad[0] as isize;
        let x = (ox * d.stride[1]) as isize - d.pad[2] as isize;
        let row = (image * d.input[0]) as isize + y;
        let cell = row.wrapping_mul(d.input[1] as isize).wrapping_add(x);
        *origin = Origin {
            offset: cell.wrapping_mul(pixel as isize) as usize,
            y,
            x,
        };
        ox += 1;
        if ox == width {
            (ox, oy) = (0, oy + 1);
            if oy == height {
                (oy, image) = (0, image + 1);
            }
        }
    }
}

/// Where each cell of each window lies, cell by cell; `zeros` for those outside the picture.
pub(super) fn cells(
    d: &Conv,
    windows: &[Origin],
    input: Pixels<'_>,
    zeros: &[f32],
    rows: &mut [*const f32],
) {
    let mut slots = rows.iter_mut();
    for ky in 0..d.kernel[0] {
        let y = ky * d.dilation[0];
        for kx in 0..d.kernel[1] {
            let x = kx * d.dilation[1];
            let cell = y.wrapping_mul(d.input[1]).wrapping_add(x);
            let cell = cell.wrapping_mul(input.pixel);
            for (o, slot) in windows.iter().zip(&mut slots) {
                // A negative row or column is huge as a `usize`.
                let here = o.y.wrapping_add_unsigned(y) as usize;
                let there = o.x.wrapping_add_unsigned(x) as usize;
                *slot = if here < d.input[0] && there < d.input[1] {
                    input.at(o.offset.wrapping_add(cell)).cast_const()
                } else {
                    zeros.as_ptr()
                };
            }
        }
    }
}

/// Whether these windows lie side by side in a row, inside the picture.
#[inline]
pub(crate) fn are_even(d: &Conv, windows: &[Origin]) -> bool {
    let [Some(first), Some(last)] = [windows.first(), windows.last()] else {
        return false;
    };
    let reach = [0, 1].map(|axis| d.dilation[axis] * (d.kernel[axis] - 1));
    let apart = (windows.len() - 1) * d.stride[1];
    first.y == last.y
        && first.x.checked_add_unsigned(apart) == Some(last.x)
        && first.x >= 0
        && first.y >= 0
        && last.x as usize + reach[1] < d.input[1]
        && first.y as usize + reach[0] < d.input[0]
}
