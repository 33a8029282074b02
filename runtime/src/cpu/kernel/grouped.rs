//! The micro-kernels of convolution in groups of few filters: a vector holds the filters of several groups, and each of its lanes picks
//! the inputs of its own.

use super::tile::{Fused, fuse};
use super::vector::Vector;

/// Work for one call of a grouped kernel: `MR` pixels by all filters.
///
/// `out[r * stride + f] = act(bias[f] or out[..] + sum over the taps t of pixel r and the terms j of input[span(f) + lanes[f][j]] * weights[f][t][j] +
/// added[r * added_stride + f])`.
pub(crate) struct Grouped {
    /// `MR` pointers a tap, each to as many elements as the spans reach.
    pub(crate) rows: *const *const f32,
    /// Cells of the kernel.
    pub(crate) taps: usize,
    /// For each vector of filters where its inputs begin, and how many of two vectors' elements may be read there.
    pub(crate) spans: *const [usize; 2],
    /// For each vector `terms` vectors: the place of each lane's input among two vectors of them.
    pub(crate) lanes: *const u32,
    /// For each vector and tap `terms` vectors.
    pub(crate) weights: *const f32,
    /// A vector for each vector of filters; null to add to what the output holds.
    pub(crate) bias: *const f32,
    /// Inputs of a group.
    pub(crate) terms: usize,
    /// All filters.
    pub(crate) filters: usize,
    /// What is added to the first pixel's outputs; null for nothing. It may be `out`.
    pub(crate) added: *const f32,
    /// Elements between what is added to two pixels.
    pub(crate) added_stride: usize,
    /// The first pixel's outputs.
    pub(crate) out: *mut f32,
    /// Elements between two pixels' outputs.
    pub(crate) stride: usize,
    /// Applied to what is stored.
    pub(crate) act: Fused,
}

/// A grouped kernel of a fixed number of pixels.
///
/// # Safety
/// The CPU has the kernel's instruction set, and the pointers are good for what [`Grouped`] describes.
pub(crate) type GroupedKernel = unsafe fn(&Grouped);

#[inline(always)]
pub(super) unsafe fn grouped<V: Vector, const MR: usize>(g: &Grouped) {
    for v in 0..g.filters.div_ceil(V::LANES) {
        // SAFETY: see `GroupedKernel`.
        unsafe {
            match *g.spans.add(v) {
                [_, reach] if reach > V::LANES => filters::<V, MR, true>(g, v),
                _ => filters::<V, MR, false>(g, v),
            }
        }
    }
}

/// The filters of one vector, whose inputs lie in one vector or, if `WIDE`, in two.
#[inline(always)]
unsafe fn filters<V: Vector, const MR: usize, const WIDE: bool>(g: &Grouped, v: usize) {
    // SAFETY: the caller gives a vector of `g.filters`; partial vectors are read and written where inputs and filters end.
    unsafe {
        let [first, reach] = *g.spans.add(v);
        let load = |row: *const f32| {
            let row = row.add(first);
            match (WIDE, reach < V::LANES) {
                (false, true) => [V::load_partial(row, reach); 2],
                (false, false) => [V::load(row); 2],
                (true, _) => {
                    let rest = (reach - V::LANES).min(V::LANES);
                    [V::load(row), V::load_partial(row.add(V::LANES), rest)]
                }
            }
        };
        let lanes = g.lanes.add(v * g.terms * V::LANES);
        let weights = g.weights.add(v * g.taps * g.terms * V::LANES);
        let left = g.filters - v * V::LANES;
        let mut acc = [V::splat(0.0); MR];
        for (r, sum) in acc.iter_mut().enumerate() {
            *sum = match (g.bias.is_null(), left < V::LANES) {
                (false, _) => V::load(g.bias.add(v * V::LANES)),
                (true, true) => V::load_partial(g.out.add(r * g.stride + v * V::LANES), left),
                (true, false) => V::load(g.out.add(r * g.stride + v * V::LANES)),
            };
        }
        for t in 0..g.taps {
            let rows: [*const f32; MR] = g.rows.add(t * MR).cast::<[*const f32; MR]>().read();
            // Not `map`: what is not inlined has not the kernel's instructions.
            let mut inputs = [[V::splat(0.0); 2]; MR];
            for (input, row) in inputs.iter_mut().zip(rows) {
                *input = load(row);
            }
            for j in 0..g.terms {
                let weight = V::load(weights.add((t * g.terms + j) * V::LANES));
                let lanes = lanes.add(j * V::LANES);
                for (acc, [near, far]) in acc.iter_mut().zip(inputs) {
                    let input = match WIDE {
                        true => near.pick_of_two(far, lanes),
                        false => near.pick(lanes),
                    };
                    *acc = acc.add_product(input, weight);
                }
            }
        }
        for (r, mut sum) in acc.into_iter().enumerate() {
            if !g.added.is_null() {
                let added = g.added.add(r * g.added_stride + v * V::LANES);
                sum = sum.add(match left < V::LANES {
                    true => V::load_partial(added, left),
                    false => V::load(added),
                });
            }
            let sum = fuse(sum, g.act);
            let out = g.out.add(r * g.stride + v * V::LANES);
            match left < V::LANES {
                true => sum.store_partial(out, left),
                false => sum.store(out),
            }
        }
    }
}
