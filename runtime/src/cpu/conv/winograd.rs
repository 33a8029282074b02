//! Convolution by Winograd's minimal filtering (Lavin and Gray 2016, algorithm 1): 3x3 kernels of stride 1 by 4 products an output in place of
//! 9, or 2.25; 5x5 kernels by 9 in place of 25.
//!
//! The picture is cut into tiles of 2x2 or 4x4 outputs. The inputs of each tile are transformed ([`WinogradInput`]), which
//! gives `N * N` matrices of tiles by channels; each is multiplied by its own transformed weights, with the kernels of direct convolution;
//! the products are transformed to outputs ([`WinogradOutput`]). Where weights are small, a task takes some tiles through all three
//! and stays near its core; where they are large, all threads take many tiles through one step after the other, so that weights are
//! read once for all of them.
//!
//! Rounding errors grow by the transforms: up to 3e-6 of the largest output for tiles of 2x2, 2e-5 for 4x4, and for
//! 5x5 kernels (`tests.rs` holds them).

use super::onto::Onto;
use super::panels::{Strides, widths};
use super::pixels::Pixels;
use crate::Scratch;
use crate::cpu::access::{Shared, Workers, scratch};
use crate::cpu::act;
use crate::cpu::kernel::{
    Aligned, Even, Fused, Kernels, MAX_LANES, Tile, WinogradInput, WinogradKernels, WinogradOutput,
};
use crate::cpu::sizes::bounded;
use crate::plan::{Act, Conv, Op};
use crate::threads::Threads;
use alloc::vec::Vec;
use core::ops::Range;

/// The fewest tiles of a block: weights that are loaded serve so many.
const MIN_TILES: usize = 24;
/// The most filters of a panel.
const MAX_WIDTH: usize = 4 * MAX_LANES;
/// The most rows of a kernel.
const MAX_TAPS: usize = 5;
/// The fewest channels of a group: groups are computed one after the other.
const FEW_CHANNELS: usize = 8;
/// Of the one piece of a row.
static NO_OFFSET: isize = 0;
/// Blocks that keep all threads busy.
const BLOCKS: usize = 8;

/// Transformed weights and the way through them.
pub(super) struct Winograd {
    /// Of one group.
    d: Conv,
    groups: usize,
    /// Side of a tile's outputs.
    side: usize,
    /// Side of a tile's inputs.
    reach: usize,
    /// Rows and columns of tiles of an image.
    grid: [usize; 2],
    output: [usize; 2],
    kernels: &'static Kernels,
    transforms: WinogradKernels,
    fused: Fused,
    /// What is left of the activation when `fused` is done.
    late: Act,
    panels: Vec<Panel>,
    /// Channels and filters, rounded up to whole vectors.
    padded: [usize; 2],
    strides: Strides,
    /// For each place of a tile its panels.
    weights: Aligned,
    biases: Aligned,
    /// What padded cells hold, and the biases of products.
    zeros: Aligned,
}

/// A few filters: `[channels][vectors * lanes]`.
#[derive(Clone, Copy)]
struct Panel {
    filter: usize,
    vectors: usize,
    /// Offset among the weights of a place.
    weights: usize,
}

/// Memory of some tiles: for each place a row a tile, of inputs, then of products.
#[derive(Clone, Copy)]
struct Block {
    tiles: usize,
    /// Elements between two places.
    steps: [usize; 2],
    places: usize,
}

impl Block {
    fn new(tiles: usize, [channels, filters]: [usize; 2], reach: usize) -> Self {
        // A line more: rows of one tile at a power of two from each other would meet in the same few lines of the cache.
        let step = |row: usize| bounded([tiles, row]).saturating_add(MAX_LANES);
        Self {
            tiles,
            steps: [step(channels), step(filters)],
            places: reach * reach,
        }
    }

    fn len(&self) -> usize {
        bounded([self.places, self.steps[0].saturating_add(self.steps[1])])
    }

    /// Where the products begin.
    fn products(&self) -> usize {
        self.places * self.steps[0]
    }
}

/// How a batch is cut.
struct Way {
    block: Block,
    /// Whether a task takes a block through all steps.
    alone: bool,
}

impl Winograd {
    /// Whether the convolution can be computed by tiles of `side`.
    pub(super) fn fits(d: &Conv, side: usize) -> bool {
        let is_of_this_kind = match side {
            2 => d.kernel == [3, 3] || d.kernel == [5, 5],
            _ => d.kernel == [3, 3],
        };
        // The descriptor need not be valid.
        let channels = d.input[2].checked_div(d.groups).unwrap_or(0);
        let has_few_groups = d.groups == 1 || channels >= FEW_CHANNELS;
        is_of_this_kind && d.stride == [1, 1] && d.dilation == [1, 1] && has_few_groups
    }

    /// Bytes of transformed weights, about, of a convolution that [`fits`](Self::fits).
    pub(super) fn weight_bytes_of(d: &Conv, side: usize) -> usize {
        let reach = side + d.kernel[0] - 1;
        bounded([
            reach,
            reach,
            d.input[2] / d.groups,
            d.filters,
            size_of::<f32>(),
        ])
    }

    /// Prepares the way through weights of any layout, by tiles of `side`; [`pack`](Self::pack) brings them.
    pub(super) fn new(d: Conv, strides: Strides, kernels: &'static Kernels, side: usize) -> Self {
        assert!(Self::fits(&d, side), "Winograd: {d:?}");
        let groups = d.groups;
        let d = of_a_group(d);
        let [height, width, filters] = Op::Conv(d).output();
        let (fused, late) = Fused::split(d.act);
        let lanes = kernels.lanes;
        let (channels, mut panels) = (d.input[2], Vec::new());
        let (mut filter, mut size) = (0, 0);
        for vectors in widths(filters.div_ceil(lanes), kernels.max_vectors(), false) {
            panels.push(Panel {
                filter,
                vectors,
                weights: size,
            });
            filter += vectors * lanes;
            size += channels * vectors * lanes;
        }
        let padded = [channels, filters].map(|n| n.next_multiple_of(lanes));
        let reach = side + d.kernel[0] - 1;
        let places = reach * reach;
        let of_a_group = bounded([places, size.saturating_add(MAX_LANES)]);
        Self {
            d,
            groups,
            side,
            reach,
            grid: [height.div_ceil(side), width.div_ceil(side)],
            output: [height, width],
            kernels,
            transforms: kernels.winograd(side, d.kernel[0]),
            fused,
            late,
            panels,
            padded,
            strides,
            weights: Aligned::zeros(bounded([groups, of_a_group])),
            biases: Aligned::zeros(bounded([groups, padded[1]])),
            zeros: Aligned::zeros(channels.max(4 * lanes)),
        }
    }

    /// Takes these weights and biases; an empty `bias` stands for zeros.
    pub(super) fn pack(&mut self, weights: &[f32], bias: &[f32], threads: Threads) {
        let [channels, filters] = [self.d.input[2], self.d.filters];
        let taps = self.d.kernel[0];
        let of_a_group = filters * channels * taps * taps;
        assert_eq!(
            weights.len(),
            self.groups * of_a_group,
            "weights of {:?}",
            self.d
        );
        let position = self.position();
        let packed = Shared::new(self.weights.as_mut_slice());
        let (panels, lanes) = (&self.panels, self.kernels.lanes);
        let (strides, transform) = (self.strides, self.transforms.filter);
        let places = self.reach * self.reach;
        // Divisions here, not in the loops.
        let offsets: [isize; MAX_TAPS * MAX_TAPS] = core::array::from_fn(|cell| {
            (cell / taps) as isize * strides.y + (cell % taps) as isize * strides.x
        });
        let count = panels.len() * channels;
        let cost = 200 * lanes * self.kernels.max_vectors();
        threads.for_ranges(self.groups * count, cost, |range, _| {
            let mut cells = [[0.0; MAX_WIDTH]; MAX_TAPS * MAX_TAPS];
            for i in range {
                let (group, i) = (i / count, i % count);
                let (panel, c) = (&panels[i / channels], i % channels);
                let width = panel.vectors * lanes;
                let mut first = strides.at(group, panel.filter, [0, 0], c);
                for f in 0..width.min(filters - panel.filter) {
                    for (cell, offset) in cells.iter_mut().zip(&offsets[..taps * taps]) {
                        cell[f] = weights[first.wrapping_add_signed(*offset)];
                    }
                    first = first.wrapping_add_signed(strides.filter);
                }
                let starts = cells.each_ref().map(|cell| cell.as_ptr());
                let work = WinogradInput {
                    cells: starts.as_ptr(),
                    channels: width,
                    out: packed.at(group * places * position + panel.weights + c * width),
                    step: position,
                };
                // SAFETY: the kernels' level was checked when they were chosen; each place holds whole vectors of each channel, and each of them is
                // one task's alone. Past the last filter stand some filter's weights, whose outputs are not stored.
                unsafe { transform(&work) }
            }
        });
        let biases = self.biases.as_mut_slice().chunks_exact_mut(self.padded[1]);
        for (to, bias) in biases.zip(bias.chunks_exact(filters)) {
            to[..filters].copy_from_slice(bias);
        }
    }

    /// Weights of a place, and a line more: weights of one filter and channel, at a power of two from each other, would meet in the same few lines
    /// of the cache.
    fn position(&self) -> usize {
        let lanes = self.kernels.lanes;
        let vectors: usize = self.panels.iter().map(|panel| panel.vectors).sum();
        self.d.input[2] * vectors * lanes + MAX_LANES
    }

    /// Bytes of transformed weights.
    #[cfg(feature = "train")]
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.weights.as_slice())
    }

    fn places(&self) -> usize {
        self.reach * self.reach
    }

    fn tiles(&self, images: usize) -> usize {
        bounded([images, self.grid[0], self.grid[1]])
    }

    fn block(&self, tiles: usize) -> Block {
        Block::new(tiles, self.padded, self.reach)
    }

    /// Tiles whose inputs and products take so many bytes.
    fn tiles_of(&self, bytes: usize) -> usize {
        let tile = bounded([self.places(), self.padded[0] + self.padded[1], 4]);
        (bytes / tile.max(1)).max(MIN_TILES)
    }

    /// Whether weights are so small that tasks may read them again and again.
    pub(super) fn is_near(&self) -> bool {
        size_of_val(self.weights.as_slice()) <= self.kernels.tuning.winograd_weights
    }

    /// Rows of outputs of a tile.
    pub(super) fn side(&self) -> usize {
        self.side
    }

    /// Memory to compute so many rows alone.
    pub(super) fn worker(&self, rows: usize) -> usize {
        let tiles = rows.div_ceil(self.side) * self.grid[1];
        let near = self.tiles_of(self.kernels.tuning.winograd_near);
        self.block(near.min(tiles)).len()
    }

    /// Computes some rows of an image, from the first of a tile on.
    ///
    /// # Safety
    /// `output` holds these rows, and `input` those of their windows that lie in the picture, of pictures of the descriptor's sizes. For the time of
    /// the call nobody else writes what is read or touches the output, and they share no element.
    ///
    /// # Panics
    /// If there is less memory than [`worker`](Self::worker) says.
    pub(super) unsafe fn rows(
        &self,
        image: usize,
        rows: Range<usize>,
        [input, output]: [Pixels<'_>; 2],
        memory: Shared<'_, f32>,
    ) {
        let [down, across] = self.grid;
        let row = |y: usize| (image * down + y) * across;
        let tiles = row(rows.start / self.side)..row(rows.end.div_ceil(self.side));
        let near = self.tiles_of(self.kernels.tuning.winograd_near);
        let block = self.block(near.min(tiles.len()));
        for group in 0..self.groups {
            let pixels = [
                input.skip(group * self.d.input[2]),
                output.skip(group * self.d.filters),
            ];
            for first in tiles.clone().step_by(block.tiles.max(1)) {
                let run = Run {
                    block,
                    group,
                    first,
                    memory,
                };
                let tiles = first..tiles.end.min(first + block.tiles);
                // SAFETY: the caller's promise; the memory is this task's.
                unsafe { self.through(&run, tiles, pixels, Onto::Biases) }
            }
        }
    }

    /// How a batch is cut: by size only, so that the threads do not matter.
    fn way(&self, images: usize) -> Way {
        let (tiles, tuning) = (self.tiles(images), self.kernels.tuning);
        let alone = self.is_near() && tiles >= BLOCKS * MIN_TILES;
        let most = match alone {
            true => self.tiles_of(tuning.winograd_near).min(tiles / BLOCKS),
            false => self.tiles_of(tuning.winograd_shared),
        };
        let blocks = tiles.div_ceil(most).max(1);
        Way {
            block: self.block(tiles.div_ceil(blocks)),
            alone,
        }
    }

    /// Memory for a batch.
    pub(super) fn scratch(&self, max_batch: usize) -> Scratch {
        let (tiles, tuning) = (self.tiles(max_batch.max(1)), self.kernels.tuning);
        let (mut worker, mut together) = (0, tiles.min(self.tiles_of(tuning.winograd_shared)));
        if self.is_near() {
            let near = self.tiles_of(tuning.winograd_near).min(tiles);
            worker = self.block(near).len();
            together = together.min(BLOCKS * MIN_TILES);
        }
        Scratch {
            shared: self.block(together).len(),
            worker,
        }
    }

    /// Computes a batch.
    ///
    /// # Safety
    /// `input`, `output` and a picture that is added hold `images` images of the descriptor's sizes. For the time of the call nobody else
    /// writes what is read or touches the output, and they share no element, unless the picture is the output.
    ///
    /// # Panics
    /// If there is less memory than [`scratch`](Self::scratch) says.
    pub(super) unsafe fn run(
        &self,
        images: usize,
        [input, output]: [Pixels<'_>; 2],
        onto: Onto<'_>,
        (shared, workers): (&mut [f32], &Workers<'_>),
        threads: Threads,
    ) {
        let (tiles, block) = (self.tiles(images), self.way(images));
        for group in 0..self.groups {
            let blocks = Blocks {
                block: block.block,
                tiles,
                group,
            };
            let pixels = [
                input.skip(group * self.d.input[2]),
                output.skip(group * self.d.filters),
            ];
            let onto = onto.skip(group * self.d.filters);
            // SAFETY: the caller's promise is the same, for the channels and filters of the group.
            unsafe {
                match block.alone {
                    true => self.alone(&blocks, pixels, onto, workers, threads),
                    false => self.together(&blocks, pixels, onto, shared, threads),
                }
            }
        }
    }

    /// A task takes a block through all steps.
    ///
    /// # Safety
    /// As [`run`](Self::run), for these blocks.
    unsafe fn alone(
        &self,
        blocks: &Blocks,
        [input, output]: [Pixels<'_>; 2],
        onto: Onto<'_>,
        workers: &Workers<'_>,
        threads: Threads,
    ) {
        workers.require(blocks.block.len());
        threads.for_each(blocks.count(), |number, worker| {
            // SAFETY: the worker runs this task alone, and asks once.
            let memory = unsafe { workers.part(worker) };
            let (memory, _) = scratch(memory, blocks.block.len());
            let (run, tiles) = blocks.run(number, Shared::new(memory));
            // SAFETY: the caller's promise; blocks have different tiles, and the memory is this task's.
            unsafe { self.through(&run, tiles, [input, output], onto) }
        });
    }

    /// Takes a block through all steps.
    ///
    /// # Safety
    /// As [`run`](Self::run), for these tiles, and for the block's memory.
    unsafe fn through(
        &self,
        run: &Run<'_>,
        tiles: Range<usize>,
        [input, output]: [Pixels<'_>; 2],
        onto: Onto<'_>,
    ) {
        // SAFETY: the caller's promise is the same.
        unsafe {
            self.inputs(run, tiles.clone(), input);
            for place in 0..self.places() {
                let panels = self.panels.iter();
                panels.for_each(|panel| self.products(run, tiles.len(), place, panel));
            }
            self.outputs(run, tiles, output, onto);
        }
    }

    /// All threads take a block through one step, then through the next.
    ///
    /// # Safety
    /// As [`run`](Self::run), for these blocks.
    unsafe fn together(
        &self,
        blocks: &Blocks,
        [input, output]: [Pixels<'_>; 2],
        onto: Onto<'_>,
        shared: &mut [f32],
        threads: Threads,
    ) {
        let (memory, _) = scratch(shared, blocks.block.len());
        let memory = Shared::new(memory);
        let cost = self.padded.map(|row| self.places() * row / 2);
        for number in 0..blocks.count() {
            let (run, tiles) = blocks.run(number, memory);
            let part = |part: Range<usize>| run.first + part.start..run.first + part.end;
            threads.for_ranges(tiles.len(), cost[0], |range, _| {
                // SAFETY: the caller's promise; tasks have different tiles, or different places and panels, and each step ends before the next.
                unsafe { self.inputs(&run, part(range), input) }
            });
            let panels = self.panels.len();
            threads.for_each(self.places() * panels, |task, _| {
                let panel = &self.panels[task % panels];
                // SAFETY: as above.
                unsafe { self.products(&run, tiles.len(), task / panels, panel) }
            });
            threads.for_ranges(tiles.len(), cost[1], |range, _| {
                // SAFETY: as above.
                unsafe { self.outputs(&run, part(range), output, onto) }
            });
        }
    }

    /// The image, and the first row and column, of a tile.
    fn place_of(&self, tile: usize) -> [usize; 3] {
        let [rows, columns] = self.grid;
        let (image, tile) = (tile / (rows * columns), tile % (rows * columns));
        [
            image,
            tile / columns * self.side,
            tile % columns * self.side,
        ]
    }

    /// Transforms the inputs of some tiles.
    ///
    /// # Safety
    /// The batch has these tiles, and the block; nobody else touches their part of its memory, or writes the input.
    unsafe fn inputs(&self, run: &Run<'_>, tiles: Range<usize>, input: Pixels<'_>) {
        let [h, w, channels] = self.d.input;
        let n = self.reach;
        let mut cells = [core::ptr::null::<f32>(); 36];
        for tile in tiles {
            let [image, y, x] = self.place_of(tile);
            let (top, left) = (y.wrapping_sub(self.d.pad[0]), x.wrapping_sub(self.d.pad[2]));
            for (i, cell) in cells[..n * n].iter_mut().enumerate() {
                // What lies before the picture is huge as a `usize`.
                let (y, x) = (top.wrapping_add(i / n), left.wrapping_add(i % n));
                *cell = match y < h && x < w {
                    true => input
                        .at(((image * h + y) * w + x) * input.pixel)
                        .cast_const(),
                    false => self.zeros.as_slice().as_ptr(),
                };
            }
            let work = WinogradInput {
                cells: cells.as_ptr(),
                channels,
                out: run.memory.at((tile - run.first) * self.padded[0]),
                step: run.block.steps[0],
            };
            // SAFETY: the kernels' level was checked when they were chosen; each cell is inside the picture or `zeros`; the rows are padded.
            unsafe { (self.transforms.input)(&work) }
        }
    }

    /// Multiplies the inputs of one place by a panel of its weights.
    ///
    /// # Safety
    /// The block's memory holds so many tiles' inputs, and nobody else touches these products.
    unsafe fn products(&self, run: &Run<'_>, count: usize, place: usize, panel: &Panel) {
        let [channels, filters] = self.padded;
        let tiles = self.kernels.even_tiles(panel.vectors);
        let parts = count.div_ceil(tiles.len());
        let inputs = place * run.block.steps[0];
        let products = run.block.products() + place * run.block.steps[1] + panel.filter;
        let weights = (run.group * self.places() + place) * self.position() + panel.weights;
        for part in 0..parts {
            let (from, to) = (part * count / parts, (part + 1) * count / parts);
            let rows = Even {
                first: run.memory.at(inputs + from * channels).cast_const(),
                step: channels,
                offsets: &raw const NO_OFFSET,
            };
            let tile = Tile {
                rows,
                segments: 1,
                len: self.d.input[2],
                panel: self.weights.as_slice()[weights..].as_ptr(),
                bias: self.zeros.as_slice().as_ptr(),
                added: core::ptr::null(),
                added_stride: 0,
                out: run.memory.at(products + from * filters),
                stride: filters,
                width: panel.vectors * self.kernels.lanes,
                act: Fused::None,
            };
            // SAFETY: as in `inputs`; rows of inputs and products are whole vectors, and `zeros` is as long as the widest panel.
            unsafe { tiles[to - from - 1](&tile) }
        }
    }

    /// Transforms the products of some tiles to outputs.
    ///
    /// # Safety
    /// As [`inputs`](Self::inputs); the block's memory holds all products, and nobody else touches these outputs.
    unsafe fn outputs(
        &self,
        run: &Run<'_>,
        tiles: Range<usize>,
        output: Pixels<'_>,
        onto: Onto<'_>,
    ) {
        let [height, width] = self.output;
        let filters = self.d.filters;
        for tile in tiles {
            let [image, y, x] = self.place_of(tile);
            let first = (image * height + y) * width + x;
            let (added, step) = onto.at(first, 0);
            let work = WinogradOutput {
                products: run
                    .memory
                    .at(run.block.products() + (tile - run.first) * self.padded[1])
                    .cast_const(),
                step: run.block.steps[1],
                filters,
                bias: match onto.has_biases() {
                    true => self.biases.as_slice()[run.group * self.padded[1]..].as_ptr(),
                    false => core::ptr::null(),
                },
                added,
                added_steps: [width * step, step],
                out: output.at(first * output.pixel),
                steps: [width * output.pixel, output.pixel],
                size: [height - y, width - x].map(|left| left.min(self.side)),
                act: self.fused,
            };
            // SAFETY: as in `inputs`; the outputs are this task's own.
            unsafe { (self.transforms.output)(&work) }
            if self.late == Act::None {
                continue;
            }
            for i in 0..work.size[0] * work.size[1] {
                let (y, x) = (i / work.size[1], i % work.size[1]);
                let pixel = work.out.wrapping_add(y * work.steps[0] + x * work.steps[1]);
                // SAFETY: the kernel has just written these elements, which are this task's own.
                act::apply(self.late, unsafe {
                    core::slice::from_raw_parts_mut(pixel, filters)
                });
            }
        }
    }
}

/// The convolution of one group.
pub(super) fn of_a_group(d: Conv) -> Conv {
    let [height, width, channels] = d.input;
    Conv {
        input: [height, width, channels / d.groups],
        filters: d.filters / d.groups,
        groups: 1,
        ..d
    }
}

/// A batch's tiles, in blocks.
struct Blocks {
    block: Block,
    tiles: usize,
    group: usize,
}

impl Blocks {
    fn count(&self) -> usize {
        self.tiles.div_ceil(self.block.tiles.max(1))
    }

    /// The block of this number, with its tiles.
    fn run<'m>(&self, number: usize, memory: Shared<'m, f32>) -> (Run<'m>, Range<usize>) {
        let first = number * self.block.tiles;
        let run = Run {
            block: self.block,
            group: self.group,
            first,
            memory,
        };
        (run, first..self.tiles.min(first + self.block.tiles))
    }
}

/// A block under way.
struct Run<'m> {
    block: Block,
    group: usize,
    /// The number of its first tile.
    first: usize,
    memory: Shared<'m, f32>,
}
