//! Micro-kernels of int8: unsigned inputs, signed weights, sums of 32 bits. Each is written once over [`Sums`], compiled for every
//! instruction set, and gives the same bits on each.

use super::bytes::Sums;
pub(crate) use super::bytes::round;
use super::vector::Vector;
use crate::cpu::simd::{self, Level};

/// The most pixels in a tile of any kernel.
pub(crate) const MAX_ROWS: usize = 12;
/// The most filters in a panel of any kernel.
pub(crate) const MAX_WIDTH: usize = 64;
/// Wide enough for every kernel's vectors.
pub(crate) const MAX_LANES: usize = 16;

/// What becomes of sums: `min(max(sum * scale[f] + bias[f], low), high)`, as numbers or, where `low` and `high` are between 0 and 255,
/// rounded to bytes.
#[derive(Clone, Copy)]
pub(crate) struct Finish {
    /// What each sum starts with, padded to whole vectors; as are the next two.
    pub(crate) first: *const i32,
    pub(crate) scale: *const f32,
    pub(crate) bias: *const f32,
    pub(crate) low: f32,
    pub(crate) high: f32,
    pub(crate) out: Out,
    /// Elements between two pixels' outputs.
    pub(crate) stride: usize,
    /// Filters to store.
    pub(crate) width: usize,
}

/// The first pixel's outputs.
#[derive(Clone, Copy)]
pub(crate) enum Out {
    F32(*mut f32),
    U8(*mut u8),
}

impl Finish {
    /// Stores the sums of `NV` vectors of filters from `f` on, of `MR` pixels.
    #[inline(always)]
    unsafe fn store<V: Sums, const MR: usize, const NV: usize>(
        &self,
        f: usize,
        acc: [[V; NV]; MR],
    ) {
        // SAFETY: the caller vouches for the kernel's promises: vectors of scales and biases, and outputs of which `width` are touched.
        unsafe {
            let (low, high) = (V::Float::splat(self.low), V::Float::splat(self.high));
            let (mut scale, mut bias) = ([low; NV], [low; NV]);
            for v in 0..NV {
                scale[v] = V::Float::load(self.scale.add(f + v * V::LANES));
                bias[v] = V::Float::load(self.bias.add(f + v * V::LANES));
            }
            let n = self.width - f;
            for (r, acc) in acc.into_iter().enumerate() {
                let mut y = [low; NV];
                for (v, sum) in acc.into_iter().enumerate() {
                    let x = sum.float().mul(scale[v]).add(bias[v]);
                    y[v] = high.min(low.max(x));
                }
                let to = r * self.stride + f;
                match self.out {
                    Out::U8(out) => {
                        V::store_all_bytes(y, out.add(to), n.min(NV * V::LANES));
                    }
                    Out::F32(out) => {
                        for (v, y) in y.into_iter().enumerate() {
                            let (to, n) = (out.add(to + v * V::LANES), n - v * V::LANES);
                            match n >= V::LANES {
                                true => y.store(to),
                                false => y.store_partial(to, n),
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Where the inputs of a tile's pixels lie, piece by piece.
pub(crate) trait Rows: Copy {
    /// The pieces of this number, of `MR` pixels.
    ///
    /// # Safety
    /// There is such a piece, of so many pixels.
    unsafe fn starts<const MR: usize>(self, segment: usize) -> [*const u8; MR];
}

/// Anywhere: as many pointers a segment as there are pixels.
#[derive(Clone, Copy)]
pub(crate) struct Scattered(pub(crate) *const *const u8);

/// The same distance from one pixel to the next.
#[derive(Clone, Copy)]
pub(crate) struct Even {
    /// The first pixel.
    pub(crate) first: *const u8,
    /// Bytes between two pixels.
    pub(crate) step: usize,
    /// For each segment, bytes from a pixel to its piece.
    pub(crate) offsets: *const isize,
}

impl Rows for Scattered {
    #[inline(always)]
    unsafe fn starts<const MR: usize>(self, segment: usize) -> [*const u8; MR] {
        let starts = self.0.wrapping_add(segment * MR);
        // SAFETY: the caller's promise.
        unsafe { starts.cast::<[*const u8; MR]>().read() }
    }
}

impl Rows for Even {
    #[inline(always)]
    unsafe fn starts<const MR: usize>(self, segment: usize) -> [*const u8; MR] {
        // SAFETY: the caller's promise.
        let offset = unsafe { self.offsets.add(segment).read() };
        let first = self.first.wrapping_offset(offset);
        core::array::from_fn(|r| first.wrapping_add(r * self.step))
    }
}

/// Work for one call of a tile kernel: `MR` pixels by one panel of `N` filters. The sum of row `r` and filter `f` is
/// `first[f] + sum over s < segments, k < 4 * quads of rows(s, r)[k] * w[s * quads + k / 4][f][k % 4]`.
pub(crate) struct Tile<R> {
    /// Where the inputs of each pixel lie: for each segment `4 * quads` readable bytes.
    pub(crate) rows: R,
    /// Pieces of contiguous inputs.
    pub(crate) segments: usize,
    /// A quarter of the bytes in each piece.
    pub(crate) quads: usize,
    /// Packed weights ([`Kernels::pack`]).
    pub(crate) panel: *const u8,
    pub(crate) finish: Finish,
}

/// A tile kernel of a fixed number of pixels and vectors.
///
/// # Safety
/// The CPU has the kernel's instruction set, and the pointers of the tile are good for what it describes.
pub(crate) type TileKernel<R> = unsafe fn(&Tile<R>);

/// How far ahead of the arithmetic a panel is asked for, in bytes.
const AHEAD: usize = 2048;

#[inline(always)]
unsafe fn tile<V: Sums, R: Rows, const MR: usize, const NV: usize>(t: &Tile<R>) {
    // SAFETY: the tile describes what may be read and written (see `TileKernel`).
    unsafe {
        let mut first = [V::load(t.finish.first); NV];
        for (v, first) in first.iter_mut().enumerate() {
            *first = V::load(t.finish.first.add(v * V::LANES));
        }
        let mut acc: [[V; NV]; MR] = [first; MR];
        let mut panel = t.panel;
        for s in 0..t.segments {
            let rows = t.rows.starts::<MR>(s);
            for k in 0..t.quads {
                let mut weights = [V::weight(panel); NV];
                for (v, weight) in weights.iter_mut().enumerate() {
                    *weight = V::weight(panel.add(v * V::BYTES));
                }
                for v in 0..NV {
                    V::Float::prefetch(panel.wrapping_add(v * V::BYTES + AHEAD).cast());
                }
                for (row, acc) in rows.iter().zip(&mut acc) {
                    let x = V::input(row.add(4 * k));
                    for (sum, w) in acc.iter_mut().zip(weights) {
                        *sum = sum.add_products(x, w);
                    }
                }
                panel = panel.add(NV * V::BYTES);
            }
        }
        t.finish.store(0, acc);
    }
}

/// Work for one call of a depthwise kernel: `MR` pixels, all channels.
pub(crate) struct Depthwise<R> {
    /// Where the inputs of each pixel lie.
    pub(crate) inputs: R,
    /// For each cell of the kernel `padded` weights.
    pub(crate) weights: *const i32,
    /// Channels, rounded up to whole vectors of any kernel.
    pub(crate) padded: usize,
    pub(crate) finish: Finish,
}

/// Inputs anywhere.
pub(crate) struct Cells {
    /// `MR` pointers a tap, each to `width` readable bytes.
    pub(crate) rows: *const *const u8,
    /// Cells of the kernel.
    pub(crate) taps: usize,
}

/// Inputs of pixels side by side in a row, whose windows lie inside the picture: each is loaded once for all windows that see it. The kernel's
/// width and stride are constants.
pub(crate) struct Beside {
    /// The first window's first pixel.
    pub(crate) first: *const u8,
    /// Rows of the window.
    pub(crate) rows: usize,
    /// Bytes from one row of the window to the next, and from one pixel to the next.
    pub(crate) steps: [usize; 2],
}

/// A depthwise kernel of a fixed number of pixels.
///
/// # Safety
/// The CPU has the kernel's instruction set, and the pointers are good for what [`Depthwise`] describes.
pub(crate) type DepthwiseKernel<R> = unsafe fn(&Depthwise<R>);

#[inline(always)]
unsafe fn depthwise<V: Sums, const MR: usize>(d: &Depthwise<Cells>) {
    // SAFETY: see `DepthwiseKernel`; a partial vector is read and written where the channels end.
    unsafe {
        for c in (0..d.finish.width).step_by(V::LANES) {
            let n = V::LANES.min(d.finish.width - c);
            let mut acc = [[V::load(d.finish.first.add(c))]; MR];
            for t in 0..d.inputs.taps {
                let rows = d.inputs.rows.add(t * MR).cast::<[*const u8; MR]>().read();
                let w = V::load(d.weights.add(t * d.padded + c));
                for (row, acc) in rows.iter().zip(&mut acc) {
                    acc[0] = acc[0].add_product(V::widen(row.add(c), n), w);
                }
            }
            d.finish.store(c, acc);
        }
    }
}

#[inline(always)]
unsafe fn depthwise_row<V: Sums, const MR: usize, const WIDTH: usize, const STRIDE: usize>(
    d: &Depthwise<Beside>,
) {
    // SAFETY: see `DepthwiseKernel`; a partial vector is read and written where the channels end.
    unsafe {
        for c in (0..d.finish.width).step_by(V::LANES) {
            let n = V::LANES.min(d.finish.width - c);
            let mut acc = [[V::load(d.finish.first.add(c))]; MR];
            for y in 0..d.inputs.rows {
                let weights = d.weights.add(y * WIDTH * d.padded + c);
                let weights: [V; WIDTH] =
                    core::array::from_fn(|x| V::load(weights.add(x * d.padded)));
                let row = d.inputs.first.add(y * d.inputs.steps[0] + c);
                for column in 0..(MR - 1) * STRIDE + WIDTH {
                    let input = V::widen(row.add(column * d.inputs.steps[1]), n);
                    for (r, acc) in acc.iter_mut().enumerate() {
                        if r * STRIDE <= column && column < r * STRIDE + WIDTH {
                            acc[0] = acc[0].add_product(input, weights[column - r * STRIDE]);
                        }
                    }
                }
            }
            d.finish.store(c, acc);
        }
    }
}

/// The kernels of one instruction set.
pub(crate) struct Kernels {
    /// Sums in a vector.
    pub(crate) lanes: usize,
    /// Bytes of four weights for each lane.
    pub(crate) bytes: usize,
    pairs: bool,
    tiles: &'static [&'static [TileKernel<Scattered>]],
    even_tiles: &'static [&'static [TileKernel<Even>]],
    /// `depthwise[mr - 1]` computes `mr` pixels.
    pub(crate) depthwise: &'static [DepthwiseKernel<Cells>],
    depthwise_rows: [[&'static [DepthwiseKernel<Beside>]; 2]; 2],
}

impl Kernels {
    /// The most vectors in a panel.
    pub(crate) fn max_vectors(&self) -> usize {
        self.tiles.len()
    }

    /// The kernels for panels of `vectors` vectors, by number of pixels less one.
    pub(crate) fn tiles(&self, vectors: usize) -> &'static [TileKernel<Scattered>] {
        self.tiles[vectors - 1]
    }

    /// As [`tiles`](Self::tiles), for pixels that lie evenly.
    pub(crate) fn even_tiles(&self, vectors: usize) -> &'static [TileKernel<Even>] {
        self.even_tiles[vectors - 1]
    }

    /// The kernels for depthwise windows so wide and so far apart, by number of pixels less one; none where there are none.
    pub(crate) fn depthwise_rows(
        &self,
        width: usize,
        stride: usize,
    ) -> &'static [DepthwiseKernel<Beside>] {
        match (width, stride) {
            (3 | 5, 1 | 2) => self.depthwise_rows[stride - 1][(width - 3) / 2],
            _ => &[],
        }
    }

    /// Writes a weight of a vector of filters, which starts at `to`: that of filter `lane` and of the input `k` of four.
    pub(crate) fn pack(&self, to: &mut [u8], lane: usize, k: usize, weight: i8) {
        if self.pairs {
            let at = (k % 2) * self.bytes / 2 + 4 * lane + k / 2 * 2;
            to[at..at + 2].copy_from_slice(&i16::from(weight).to_le_bytes());
        } else {
            to[4 * lane + k] = weight as u8;
        }
    }
}

/// The kernels for machines of this level. `small` says that no weights that are the first and second, or the third and fourth of a four, add up to
/// more than 128, of either sign.
///
/// # Panics
/// If this CPU does not have the level.
#[cfg_attr(
    not(target_arch = "x86_64"),
    allow(unused_variables, reason = "only kernels for x86 differ by it")
)]
pub(crate) fn kernels(level: Level, small: bool) -> &'static Kernels {
    assert!(level <= simd::level(), "this CPU has no {level:?}");
    match level {
        Level::Portable => &portable::KERNELS,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 if small => &avx2_bytes::KERNELS,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => &avx2::KERNELS,
        // AVX-512 came before its VNNI.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 if has_vnni() => &vnni::KERNELS,
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 if small => &avx2_bytes::KERNELS,
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => &avx2::KERNELS,
        #[cfg(not(target_arch = "x86_64"))]
        #[allow(
            unreachable_patterns,
            reason = "targets without vectors have one level"
        )]
        _ => &portable::KERNELS,
    }
}

#[cfg(target_arch = "x86_64")]
fn has_vnni() -> bool {
    #[cfg(feature = "std")]
    return std::arch::is_x86_feature_detected!("avx512vnni");
    #[cfg(not(feature = "std"))]
    cfg!(target_feature = "avx512vnni")
}

macro_rules! level {
    ($level:ident, $sums:ident, [$($feature:literal)?], $([$nv:literal: $($mr:literal)*])*, [$($dw:literal)*]) => {
        mod $level {
            use super::super::bytes::{Sums, $sums};
            use super::{Beside, Cells, Depthwise, DepthwiseKernel, Even, Scattered, Tile, TileKernel};

            $(#[target_feature(enable = $feature)])?
            unsafe fn tile<const MR: usize, const NV: usize>(t: &Tile<Scattered>) {
                // SAFETY: the caller's promise is the same.
                unsafe { super::tile::<$sums, _, MR, NV>(t) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn even_tile<const MR: usize, const NV: usize>(t: &Tile<Even>) {
                // SAFETY: the caller's promise is the same.
                unsafe { super::tile::<$sums, _, MR, NV>(t) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn depthwise<const MR: usize>(d: &Depthwise<Cells>) {
                // SAFETY: the caller's promise is the same.
                unsafe { super::depthwise::<$sums, MR>(d) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn depthwise_row<const MR: usize, const WIDTH: usize, const STRIDE: usize>(d: &Depthwise<Beside>) {
                // SAFETY: the caller's promise is the same.
                unsafe { super::depthwise_row::<$sums, MR, WIDTH, STRIDE>(d) }
            }

            pub(super) static KERNELS: super::Kernels = super::Kernels {
                lanes: $sums::LANES,
                bytes: $sums::BYTES,
                pairs: $sums::PAIRS,
                tiles: &[$(&[$(tile::<$mr, $nv> as TileKernel<Scattered>),*]),*],
                even_tiles: &[$(&[$(even_tile::<$mr, $nv> as TileKernel<Even>),*]),*],
                depthwise: &[$(depthwise::<$dw> as DepthwiseKernel<Cells>),*],
                depthwise_rows: [
                    [&[$(depthwise_row::<$dw, 3, 1> as DepthwiseKernel<Beside>),*], &[$(depthwise_row::<$dw, 5, 1> as DepthwiseKernel<Beside>),*]],
                    [&[$(depthwise_row::<$dw, 3, 2> as DepthwiseKernel<Beside>),*], &[$(depthwise_row::<$dw, 5, 2> as DepthwiseKernel<Beside>),*]],
                ],
            };
        }
    };
}

level!(portable, PortableSums, [], [1: 1 2 3 4] [2: 1 2 3 4], [1 2 3 4]);
// 16 registers: sums, and inputs and weights in two halves each.
#[cfg(target_arch = "x86_64")]
level!(avx2, Avx2Words, ["avx2,fma"], [1: 1 2 3 4 5 6] [2: 1 2 3], [1 2 3 4]);
#[cfg(target_arch = "x86_64")]
level!(avx2_bytes, Avx2Bytes, ["avx2,fma"], [1: 1 2 3 4 5 6 7 8] [2: 1 2 3 4 5] [3: 1 2 3], [1 2 3 4]);
#[cfg(target_arch = "x86_64")]
level!(vnni, VnniSums, ["avx512f,avx512bw,avx512vl,avx512vnni"],
    [1: 1 2 3 4 5 6 7 8 9 10 11 12] [2: 1 2 3 4 5 6 7 8 9 10 11 12] [3: 1 2 3 4 5 6 7 8 9] [4: 1 2 3 4 5 6],
    [1 2 3 4 5 6]);
