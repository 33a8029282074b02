//! The micro-kernels. Each is written once over [`Vector`] and compiled for every instruction set.

use super::vector::Vector;
use super::weight::Weight;
use crate::plan::Act;

/// An activation that is computed in registers, before the store.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Fused {
    /// `x`
    #[default]
    None,
    /// `max(x, 0)`
    Relu,
    /// `min(max(x, 0), 6)`
    Relu6,
    /// `max(x, 0) + slope * min(x, 0)`
    Leaky(f32),
}

impl Fused {
    /// The part of an activation that is done in registers, and the part that is left for later.
    pub(crate) fn split(act: Act) -> (Self, Act) {
        match act {
            Act::Relu => (Fused::Relu, Act::None),
            Act::Relu6 => (Fused::Relu6, Act::None),
            Act::LeakyRelu(slope) => (Fused::Leaky(slope), Act::None),
            late => (Fused::None, late),
        }
    }
}

/// Where the inputs of a tile's pixels lie, piece by piece.
pub(crate) trait Rows: Copy {
    /// The pieces of this number, of `MR` pixels.
    ///
    /// # Safety
    /// There is such a piece, of so many pixels.
    unsafe fn starts<const MR: usize>(self, segment: usize) -> [*const f32; MR];
}

/// Anywhere: as many pointers a segment as there are pixels.
#[derive(Clone, Copy)]
pub(crate) struct Scattered(pub(crate) *const *const f32);

/// The same distance from one pixel to the next.
#[derive(Clone, Copy)]
pub(crate) struct Even {
    /// The first pixel.
    pub(crate) first: *const f32,
    /// Elements between two pixels.
    pub(crate) step: usize,
    /// For each segment, elements from a pixel to its piece.
    pub(crate) offsets: *const isize,
}

impl Rows for Scattered {
    #[inline(always)]
    unsafe fn starts<const MR: usize>(self, segment: usize) -> [*const f32; MR] {
        let starts = self.0.wrapping_add(segment * MR);
        // SAFETY: the caller's promise.
        unsafe { starts.cast::<[*const f32; MR]>().read() }
    }
}

impl Rows for Even {
    #[inline(always)]
    unsafe fn starts<const MR: usize>(self, segment: usize) -> [*const f32; MR] {
        // SAFETY: the caller's promise.
        let offset = unsafe { self.offsets.add(segment).read() };
        let first = self.first.wrapping_offset(offset);
        core::array::from_fn(|r| first.wrapping_add(r * self.step))
    }
}

/// Work for one call of a tile kernel: `MR` pixels by one panel of filters, over a part of the sum.
///
/// For row `r` and filter `f`:
/// `out[r * stride + f] = act(first(r, f) + sum over s < segments, k < len of rows(s, r)[k] * panel[(s * len + k) * N + f])`,
/// where `N` is the width of the panel in memory and `first` the bias, or what `out` holds already, and what is added to it.
pub(crate) struct Tile<R = Scattered, W = f32> {
    /// Where the inputs of each pixel lie: for each segment `len` readable elements.
    pub(crate) rows: R,
    /// Pieces of contiguous inputs.
    pub(crate) segments: usize,
    /// Elements in each piece.
    pub(crate) len: usize,
    /// Packed weights: `segments * len` times `N` elements.
    pub(crate) panel: *const W,
    /// `N` biases; null to go on from what `out` holds.
    pub(crate) bias: *const f32,
    /// What is added to the first pixel's outputs; null for nothing. It may be `out`, where `bias` is not null.
    pub(crate) added: *const f32,
    /// Elements between what is added to two pixels.
    pub(crate) added_stride: usize,
    /// The first pixel's outputs.
    pub(crate) out: *mut f32,
    /// Elements between two pixels' outputs.
    pub(crate) stride: usize,
    /// Filters to store: the last vector of the panel may be partial.
    pub(crate) width: usize,
    /// Applied to what is stored.
    pub(crate) act: Fused,
}

impl<R, W> Tile<R, W> {
    /// The same work over these inputs.
    pub(crate) fn over<S>(&self, rows: S) -> Tile<S, W> {
        let &Self {
            segments,
            len,
            panel,
            bias,
            added,
            added_stride,
            out,
            stride,
            width,
            act,
            ..
        } = self;
        Tile {
            rows,
            segments,
            len,
            panel,
            bias,
            added,
            added_stride,
            out,
            stride,
            width,
            act,
        }
    }
}

/// A tile kernel of a fixed number of pixels and vectors.
///
/// # Safety
/// The CPU has the kernel's instruction set, and the pointers of the tile are good for what it describes.
pub(crate) type TileKernel<R = Scattered, W = f32> = unsafe fn(&Tile<R, W>);

/// The kernel for one pixel and [`STREAMS`] whole panels (the last may be narrower), which lie so many elements apart: the tile is that of the
/// first, but for its width, which is theirs together.
///
/// # Safety
/// As for [`TileKernel`].
pub(crate) type StreamKernel<W> = unsafe fn(&Tile<Scattered, W>, usize);

/// Panels that one pixel takes at once: memory gives more when it is read in several places.
pub(crate) const STREAMS: usize = 4;

/// How far ahead of the arithmetic the panel is asked for: a panel streams from L2 (or further out), and the hardware
/// prefetcher alone hides too little of that.
const AHEAD: usize = 2048; // bytes
/// The same for each of several panels.
const STREAM_AHEAD: usize = 512; // bytes

#[inline(always)]
pub(super) unsafe fn tile<V: Vector, R: Rows, W: Weight, const MR: usize, const NV: usize>(
    t: &Tile<R, W>,
) {
    // SAFETY: the tile describes what may be read and written (see `TileKernel`); the panel is padded to whole vectors, and
    // the store touches `width` elements of each row only.
    unsafe {
        let mut acc = [[V::splat(0.0); NV]; MR];
        let mut panel = t.panel;
        for s in 0..t.segments {
            let rows = t.rows.starts::<MR>(s);
            for k in 0..t.len {
                let weights = W::load::<V, NV>(panel, AHEAD);
                for (row, acc) in rows.iter().zip(&mut acc) {
                    let x = V::splat(row.add(k).read());
                    for (sum, w) in acc.iter_mut().zip(weights) {
                        *sum = sum.add_product(x, w);
                    }
                }
                panel = panel.add(NV * V::LANES);
            }
        }

        if !t.added.is_null() {
            for (r, acc) in acc.iter_mut().enumerate() {
                *acc = onto(*acc, t.added.add(r * t.added_stride), t.width);
            }
        }
        let bias = biases(t.bias);
        for (r, acc) in acc.into_iter().enumerate() {
            store(acc, bias, t.out.add(r * t.stride), t.width, t.act);
        }
    }
}

#[inline(always)]
pub(super) unsafe fn streams<V: Vector, W: Weight, const NV: usize>(
    t: &Tile<Scattered, W>,
    apart: usize,
) {
    // SAFETY: as in `tile`.
    unsafe {
        let mut acc = [[V::splat(0.0); NV]; STREAMS];
        let mut panel = t.panel;
        for s in 0..t.segments {
            let [x] = t.rows.starts::<1>(s);
            for k in 0..t.len {
                let x = V::splat(x.add(k).read());
                for (p, acc) in acc.iter_mut().enumerate() {
                    let weights = W::load::<V, NV>(panel.add(p * apart), STREAM_AHEAD);
                    for (sum, w) in acc.iter_mut().zip(weights) {
                        *sum = sum.add_product(x, w);
                    }
                }
                panel = panel.add(NV * V::LANES);
            }
        }
        let wide = NV * V::LANES;
        for (p, mut acc) in acc.into_iter().enumerate() {
            let bias = match t.bias.is_null() {
                true => None,
                false => biases(t.bias.add(p * wide)),
            };
            let width = wide.min(t.width - p * wide);
            if !t.added.is_null() {
                acc = onto(acc, t.added.add(p * wide), width);
            }
            store(acc, bias, t.out.add(p * wide), width, t.act);
        }
    }
}

/// The biases of a panel, unless null.
#[inline(always)]
unsafe fn biases<V: Vector, const NV: usize>(from: *const f32) -> Option<[V; NV]> {
    if from.is_null() {
        return None;
    }
    // SAFETY: biases are padded to whole vectors.
    unsafe {
        let mut bias = [V::splat(0.0); NV];
        for (v, b) in bias.iter_mut().enumerate() {
            *b = V::load(from.add(v * V::LANES));
        }
        Some(bias)
    }
}

/// Adds what lies here, of which `width` elements are there, to the sums of a pixel.
#[inline(always)]
unsafe fn onto<V: Vector, const NV: usize>(
    sums: [V; NV],
    added: *const f32,
    width: usize,
) -> [V; NV] {
    let mut all = sums;
    for (v, sum) in all.iter_mut().enumerate() {
        // SAFETY: the caller vouches for so many elements.
        unsafe {
            let (from, left) = (added.add(v * V::LANES), width - v * V::LANES);
            let more = match left >= V::LANES {
                true => V::load(from),
                false => V::load_partial(from, left),
            };
            *sum = sum.add(more);
        }
    }
    all
}

/// Stores the sums of a pixel on top of biases, or of what is there.
#[inline(always)]
unsafe fn store<V: Vector, const NV: usize>(
    sums: [V; NV],
    bias: Option<[V; NV]>,
    out: *mut f32,
    width: usize,
    act: Fused,
) {
    // The first vectors are whole, the last has `tail` lanes. Masked stores are slow on some machines: none where it is whole too.
    let tail = width - (NV - 1) * V::LANES;
    let whole = tail == V::LANES;
    for (v, sum) in sums.into_iter().enumerate() {
        // SAFETY: `width` elements are this task's.
        unsafe {
            let out = out.add(v * V::LANES);
            let last = v + 1 == NV && !whole;
            let first = match bias {
                Some(bias) => bias[v],
                None if last => V::load_partial(out, tail),
                None => V::load(out),
            };
            let sum = fuse(sum.add(first), act);
            if last {
                sum.store_partial(out, tail);
            } else {
                sum.store(out);
            }
        }
    }
}

/// NaN stays NaN: `max` and `min` give their second operand then.
#[inline(always)]
pub(super) unsafe fn fuse<V: Vector>(x: V, act: Fused) -> V {
    // SAFETY: the caller vouches for the instruction set.
    unsafe {
        let zero = V::splat(0.0);
        match act {
            Fused::None => x,
            Fused::Relu => zero.max(x),
            Fused::Relu6 => V::splat(6.0).min(zero.max(x)),
            Fused::Leaky(slope) => zero.max(x).add_product(zero.min(x), V::splat(slope)),
        }
    }
}
