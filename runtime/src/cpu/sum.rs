//! Sums over all pixels of a batch: per channel for biases and statistics, per cell of a kernel for depthwise weights.
//!
//! The rows are cut into parts by their number alone and the parts added in order, so threads change nothing. A row is
//! summed on its own before it joins its part, which keeps rounding errors near those of pairwise summation.

use crate::cpu::access::{Access, Row, Source, Workers};
use crate::cpu::sizes::bounded;
use crate::threads::Threads;
use crate::train::memory::add;

/// The most parts.
const PARTS: usize = 32;
/// Elementary operations that make a part worth its start.
const GRAIN: usize = 1 << 15;

/// Scratch memory for a sum of `width` numbers.
pub(crate) fn scratch(width: usize) -> usize {
    bounded([2, PARTS, width])
}

/// The sum of what `body` adds up for each of `rows` rows, `width` numbers; a row costs about `cost` elementary operations. It is called once
/// for each row.
///
/// # Panics
/// If `memory` has less than [`scratch`] says.
#[track_caller]
pub(crate) fn over_rows(
    threads: Threads,
    memory: &mut [f32],
    [rows, cost, width]: [usize; 3],
    body: impl Fn(usize, &mut [f32]) + Sync,
) -> &[f32] {
    let count = (bounded([rows, cost]) / GRAIN).clamp(1, PARTS.min(rows.max(1)));
    let parts = Workers::new(memory, 2 * width, count);
    threads.for_each(count, |part, _| {
        // SAFETY: each task has its own number, and asks once.
        let (total, row) = unsafe { parts.part(part) }.split_at_mut(width);
        total.fill(0.0);
        for i in part * rows / count..(part + 1) * rows / count {
            row.fill(0.0);
            body(i, row);
            add(total, row);
        }
    });
    let (total, rest) = memory.split_at_mut(2 * width);
    for part in rest.chunks_exact(2 * width).take(count - 1) {
        add(&mut total[..width], &part[..width]);
    }
    &total[..width]
}

impl<'m> Access<'m, 2, 0> {
    /// The sum of what `body` adds up for each pixel of two pictures of the same shape, or for several at once: `width` numbers.
    ///
    /// # Panics
    /// If there is less shared memory than [`scratch`] says.
    #[track_caller]
    pub(crate) fn sum_pixels(
        self,
        width: usize,
        body: impl Fn(&[f32], &[f32], &mut [f32]) + Sync,
    ) -> &'m [f32] {
        let step = self.flat();
        let [a, b] = step.x;
        let (images, [h, w, c]) = (b.geometry.images, b.geometry.shape);
        let sizes = [images * h, bounded([w, c, 2]), width];
        over_rows(step.threads, step.shared, sizes, |row, sums| {
            for ox in 0..w {
                let [a, b] = [&a, &b].map(|picture| picture.pixel(row / h, row % h, ox));
                body(a, b, sums);
            }
        })
    }
}

impl<'m, const R: usize, const W: usize> Access<'m, R, W> {
    /// Calls `body` for every row of the outputs, which are of equal height, and gives the sum of what it adds up, `width` numbers; a row costs
    /// about `cost` elementary operations.
    ///
    /// # Panics
    /// If there is less shared memory than [`scratch`] says.
    #[track_caller]
    pub(crate) fn sum_rows(
        self,
        [cost, width]: [usize; 2],
        body: impl Fn(&[Source<'m>; R], [Row<'m>; W], &mut [f32]) + Sync,
    ) -> &'m [f32] {
        let Self {
            x,
            y,
            shared,
            threads,
            ..
        } = self;
        let [height, images] = [y[0].geometry.shape[0], y[0].geometry.images];
        over_rows(
            threads,
            shared,
            [images * height, cost, width],
            |row, sums| {
                // SAFETY: each row is met once, so each row of each target is made once.
                let out = y
                    .each_ref()
                    .map(|y| unsafe { y.row(row / height, row % height) });
                body(&x, out, sums);
            },
        )
    }
}
