//! Filters that see all channels of their group: columns of windows, and products with them.

use super::block::{BLOCK, Block, Pixel};
use super::descriptor::Conv;
use super::finish::finish;
use super::product::{CHUNK, Columns};
use crate::memory::Raw;
use crate::window::{Sight, Window};
use core::mem::MaybeUninit;

/// Some filters at all pixels, two pixels at a time.
///
/// # Safety
/// As for [`Conv::run`]; `input` is the first channel of the filters' group.
#[inline(never)]
pub(super) unsafe fn filters(conv: &Conv, memory: Raw, block: &Block, input: *const u8) {
    let [height, width, _] = conv.output.shape;
    let mut columns = Columns::new();
    let mut pixel = Pixel::first(conv, memory);
    let mut left = height * width;
    // SAFETY: `check` has seen that the places are inside of the memory, and that there are weights and numbers for every filter.
    unsafe {
        while left > 1 {
            let next = pixel.next(conv);
            let mut sums = [0; 2 * BLOCK];
            two(conv, block, &mut columns, (input, [pixel, next]), &mut sums);
            finish(conv, block, &sums, [pixel, next]);
            pixel = next.next(conv);
            left -= 2;
        }
        // Never twice: what is added may be where the output goes.
        if left == 1 {
            let mut sums = [0; BLOCK];
            one(conv, block, &mut columns, (input, pixel), &mut sums);
            finish(conv, block, &sums, [pixel]);
        }
    }
}

/// A part of what a filter sees.
#[derive(Clone, Copy)]
struct Part {
    /// Its first byte; a multiple of four.
    from: usize,
    /// A multiple of four: what is behind the last byte of a filter is zeros.
    count: usize,
    /// Rows of the window, if it is made of whole ones: the first, and how many.
    rows: (usize, usize),
}

impl Part {
    /// All parts, in order: of some rows, or as many bytes as there is room for.
    #[inline(always)]
    fn all(conv: &Conv) -> impl Iterator<Item = Self> {
        let [kh, kw] = conv.window.kernel;
        let (row, padded) = (kw * conv.depth(), padded(conv));
        // The most rows whose bytes are a multiple of four, or all.
        let (mut rows, mut tried) = (0, 0);
        while tried < kh && (tried + 1) * row <= CHUNK {
            tried += 1;
            if (tried * row) & 3 == 0 || tried == kh {
                rows = tried;
            }
        }
        let mut from = 0;
        let mut first = 0;
        core::iter::from_fn(move || {
            let left = padded.checked_sub(from).filter(|left| *left > 0)?;
            let rows = rows.min(kh - first);
            let count = match rows {
                0 => CHUNK.min(left),
                _ => (rows * row).next_multiple_of(4).min(left),
            };
            let part = Self {
                from,
                count,
                rows: (first, rows),
            };
            from += count;
            first += rows;
            Some(part)
        })
    }
}

/// Fills a column with a part of what the window of a pixel sees.
///
/// # Safety
/// `input` is where the picture lies; `which` as for [`Columns::widen`].
unsafe fn fill(
    conv: &Conv,
    columns: &mut Columns,
    (input, pixel): (*const u8, Pixel),
    part: Part,
    which: (usize, usize),
) {
    let depth = conv.depth();
    let Window {
        kernel,
        stride,
        pad,
        ..
    } = conv.window;
    // SAFETY: the caller's promise; one cell without padding is always inside of the picture.
    unsafe {
        if kernel == [1, 1] && pad == [0, 0] && part.from + part.count <= depth {
            let cell = pixel.y * stride[0] * conv.input.shape[1] + pixel.x * stride[1];
            let x = input.wrapping_add(cell * conv.input.pixel + part.from);
            columns.widen(x, part.count >> 2, conv.zero, which);
            return;
        }
        let mut bytes = MaybeUninit::<[u8; CHUNK]>::uninit();
        let sight = Sight {
            input,
            place: &conv.input,
            window: &conv.window,
            output: [pixel.y, pixel.x],
            depth,
            zero: conv.zero,
        };
        let to = bytes.as_mut_ptr().cast();
        match part.rows {
            (_, 0) => sight.bytes(part.from, part.count, to),
            (first, count) => sight.rows(first, count, to),
        }
        columns.widen(to, part.count >> 2, conv.zero, which);
    }
}

/// What a filter sees, filled up to whole words.
fn padded(conv: &Conv) -> usize {
    let [kh, kw] = conv.window.kernel;
    (kh * kw * conv.depth()).next_multiple_of(4)
}

/// The sums of a block of filters for two pixels: two for each filter.
///
/// # Safety
/// As for [`filters`].
#[inline(always)]
unsafe fn two(
    conv: &Conv,
    block: &Block,
    columns: &mut Columns,
    (input, pixels): (*const u8, [Pixel; 2]),
    sums: &mut [i32; 2 * BLOCK],
) {
    let padded = padded(conv);
    for part in Part::all(conv) {
        let Part { from, count, .. } = part;
        // SAFETY: the weights of a filter are `padded` bytes; of the last filter of an odd number those are read twice.
        unsafe {
            for (which, pixel) in pixels.into_iter().enumerate() {
                fill(conv, columns, (input, pixel), part, (which, 2));
            }
            for (pair, sums) in sums.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let filter = 2 * pair;
                if filter >= block.count {
                    break;
                }
                let next = if filter + 1 < block.count { padded } else { 0 };
                let weights = conv.weights.as_ptr().cast::<i8>();
                let weights = weights.add((block.first + filter) * padded + from);
                columns.two(weights, next, count >> 2, sums);
            }
        }
    }
}

/// The sums of a block of filters for one pixel.
///
/// # Safety
/// As for [`filters`].
#[inline(always)]
unsafe fn one(
    conv: &Conv,
    block: &Block,
    columns: &mut Columns,
    column: (*const u8, Pixel),
    sums: &mut [i32; BLOCK],
) {
    let padded = padded(conv);
    for part in Part::all(conv) {
        let Part { from, count, .. } = part;
        // SAFETY: the weights of a filter are `padded` bytes; where there are less than four filters, the first one is read four times.
        unsafe {
            fill(conv, columns, column, part, (0, 1));
            for (four, sums) in sums.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let filter = 4 * four;
                let weights = conv.weights.as_ptr().cast::<i8>();
                let weights = weights.wrapping_add((block.first + filter) * padded + from);
                if filter + 4 <= block.count {
                    columns.one(weights, padded, count >> 2, sums);
                    continue;
                }
                for (f, sum) in sums.iter_mut().enumerate() {
                    if filter + f < block.count {
                        let mut alike = [*sum; 4];
                        columns.one(weights.add(f * padded), 0, count >> 2, &mut alike);
                        *sum = alike[0];
                    }
                }
            }
        }
    }
}
