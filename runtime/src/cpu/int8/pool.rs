//! Pooling of bytes.

use super::Quantisation;
use super::map::{Table, table};
use crate::Mem;
use crate::cpu::access::{AnyTarget, Mixed, Row, Source};
use crate::cpu::rows::{RowKernel, Rows};
use crate::cpu::simd::multiversion;
use crate::cpu::sizes::{Sizes, bounded};
use crate::cpu::window::under;
use crate::plan::{self, Act, Op, View};
use core::ops::Range;

/// The largest byte of each window, and what becomes of it.
pub(crate) struct MaxPool {
    d: plan::MaxPool,
    sizes: Sizes,
    zero_point: u8,
    /// The activation and the output's scale, where they change a byte.
    table: Option<Table>,
}

impl MaxPool {
    /// What a window of padding alone gives, and what becomes of each byte then.
    pub(crate) fn numbers(&self) -> (u8, Option<&Table>) {
        (self.zero_point, self.table.as_ref())
    }

    pub(crate) fn new(d: plan::MaxPool, [x, y]: [Quantisation; 2]) -> Self {
        let changes = d.act != Act::None || x != y;
        Self {
            d,
            sizes: Sizes::of(d),
            zero_point: x.zero_point,
            table: changes.then(|| table([x, y], d.act, [1.0, 0.0])),
        }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, overlap, or are not of bytes.
    pub(crate) fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let cost = bounded([y.shape[1], y.shape[2], self.d.window[0]]);
        let Mixed {
            x: [x],
            y: [AnyTarget::U8(y)],
            threads,
            ..
        } = mem.mixed([self.sizes.input(x)], [self.sizes.output(y)])
        else {
            panic!("a view of F32 in place of U8")
        };
        let x = x.bytes();
        y.for_rows(threads, cost, |out| self.row(&x, out));
    }

    fn row(&self, x: &Source<'_, u8>, mut out: Row<'_, u8>) {
        row(&self.d, self.zero_point, x, &mut out);
        if let Some(table) = &self.table {
            for ox in 0..out.width() {
                let y = out.pixel(ox);
                y.iter_mut().for_each(|y| *y = table[usize::from(*y)]);
            }
        }
    }
}

impl RowKernel for MaxPool {
    fn op(&self) -> Op {
        self.d.into()
    }

    unsafe fn rows(&self, image: usize, rows: Range<usize>, of: &Rows<'_>) {
        let (x, y) = (of.x[0].bytes(), of.y.bytes());
        // SAFETY: the caller's rows are there, and this task's own.
        rows.for_each(|row| self.row(&x, unsafe { y.row(image, row) }));
    }
}

multiversion! {
    fn row(d: &plan::MaxPool, zero_point: u8, x: &Source<'_, u8>, out: &mut Row<'_, u8>) {
        let [h, w, _] = d.input;
        let (image, width) = (out.image, out.width());
        let rows = under(out.y, d.window[0], d.stride[0], d.pad[0], h);
        for ox in 0..width {
            let columns = under(ox, d.window[1], d.stride[1], d.pad[2], w);
            let y = out.pixel(ox);
            if rows.is_empty() || columns.is_empty() {
                y.fill(zero_point);
                continue;
            }
            let mut pixels = rows.clone().flat_map(|iy| x.pixels(image, iy, columns.clone()));
            let first = pixels.next().expect("a window of one pixel at least");
            y.copy_from_slice(first);
            for x in pixels {
                y.iter_mut().zip(x).for_each(|(y, x)| *y = (*y).max(*x));
            }
        }
    }
}

/// The mean of all pixels, as numbers.
pub(crate) struct Mean {
    sizes: Sizes,
    quantisation: Quantisation,
    /// Pixels.
    area: usize,
    channels: usize,
}

impl Mean {
    /// Whether sums fit into 32 bits.
    pub(crate) fn fits(d: &plan::GlobalPool) -> bool {
        d.kind == plan::Reduction::Mean && bounded([d.input[0], d.input[1]]) <= 1 << 23
    }

    pub(crate) fn new(d: plan::GlobalPool, quantisation: Quantisation) -> Self {
        Self {
            sizes: Sizes::of(d),
            quantisation,
            area: d.input[0] * d.input[1],
            channels: d.input[2],
        }
    }

    /// What the sum of a channel is multiplied by, and what is taken away then.
    pub(crate) fn numbers(&self) -> [f32; 2] {
        let Quantisation { scale, zero_point } = self.quantisation;
        [scale / self.area as f32, f32::from(zero_point) * scale]
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, overlap, or are not of bytes and of numbers.
    pub(crate) fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let Mixed {
            x: [x],
            y: [AnyTarget::F32(y)],
            threads,
            ..
        } = mem.mixed([self.sizes.input(x)], [self.sizes.output(y)])
        else {
            panic!("a view of U8 in place of F32")
        };
        let x = x.bytes();
        let [h, w, _] = x.geometry.shape;
        let [unit, zero] = self.numbers();
        y.for_rows(
            threads,
            self.area.saturating_mul(self.channels),
            |mut out| {
                let image = out.image;
                let y = out.pixel(0);
                // A few channels at a time, whose sums stay near the core.
                for (part, y) in y.chunks_mut(64).enumerate() {
                    let mut sums = [0_u32; 64];
                    for iy in 0..h {
                        for x in x.pixels(image, iy, 0..w) {
                            let x = &x[64 * part..][..y.len()];
                            add(x, &mut sums[..x.len()]);
                        }
                    }
                    for (y, sum) in y.iter_mut().zip(sums) {
                        *y = sum as f32 * unit - zero;
                    }
                }
            },
        );
    }
}

multiversion! {
    fn add(x: &[u8], sums: &mut [u32]) {
        sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += u32::from(*x));
    }
}
