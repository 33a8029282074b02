//! The micro-kernel of backward: a sum of outer products over operands that lie where they lie, nothing packed.

use super::vector::Vector;

/// Work for one call: `MR` rows by `NV` vectors of columns, summed over three nested counters.
///
/// `out[r * stride + f] (+)= sum over i of rows[r][i . row_steps] * columns[i . column_steps + f]`, `i` in `counts`.
/// For the weights of a convolution the counters are the images, the rows and the columns of its output.
pub(crate) struct Outer {
    /// Where each row starts: `MR` pointers.
    pub(crate) rows: *const *const f32,
    /// Elements from one term to the next, outermost counter first.
    pub(crate) row_steps: [usize; 3],
    /// Where the columns start.
    pub(crate) columns: *const f32,
    /// As `row_steps`.
    pub(crate) column_steps: [usize; 3],
    /// Terms of the sum.
    pub(crate) counts: [usize; 3],
    /// The first row's outputs.
    pub(crate) out: *mut f32,
    /// Elements between two rows' outputs.
    pub(crate) stride: usize,
    /// Columns: the last vector may be partial.
    pub(crate) width: usize,
    /// Whether to add to what `out` holds.
    pub(crate) accumulate: bool,
}

/// A kernel of a fixed number of rows and vectors.
///
/// # Safety
/// The CPU has the kernel's instruction set, and the pointers are good for what [`Outer`] describes.
pub(crate) type OuterKernel = unsafe fn(&Outer);

#[inline(always)]
pub(super) unsafe fn outer<V: Vector, const MR: usize, const NV: usize>(o: &Outer) {
    // SAFETY: the caller's promise is the same. A partial last vector is loaded as such, unless it is whole.
    unsafe {
        if o.width == NV * V::LANES {
            sum::<V, MR, NV, true>(o);
        } else {
            sum::<V, MR, NV, false>(o);
        }
    }
}

#[inline(always)]
unsafe fn sum<V: Vector, const MR: usize, const NV: usize, const WHOLE: bool>(o: &Outer) {
    // SAFETY: see `OuterKernel`; the last vector reads and writes its `tail` lanes only.
    unsafe {
        let tail = o.width - (NV - 1) * V::LANES;
        let load = |p: *const f32, v: usize| {
            let p = p.add(v * V::LANES);
            if WHOLE || v + 1 < NV {
                V::load(p)
            } else {
                V::load_partial(p, tail)
            }
        };
        let rows: [*const f32; MR] = o.rows.cast::<[*const f32; MR]>().read();
        let mut acc = [[V::splat(0.0); NV]; MR];
        for i in 0..o.counts[0] {
            for j in 0..o.counts[1] {
                let mut row = i * o.row_steps[0] + j * o.row_steps[1];
                let mut column = o.columns.add(i * o.column_steps[0] + j * o.column_steps[1]);
                for _ in 0..o.counts[2] {
                    let mut columns = [V::splat(0.0); NV];
                    for (v, c) in columns.iter_mut().enumerate() {
                        *c = load(column, v);
                    }
                    for (start, acc) in rows.iter().zip(&mut acc) {
                        let x = V::splat(start.add(row).read());
                        for (sum, c) in acc.iter_mut().zip(columns) {
                            *sum = sum.add_product(x, c);
                        }
                    }
                    row += o.row_steps[2];
                    column = column.wrapping_add(o.column_steps[2]);
                }
            }
        }
        for (r, acc) in acc.into_iter().enumerate() {
            let out = o.out.add(r * o.stride);
            for (v, mut sum) in acc.into_iter().enumerate() {
                if o.accumulate {
                    sum = sum.add(load(out, v));
                }
                let out = out.add(v * V::LANES);
                if WHOLE || v + 1 < NV {
                    sum.store(out);
                } else {
                    sum.store_partial(out, tail);
                }
            }
        }
    }
}
