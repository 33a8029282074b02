//! Convolutions of few channels, whose pixels are no whole sectors: a block computes a tile of pixels from a patch of the picture in shared memory.

use super::{RESIDENT, STEP, Size, Tile, area, per_group, work};
use crate::cuda::call::{Call, Operand};
use crate::plan::{Conv, Operation};

/// Bytes of a block's shared memory, and what else of it a product takes.
const SHARED: usize = 48 << 10;
const BESIDE: usize = 64;

/// Pixels of a tile, and the picture's numbers that it is computed from.
#[derive(Clone, Copy, Debug)]
struct Patch {
    tile: Tile,
    wide: usize,
    numbers: usize,
    /// Of the picture, in the patch.
    rows: usize,
    /// Tiles of a picture.
    each: usize,
}

impl Patch {
    fn new(conv: &Conv, tile: Tile, wide: usize) -> Self {
        let [h, w, _] = conv.output();
        let pixels = [tile.rows / wide, wide];
        let reach = |i: usize| {
            (pixels[i] - 1) * conv.stride[i] + (conv.kernel[i] - 1) * conv.dilation[i] + 1
        };
        Self {
            tile,
            wide,
            numbers: reach(0) * reach(1) * conv.input[2],
            rows: reach(0),
            each: h.div_ceil(pixels[0]) * w.div_ceil(pixels[1]),
        }
    }

    /// Whether steps and patch fit into shared memory: a row of the patch has up to 31 numbers more, so that banks differ (patch.cu).
    fn fits(&self) -> bool {
        let stages = 3 * STEP * (self.tile.rows + self.tile.columns);
        let numbers = stages + self.numbers + 31 * self.rows;
        numbers * size_of::<f32>() + BESIDE <= SHARED
    }

    /// The best for a convolution that is to be computed so.
    fn of(conv: &Conv) -> Option<Self> {
        let [depth, filters] = per_group(conv);
        if depth.is_multiple_of(4) || conv.groups > 1 || area(conv) == 1 {
            return None;
        }
        let small = Tile::ALL.into_iter().filter(|tile| tile.rows <= 64);
        let patches = small
            .filter(|tile| tile.across() <= 32)
            .flat_map(|tile| [4, 8, 16].map(|wide| Self::new(conv, tile, wide)));
        let cost = |patch: &Self| {
            let size = Size {
                rows: super::rows(patch.each * patch.tile.rows),
                columns: filters,
                terms: depth * area(conv),
                times: 1,
            };
            (patch.tile.cost(size), patch.numbers)
        };
        patches.filter(Self::fits).min_by_key(cost)
    }
}

/// The tile of such a convolution.
pub(super) fn tile(conv: &Conv) -> Option<Tile> {
    Patch::of(conv).map(|patch| patch.tile)
}

/// As [`forward`](super::forward), for convolutions of few channels.
pub(in crate::cuda) fn forward(conv: &Conv, function: &'static str) -> Option<Call> {
    let patch = Patch::of(conv)?;
    let Patch { tile, each, .. } = patch;
    let steps = (conv.input[2] * area(conv)).div_ceil(STEP);
    let times = conv.filters.div_ceil(tile.columns);
    let mut work = work(each * tile.rows, tile.rows, times, steps);
    work.tiles.inputs = patch.numbers;
    let mut call = tile.call(function, Operand::FORWARD, work);
    call.constants.push(patch.wide);
    call.resident = Some(RESIDENT);
    Some(call)
}
