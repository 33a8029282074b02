//! Where pixels and their windows lie in memory.

use crate::cpu::access::{Shared, Source, Target};
use crate::plan::Conv;
use core::ops::Range;

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

/// An output pixel of a batch.
#[derive(Clone, Copy)]
struct Place {
    image: usize,
    y: usize,
    x: usize,
}

impl Place {
    /// The pixel of this number, counted through the batch.
    fn of(number: usize, [height, width]: [usize; 2]) -> Self {
        Self {
            image: number / (height * width),
            y: number / width % height,
            x: number % width,
        }
    }

    /// Goes on by so many pixels.
    #[inline(always)]
    fn advance(&mut self, count: usize, [height, width]: [usize; 2]) {
        self.x += count;
        while self.x >= width {
            (self.x, self.y) = (self.x - width, self.y + 1);
            if self.y == height {
                (self.y, self.image) = (0, self.image + 1);
            }
        }
    }

    /// Where its window starts in a picture of `pixel` elements a pixel.
    #[inline(always)]
    fn window(&self, d: &Conv, pixel: usize) -> Origin {
        let y = (self.y * d.stride[0]) as isize - d.pad[0] as isize;
        let x = (self.x * d.stride[1]) as isize - d.pad[2] as isize;
        let row = (self.image * d.input[0]) as isize + y;
        let cell = row.wrapping_mul(d.input[1] as isize).wrapping_add(x);
        Origin {
            offset: cell.wrapping_mul(pixel as isize) as usize,
            y,
            x,
        }
    }
}

/// The windows of the output pixels from `start` on, counted through the batch.
pub(crate) fn origins(
    d: &Conv,
    output: [usize; 2],
    start: usize,
    pixel: usize,
    origins: &mut [Origin],
) {
    let mut place = Place::of(start, output);
    for origin in origins {
        *origin = place.window(d, pixel);
        place.advance(1, output);
    }
}

/// Some output pixels that a kernel takes at once.
pub(crate) struct Strip {
    /// The first of them, counted through the batch.
    pub(crate) start: usize,
    /// How many they are.
    pub(crate) count: usize,
    /// The window of the first.
    pub(crate) window: Origin,
    /// Whether their windows lie side by side in a row, inside the picture.
    pub(crate) is_even: bool,
}

/// The way through output pixels, strip by strip.
pub(crate) struct Strips<'d> {
    d: &'d Conv,
    output: [usize; 2],
    /// Elements of an input pixel.
    pixel: usize,
    place: Place,
    range: Range<usize>,
    most: usize,
    within_rows: bool,
}

impl<'d> Strips<'d> {
    /// The pixels of a range, counted through the batch, at most so many at once. Strips are of about one size, as a small rest would waste most
    /// of the weights that it loads; with `within_rows` none goes from one row to the next.
    pub(crate) fn new(
        d: &'d Conv,
        output: [usize; 2],
        pixel: usize,
        range: Range<usize>,
        most: usize,
        within_rows: bool,
    ) -> Self {
        Self {
            d,
            output,
            pixel,
            place: Place::of(range.start, output),
            range,
            most,
            within_rows,
        }
    }
}

impl Iterator for Strips<'_> {
    type Item = Strip;

    #[inline(always)]
    fn next(&mut self) -> Option<Strip> {
        let Range { start, end } = self.range;
        if start == end {
            return None;
        }
        let left_of_row = self.output[1] - self.place.x;
        let left = match self.within_rows {
            true => left_of_row.min(end - start),
            false => end - start,
        };
        let count = left.div_ceil(left.div_ceil(self.most));
        let window = self.place.window(self.d, self.pixel);
        let is_even = count <= left_of_row && are_inside(self.d, &window, count);
        self.range.start += count;
        self.place.advance(count, self.output);
        Some(Strip {
            start,
            count,
            window,
            is_even,
        })
    }
}

/// Whether the pixels of one row are enough for tiles of at most so many, each of so many vectors of sums. They lie evenly, those of two rows do not.
pub(crate) fn rows_fill(width: usize, vectors: usize, most: usize) -> bool {
    // So many sums keep the arithmetic busy: when it is the first one's turn again, its last product is there.
    const ENOUGH: usize = 8;
    width / width.div_ceil(most) * vectors >= ENOUGH
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
    let apart = (windows.len() - 1) * d.stride[1];
    first.y == last.y
        && first.x.checked_add_unsigned(apart) == Some(last.x)
        && are_inside(d, first, windows.len())
}

/// Whether so many windows of a row, of which this is the first, lie inside the picture.
#[inline]
fn are_inside(d: &Conv, first: &Origin, count: usize) -> bool {
    let reach = [0, 1].map(|axis| d.dilation[axis] * (d.kernel[axis] - 1));
    let apart = (count - 1) * d.stride[1];
    first.x >= 0
        && first.y >= 0
        && first.x as usize + apart + reach[1] < d.input[1]
        && first.y as usize + reach[0] < d.input[0]
}
