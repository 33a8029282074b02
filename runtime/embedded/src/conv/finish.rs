//! What becomes of the sums of some pixels.

use super::block::{Block, Pixel};
use super::descriptor::Conv;
use crate::ending::{self, Ending, Filter, Prepared, Product};

/// Writes what becomes of the sums of `P` pixels: those of a filter lie side by side.
///
/// # Safety
/// There are `P` sums for each filter of the block, and the pixels are some of the output.
#[inline(never)]
pub(super) unsafe fn finish<const P: usize>(
    conv: &Conv,
    block: &Block,
    sums: &[i32],
    pixels: [Pixel; P],
) {
    // SAFETY: the caller's promise; there are numbers for every filter.
    unsafe {
        let filters = conv.filters.as_ptr().add(block.first);
        if let (Ending::Bytes(low, high), None) = (conv.ending, &conv.added) {
            let to = pixels.map(|pixel| pixel.output.wrapping_add(block.first));
            let prepared = block.prepared.get_unchecked(..block.count);
            return write_bytes(prepared, filters, sums.as_ptr(), to, (low, high));
        }
        for filter in 0..block.count {
            for (p, pixel) in pixels.into_iter().enumerate() {
                let sum = *sums.get_unchecked(filter * P + p);
                let prepared = block.prepared.get_unchecked(filter);
                let numbers = &*filters.add(filter);
                let at = block.first + filter;
                if let Some(byte) = other(conv, prepared, numbers, (at, sum), pixel) {
                    pixel.output.add(at).write(byte);
                }
            }
        }
    }
}

/// Writes bytes alone.
///
/// # Safety
/// As for [`finish`]: `filters` and `sums` are those of the block, `to` where its first outputs go.
#[inline(always)]
unsafe fn write_bytes<const P: usize>(
    prepared: &[Prepared],
    mut filters: *const Filter,
    mut sums: *const i32,
    mut to: [*mut u8; P],
    bounds: (u8, u8),
) {
    for prepared in prepared {
        for to in &mut to {
            // SAFETY: the caller's promise.
            unsafe {
                to.write(prepared.byte(sums.read(), &*filters, bounds));
            }
            *to = to.wrapping_add(1);
            sums = sums.wrapping_add(1);
        }
        filters = filters.wrapping_add(1);
    }
}

/// What becomes of a sum where it is more than a byte; `None` if it was written as a number.
///
/// # Safety
/// As for [`finish`].
#[inline(never)]
unsafe fn other(
    conv: &Conv,
    prepared: &Prepared,
    numbers: &Filter,
    (at, sum): (usize, i32),
    pixel: Pixel,
) -> Option<u8> {
    let added = conv.added.as_ref().map(|added| Product {
        // SAFETY: what is added has the output's shape.
        byte: unsafe { pixel.added.add(at).read() },
        factor: added.scale,
    });
    match (conv.ending, added) {
        (Ending::Bytes(low, high), Some(added)) => {
            Some(prepared.byte_onto(sum, numbers, added, (low, high)))
        }
        (Ending::Bytes(low, high), None) => Some(prepared.byte(sum, numbers, (low, high))),
        (Ending::Steps(steps), added) => Some(ending::steps(sum, numbers, added, steps)),
        (Ending::Numbers(low, high), added) => {
            let y = ending::number(sum, numbers, added, (low, high));
            // SAFETY: the caller's promise; places of numbers are at multiples of four bytes.
            unsafe { pixel.output.cast::<f32>().add(at).write(y) };
            None
        }
    }
}
