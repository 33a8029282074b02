//! The micro-kernels of depthwise convolution: one filter a channel, vectors of channels.

use super::tile::{Fused, fuse};
use super::vector::Vector;

/// Work for one call of a depthwise kernel: `MR` pixels by all channels.
///
/// `out[r * stride + c] = act(bias[c] + sum over the taps t of pixel r of its input[c] * weights[t * padded + c])`.
pub(crate) struct Depthwise<R> {
    /// Where the inputs lie: [`Cells`] or [`Beside`].
    pub(crate) inputs: R,
    /// For each cell of the kernel `padded` weights.
    pub(crate) weights: *const f32,
    /// `padded` biases.
    pub(crate) bias: *const f32,
    /// Channels, rounded up to whole vectors of any kernel.
    pub(crate) padded: usize,
    /// Channels.
    pub(crate) channels: usize,
    /// The first pixel's outputs.
    pub(crate) out: *mut f32,
    /// Elements between two pixels' outputs.
    pub(crate) stride: usize,
    /// Applied to what is stored.
    pub(crate) act: Fused,
}

/// Inputs anywhere.
pub(crate) struct Cells {
    /// `MR` pointers a tap, each to `channels` readable elements.
    pub(crate) rows: *const *const f32,
    /// Cells of the kernel.
    pub(crate) taps: usize,
}

/// Inputs of pixels side by side in a row, whose windows lie inside the picture: each is loaded once for all windows that see it. The kernel's
/// width and stride are constants.
pub(crate) struct Beside {
    /// The first window's first pixel.
    pub(crate) first: *const f32,
    /// Rows of the window.
    pub(crate) rows: usize,
    /// Elements from one row of the window to the next, and from one pixel to the next.
    pub(crate) steps: [usize; 2],
}

/// A depthwise kernel of a fixed number of pixels.
///
/// # Safety
/// The CPU has the kernel's instruction set, and the pointers are good for what [`Depthwise`] describes.
pub(crate) type DepthwiseKernel<R> = unsafe fn(&Depthwise<R>);

#[inline(always)]
pub(super) unsafe fn depthwise<V: Vector, const MR: usize>(d: &Depthwise<Cells>) {
    // SAFETY: see `DepthwiseKernel`; whole vectors are read while they lie inside `channels`, partial ones after.
    unsafe {
        let mut c = 0;
        while c + 2 * V::LANES <= d.channels {
            channels::<V, MR, 2>(d, c, V::LANES);
            c += 2 * V::LANES;
        }
        while c < d.channels {
            channels::<V, MR, 1>(d, c, V::LANES.min(d.channels - c));
            c += V::LANES;
        }
    }
}

/// `NV` vectors of channels from `c` on; the last has `tail` lanes.
#[inline(always)]
unsafe fn channels<V: Vector, const MR: usize, const NV: usize>(
    d: &Depthwise<Cells>,
    c: usize,
    tail: usize,
) {
    // SAFETY: the caller gives channels inside `d.channels`; weights and bias are padded to whole vectors.
    unsafe {
        let load = |p: *const f32, v: usize| {
            let p = p.add(c + v * V::LANES);
            if v + 1 == NV && tail < V::LANES {
                V::load_partial(p, tail)
            } else {
                V::load(p)
            }
        };
        let mut acc = [[V::splat(0.0); NV]; MR];
        for (v, b) in acc[0].iter_mut().enumerate() {
            *b = V::load(d.bias.add(c + v * V::LANES));
        }
        acc = [acc[0]; MR];
        for t in 0..d.inputs.taps {
            let rows: [*const f32; MR] =
                d.inputs.rows.add(t * MR).cast::<[*const f32; MR]>().read();
            for v in 0..NV {
                let w = V::load(d.weights.add(t * d.padded + c + v * V::LANES));
                for (row, acc) in rows.iter().zip(&mut acc) {
                    acc[v] = acc[v].add_product(load(*row, v), w);
                }
            }
        }
        for (r, acc) in acc.into_iter().enumerate() {
            for (v, sum) in acc.into_iter().enumerate() {
                let sum = fuse(sum, d.act);
                let out = d.out.add(r * d.stride + c + v * V::LANES);
                if v + 1 == NV && tail < V::LANES {
                    sum.store_partial(out, tail);
                } else {
                    sum.store(out);
                }
            }
        }
    }
}

#[inline(always)]
pub(super) unsafe fn depthwise_row<
    V: Vector,
    const MR: usize,
    const WIDTH: usize,
    const STRIDE: usize,
>(
    d: &Depthwise<Beside>,
) {
    // SAFETY: see `DepthwiseKernel`; a partial vector is read and written where `channels` ends.
    unsafe {
        for c in (0..d.channels).step_by(V::LANES) {
            let left = d.channels - c;
            let load = |p: *const f32| match left < V::LANES {
                true => V::load_partial(p, left),
                false => V::load(p),
            };
            let mut acc = [V::load(d.bias.add(c)); MR];
            for y in 0..d.inputs.rows {
                let weights = d.weights.add(y * WIDTH * d.padded + c);
                let weights: [V; WIDTH] =
                    core::array::from_fn(|x| V::load(weights.add(x * d.padded)));
                let row = d.inputs.first.add(y * d.inputs.steps[0] + c);
                for column in 0..(MR - 1) * STRIDE + WIDTH {
                    let input = load(row.add(column * d.inputs.steps[1]));
                    for (r, acc) in acc.iter_mut().enumerate() {
                        if r * STRIDE <= column && column < r * STRIDE + WIDTH {
                            *acc = acc.add_product(input, weights[column - r * STRIDE]);
                        }
                    }
                }
            }
            for (r, sum) in acc.into_iter().enumerate() {
                let sum = fuse(sum, d.act);
                let out = d.out.add(r * d.stride + c);
                match left < V::LANES {
                    true => sum.store_partial(out, left),
                    false => sum.store(out),
                }
            }
        }
    }
}
