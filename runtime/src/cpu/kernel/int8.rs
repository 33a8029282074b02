//! Micro-kernels of int8: unsigned inputs, signed weights, sums of 32 bits. Each is written once over the traits of `bytes.rs`, compiled for
//! every instruction set, and gives the same bits on each.

mod depthwise;
mod finish;

pub(crate) use depthwise::{Depthwise, DepthwiseKernel, Row};
pub(crate) use finish::{Added, Finish, Out};

pub(crate) use super::bytes::round;
use super::bytes::{Dots, Sums, channel};
use super::vector::Vector;
use crate::cpu::simd::{self, Level};

/// The most pixels in a tile of any kernel.
pub(crate) const MAX_ROWS: usize = 12;
/// The most filters in a panel of any kernel.
pub(crate) const MAX_WIDTH: usize = 64;
/// Wide enough for every kernel's vectors.
pub(crate) const MAX_LANES: usize = 16;

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
const AHEAD: usize = 4096;

#[inline(always)]
unsafe fn tile<V: Dots, R: Rows, const MR: usize, const NV: usize>(t: &Tile<R>) {
    // SAFETY: the tile describes what may be read and written (see `TileKernel`).
    unsafe {
        let mut acc: [[V; NV]; MR] = [t.finish.first(); MR];
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
        t.finish.store(acc);
    }
}

/// The kernels of depthwise convolution for vectors of one size.
pub(crate) struct DepthwiseKernels {
    /// Sums in a vector.
    pub(crate) lanes: usize,
    /// Bytes of four weights for each lane.
    pub(crate) bytes: usize,
    /// For any window.
    any: Outputs,
    /// For windows of 3 and 5 columns, with strides of 1 and 2.
    rows: [[Outputs; 2]; 2],
    /// For windows of 3 columns with a stride of 1: two rows of outputs at once, where the registers hold their sums.
    pub(crate) pair: Option<Outputs>,
}

/// Two kernels: for outputs that are bytes, and for numbers.
pub(crate) type Outputs = [DepthwiseKernel; 2];

impl DepthwiseKernels {
    /// Channels of a call.
    pub(crate) fn channels(&self) -> usize {
        4 * self.lanes
    }

    /// The vector and the lane of this channel of a call.
    pub(crate) fn place(&self, c: usize) -> [usize; 2] {
        let place = [c % 16 / 4, c / 16 * 4 + c % 4];
        debug_assert!(channel(place[0], place[1]) == c);
        place
    }

    /// The kernels for windows so wide, so far apart, with cells so far apart.
    pub(crate) fn row(&self, width: usize, stride: usize, dilation: usize) -> Outputs {
        match (width, stride, dilation) {
            (3 | 5, 1 | 2, 1) => self.rows[(width - 3) / 2][stride - 1],
            _ => self.any,
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
    /// With whole vectors, and with those of half as many lanes where there are such.
    pub(crate) depthwise: [DepthwiseKernels; 2],
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

/// The kernels of a level, by their pixels for each number of vectors; `pair` says whether sums of two rows of depthwise outputs fit into registers.
macro_rules! level {
    ($level:ident, $sums:ident, [$($feature:literal)?], $([$nv:literal: $($mr:literal)*])*, pair: $pair:literal) => {
        mod $level {
            use super::super::bytes::{Columns, $sums};
            use super::{Depthwise, DepthwiseKernel, DepthwiseKernels, Even, Scattered, Tile, TileKernel, depthwise};

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
            unsafe fn windows<V: Columns, const NUMBERS: bool>(d: &Depthwise) {
                // SAFETY: the caller's promise is the same.
                unsafe { depthwise::windows::<V, NUMBERS>(d) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn row<V: Columns, const R: usize, const WIDTH: usize, const STRIDE: usize, const LIVE: usize, const NUMBERS: bool>(d: &Depthwise) {
                // SAFETY: the caller's promise is the same.
                unsafe { depthwise::row::<V, R, WIDTH, STRIDE, LIVE, NUMBERS>(d) }
            }

            const fn depthwise_kernels<V: Columns>() -> DepthwiseKernels {
                DepthwiseKernels {
                    lanes: V::LANES,
                    bytes: V::BYTES,
                    any: [windows::<V, false>, windows::<V, true>],
                    rows: [
                        [
                            [row::<V, 1, 3, 1, 3, false>, row::<V, 1, 3, 1, 3, true>],
                            [row::<V, 1, 3, 2, 2, false>, row::<V, 1, 3, 2, 2, true>],
                        ],
                        [
                            [row::<V, 1, 5, 1, 5, false>, row::<V, 1, 5, 1, 5, true>],
                            [row::<V, 1, 5, 2, 3, false>, row::<V, 1, 5, 2, 3, true>],
                        ],
                    ],
                    pair: if $pair {
                        Some([row::<V, 2, 3, 1, 3, false> as DepthwiseKernel, row::<V, 2, 3, 1, 3, true>])
                    } else {
                        None
                    },
                }
            }

            pub(super) static KERNELS: super::Kernels = super::Kernels {
                lanes: <$sums as super::Sums>::LANES,
                bytes: <$sums as super::Sums>::BYTES,
                pairs: <$sums as super::Sums>::PAIRS,
                tiles: &[$(&[$(tile::<$mr, $nv> as TileKernel<Scattered>),*]),*],
                even_tiles: &[$(&[$(even_tile::<$mr, $nv> as TileKernel<Even>),*]),*],
                depthwise: [depthwise_kernels::<$sums>(), depthwise_kernels::<<$sums as Columns>::Half>()],
            };
        }
    };
}

level!(portable, PortableSums, [], [1: 1 2 3 4] [2: 1 2 3 4], pair: false);
// 16 registers: sums, and inputs and weights in two halves each.
#[cfg(target_arch = "x86_64")]
level!(avx2, Avx2Words, ["avx2,fma"], [1: 1 2 3 4 5 6] [2: 1 2 3], pair: false);
#[cfg(target_arch = "x86_64")]
level!(avx2_bytes, Avx2Bytes, ["avx2,fma"], [1: 1 2 3 4 5 6 7 8] [2: 1 2 3 4 5] [3: 1 2 3], pair: false);
#[cfg(target_arch = "x86_64")]
level!(vnni, VnniSums, ["avx512f,avx512bw,avx512vl,avx512vnni"],
    [1: 1 2 3 4 5 6 7 8 9 10 11 12] [2: 1 2 3 4 5 6 7 8 9 10 11 12] [3: 1 2 3 4 5 6 7 8 9] [4: 1 2 3 4 5 6],
    pair: true);
