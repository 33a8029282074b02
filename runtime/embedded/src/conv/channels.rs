//! Channels with a filter each.

use super::block::{BLOCK, Block, Pixel};
use super::depthwise::Walk;
use super::descriptor::Conv;
use super::finish::finish;
use crate::memory::Raw;
use crate::window::Inside;

/// Channels with a filter each at all pixels, four channels at a time.
///
/// # Safety
/// As for [`Conv::run`].
#[inline(never)]
pub(super) unsafe fn channels(conv: &Conv, memory: Raw, block: &Block) {
    let [height, width, count] = conv.output.shape;
    let row = count.next_multiple_of(4);
    let kw = conv.window.kernel[1];
    let mut pixel = Pixel::first(conv, memory);
    for y in 0..height {
        let rows = Inside::of(y, 0, &conv.window, conv.input.shape[0]);
        for x in 0..width {
            let columns = Inside::of(x, 1, &conv.window, conv.input.shape[1]);
            let mut walk = Walk::new(conv.zero);
            walk.x_step = conv.window.dilation[1] * conv.input.pixel;
            walk.w_step = row;
            walk.columns = columns.count;
            let line = conv.window.dilation[0] * conv.input.shape[1] * conv.input.pixel;
            walk.x_row = line.wrapping_sub(columns.count * walk.x_step);
            walk.w_row = (kw - columns.count) * row;
            let cell = rows.at * conv.input.shape[1] + columns.at;
            let from = memory.at(&conv.input);
            let from = from.wrapping_add(cell * conv.input.pixel + block.first);
            let weights = conv.weights.as_ptr().cast::<i8>();
            let first = (rows.first * kw + columns.first) * row + block.first;
            let weights = weights.wrapping_add(first);
            let mut sums = [0; BLOCK];
            let is_empty = rows.count == 0 || columns.count == 0;
            // SAFETY: rows and columns are those inside of the picture, whose places and weights `check` has seen.
            unsafe {
                for (four, sums) in sums.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                    let channel = 4 * four;
                    if is_empty || channel >= block.count {
                        break;
                    }
                    walk.rows = rows.count;
                    let (x, w) = (from.wrapping_add(channel), weights.wrapping_add(channel));
                    if channel + 4 <= block.count {
                        walk.four(x, w);
                        *sums = walk.sums;
                        continue;
                    }
                    for (c, sum) in sums.iter_mut().enumerate() {
                        if channel + c < block.count {
                            *sum = walk.one(x.wrapping_add(c), w.wrapping_add(c));
                        }
                    }
                }
                finish(conv, block, &sums, [pixel]);
            }
            pixel = pixel.next(conv);
        }
    }
}
