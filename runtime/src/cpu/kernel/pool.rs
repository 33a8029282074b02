//! The micro-kernels of max pooling: a window of each channel, vectors of channels.

use super::vector::Vector;

/// Work for one call: windows of some output pixels of a row, or their parts inside the picture, which are of one size.
///
/// `out[i * out_step + c] = max over y < size[0], x < size[1] of first[i * apart + y * steps[0] + x * steps[1] + c]`, `i < count`; a NaN wins.
pub(crate) struct MaxWindow {
    /// The window's first pixel.
    pub(crate) first: *const f32,
    /// Rows and columns, one at least.
    pub(crate) size: [usize; 2],
    /// Elements from one row to the next, and from one column to the next.
    pub(crate) steps: [usize; 2],
    pub(crate) channels: usize,
    pub(crate) out: *mut f32,
    /// Windows.
    pub(crate) count: usize,
    /// Elements from one window's first pixel to the next one's.
    pub(crate) apart: usize,
    /// Elements between two outputs.
    pub(crate) out_step: usize,
    /// How several windows are taken at once, where each is less than a vector and all lie without a gap.
    pub(crate) together: Option<Together>,
}

/// Windows side by side, whose channels fill a vector better than those of one.
#[derive(Clone, Copy)]
pub(crate) struct Together {
    /// How many: their channels fit a vector, and a row of theirs fits two.
    pub(crate) windows: usize,
    /// For each column of a window, `LANES` numbers: where in the row each output finds that column.
    pub(crate) lanes: *const u32,
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
        let mut done = 0;
        if let Some(Together { windows, lanes }) = t.together {
            while done < t.count {
                several::<V>(t, done, windows.min(t.count - done), lanes);
                done += windows;
            }
        }
        for i in done..t.count {
            let (first, out) = (t.first.add(i * t.apart), t.out.add(i * t.out_step));
            let mut c = 0;
            while c + 4 * V::LANES <= t.channels {
                channels::<V, 4>(t, first.add(c), out.add(c), V::LANES);
                c += 4 * V::LANES;
            }
            while c < t.channels {
                let tail = V::LANES.min(t.channels - c);
                channels::<V, 1>(t, first.add(c), out.add(c), tail);
                c += V::LANES;
            }
        }
    }
}

/// So many windows from this one on: the maxima of whole rows first, then of the columns.
#[inline(always)]
unsafe fn several<V: Vector>(t: &MaxWindow, from: usize, count: usize, lanes: *const u32) {
    // SAFETY: what is read lies in the row of a window, and what is written is `count` pixels; see `Together` for the lanes.
    unsafe {
        let first = t.first.add(from * t.apart);
        let left = (t.count - 1 - from) * t.apart + t.size[1] * t.channels;
        let row = |y: usize| {
            let row = first.add(y * t.steps[0]);
            match left >= 2 * V::LANES {
                true => [V::load(row), V::load(row.add(V::LANES))],
                false => {
                    let near = left.min(V::LANES);
                    [
                        V::load_partial(row, near),
                        V::load_partial(row.wrapping_add(V::LANES), left - near),
                    ]
                }
            }
        };
        let mut best = row(0);
        for y in 1..t.size[0] {
            let row = row(y);
            best = [best[0].larger(row[0]), best[1].larger(row[1])];
        }
        let column = |x: usize| best[0].pick_of_two(best[1], lanes.add(x * V::LANES));
        let mut all = column(0);
        for x in 1..t.size[1] {
            all = all.larger(column(x));
        }
        let out = t.out.add(from * t.out_step);
        // Lanes behind these windows' are written again by what follows.
        match (t.count - from) * t.channels >= V::LANES {
            true => all.store(out),
            false => all.store_partial(out, count * t.channels),
        }
    }
}

/// `NV` vectors of channels of one window; the last has `tail` lanes.
#[inline(always)]
unsafe fn channels<V: Vector, const NV: usize>(
    t: &MaxWindow,
    first: *const f32,
    out: *mut f32,
    tail: usize,
) {
    // SAFETY: the caller gives channels inside `t.channels`.
    unsafe {
        let mut best = [V::splat(f32::NEG_INFINITY); NV];
        for y in 0..t.size[0] {
            let row = first.add(y * t.steps[0]);
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
            let out = out.add(v * V::LANES);
            match tail < V::LANES {
                true => best.store_partial(out, tail),
                false => best.store(out),
            }
        }
    }
}

/// Work for one call of backward: `dx[c] += dy[c]` at the first maximum of the window, the last NaN where there is one.
#[cfg(feature = "train")]
pub(crate) struct MaxWindowBack {
    /// As of [`MaxWindow`].
    pub(crate) first: *const f32,
    pub(crate) size: [usize; 2],
    pub(crate) steps: [usize; 2],
    pub(crate) channels: usize,
    pub(crate) dy: *const f32,
    /// The gradient of the window's first pixel.
    pub(crate) dx: *mut f32,
    /// As `steps`, of the gradients.
    pub(crate) dx_steps: [usize; 2],
}

/// A kernel of an instruction set.
///
/// # Safety
/// The CPU has the instruction set, and the pointers are good for what [`MaxWindowBack`] describes.
#[cfg(feature = "train")]
pub(crate) type MaxWindowBackKernel = unsafe fn(&MaxWindowBack);

#[cfg(feature = "train")]
#[inline(always)]
pub(super) unsafe fn max_window_back<V: Vector>(t: &MaxWindowBack) {
    // SAFETY: see `MaxWindowBackKernel`; as `max_window`.
    unsafe {
        let mut c = 0;
        while c + 4 * V::LANES <= t.channels {
            channels_back::<V, 4>(t, c, V::LANES);
            c += 4 * V::LANES;
        }
        while c + 2 * V::LANES <= t.channels {
            channels_back::<V, 2>(t, c, V::LANES);
            c += 2 * V::LANES;
        }
        while c < t.channels {
            channels_back::<V, 1>(t, c, V::LANES.min(t.channels - c));
            c += V::LANES;
        }
    }
}

/// `NV` vectors of channels from `c` on; the last has `tail` lanes.
#[cfg(feature = "train")]
#[inline(always)]
unsafe fn channels_back<V: Vector, const NV: usize>(t: &MaxWindowBack, c: usize, tail: usize) {
    // SAFETY: the caller gives channels inside `t.channels`.
    unsafe {
        let load = |pixel: *const f32, v: usize| match tail < V::LANES {
            true => V::load_partial(pixel, tail),
            false => V::load(pixel.add(v * V::LANES)),
        };
        // Cells are counted in bits: nothing is calculated with them.
        let number = |y: usize, x: usize| V::splat(f32::from_bits((y * t.size[1] + x) as u32));
        let mut best = [V::splat(f32::NEG_INFINITY); NV];
        let mut winner = [number(0, 0); NV];
        for y in 0..t.size[0] {
            let row = t.first.add(y * t.steps[0] + c);
            for x in 0..t.size[1] {
                let (pixel, cell) = (row.add(x * t.steps[1]), number(y, x));
                for (v, (best, winner)) in best.iter_mut().zip(&mut winner).enumerate() {
                    let value = load(pixel, v);
                    *winner = value.where_larger(*best, [cell, *winner]);
                    *best = value.larger(*best);
                }
            }
        }
        let mut dy = [V::splat(0.0); NV];
        for (v, dy) in dy.iter_mut().enumerate() {
            *dy = load(t.dy.add(c), v);
        }
        for y in 0..t.size[0] {
            let row = t.dx.add(y * t.dx_steps[0] + c);
            for x in 0..t.size[1] {
                let (pixel, cell) = (row.add(x * t.dx_steps[1]), number(y, x));
                for v in 0..NV {
                    let sum = load(pixel, v).add(winner[v].where_same(cell, dy[v]));
                    match tail < V::LANES {
                        true => sum.store_partial(pixel, tail),
                        false => sum.store(pixel.add(v * V::LANES)),
                    }
                }
            }
        }
    }
}
