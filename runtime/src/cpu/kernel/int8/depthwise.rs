//! The micro-kernels of depthwise convolution: one filter a channel, four vectors of channels.
//!
//! Bytes of the same channel and column, from four rows of the picture, are brought together once, and multiplied by the weights of each
//! window that sees them: windows side by side, and in some kernels windows of two rows of outputs.

use super::finish::Finish;
use crate::cpu::kernel::bytes::{Columns, Sums};

/// A row of the picture.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// The first column's first channel of all.
    pub(crate) first: *const u8,
    /// Bytes from one column to the next; 0 where the row lies outside the picture.
    pub(crate) step: usize,
}

/// Work for one call of a depthwise kernel: some channels of a row of outputs, or of two.
pub(crate) struct Depthwise {
    /// Four rows a quad, in the window's order: those that are left over have weights of zero.
    pub(crate) rows: *const Row,
    /// Fours of rows.
    pub(crate) quads: usize,
    /// What columns outside the picture hold, for all channels.
    pub(crate) zeros: *const u8,
    /// The picture's columns.
    pub(crate) columns: usize,
    /// Columns of padding before the first.
    pub(crate) before: usize,
    /// The first channel.
    pub(crate) channel: usize,
    /// The first column of outputs, and how many there are.
    pub(crate) outputs: [usize; 2],
    /// Columns of the window.
    pub(crate) width: usize,
    /// From one window to the next.
    pub(crate) stride: usize,
    /// From one column of the window to the next.
    pub(crate) dilation: usize,
    /// For each quad, column of the window and row of outputs four vectors of weights ([`super::Kernels::pack`]), in the order of [`Columns`];
    /// as are those of the end.
    pub(crate) weights: *const u8,
    /// Elements from one row of outputs to the next.
    pub(crate) line: usize,
    /// Rows of outputs that are stored.
    pub(crate) lines: usize,
    pub(crate) finish: Finish,
}

/// A depthwise kernel.
///
/// # Safety
/// The CPU has the kernel's instruction set, the pointers are good for what [`Depthwise`] describes, and its window is the kernel's.
pub(crate) type DepthwiseKernel = unsafe fn(&Depthwise);

impl Depthwise {
    /// The bytes of a column, counted from the padding's first on, in the rows of a quad.
    #[inline(always)]
    unsafe fn column<V: Columns>(&self, quad: usize, column: usize) -> [V::Input; 4] {
        // SAFETY: see `DepthwiseKernel`; a column of the picture, or zeros.
        unsafe {
            let rows = self.rows.add(4 * quad).cast::<[Row; 4]>();
            let x = column.wrapping_sub(self.before);
            let starts = match x < self.columns {
                true => (*rows).map(|row| row.first.add(x * row.step)),
                false => [self.zeros; 4],
            };
            V::columns(
                starts.map(|start| start.add(self.channel)),
                self.finish.width,
            )
        }
    }

    /// Adds the products of a column and the weights of a window's column, for each row of outputs.
    #[inline(always)]
    unsafe fn add<V: Sums, const R: usize>(
        &self,
        acc: &mut [[V; 4]; R],
        x: [V::Input; 4],
        [quad, column]: [usize; 2],
    ) {
        let first = (quad * self.width + column) * R * 4;
        for (r, acc) in acc.iter_mut().enumerate() {
            for (v, (acc, x)) in acc.iter_mut().zip(x).enumerate() {
                // SAFETY: see `DepthwiseKernel`.
                let weight = unsafe { V::weight(self.weights.add((first + 4 * r + v) * V::BYTES)) };
                // SAFETY: the CPU has the instructions.
                *acc = unsafe { acc.add_products(x, weight) };
            }
        }
    }

    /// Stores the outputs of this number.
    #[inline(always)]
    unsafe fn store<V: Columns, const R: usize, const NUMBERS: bool>(
        &self,
        acc: [[V; 4]; R],
        output: usize,
    ) {
        let at = core::array::from_fn(|r| output * self.finish.stride + r * self.line);
        // SAFETY: see `DepthwiseKernel`.
        unsafe {
            self.finish
                .store_columns::<V, R, NUMBERS>(acc, at, self.lines);
        }
    }
}

/// Windows of any size, one after the other.
#[inline(always)]
pub(super) unsafe fn windows<V: Columns, const NUMBERS: bool>(d: &Depthwise) {
    let [from, count] = d.outputs;
    // SAFETY: see `DepthwiseKernel`.
    unsafe {
        let first = d.finish.first::<V, 4>();
        for output in 0..count {
            let mut acc = [first];
            for quad in 0..d.quads {
                for column in 0..d.width {
                    let at = (from + output) * d.stride + column * d.dilation;
                    let x = d.column::<V>(quad, at);
                    d.add(&mut acc, x, [quad, column]);
                }
            }
            d.store::<V, 1, NUMBERS>(acc, output);
        }
    }
}

/// Windows of `WIDTH` columns, `STRIDE` apart: each column is read once for all of them. `LIVE` windows are open at a time, `WIDTH / STRIDE`
/// rounded up.
#[inline(always)]
pub(super) unsafe fn row<
    V: Columns,
    const R: usize,
    const WIDTH: usize,
    const STRIDE: usize,
    const LIVE: usize,
    const NUMBERS: bool,
>(
    d: &Depthwise,
) {
    const { assert!(LIVE == WIDTH.div_ceil(STRIDE)) };
    debug_assert!([d.width, d.stride, d.dilation] == [WIDTH, STRIDE, 1]);
    let [from, count] = d.outputs;
    // SAFETY: see `DepthwiseKernel`.
    unsafe {
        let first = d.finish.first::<V, 4>();
        let mut acc = [[first; R]; LIVE];
        // The newest window's number; the oldest open one is the first of `acc`.
        for newest in 0..count + LIVE - 1 {
            for quad in 0..d.quads {
                for phase in 0..STRIDE {
                    let x = d.column::<V>(quad, (from + newest) * STRIDE + phase);
                    for column in (phase..WIDTH).step_by(STRIDE) {
                        let window = &mut acc[LIVE - 1 - column / STRIDE];
                        d.add(window, x, [quad, column]);
                    }
                }
            }
            if let Some(output) = newest.checked_sub(LIVE - 1) {
                d.store::<V, R, NUMBERS>(acc[0], output);
            }
            for window in 1..LIVE {
                acc[window - 1] = acc[window];
            }
            acc[LIVE - 1] = [first; R];
        }
    }
}
