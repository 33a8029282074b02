//! The micro-kernel of max pooling: a window of each channel, vectors of channels.

use super::vector::Vector;

/// Work for one call: the window of one output pixel, or its part inside the picture.
///
/// `out[c] = max over y < size[0], x < size[1] of first[y * steps[0] + x * steps[1] + c]`; a NaN wins.
pub(crate) struct MaxWindow {
    /// The window's first pixel.
    pub(crate) first: *const f32,
    /// Rows and columns, one at least.
    pub(crate) size: [usize; 2],
    /// Elements from one row to the next, and from one column to the next.
    pub(crate) steps: [usize; 2],
    pub(crate) channels: usize,
    pub(crate) out: *mut f32,
}

/// A kernel of an instruction set.
///
/// # Safety
/// The CPU has the instruction set, and the pointers are good for what [`MaxWindow`] describes.
pub(crate) type MaxWindowKernel = unsafe fn(&MaxWindow);

#[inline(always)]
pub(super) unsafe fn max_window<V: Vector>(t: &MaxWindow) {
    // SAFETY: see `MaxWindowKernel`; whole vectors are read while they lie inside `channels`, a partial one after.
    unsafe {
        let mut c = 0;
        while c + 4 * V::LANES <= t.channels {
            channels::<V, 4>(t, c, V::LANES);
            c += 4 * V::LANES;
        }
        while c < t.channels {
            channels::<V, 1>(t, c, V::LANES.min(t.channels - c));
            c += V::LANES;
        }
    }
}

/// `NV` vectors of channels from `c` on; the last has `tail` lanes.
#[inline(always)]
unsafe fn channels<V: Vector, const NV: usize>(t: &MaxWindow, c: usize, tail: usize) {
    // SAFETY: the caller gives channels inside `t.channels`.
    unsafe {
        let mut best = [V::splat(f32::NEG_INFINITY); NV];
        for y in 0..t.size[0] {
            let row = t.first.add(y * t.steps[0] + c);
            for x in 0..t.size[1] {
                let pixel = row.add(x * t.steps[1]);
                for (v, best) in best.iter_mut().enumerate() {
                    let value = match tail < V::LANES {
                        true => V::load_partial(pixel, tail),
                        false => V::load(pixel.add(v * V::LANES)),
                    };
                    *best = best.larger(value);
                }
            }
        }
        for (v, best) in best.into_iter().enumerate() {
            let out = t.out.add(c + v * V::LANES);
            match tail < V::LANES {
                true => best.store_partial(out, tail),
                false => best.store(out),
            }
        }
    }
}
