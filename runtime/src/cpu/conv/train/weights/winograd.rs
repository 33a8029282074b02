//! By Winograd's minimal filtering: the cells of a kernel are the outputs, and a tile of the output's gradient is the filter. F(3x3, 4x4) takes 36
//! products in place of 144 for 16 pixels, F(5x5, 2x2) 36 in place of 100 for 4.
//!
//! Chunks of tiles are transformed, inputs and gradients; then each task sums, for a panel of filters and a block of channels, the outer products of
//! all tiles at each place, and transforms the sums to those of the cells.

use super::sums::Sums;
use crate::Scratch;
use crate::cpu::access::{Access, Shared, scratch};
use crate::cpu::conv::method;
use crate::cpu::conv::{Pixels, Winograd as Forward, of_a_group};
use crate::cpu::kernel::{
    Aligned, Fused, MAX_LANES, Outer, WinogradInput, WinogradKernels, WinogradOutput, kernels,
};
use crate::cpu::simd::Level;
use crate::cpu::sizes::{bounded, elements};
use crate::cpu::tuning::Tuning;
use crate::plan::{Conv, Op};

/// Side of a tile's inputs.
const REACH: usize = 6;
const PLACES: usize = REACH * REACH;
/// The fewest tiles of a chunk: sums that are transformed and stored serve so many.
const MIN_TILES: usize = 64;

/// The way over transformed tiles.
pub(super) struct Winograd {
    /// Of one group.
    d: Conv,
    groups: usize,
    sums: Sums,
    transforms: WinogradKernels,
    /// Side of a tile of the output's gradient.
    side: usize,
    /// Rows and columns of tiles of an image.
    grid: [usize; 2],
    /// Channels, in whole vectors.
    padded: usize,
    /// Blocks of channels.
    blocks: usize,
    /// What cells outside the picture hold, and what sums begin with.
    zeros: Aligned,
}

/// Transformed tiles: `[place][tile][channel]` and `[place][panel][tile][filter]`.
#[derive(Clone, Copy)]
struct Chunk<'m> {
    memory: Shared<'m, f32>,
    /// Counted through the batch.
    first: usize,
    tiles: usize,
    group: usize,
    /// Elements between two places, of inputs and of gradients.
    steps: [usize; 2],
}

impl Chunk<'_> {
    /// Where the gradients of a place begin.
    fn gradients(&self, place: usize) -> usize {
        PLACES * self.steps[0] + place * self.steps[1]
    }
}

impl Winograd {
    /// Whether it can compute this convolution's.
    pub(super) fn fits(d: &Conv) -> bool {
        Forward::fits(d, 2)
    }

    /// Whether this is the faster way, for the images that training counts on.
    pub(super) fn wins(d: &Conv, level: Level) -> bool {
        if !Self::fits(d) {
            return false;
        }
        let one = of_a_group(*d);
        let tuning = Tuning::of(level);
        let [height, width, filters] = Op::Conv(one).output();
        let side = side(&one);
        let grid = [height, width].map(|n| n.div_ceil(side) as f64);
        let [height, width, filters] = [height, width, filters].map(|n| n as f64);
        let (channels, taps) = (one.input[2] as f64, one.kernel[0] as f64);
        let images = method::TRAINED as f64;
        let tiles = images * grid[0] * grid[1];
        let moved = (channels + filters) * tuning.winograd_transform;
        let all = tiles * (channels * filters + moved) + channels * filters * tuning.gradient.place;
        all * (PLACES as f64) < images * height * width * taps * taps * channels * filters
    }

    pub(super) fn new(d: Conv, sums: Sums, level: Level) -> Self {
        let groups = d.groups;
        let d = of_a_group(d);
        let side = side(&d);
        let [height, width, _] = Op::Conv(d).output();
        let channels = d.input[2];
        let kernels = kernels(level);
        let tuning = &sums.panels.tuning().gradient;
        let near = tuning.near / (PLACES * sums.panels.width());
        let blocks = channels.div_ceil(near.max(sums.panels.rows()));
        let fair = tuning.tasks / 2 / sums.panels.count();
        let most = channels.div_ceil(sums.panels.rows());
        Self {
            d,
            groups,
            sums,
            transforms: kernels.winograd(d.kernel[0], side),
            side,
            grid: [height.div_ceil(side), width.div_ceil(side)],
            padded: channels.next_multiple_of(kernels.lanes),
            blocks: blocks.max(fair).min(most),
            zeros: Aligned::zeros(channels.max(sums.panels.width())),
        }
    }

    fn tiles(&self, images: usize) -> usize {
        bounded([images, self.grid[0], self.grid[1]])
    }

    /// Elements between two places, of inputs and of gradients. A line more: rows at a power of two from each other would meet in the
    /// same few lines of the cache.
    fn steps(&self, tiles: usize) -> [usize; 2] {
        [self.padded, self.sums.filters()]
            .map(|row| bounded([tiles, row]).saturating_add(MAX_LANES))
    }

    /// Tiles of a chunk: by size only, so that the threads do not matter.
    fn chunk(&self, images: usize) -> usize {
        let tile = bounded([PLACES, self.padded + self.sums.filters(), 4]);
        let most = self.sums.panels.tuning().winograd_shared / tile;
        let tiles = self.tiles(images);
        tiles.div_ceil(tiles.div_ceil(most.max(MIN_TILES)).max(1))
    }

    /// Numbers of a task: elements between two places.
    fn step(&self) -> usize {
        let channels = self.d.input[2].div_ceil(self.blocks);
        channels * self.sums.panels.width() + MAX_LANES
    }

    pub(super) fn scratch(&self, max_batch: usize) -> Scratch {
        let most = self.sums.panels.tuning().winograd_shared;
        let tile = bounded([PLACES, self.padded + self.sums.filters(), 4]);
        let tiles = self.tiles(max_batch).min((most / tile).max(MIN_TILES));
        let [inputs, gradients] = self.steps(tiles);
        let sums = self.sums.len().saturating_add(MAX_LANES);
        Scratch {
            shared: bounded([PLACES, inputs.saturating_add(gradients)]).saturating_add(sums),
            worker: PLACES * self.step(),
        }
    }

    /// The sums.
    pub(super) fn run<'m>(&self, step: Access<'m, 2, 0>) -> &'m mut [f32] {
        let [x, dz] = step.x;
        let images = x.geometry.images;
        let (input, output) = (Pixels::of(&x), Pixels::of(&dz));
        let (tiles, chunk) = (self.tiles(images), self.chunk(images));
        let steps = self.steps(chunk);
        let len = self.sums.len();
        let (sums, rest) = scratch(step.shared, len.next_multiple_of(MAX_LANES));
        let (memory, _) = scratch(rest, elements([PLACES, steps[0] + steps[1]]));
        let (out, memory) = (Shared::new(sums), Shared::new(memory));
        step.workers.require(PLACES * self.step());
        let cost = PLACES * (self.padded + self.sums.filters()) / 2;
        for group in 0..self.groups {
            let input = input.skip(group * self.d.input[2]);
            let output = output.skip(group * self.d.filters);
            for first in (0..tiles).step_by(chunk.max(1)) {
                let chunk = Chunk {
                    memory,
                    first,
                    tiles: chunk.min(tiles - first),
                    group,
                    steps,
                };
                step.threads.for_ranges(chunk.tiles, cost, |range, _| {
                    for tile in range {
                        // SAFETY: `Mem::access` has checked that both views have the descriptor's shapes and lie in their memory; each tile is one
                        // task's alone.
                        unsafe { self.transform(&chunk, tile, [input, output]) }
                    }
                });
                let tasks = self.sums.panels.count() * self.blocks;
                step.threads.for_each(tasks, |task, worker| {
                    // SAFETY: the worker runs this task alone, and asks once.
                    let memory = unsafe { step.workers.part(worker) };
                    let (panel, block) = (task / self.blocks, task % self.blocks);
                    // SAFETY: all tiles of the chunk are transformed; each task has its own panel and channels of `out`.
                    unsafe { self.sum(&chunk, panel, block, out, memory) }
                });
            }
        }
        &mut sums[..len]
    }

    /// Transforms the inputs and the gradients of a tile.
    ///
    /// # Safety
    /// The batch has this tile, and the chunk; nobody else touches its part of the chunk's memory.
    unsafe fn transform(&self, chunk: &Chunk<'_>, tile: usize, [input, output]: [Pixels<'_>; 2]) {
        let [rows, columns] = self.grid;
        let nth = chunk.first + tile;
        let (image, at) = (nth / (rows * columns), nth % (rows * columns));
        let [y, x] = [at / columns * self.side, at % columns * self.side];
        // What lies before the picture is huge as a `usize`.
        let corner = [y.wrapping_sub(self.d.pad[0]), x.wrapping_sub(self.d.pad[2])];
        let mut cells = [core::ptr::null(); PLACES];
        let [h, w, channels] = self.d.input;
        self.cells(input, [image, h, w], corner, REACH, &mut cells);
        let work = WinogradInput {
            cells: cells.as_ptr(),
            channels,
            out: chunk.memory.at(tile * self.padded),
            step: chunk.steps[0],
        };
        // SAFETY: the level of the kernels was checked when they were chosen; each cell is inside the picture or `zeros`; rows are padded.
        unsafe { (self.transforms.input)(&work) }

        let [h, w, _] = Op::Conv(self.d).output();
        for panel in 0..self.sums.panels.count() {
            let (column, width) = self.sums.panels.range(panel);
            self.cells(
                output.skip(column),
                [image, h, w],
                [y, x],
                self.side,
                &mut cells,
            );
            let row = column * chunk.tiles + tile * self.sums.panels.padded(panel);
            let work = WinogradInput {
                cells: cells.as_ptr(),
                channels: width,
                out: chunk.memory.at(chunk.gradients(0) + row),
                step: chunk.steps[1],
            };
            // SAFETY: as above.
            unsafe { (self.transforms.filter)(&work) }
        }
    }

    /// Where the pixels of a square lie, whose corner may be outside the picture.
    fn cells(
        &self,
        pixels: Pixels<'_>,
        [image, h, w]: [usize; 3],
        corner: [usize; 2],
        side: usize,
        cells: &mut [*const f32; PLACES],
    ) {
        for (i, cell) in cells[..side * side].iter_mut().enumerate() {
            let (y, x) = (
                corner[0].wrapping_add(i / side),
                corner[1].wrapping_add(i % side),
            );
            *cell = match y < h && x < w {
                true => pixels
                    .at(((image * h + y) * w + x) * pixels.pixel)
                    .cast_const(),
                false => self.zeros.as_slice().as_ptr(),
            };
        }
    }

    /// Adds the sums of a panel of filters and a block of channels to those of the chunks before.
    ///
    /// # Safety
    /// The chunk is transformed, and nobody else touches these sums.
    ///
    /// # Panics
    /// If there is less memory than [`scratch`](Self::scratch) says.
    unsafe fn sum(
        &self,
        chunk: &Chunk<'_>,
        panel: usize,
        block: usize,
        out: Shared<'_, f32>,
        memory: &mut [f32],
    ) {
        let (channels, taps) = (self.d.input[2], self.d.kernel[0]);
        let first = block * channels / self.blocks;
        let count = (block + 1) * channels / self.blocks - first;
        let panels = self.sums.panels;
        let (column, _) = panels.range(panel);
        let padded = panels.padded(panel);
        let step = self.step();
        let (memory, _) = scratch(memory, PLACES * step);
        let near = Shared::new(memory);
        for place in 0..PLACES {
            let inputs = place * chunk.steps[0] + first;
            let gradients = chunk.gradients(place) + column * chunk.tiles;
            let products = Outer {
                rows: core::ptr::null(),
                row_steps: [0, 0, self.padded],
                columns: chunk.memory.at(gradients).cast_const(),
                column_steps: [0, 0, padded],
                counts: [1, 1, chunk.tiles],
                out: near.at(place * step),
                stride: padded,
                width: padded,
                accumulate: false,
            };
            let rows = (inputs..).map(|row| chunk.memory.at(row).cast_const());
            // SAFETY: the chunk's rows are whole, and the memory is this task's.
            unsafe { panels.run(count, rows, &products) }
        }
        let start = self.sums.start(chunk.group, panel);
        for c in 0..count {
            let work = WinogradOutput {
                products: near.at(c * padded).cast_const(),
                step,
                filters: padded,
                bias: match chunk.first {
                    0 => self.zeros.as_slice().as_ptr(),
                    _ => core::ptr::null(),
                },
                added: core::ptr::null(),
                added_steps: [0; 2],
                out: out.at(start + (first + c) * padded),
                steps: [taps * channels * padded, channels * padded],
                size: [taps; 2],
                act: Fused::None,
            };
            // SAFETY: the kernels' level was checked; the cells of a channel are this task's own.
            unsafe { (self.transforms.output)(&work) }
        }
    }
}

/// Side of the tiles of an output's gradient.
fn side(d: &Conv) -> usize {
    REACH + 1 - d.kernel[0]
}
