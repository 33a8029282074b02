//! Micro-kernels: the innermost loops of convolution and matrix product, for each instruction set, and their data.
//!
//! A [`Kernels`] is a table of function pointers, chosen once, when a layer is prepared. All of them compute the same thing
//! from the same layout, so everything above this folder is free of instruction sets:
//!
//! - weights are packed into *panels* of a few vectors of filters (`conv/panels.rs`),
//! - inputs are read where they lie, by pointers to runs of contiguous elements ([`Tile`]), one run a pixel at a time,
//! - each output is summed in the same order whatever tile it falls in, so results depend neither on the batch nor on threads.

mod bytes;
mod depthwise;
mod grouped;
pub(crate) mod int8;
mod memory;
#[cfg(feature = "train")]
mod outer;
mod pool;
#[cfg(feature = "std")]
mod probe;
mod tile;
mod vector;
mod weight;
mod winograd;

pub(crate) use depthwise::{Beside, Cells, Depthwise, DepthwiseKernel};
pub(crate) use grouped::{Grouped, GroupedKernel};
pub(crate) use memory::Aligned;
#[cfg(feature = "train")]
pub(crate) use outer::{Outer, OuterKernel};
pub(crate) use pool::{MaxWindow, MaxWindowKernel, Together};
#[cfg(feature = "train")]
pub(crate) use pool::{MaxWindowBack, MaxWindowBackKernel};
pub(crate) use tile::{Even, Fused, STREAMS, Scattered, StreamKernel, Tile, TileKernel};
pub(crate) use weight::{Bf16, Weight};
pub(crate) use winograd::{WinogradInput, WinogradKernels, WinogradOutput};

use super::simd::{self, Level};
use super::tuning::Tuning;

/// The kernels of an instruction set.
///
/// # Panics
/// If this CPU does not have it.
pub(crate) fn kernels(level: Level) -> &'static Kernels {
    assert!(level <= simd::level(), "this CPU has no {level:?}");
    match level {
        Level::Portable => &portable::KERNELS,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => &avx2::KERNELS,
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => &avx512::KERNELS,
        #[cfg(all(
            target_arch = "aarch64",
            target_feature = "neon",
            target_endian = "little"
        ))]
        Level::Neon => &neon::KERNELS,
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        Level::Simd128 => &simd128::KERNELS,
    }
}

/// The kernels of one instruction set.
pub(crate) struct Kernels {
    /// How work is cut for these kernels.
    pub(crate) tuning: &'static Tuning,
    /// Numbers in a vector.
    pub(crate) lanes: usize,
    /// `tiles[nv - 1][mr - 1]` computes `mr` pixels by `nv` vectors of filters. The wider the panel, the fewer pixels fit the
    /// registers.
    tiles: &'static [&'static [TileKernel]],
    /// The same for pixels that lie evenly.
    even_tiles: &'static [&'static [TileKernel<Even>]],
    /// `tiles` for weights in bf16.
    bf16_tiles: &'static [&'static [TileKernel<Scattered, Bf16>]],
    /// `streams[nv - 1]` computes one pixel by several panels of `nv` vectors.
    streams: &'static [StreamKernel<f32>],
    /// The same for weights in bf16.
    bf16_streams: &'static [StreamKernel<Bf16>],
    /// `outers[nv - 1][mr - 1]` computes `mr` rows by `nv` vectors.
    #[cfg(feature = "train")]
    outers: &'static [&'static [OuterKernel]],
    /// `depthwise[mr - 1]` computes `mr` pixels.
    pub(crate) depthwise: &'static [DepthwiseKernel<Cells>],
    /// `depthwise_rows[s - 1][w][mr - 1]` computes `mr` pixels side by side, with stride `s` and kernels 3 (`w` 0) or 5 (1) cells wide.
    depthwise_rows: [[&'static [DepthwiseKernel<Beside>]; 2]; 2],
    /// `grouped[mr - 1]` computes `mr` pixels.
    pub(crate) grouped: &'static [GroupedKernel],
    /// Max pooling.
    pub(crate) max_window: MaxWindowKernel,
    /// Backward through it.
    #[cfg(feature = "train")]
    pub(crate) max_window_back: MaxWindowBackKernel,
    /// Winograd's transforms, by side of a tile's outputs and of the filter.
    winograd: &'static [([usize; 2], WinogradKernels)],
    /// Nothing but products.
    #[cfg(feature = "std")]
    products: probe::ProductsKernel,
    /// Nothing but reads.
    #[cfg(feature = "std")]
    read: probe::ReadKernel,
}

impl Kernels {
    /// The most vectors in a panel.
    pub(crate) fn max_vectors(&self) -> usize {
        self.tiles.len()
    }

    /// The most vectors of columns in an outer product.
    #[cfg(feature = "train")]
    pub(crate) fn max_columns(&self) -> usize {
        self.outers.len()
    }

    /// As [`tiles`](Self::tiles), for sums of outer products.
    #[cfg(feature = "train")]
    pub(crate) fn outers(&self, vectors: usize) -> &'static [OuterKernel] {
        self.outers[vectors - 1]
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

    /// Winograd's transforms for tiles of `side` x `side` outputs and square filters of `taps` rows.
    ///
    /// # Panics
    /// If there are none.
    pub(crate) fn winograd(&self, side: usize, taps: usize) -> WinogradKernels {
        let mut all = self.winograd.iter();
        let (_, kernels) = all
            .find(|(sides, _)| *sides == [side, taps])
            .expect("transforms of this size");
        *kernels
    }

    /// As [`tiles`](Self::tiles), for pixels that lie evenly.
    pub(crate) fn even_tiles(&self, vectors: usize) -> &'static [TileKernel<Even>] {
        self.even_tiles[vectors - 1]
    }
}

/// The most pixels in a tile of any kernel.
pub(crate) const MAX_ROWS: usize = 12;

/// Wide enough for every level's vectors.
pub(crate) const MAX_LANES: usize = 16;

macro_rules! level {
    (
        $level:ident, $name:ident, $vector:ident, [$($feature:literal)?],
        tiles $([$nv:literal: $($mr:literal)*])*, outers $([$onv:literal: $($omr:literal)*])*, depthwise [$($dw:literal)*]
    ) => {
        mod $level {
            use super::depthwise::{self, Beside, Cells, Depthwise, DepthwiseKernel};
            use super::tile::{self, Even, Scattered, StreamKernel, Tile, TileKernel};
            use super::vector::{Vector, $vector};
            use super::weight::Bf16;
            use super::winograd::{self, WinogradInput, WinogradKernels, WinogradOutput};

            $(#[target_feature(enable = $feature)])?
            unsafe fn tile<const MR: usize, const NV: usize>(t: &Tile) {
                // SAFETY: the caller's promise is the same.
                unsafe { tile::tile::<$vector, _, _, MR, NV>(t) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn even_tile<const MR: usize, const NV: usize>(t: &Tile<Even>) {
                // SAFETY: the caller's promise is the same.
                unsafe { tile::tile::<$vector, _, _, MR, NV>(t) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn bf16_tile<const MR: usize, const NV: usize>(t: &Tile<Scattered, Bf16>) {
                // SAFETY: the caller's promise is the same.
                unsafe { tile::tile::<$vector, _, _, MR, NV>(t) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn streams<const NV: usize>(t: &Tile, apart: usize) {
                // SAFETY: the caller's promise is the same.
                unsafe { tile::streams::<$vector, _, NV>(t, apart) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn bf16_streams<const NV: usize>(t: &Tile<Scattered, Bf16>, apart: usize) {
                // SAFETY: the caller's promise is the same.
                unsafe { tile::streams::<$vector, _, NV>(t, apart) }
            }

            #[cfg(feature = "train")]
            $(#[target_feature(enable = $feature)])?
            unsafe fn outer<const MR: usize, const NV: usize>(o: &super::Outer) {
                // SAFETY: the caller's promise is the same.
                unsafe { super::outer::outer::<$vector, MR, NV>(o) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn depthwise<const MR: usize>(d: &Depthwise<Cells>) {
                // SAFETY: the caller's promise is the same.
                unsafe { depthwise::depthwise::<$vector, MR>(d) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn depthwise_row<const MR: usize, const WIDTH: usize, const STRIDE: usize>(d: &Depthwise<Beside>) {
                // SAFETY: the caller's promise is the same.
                unsafe { depthwise::depthwise_row::<$vector, MR, WIDTH, STRIDE>(d) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn grouped<const MR: usize>(g: &super::Grouped) {
                // SAFETY: the caller's promise is the same.
                unsafe { super::grouped::grouped::<$vector, MR>(g) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn max_window(t: &super::MaxWindow) {
                // SAFETY: the caller's promise is the same.
                unsafe { super::pool::max_window::<$vector>(t) }
            }

            #[cfg(feature = "train")]
            $(#[target_feature(enable = $feature)])?
            unsafe fn max_window_back(t: &super::MaxWindowBack) {
                // SAFETY: the caller's promise is the same.
                unsafe { super::pool::max_window_back::<$vector>(t) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn winograd_input<const N: usize>(t: &WinogradInput) {
                // SAFETY: the caller's promise is the same.
                unsafe { winograd::input::<$vector, N>(t) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn winograd_filter<const R: usize, const N: usize>(t: &WinogradInput) {
                // SAFETY: the caller's promise is the same.
                unsafe { winograd::filter::<$vector, R, N>(t) }
            }

            $(#[target_feature(enable = $feature)])?
            unsafe fn winograd_output<const M: usize, const N: usize>(t: &WinogradOutput) {
                // SAFETY: the caller's promise is the same.
                unsafe { winograd::output::<$vector, M, N>(t) }
            }

            #[cfg(feature = "std")]
            $(#[target_feature(enable = $feature)])?
            unsafe fn products(rounds: usize) -> f32 {
                // SAFETY: the caller's promise is the same.
                unsafe { super::probe::products::<$vector>(rounds) }
            }

            #[cfg(feature = "std")]
            $(#[target_feature(enable = $feature)])?
            unsafe fn read(numbers: &[f32]) -> f32 {
                // SAFETY: the caller's promise is the same.
                unsafe { super::probe::read::<$vector>(numbers) }
            }

            pub(super) static KERNELS: super::Kernels = super::Kernels {
                tuning: super::Tuning::of(super::Level::$name),
                lanes: $vector::LANES,
                tiles: &[$(&[$(tile::<$mr, $nv> as TileKernel),*]),*],
                even_tiles: &[$(&[$(even_tile::<$mr, $nv> as TileKernel<Even>),*]),*],
                bf16_tiles: &[$(&[$(bf16_tile::<$mr, $nv> as TileKernel<Scattered, Bf16>),*]),*],
                streams: &[$(streams::<$nv> as StreamKernel<f32>),*],
                bf16_streams: &[$(bf16_streams::<$nv> as StreamKernel<Bf16>),*],
                #[cfg(feature = "train")]
                outers: &[$(&[$(outer::<$omr, $onv> as super::OuterKernel),*]),*],
                depthwise: &[$(depthwise::<$dw> as DepthwiseKernel<Cells>),*],
                depthwise_rows: [
                    [&[$(depthwise_row::<$dw, 3, 1> as DepthwiseKernel<Beside>),*], &[$(depthwise_row::<$dw, 5, 1> as DepthwiseKernel<Beside>),*]],
                    [&[$(depthwise_row::<$dw, 3, 2> as DepthwiseKernel<Beside>),*], &[$(depthwise_row::<$dw, 5, 2> as DepthwiseKernel<Beside>),*]],
                ],
                grouped: &[$(grouped::<$dw> as super::GroupedKernel),*],
                max_window,
                #[cfg(feature = "train")]
                max_window_back,
                winograd: &[
                    ([2, 3], winograd_kernels::<2, 3, 4>()),
                    ([4, 3], winograd_kernels::<4, 3, 6>()),
                    ([2, 5], winograd_kernels::<2, 5, 6>()),
                    #[cfg(feature = "train")]
                    ([3, 4], winograd_kernels::<3, 4, 6>()),
                    #[cfg(feature = "train")]
                    ([5, 2], winograd_kernels::<5, 2, 6>()),
                ],
                #[cfg(feature = "std")]
                products,
                #[cfg(feature = "std")]
                read,
            };

            const fn winograd_kernels<const M: usize, const R: usize, const N: usize>() -> WinogradKernels {
                WinogradKernels {
                    input: winograd_input::<N>,
                    filter: winograd_filter::<R, N>,
                    output: winograd_output::<M, N>,
                }
            }
        }
    };
}

// 16 registers hold 3 x 4 sums (or 6 x 2) with a row of weights and a pixel; 32 registers 9 x 3, 6 x 4 or 12 x 2. More than
// 12 pixels would not fit the 16 general registers. Outer products read their rows elsewhere for each term, and have no register for that where
// three vectors fill them.
level!(portable, Portable, Portable, [],
    tiles [1: 1 2 3 4 5 6] [2: 1 2 3 4 5 6], outers [1: 1 2 3 4 5 6] [2: 1 2 3 4 5 6], depthwise [1 2 3 4]);
#[cfg(target_arch = "x86_64")]
level!(avx2, Avx2, Avx2, ["avx2,fma"],
    tiles [1: 1 2 3 4 5 6 7 8] [2: 1 2 3 4 5 6] [3: 1 2 3 4], outers [1: 1 2 3 4 5 6 7 8] [2: 1 2 3 4 5 6], depthwise [1 2 3 4]);
#[cfg(target_arch = "x86_64")]
level!(avx512, Avx512, Avx512, ["avx512f"],
    tiles [1: 1 2 3 4 5 6 7 8 9 10 11 12] [2: 1 2 3 4 5 6 7 8 9 10 11 12] [3: 1 2 3 4 5 6 7 8 9] [4: 1 2 3 4 5 6],
    outers [1: 1 2 3 4 5 6 7 8 9 10 11 12] [2: 1 2 3 4 5 6 7 8 9 10 11 12] [3: 1 2 3 4 5 6 7 8 9] [4: 1 2 3 4 5 6],
    depthwise [1 2 3 4 5 6]);
#[cfg(all(
    target_arch = "aarch64",
    target_feature = "neon",
    target_endian = "little"
))]
level!(neon, Neon, Neon, [],
    tiles [1: 1 2 3 4 5 6 7 8 9 10 11 12] [2: 1 2 3 4 5 6 7 8 9 10 11 12] [3: 1 2 3 4 5 6 7 8 9] [4: 1 2 3 4 5 6],
    outers [1: 1 2 3 4 5 6 7 8 9 10 11 12] [2: 1 2 3 4 5 6 7 8 9 10 11 12] [3: 1 2 3 4 5 6 7 8 9] [4: 1 2 3 4 5 6],
    depthwise [1 2 3 4 5 6]);
// Engines on x86 have 16 registers for it.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
level!(simd128, Simd128, Simd128, [],
    tiles [1: 1 2 3 4 5 6 7 8] [2: 1 2 3 4 5 6] [3: 1 2 3 4], outers [1: 1 2 3 4 5 6 7 8] [2: 1 2 3 4 5 6], depthwise [1 2 3 4]);
