//! Products by tiles in shared memory, which convolutions, fully connected layers and their gradients are made of: which tiles, and the calls
//! that share them among blocks.
//!
//! Sizes that a descriptor does not say, the batch above all, are seen by the kernels alone: where there are few tiles, several blocks share
//! the terms of one (split-K), and the last of them adds up what each has, in order.

mod patch;

pub(super) use self::patch::forward as patches;

use super::call::{By, Call, Operand, Tiles, Work};
use crate::plan::{Conv, Operation};
use alloc::vec;
use alloc::vec::Vec;

/// The texts, in order.
pub(super) const TEXTS: &[&str] = &[
    include_str!("tile.cu"),
    include_str!("window.cu"),
    include_str!("patch.cu"),
    include_str!("transposed.cu"),
    include_str!("complete.cu"),
    include_str!("weights.cu"),
];

/// Blocks that a GPU is to be given at least.
const LEAST: usize = 128;

/// Multiply-adds in the time of a number from the second cache, on a large GPU.
const NUMBER: u64 = 20;

/// Blocks that a processor holds of a product that infers (`resident` of tile.cu).
const RESIDENT: &str = "netc::resident";

/// One block at least: the compiler takes the registers that it wants.
pub(super) const AT_LEAST_ONE: &str = "netc::at_least_one";

/// Terms of a step, and steps that a part of a tile takes at least, as in `tile.cu`.
const STEP: usize = 16;
const STEPS: usize = 8;

/// Rows and columns that a block computes, and its threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) threads: usize,
}

/// A product, `times` over.
#[derive(Clone, Copy, Debug)]
struct Size {
    rows: usize,
    columns: usize,
    terms: usize,
    times: usize,
}

const fn tile(rows: usize, columns: usize, threads: usize) -> Tile {
    Tile {
        rows,
        columns,
        threads,
    }
}

impl Tile {
    /// The tiles that there are, in each of them warps of 32 rows and 32 or 64 columns.
    const ALL: [Self; 8] = [
        tile(128, 128, 256),
        tile(128, 64, 256),
        tile(64, 128, 128),
        tile(64, 64, 128),
        tile(128, 32, 128),
        tile(32, 128, 128),
        tile(64, 32, 64),
        tile(32, 64, 64),
    ];

    /// The tile for products of these sizes, by an estimate: multiply-adds, those on numbers that are not there too, by the blocks that there
    /// are, and numbers that are read and that parts of tiles leave behind. Where numbers have to be copied one by one, places take
    /// registers, and warps have 32 columns.
    fn of(sizes: &[Size], by_vectors: bool) -> Self {
        let all = Self::ALL.into_iter();
        let all = all.filter(|tile| by_vectors || tile.across() <= 32);
        all.min_by_key(|tile| sizes.iter().map(|size| tile.cost(*size)).sum::<u64>())
            .unwrap_or(Self::ALL[3])
    }

    /// Columns of a warp.
    const fn across(self) -> usize {
        self.columns / (self.threads / self.rows)
    }

    /// In multiply-adds, roughly.
    fn cost(&self, size: Size) -> u64 {
        let [rows, columns] = [(size.rows, self.rows), (size.columns, self.columns)]
            .map(|(size, tile)| (size.max(1).div_ceil(tile) as u64, tile as u64));
        let numbers = rows.0 * rows.1 * columns.0 * columns.1 * size.times as u64;
        let work = numbers * size.terms as u64;
        let tiles = rows.0 * columns.0 * size.times as u64;
        let steps = size.terms.div_ceil(STEP * STEPS) as u64;
        let parts = (LEAST as u64 / tiles).min(steps).max(1);
        let idle = (LEAST as u64).div_ceil(tiles * parts);
        let reads = work / rows.1 + work / columns.1;
        let left = if parts > 1 { 2 * parts * numbers } else { 0 };
        work * idle + NUMBER * (reads + left)
    }

    /// The template arguments: rows, columns, threads, and the blocks that are wanted at least.
    fn call(self, function: &'static str, operands: [Operand; 4], work: Work) -> Call {
        let [a, b, c, d] = operands;
        let mut call = Call::new(
            function,
            &[a, b, c, d, Operand::Scratch, Operand::Counters],
            work,
        );
        call.constants = vec![self.rows, self.columns, self.threads, LEAST];
        call.threads = self.threads as u32;
        call.resident = Some(AT_LEAST_ONE);
        call
    }

    /// A call that shares a launch with another by this tile: it has memory of its own.
    fn beside(self, mut call: Call) -> Call {
        for operand in &mut call.operands {
            *operand = match *operand {
                Operand::Scratch => Operand::ScratchFrom(self.scratch()),
                Operand::Counters => Operand::CountersFrom(LEAST),
                other => other,
            };
        }
        call.beside()
    }

    /// Numbers of the parts of all tiles that are shared.
    const fn scratch(self) -> usize {
        LEAST * (self.rows * self.columns + self.threads)
    }
}

/// How many numbers its calls keep between blocks.
pub(super) fn scratch(conv: &Conv) -> usize {
    let alone = [forward_size, backward_size, weights_size].map(|size| of(conv, &[size]).scratch());
    let shared = [forward_size, backward_size].map(|size| of(conv, &[weights_size, size]));
    let shared = shared.map(|tile| 2 * tile.scratch());
    let patches = patch::tile(conv).map(Tile::scratch);
    alone
        .into_iter()
        .chain(shared)
        .chain(patches)
        .max()
        .unwrap_or(0)
}

/// The tile for these products of a convolution.
fn of(conv: &Conv, sizes: &[fn(&Conv) -> Size]) -> Tile {
    let sizes: Vec<Size> = sizes.iter().map(|size| size(conv)).collect();
    Tile::of(&sizes, by_vectors(conv))
}

/// Rows that a batch has of a picture of so many pixels: as in a batch of 16, of single pixels as in one of 64.
fn rows(pixels: usize) -> usize {
    pixels.saturating_mul(16).max(64)
}

/// Threads of the blocks that share a launch.
pub(super) const TOGETHER: u32 = 128;

/// What the products of such a launch share: the tile, as its memory is one, and blocks that each is given at least.
const TOGETHER_TILE: Tile = tile(32, 128, TOGETHER as usize);
const TOGETHER_LEAST: usize = 32;

/// The gradients of weights and bias by blocks that share a launch with those of other layers.
pub(super) fn together(conv: &Conv, function: &'static str) -> Call {
    let mut call = weights_by(TOGETHER_TILE, conv, function, Operand::GRADIENTS);
    call.constants = vec![
        TOGETHER_TILE.rows,
        TOGETHER_TILE.columns,
        TOGETHER_TILE.threads,
        TOGETHER_LEAST,
    ];
    call.work.tiles.least = TOGETHER_LEAST;
    call
}

/// Numbers of memory, and counters, for a call of [`together`].
pub(super) const TOGETHER_SCRATCH: usize =
    TOGETHER_LEAST * (TOGETHER_TILE.rows * TOGETHER_TILE.columns + TOGETHER_TILE.threads);
pub(super) const TOGETHER_COUNTERS: usize = TOGETHER_LEAST;

fn per_group(conv: &Conv) -> [usize; 2] {
    [conv.input[2] / conv.groups, conv.filters / conv.groups]
}

fn area(conv: &Conv) -> usize {
    conv.kernel[0] * conv.kernel[1]
}

/// Whether channels can be copied by fours, as far as a descriptor says.
fn by_vectors(conv: &Conv) -> bool {
    per_group(conv).iter().all(|count| count.is_multiple_of(4))
}

fn forward_size(conv: &Conv) -> Size {
    let [h, w, _] = conv.output();
    let [depth, filters] = per_group(conv);
    Size {
        rows: rows(h * w),
        columns: filters,
        terms: depth * area(conv),
        times: conv.groups,
    }
}

fn backward_size(conv: &Conv) -> Size {
    let [depth, filters] = per_group(conv);
    let phases = conv.stride[0] * conv.stride[1];
    Size {
        rows: rows(phase_pixels(conv)),
        columns: depth,
        terms: filters * area(conv).div_ceil(phases),
        times: conv.groups * phases,
    }
}

fn weights_size(conv: &Conv) -> Size {
    let [h, w, _] = conv.output();
    let [depth, filters] = per_group(conv);
    Size {
        rows: filters,
        columns: depth * area(conv),
        terms: rows(h * w),
        times: conv.groups,
    }
}

/// Input pixels of one remainder by the strides.
fn phase_pixels(conv: &Conv) -> usize {
    conv.input[0].div_ceil(conv.stride[0]) * conv.input[1].div_ceil(conv.stride[1])
}

fn work(each: usize, by: usize, times: usize, steps: usize) -> Work {
    Work {
        by: By::Items(by),
        each,
        once: 0,
        tiles: Tiles {
            times,
            least: LEAST,
            parts: steps.div_ceil(STEPS),
            floor: 1,
            inputs: 0,
        },
    }
}

/// `function(x, y, weight, bias)`: from what a convolution reads to what it gives.
pub(super) fn forward(conv: &Conv, function: &'static str) -> Call {
    let tile = of(conv, &[forward_size]);
    forward_by(tile, conv, function, Operand::FORWARD)
}

/// `function(y, x, weight, bias)`: from what a convolution gives to what it reads.
pub(super) fn transposed(conv: &Conv, function: &'static str) -> Call {
    let tile = of(conv, &[backward_size]);
    backward_by(tile, conv, function, Operand::FORWARD)
}

/// The gradients of weights and bias and, if anybody needs it, of the input, which share a launch:
/// `functions[0](x, dy, gradient of the weight, gradient of the bias)`, `functions[1](dy, dx, weight, nothing)`.
pub(super) fn gradients(conv: &Conv, functions: [&'static str; 2], both: bool) -> Vec<Call> {
    let sizes: [fn(&Conv) -> Size; 2] = [weights_size, backward_size];
    let tile = of(conv, &sizes[..if both { 2 } else { 1 }]);
    let mut calls = vec![weights_by(tile, conv, functions[0], Operand::GRADIENTS)];
    if both {
        let input = backward_by(tile, conv, functions[1], Operand::INPUT_GRADIENT);
        calls.push(tile.beside(input));
    }
    calls
}

/// As [`gradients`], of the transpose of a convolution, and without the bias.
pub(super) fn transposed_gradients(conv: &Conv, functions: [&'static str; 2]) -> Vec<Call> {
    let tile = of(conv, &[weights_size, forward_size]);
    let [x, dy, weight, _] = Operand::GRADIENTS;
    let operands = [x, dy, weight, Operand::Nothing];
    let input = forward_by(tile, conv, functions[1], Operand::INPUT_GRADIENT);
    vec![
        weights_by(tile, conv, functions[0], operands),
        tile.beside(input),
    ]
}

fn forward_by(tile: Tile, conv: &Conv, function: &'static str, operands: [Operand; 4]) -> Call {
    let [h, w, _] = conv.output();
    let [depth, filters] = per_group(conv);
    let times = filters.div_ceil(tile.columns) * conv.groups;
    let terms = depth * area(conv);
    let mut work = work(h * w, tile.rows, times, terms.div_ceil(STEP));
    work.tiles.inputs = tile.rows * terms;
    let mut call = tile.call(function, operands, work);
    call.resident = Some(RESIDENT);
    call
}

fn backward_by(tile: Tile, conv: &Conv, function: &'static str, operands: [Operand; 4]) -> Call {
    let [depth, filters] = per_group(conv);
    let phases = conv.stride[0] * conv.stride[1];
    let times = depth.div_ceil(tile.columns) * conv.groups * phases;
    let steps = (filters * area(conv)).div_ceil(STEP);
    let pixels = phase_pixels(conv);
    tile.call(function, operands, work(pixels, tile.rows, times, steps))
}

fn weights_by(tile: Tile, conv: &Conv, function: &'static str, operands: [Operand; 4]) -> Call {
    let [depth, filters] = per_group(conv);
    let columns = (depth * area(conv)).div_ceil(tile.columns);
    let tiles = filters.div_ceil(tile.rows) * columns * conv.groups;
    let work = Work {
        once: 1,
        ..work(0, 1, tiles, usize::MAX)
    };
    tile.call(function, operands, work)
}
