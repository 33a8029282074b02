//! Windows that slide over a picture.

#[cfg(feature = "train")]
use super::access::Image;
use super::access::Source;
use core::ops::Range;

/// The rows (or columns) of a picture of `size` under window `o`; those over the padding are left out.
pub(crate) fn under(
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

/// How many rows (or columns) of a picture of `size` are under window `o`, with `counted` cells of the padding on either side.
pub(crate) fn under_counted(
    o: usize,
    window: usize,
    stride: usize,
    pad: usize,
    size: usize,
    [before, after]: [usize; 2],
) -> usize {
    under(o, window, stride, pad - before, before + size + after).len()
}

/// `y[c]` becomes the fold of `x[c]` over the pixels of a window: over each row first, over the rows' results then, which keeps
/// the rounding errors of long sums small. Folding `start` in changes nothing.
#[inline(always)]
pub(super) fn fold<T: Copy>(
    x: &Source<'_, T>,
    image: usize,
    [rows, columns]: [&Range<usize>; 2],
    start: T,
    f: impl Fn(T, T) -> T,
    y: &mut [T],
) {
    let (wide, rest) = y.as_chunks_mut::<64>();
    let (half, rest) = rest.as_chunks_mut::<32>();
    let (narrow, rest) = rest.as_chunks_mut::<16>();
    let mut first = 0;
    for y in wide {
        *y = fold_block(x, image, [rows, columns], start, &f, first);
        first += 64;
    }
    for y in half {
        *y = fold_block(x, image, [rows, columns], start, &f, first);
        first += 32;
    }
    for y in narrow {
        *y = fold_block(x, image, [rows, columns], start, &f, first);
        first += 16;
    }
    rest.fill(start);
    for iy in rows.clone() {
        let mut row = [start; 16];
        for x in x.pixels(image, iy, columns.clone()) {
            let x = &x[first..];
            row.iter_mut()
                .zip(x)
                .for_each(|(row, &x)| *row = f(*row, x));
        }
        rest.iter_mut()
            .zip(row)
            .for_each(|(y, row)| *y = f(*y, row));
    }
}

/// The same for the `N` channels from `first` on, which stay in registers.
#[inline(always)]
fn fold_block<T: Copy, const N: usize>(
    x: &Source<'_, T>,
    image: usize,
    [rows, columns]: [&Range<usize>; 2],
    start: T,
    f: &impl Fn(T, T) -> T,
    first: usize,
) -> [T; N] {
    let mut all = [start; N];
    for iy in rows.clone() {
        let mut row = [start; N];
        for x in x.pixels(image, iy, columns.clone()) {
            let (x, _) = x[first..].as_chunks::<N>();
            row.iter_mut()
                .zip(&x[0])
                .for_each(|(row, &x)| *row = f(*row, x));
        }
        all.iter_mut()
            .zip(&row)
            .for_each(|(all, &row)| *all = f(*all, row));
    }
    all
}

/// Rows of an image to which nothing was added yet. Each is cleared when the first window reaches it, so that it is still near
/// the core when the window is added.
#[cfg(feature = "train")]
pub(crate) struct Fresh(Range<usize>);

#[cfg(feature = "train")]
impl Fresh {
    /// All rows, or none where they hold another gradient already.
    pub(crate) fn of(height: usize, accumulate: bool) -> Self {
        Self(if accumulate {
            height..height
        } else {
            0..height
        })
    }

    /// Clears the rows before `end`.
    #[inline(always)]
    pub(crate) fn clear_to(&mut self, end: usize, image: &mut Image<'_>) {
        let end = end.clamp(self.0.start, self.0.end);
        image.clear_rows(self.0.start..end);
        self.0.start = end;
    }
}
