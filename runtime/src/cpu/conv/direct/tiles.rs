//! The way of a task through its tiles: where the windows of their pixels lie, and which kernel computes them.

use super::Direct;
use super::blocks::{KBlock, MAX_SEGMENTS};
use super::weights::Weights;
use crate::cpu::act;
use crate::cpu::conv::onto::Onto;
use crate::cpu::conv::panels::Panel;
use crate::cpu::conv::pixels::{Origin, Pixels, Strips, origins, rows_fill};
use crate::cpu::kernel::{Even, Fused, MAX_ROWS, Scattered, Tile, TileKernel, Weight};
use crate::plan::Act;
use core::mem::MaybeUninit;
use core::ops::Range;

impl Direct {
    /// Whether each row of these windows is one run: its cells touch, the block has all their channels, and they are all inside the picture.
    #[inline(always)]
    fn merges(&self, block: &KBlock, pixels: &[Origin], pixel: usize) -> bool {
        let d = &self.d;
        let touch = d.kernel[1] == 1 || (d.dilation[1] == 1 && pixel == self.channels);
        let reach = (d.kernel[1] - 1) * d.dilation[1];
        let mut pixels = pixels.iter();
        block.channel.len() == self.channels
            && touch
            && pixels.all(|o| o.x >= 0 && o.x as usize + reach < d.input[1])
    }

    /// Where the runs of inputs of a block lie, for each of these windows, run by run; zeros for those outside the picture. With `merged`
    /// the cells of a row are one run. Gives the number of runs.
    #[inline(always)]
    fn runs(
        &self,
        panel: &Panel,
        block: &KBlock,
        pixels: &[Origin],
        merged: bool,
        input: Pixels<'_>,
        rows: &mut [MaybeUninit<*const f32>],
    ) -> usize {
        let d = &self.d;
        let first = panel.group * self.channels + block.channel.start;
        let mut segments = 0;
        for ky in block.y.clone() {
            let y = ky * d.dilation[0];
            let step = if merged { block.x.len() } else { 1 };
            for kx in block.x.clone().step_by(step) {
                let x = kx * d.dilation[1];
                let cell = y.wrapping_mul(d.input[1]).wrapping_add(x);
                let cell = cell.wrapping_mul(input.pixel).wrapping_add(first);
                let slots = &mut rows[segments * pixels.len()..][..pixels.len()];
                for (slot, o) in slots.iter_mut().zip(pixels) {
                    // A negative row or column is huge as a `usize`.
                    let here = o.y.wrapping_add_unsigned(y) as usize;
                    let there = o.x.wrapping_add_unsigned(x) as usize;
                    let is_inside = here < d.input[0] && (merged || there < d.input[1]);
                    slot.write(match is_inside {
                        true => input.at(o.offset.wrapping_add(cell)).cast_const(),
                        false => self.zeros.as_slice().as_ptr(),
                    });
                }
                segments += 1;
            }
        }
        segments
    }

    /// The run of inputs of a window's row where windows lie inside the picture: whether it is one, and its length.
    fn run_inside(&self, block: &KBlock, pixel: usize) -> (bool, usize) {
        let touch = self.d.kernel[1] == 1 || (self.d.dilation[1] == 1 && pixel == self.channels);
        let merged = touch && block.channel.len() == self.channels;
        (merged, self.run_length(block, merged))
    }

    /// Where the runs of a block lie, from the start of a window that is inside the picture. Gives their number and length.
    fn offsets(
        &self,
        panel: &Panel,
        block: &KBlock,
        pixel: usize,
        offsets: &mut [isize; MAX_SEGMENTS],
    ) -> (usize, usize) {
        let d = &self.d;
        let first = panel.group * self.channels + block.channel.start;
        let (merged, len) = self.run_inside(block, pixel);
        let step = if merged { block.x.len() } else { 1 };
        let mut segments = 0;
        for ky in block.y.clone() {
            for kx in block.x.clone().step_by(step) {
                // Where no window is inside the picture this means nothing, and may be anything.
                let row = (ky * d.dilation[0]).wrapping_mul(d.input[1]);
                let cell = row.wrapping_add(kx * d.dilation[1]);
                offsets[segments] = cell.wrapping_mul(pixel).wrapping_add(first) as isize;
                segments += 1;
            }
        }
        (segments, len)
    }

    /// Whether the windows of a batch are its pixels, one after the other.
    fn is_linear(&self) -> bool {
        let d = &self.d;
        d.kernel == [1, 1] && d.stride == [1, 1] && d.pad == [0; 4]
    }

    /// Some pixels, counted through the batch, by one panel.
    pub(super) unsafe fn part(
        &self,
        range: Range<usize>,
        panel: &Panel,
        input: Pixels<'_>,
        output: Pixels<'_>,
        onto: Onto<'_>,
    ) {
        // SAFETY: the caller's promise is the same.
        unsafe {
            match &self.weights {
                Weights::F32(weights) => {
                    let weights = weights.as_slice();
                    self.part_by(weights, range, panel, [input, output], onto);
                }
                Weights::Bf16(weights) => {
                    let weights = weights.as_slice();
                    self.part_by(weights, range, panel, [input, output], onto);
                }
            }
        }
    }

    /// The only pixel, by panels that it takes at once.
    pub(super) unsafe fn pixel(
        &self,
        panels: &[Panel],
        input: Pixels<'_>,
        output: Pixels<'_>,
        onto: Onto<'_>,
    ) {
        // SAFETY: the caller's promise is the same.
        unsafe {
            match (&self.weights, panels) {
                (_, [panel]) => self.part(0..1, panel, input, output, onto),
                (Weights::F32(weights), _) => {
                    self.pixel_by(weights.as_slice(), panels, input, output, onto);
                }
                (Weights::Bf16(weights), _) => {
                    self.pixel_by(weights.as_slice(), panels, input, output, onto);
                }
            }
        }
    }

    unsafe fn pixel_by<W: Weight>(
        &self,
        weights: &[W],
        panels: &[Panel],
        input: Pixels<'_>,
        output: Pixels<'_>,
        onto: Onto<'_>,
    ) {
        let mut window = [Origin::default()];
        origins(&self.d, self.output, 0, input.pixel, &mut window);
        let first = &panels[0];
        let terms = self.d.kernel[0] * self.d.kernel[1] * self.channels;
        let apart = terms * first.vectors * self.kernels.lanes;
        let mut rows = [MaybeUninit::uninit(); MAX_SEGMENTS];
        for (b, block) in self.blocks.iter().enumerate() {
            let merged = self.merges(block, &window, input.pixel);
            let segments = self.runs(first, block, &window, merged, input, &mut rows);
            let tile = self.tile(weights, first, b, 0, onto);
            let tile = Tile {
                segments,
                len: self.run_length(block, merged),
                out: output.at(first.filter),
                width: panels.iter().map(|p| p.width).sum(),
                ..tile.over(Scattered(rows.as_ptr().cast()))
            };
            // SAFETY: as in `part_by`; the panels lie one after the other, and so do their biases and outputs.
            unsafe { W::streams(self.kernels, first.vectors)(&tile, apart) }
            if b + 1 == self.blocks.len() && self.late != Act::None {
                // SAFETY: the tile has just written these elements, which are this task's own.
                unsafe { finish(self.late, &tile, 1) }
            }
        }
    }

    /// A tile of a panel over the block of this number from a pixel on, but for where that lies.
    #[inline(always)]
    fn tile<W: Weight>(
        &self,
        weights: &[W],
        panel: &Panel,
        b: usize,
        pixel: usize,
        onto: Onto<'_>,
    ) -> Tile<(), W> {
        let lanes = panel.vectors * self.kernels.lanes;
        let (added, added_stride) = onto.at(pixel, panel.filter);
        Tile {
            rows: (),
            segments: 0,
            len: 0,
            // In bounds: `pack` filled K * lanes elements from `panel.weights` on.
            panel: weights[panel.weights + self.blocks[b].start * lanes..].as_ptr(),
            bias: if b == 0 && onto.has_biases() {
                self.biases.as_slice()[panel.bias..].as_ptr()
            } else {
                core::ptr::null()
            },
            added: if b == 0 { added } else { core::ptr::null() },
            added_stride,
            out: core::ptr::null_mut(),
            stride: 0,
            width: panel.width,
            act: if b + 1 == self.blocks.len() {
                self.fused
            } else {
                Fused::None
            },
        }
    }

    /// The length of a run of inputs.
    #[inline(always)]
    fn run_length(&self, block: &KBlock, merged: bool) -> usize {
        match merged {
            true => block.x.len() * self.channels,
            false => block.channel.len(),
        }
    }

    /// As [`part`](Self::part), of a convolution whose windows are its pixels.
    #[inline(always)]
    unsafe fn linear<W: Weight>(
        &self,
        weights: &[W],
        tiles: &[TileKernel<Even, W>],
        panel: &Panel,
        pixels: Range<usize>,
        [input, output]: [Pixels<'_>; 2],
        onto: Onto<'_>,
    ) {
        let count = pixels.len();
        let tile_count = count.div_ceil(tiles.len());
        let mut offsets = [0; MAX_SEGMENTS];
        for (b, block) in self.blocks.iter().enumerate() {
            let (segments, len) = self.offsets(panel, block, input.pixel, &mut offsets);
            let last = b + 1 == self.blocks.len();
            for t in 0..tile_count {
                let (from, to) = (t * count / tile_count, (t + 1) * count / tile_count);
                let pixel = pixels.start + from;
                let tile = Tile {
                    segments,
                    len,
                    out: output.at(pixel * output.pixel + panel.filter),
                    stride: output.pixel,
                    ..self.tile(weights, panel, b, pixel, onto)
                };
                let rows = Even {
                    first: input.at(pixel * input.pixel).cast_const(),
                    step: input.pixel,
                    offsets: offsets.as_ptr(),
                };
                // SAFETY: the kernels' level was checked when they were chosen. The pixels lie in the picture; the panel and its biases are padded to whole
                // vectors; the outputs are this task's own.
                unsafe { tiles[to - from - 1](&tile.over(rows)) }
                if last && self.late != Act::None {
                    // SAFETY: the tile has just written these elements, which are this task's own.
                    unsafe { finish(self.late, &tile, to - from) }
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn part_by<W: Weight>(
        &self,
        weights: &[W],
        range: Range<usize>,
        panel: &Panel,
        [input, output]: [Pixels<'_>; 2],
        onto: Onto<'_>,
    ) {
        let tiles = W::tiles(self.kernels, panel.vectors);
        let even_tiles = W::even_tiles(self.kernels, panel.vectors);
        if let Some(even) = even_tiles.filter(|_| self.is_linear()) {
            // SAFETY: the caller's promise is the same.
            return unsafe { self.linear(weights, even, panel, range, [input, output], onto) };
        }
        let mut windows = [Origin::default(); MAX_ROWS];
        let mut rows = [MaybeUninit::uninit(); MAX_SEGMENTS * MAX_ROWS];
        let mut offsets = [0; MAX_SEGMENTS];
        let most = tiles.len();
        let within_rows = even_tiles.is_some() && rows_fill(self.output[1], panel.vectors, most);

        for (b, block) in self.blocks.iter().enumerate() {
            let (runs, len) = self.offsets(panel, block, input.pixel, &mut offsets);
            let last = b + 1 == self.blocks.len();
            let (d, range) = (&self.d, range.clone());
            for strip in Strips::new(d, self.output, input.pixel, range, most, within_rows) {
                let tile = Tile {
                    segments: runs,
                    len,
                    out: output.at(strip.start * output.pixel + panel.filter),
                    stride: output.pixel,
                    ..self.tile(weights, panel, b, strip.start, onto)
                };
                let kernel = strip.count - 1;
                if let Some(even) = even_tiles.filter(|_| strip.is_even) {
                    let rows = Even {
                        first: input.at(strip.window.offset).cast_const(),
                        step: d.stride[1].wrapping_mul(input.pixel),
                        offsets: offsets.as_ptr(),
                    };
                    // SAFETY: the kernels' level was checked when they were chosen. Each run of inputs lies inside the picture
                    // (checked above); the panel and its biases are padded to whole vectors; the outputs are this task's own.
                    unsafe { even[kernel](&tile.over(rows)) }
                } else {
                    let pixels = &mut windows[..strip.count];
                    origins(d, self.output, strip.start, input.pixel, pixels);
                    let merged = self.merges(block, pixels, input.pixel);
                    let segments = self.runs(panel, block, pixels, merged, input, &mut rows);
                    let tile = Tile {
                        segments,
                        len: self.run_length(block, merged),
                        ..tile.over(Scattered(rows.as_ptr().cast()))
                    };
                    // SAFETY: as above; a run outside the picture is `zeros`, which is as long as the longest run.
                    unsafe { tiles[kernel](&tile) }
                }
                if last && self.late != Act::None {
                    // SAFETY: the tile has just written these elements, which are this task's own.
                    unsafe { finish(self.late, &tile, strip.count) }
                }
            }
        }
    }
}

/// Applies an activation to the outputs of a tile.
///
/// # Safety
/// The tile has written `pixels` pixels, which nobody else touches.
unsafe fn finish<R, W>(act: Act, tile: &Tile<R, W>, pixels: usize) {
    // At once where they lie side by side: few filters would not fill a vector.
    let (runs, len) = match tile.stride == tile.width {
        true => (1, pixels * tile.width),
        false => (pixels, tile.width),
    };
    for r in 0..runs {
        let run = tile.out.wrapping_add(r * tile.stride);
        // SAFETY: the caller's promise.
        act::apply(act, unsafe { core::slice::from_raw_parts_mut(run, len) });
    }
}
