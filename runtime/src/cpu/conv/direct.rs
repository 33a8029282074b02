//! Direct convolution: the tile kernels driven over an NHWC picture without an im2col copy. A fully connected layer is the
//! same thing with one output pixel whose window is the whole picture.
//!
//! The sum over `K = kh * kw * c` inputs is cut into blocks ([`KBlock`]), so that a block of a panel stays near the core while
//! all pixels of a task pass over it, and so that the sum stays accurate. Between blocks the sums rest in the output.

use super::onto::Onto;
use super::panels::{Panel, Strides, pack, widths};
use super::pixels::{Origin, Pixels, are_even, origins};
use crate::cpu::access::Shared;
use crate::cpu::act;
use crate::cpu::kernel::{
    Aligned, Bf16, Even, Fused, Kernels, MAX_LANES, MAX_ROWS, STREAMS, Scattered, Tile, TileKernel,
    Weight,
};
use crate::cpu::sizes::bounded;
use crate::plan::{Act, Conv, Op};
use crate::threads::Threads;
use alloc::vec::Vec;
use core::ops::Range;

/// The most pixels in a task.
const MAX_PIXELS: usize = 384;
/// Numbers that are packed before one is told of it, about.
const PART: usize = 4 << 20;
/// The most runs of inputs in a block.
const MAX_SEGMENTS: usize = 64;

/// Where an output lies whose pixels have others between them, in elements.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    /// The first pixel of the first image.
    pub(crate) first: usize,
    /// From one pixel of a row to the next.
    pub(crate) pixel: usize,
    /// From one row to the next.
    pub(crate) row: usize,
    /// From one image to the next.
    pub(crate) image: usize,
}

/// Packed weights and the way through them.
pub(crate) struct Direct {
    d: Conv,
    /// Output height and width.
    output: [usize; 2],
    /// Input channels of a group.
    channels: usize,
    kernels: &'static Kernels,
    fused: Fused,
    /// What is left of the activation when `fused` is done.
    late: Act,
    panels: Vec<Panel>,
    /// For one pixel: panels in groups of [`STREAMS`] of one width, which it takes at once, and those that are left over one by one.
    streams: Vec<Range<usize>>,
    blocks: Vec<KBlock>,
    strides: Strides,
    weights: Weights,
    biases: Aligned,
    /// What padded cells hold.
    zeros: Aligned,
}

/// Panels, one after the other.
enum Weights {
    F32(Aligned),
    Bf16(Aligned<Bf16>),
}

impl Weights {
    fn bytes(&self) -> usize {
        match self {
            Self::F32(weights) => size_of_val(weights.as_slice()),
            Self::Bf16(weights) => size_of_val(weights.as_slice()),
        }
    }
}

/// A block of the `K` terms of the sum: some rows of the window, or some cells of one row, or some channels of one cell.
struct KBlock {
    y: Range<usize>,
    x: Range<usize>,
    channel: Range<usize>,
    /// How many terms of the sum come before.
    start: usize,
}

/// The tasks of one run, from the sizes alone.
#[derive(Clone, Copy)]
struct Tasks {
    pixels: usize,
    step: usize,
    parts: usize,
    /// Panels, or groups of them for a single pixel.
    panels: usize,
    panels_first: bool,
}

impl Tasks {
    fn count(&self) -> usize {
        self.parts * self.panels
    }
}

impl Direct {
    /// Prepares the way through weights of any layout; [`pack`](Self::pack) brings them.
    pub(crate) fn new(d: Conv, strides: Strides, kernels: &'static Kernels) -> Self {
        Self::with(d, strides, kernels, |size| {
            Weights::F32(Aligned::zeros(size))
        })
    }

    /// As [`new`](Self::new), for weights that are kept in bf16: the sums are those of the rounded weights in f32, to the bit.
    pub(crate) fn of_bf16(d: Conv, strides: Strides, kernels: &'static Kernels) -> Self {
        Self::with(d, strides, kernels, |size| {
            Weights::Bf16(Aligned::zeros(size))
        })
    }

    fn with(
        d: Conv,
        strides: Strides,
        kernels: &'static Kernels,
        weights: impl Fn(usize) -> Weights,
    ) -> Self {
        let [height, width, _] = Op::Conv(d).output();
        let channels = d.input[2] / d.groups;
        let filters = d.filters / d.groups;
        let [kh, kw] = d.kernel;
        let terms = kh * kw * channels;
        let (fused, late) = Fused::split(d.act);

        let lanes = kernels.lanes;
        let single = height * width <= 4;
        let mut panels = Vec::new();
        let (mut size, mut bias_size) = (0, 0);
        for group in 0..d.groups {
            let mut filter = 0;
            for vectors in widths(filters.div_ceil(lanes), kernels.max_vectors(), single) {
                panels.push(Panel {
                    group,
                    filter: group * filters + filter,
                    width: (filters - filter).min(vectors * lanes),
                    vectors,
                    weights: size,
                    bias: bias_size,
                });
                filter += vectors * lanes;
                size += terms * vectors * lanes;
                bias_size += vectors * lanes;
            }
        }
        let widest = panels.iter().map(|p| p.vectors).max().unwrap_or(1);
        let bytes = match single {
            true => kernels.tuning.stream_bytes,
            false => kernels.tuning.panel_bytes,
        };
        Self {
            d,
            output: [height, width],
            channels,
            kernels,
            fused,
            late,
            blocks: blocks([kh, kw, channels], bytes / (widest * lanes * 4)),
            streams: streams(&panels),
            panels,
            strides,
            weights: weights(size),
            biases: Aligned::zeros(bias_size + MAX_LANES),
            zeros: Aligned::zeros(if d.pad == [0; 4] { 0 } else { kw * channels }),
        }
    }

    /// Takes these weights and biases; an empty `bias` stands for zeros.
    ///
    /// # Panics
    /// If the sizes do not fit the descriptor.
    pub(crate) fn pack(&mut self, weights: &[f32], bias: &[f32], threads: Threads) {
        self.pack_by_parts(weights, bias, threads, &|_| {});
    }

    /// As [`pack`](Self::pack), and tells which filters, counted through all groups, are packed, part by part.
    ///
    /// # Panics
    /// As there.
    pub(crate) fn pack_by_parts(
        &mut self,
        weights: &[f32],
        bias: &[f32],
        threads: Threads,
        packed_filters: &dyn Fn(Range<usize>),
    ) {
        let [kh, kw] = self.d.kernel;
        let terms = kh * kw * self.channels;
        assert_eq!(
            weights.len(),
            self.d.filters * terms,
            "weights of {:?}",
            self.d
        );
        let (lanes, cells) = (self.kernels.lanes, [kh, kw, self.channels]);
        let (filters, strides) = (self.d.filters / self.d.groups, self.strides);
        let cost = terms * lanes * self.kernels.max_vectors();
        for panels in (self.panels).chunks((PART / cost.max(1)).max(threads.count())) {
            let from = (weights, strides);
            match &mut self.weights {
                Weights::F32(to) => pack_all(to, lanes, (panels, filters), cells, from, threads),
                Weights::Bf16(to) => pack_all(to, lanes, (panels, filters), cells, from, threads),
            }
            if let (Some(first), Some(last)) = (panels.first(), panels.last()) {
                packed_filters(first.filter..last.filter + last.width);
            }
        }
        if !bias.is_empty() {
            assert_eq!(bias.len(), self.d.filters, "biases of {:?}", self.d);
            for p in &self.panels {
                self.biases.as_mut_slice()[p.bias..][..p.width]
                    .copy_from_slice(&bias[p.filter..][..p.width]);
            }
        }
    }

    /// Bytes of packed weights and biases.
    #[cfg(feature = "train")]
    pub(crate) fn bytes(&self) -> usize {
        self.weights.bytes() + size_of_val(self.biases.as_slice())
    }

    /// Bytes of packed weights.
    pub(super) fn weight_bytes(&self) -> usize {
        self.weights.bytes()
    }

    /// How a batch of `images` is cut: by size only, so that the threads do not matter.
    fn tasks(&self, images: usize, pixel: usize) -> Tasks {
        let d = &self.d;
        let pixels = images * self.output[0] * self.output[1];
        let terms = d.kernel[0] * d.kernel[1] * self.channels;
        let work = terms * self.panels.iter().map(|p| p.width).max().unwrap_or(1);
        let input = bounded([d.stride[0], d.stride[1], pixel, 4]);
        let tuning = self.kernels.tuning;
        let fair = pixels * self.panels.len() / tuning.tasks;
        let step = fair
            .max(tuning.task_macs / work.max(1))
            .min(tuning.input_bytes / input.max(1))
            .clamp(2 * MAX_ROWS, MAX_PIXELS);
        let parts = pixels.div_ceil(step).max(1);
        Tasks {
            pixels,
            step: pixels.div_ceil(parts),
            parts,
            panels: match pixels {
                1 => self.streams.len(),
                _ => self.panels.len(),
            },
            panels_first: self.weights.bytes() > tuning.resident_bytes,
        }
    }

    /// Computes a batch.
    ///
    /// # Safety
    /// `input`, `output` and a picture that is added hold `images` images of the descriptor's sizes. For the time of the call nobody else
    /// writes what is read or touches the output, and they share no element, unless the picture is the output.
    pub(crate) unsafe fn run(
        &self,
        images: usize,
        [input, output]: [Pixels<'_>; 2],
        onto: Onto<'_>,
        threads: Threads,
    ) {
        let tasks = self.tasks(images, input.pixel);
        let terms = self.d.kernel[0] * self.d.kernel[1] * self.channels;
        let macs = bounded([tasks.pixels, terms, self.d.filters]);
        let threads = match macs < self.kernels.tuning.fork_macs {
            true => Threads::single(),
            false => threads,
        };
        threads.for_each(tasks.count(), |task, _| {
            // SAFETY: the caller's promise; the tasks write different elements.
            unsafe { self.task(&tasks, task, input, output, onto) }
        });
    }

    /// Computes one task of a run.
    ///
    /// # Safety
    /// `input` and `output` hold the batch that `tasks` was made for; nobody else writes the output's elements of this task
    /// or any of the input while this runs.
    unsafe fn task(
        &self,
        tasks: &Tasks,
        task: usize,
        input: Pixels<'_>,
        output: Pixels<'_>,
        onto: Onto<'_>,
    ) {
        let (part, panel) = if tasks.panels_first {
            (task % tasks.parts, task / tasks.parts)
        } else {
            (task / tasks.panels, task % tasks.panels)
        };
        if tasks.pixels == 1 {
            let panels = &self.panels[self.streams[panel].clone()];
            // SAFETY: the caller's promise is the same.
            return unsafe { self.pixel(panels, input, output, onto) };
        }
        let start = part * tasks.step;
        let end = tasks.pixels.min(start + tasks.step);
        if start < end {
            // SAFETY: the caller's promise is the same; the step is at most MAX_PIXELS.
            unsafe { self.part(start, end - start, &self.panels[panel], input, output, onto) }
        }
    }

    /// Computes some rows of an image, whose output pixels have others between them.
    ///
    /// # Safety
    /// The descriptor's output has these rows, `input` holds the image, and the pixels that `spread` says lie in `output`. For the time of
    /// the call nobody else writes the input or touches those pixels, and they share no element.
    pub(crate) unsafe fn run_spread(
        &self,
        image: usize,
        rows: Range<usize>,
        input: Pixels<'_>,
        output: Shared<'_, f32>,
        spread: Spread,
    ) {
        let [height, width] = self.output;
        for panel in &self.panels {
            for y in rows.clone() {
                let first = spread.first + image * spread.image + y * spread.row;
                let row = image * height + y;
                // `part` counts pixels through the batch as if they lay side by side.
                let before = (row * width * spread.pixel) as isize;
                let output = Pixels {
                    memory: output.counted_from(first as isize - before),
                    pixel: spread.pixel,
                };
                for x in (0..width).step_by(MAX_PIXELS) {
                    let count = MAX_PIXELS.min(width - x);
                    // SAFETY: the caller's promise; each row is computed once for each panel.
                    unsafe {
                        self.part(row * width + x, count, panel, input, output, Onto::Biases);
                    }
                }
            }
        }
    }

    /// Computes these output pixels, counted through the batch.
    ///
    /// # Safety
    /// `output` holds these pixels, and `input` the rows of their windows that lie in the picture. For the time of the call nobody else writes
    /// the input or touches those pixels, and they share no element.
    pub(super) unsafe fn pixels(&self, range: Range<usize>, input: Pixels<'_>, output: Pixels<'_>) {
        for start in range.clone().step_by(MAX_PIXELS) {
            let count = MAX_PIXELS.min(range.end - start);
            for panel in &self.panels {
                // SAFETY: the caller's promise is the same.
                unsafe { self.part(start, count, panel, input, output, Onto::Biases) }
            }
        }
    }

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
        rows: &mut [*const f32],
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
                    *slot = if here < d.input[0] && (merged || there < d.input[1]) {
                        input.at(o.offset.wrapping_add(cell)).cast_const()
                    } else {
                        self.zeros.as_slice().as_ptr()
                    };
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
    pub(super) fn is_linear(&self) -> bool {
        let d = &self.d;
        d.kernel == [1, 1] && d.stride == [1, 1] && d.pad == [0; 4]
    }

    /// `count` pixels from `start` on, by one panel.
    unsafe fn part(
        &self,
        start: usize,
        count: usize,
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
                    self.part_by(weights, start, count, panel, input, output, onto);
                }
                Weights::Bf16(weights) => {
                    let weights = weights.as_slice();
                    self.part_by(weights, start, count, panel, input, output, onto);
                }
            }
        }
    }

    /// The only pixel, by panels that it takes at once.
    unsafe fn pixel(
        &self,
        panels: &[Panel],
        input: Pixels<'_>,
        output: Pixels<'_>,
        onto: Onto<'_>,
    ) {
        // SAFETY: the caller's promise is the same.
        unsafe {
            match (&self.weights, panels) {
                (_, [panel]) => self.part(0, 1, panel, input, output, onto),
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
        let mut rows = [core::ptr::null::<f32>(); MAX_SEGMENTS];
        for (b, block) in self.blocks.iter().enumerate() {
            let merged = self.merges(block, &window, input.pixel);
            let segments = self.runs(first, block, &window, merged, input, &mut rows);
            let tile = self.tile(weights, first, b, 0, onto);
            let tile = Tile {
                segments,
                len: self.run_length(block, merged),
                out: output.at(first.filter),
                width: panels.iter().map(|p| p.width).sum(),
                ..tile.over(Scattered(rows.as_ptr()))
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

    #[allow(
        clippy::too_many_arguments,
        reason = "those of `part`, and its weights"
    )]
    #[inline(always)]
    unsafe fn part_by<W: Weight>(
        &self,
        weights: &[W],
        start: usize,
        count: usize,
        panel: &Panel,
        input: Pixels<'_>,
        output: Pixels<'_>,
        onto: Onto<'_>,
    ) {
        let tiles = W::tiles(self.kernels, panel.vectors);
        let even_tiles = W::even_tiles(self.kernels, panel.vectors);
        if let Some(even) = even_tiles.filter(|_| self.is_linear()) {
            let pixels = start..start + count;
            // SAFETY: the caller's promise is the same.
            return unsafe { self.linear(weights, even, panel, pixels, [input, output], onto) };
        }
        let mut windows = [Origin::default(); MAX_PIXELS];
        let windows = &mut windows[..count];
        origins(&self.d, self.output, start, input.pixel, windows);
        let tile_count = count.div_ceil(tiles.len());
        let mut rows = [core::ptr::null::<f32>(); MAX_SEGMENTS * MAX_ROWS];
        let mut offsets = [0; MAX_SEGMENTS];

        for (b, block) in self.blocks.iter().enumerate() {
            let (runs, len) = self.offsets(panel, block, input.pixel, &mut offsets);
            let last = b + 1 == self.blocks.len();
            for t in 0..tile_count {
                // Tiles of about one size: a small rest would waste most of the weights it loads.
                let (from, to) = (t * count / tile_count, (t + 1) * count / tile_count);
                let pixels = &windows[from..to];
                let tile = Tile {
                    segments: runs,
                    len,
                    out: output.at((start + from) * output.pixel + panel.filter),
                    stride: output.pixel,
                    ..self.tile(weights, panel, b, start + from, onto)
                };
                let kernel = to - from - 1;
                if let Some(even) = even_tiles.filter(|_| are_even(&self.d, pixels)) {
                    let rows = Even {
                        first: input.at(pixels[0].offset).cast_const(),
                        step: self.d.stride[1].wrapping_mul(input.pixel),
                        offsets: offsets.as_ptr(),
                    };
                    // SAFETY: the kernels' level was checked when they were chosen. Each run of inputs lies inside the picture
                    // (checked above); the panel and its biases are padded to whole vectors; the outputs are this task's own.
                    unsafe { even[kernel](&tile.over(rows)) }
                } else {
                    let merged = self.merges(block, pixels, input.pixel);
                    let segments = self.runs(panel, block, pixels, merged, input, &mut rows);
                    let tile = Tile {
                        segments,
                        len: self.run_length(block, merged),
                        ..tile.over(Scattered(rows.as_ptr()))
                    };
                    // SAFETY: as above; a run outside the picture is `zeros`, which is as long as the longest run.
                    unsafe { tiles[kernel](&tile) }
                }
                if last && self.late != Act::None {
                    // SAFETY: the tile has just written these elements, which are this task's own.
                    unsafe { finish(self.late, &tile, to - from) }
                }
            }
        }
    }
}

/// Groups of panels for one pixel.
fn streams(panels: &[Panel]) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let mut start = 0;
    while let Some(first) = panels.get(start) {
        let next = panels[start..].iter().take(STREAMS);
        let alike = next.filter(|p| (p.group, p.vectors) == (first.group, first.vectors));
        let count = if alike.count() == STREAMS { STREAMS } else { 1 };
        groups.push(start..start + count);
        start += count;
    }
    groups
}

/// Packs panels of filters of groups of so many, from weights laid out as the strides say.
fn pack_all<W: Weight>(
    to: &mut Aligned<W>,
    lanes: usize,
    (panels, filters): (&[Panel], usize),
    cells: [usize; 3],
    (weights, strides): (&[f32], Strides),
    threads: Threads,
) {
    let packed = Shared::new(to.as_mut_slice());
    let terms: usize = cells.iter().product();
    let widest = panels.iter().map(|p| p.vectors).max().unwrap_or(1);
    threads.for_ranges(panels.len(), terms * lanes * widest, |range, _| {
        for p in &panels[range] {
            let lanes = p.vectors * lanes;
            // SAFETY: the panels lie one after the other, and each is this task's alone.
            let to = unsafe { packed.part(p.weights..p.weights + terms * lanes) };
            pack(to, p, [lanes, filters], cells, weights, strides);
        }
    });
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

/// Cuts a sum over `[kh, kw, c]` into blocks of about `terms`.
fn blocks([kh, kw, channels]: [usize; 3], terms: usize) -> Vec<KBlock> {
    let terms = terms.max(16);
    let even = |total: usize, most: usize| {
        let parts = total.div_ceil(most.max(1));
        (0..parts).map(move |i| i * total / parts..(i + 1) * total / parts)
    };
    let mut blocks = Vec::new();
    if kw * channels <= terms && kw <= MAX_SEGMENTS {
        for y in even(kh, (terms / (kw * channels)).min(MAX_SEGMENTS / kw)) {
            let start = y.start * kw * channels;
            blocks.push(KBlock {
                y,
                x: 0..kw,
                channel: 0..channels,
                start,
            });
        }
        return blocks;
    }
    for ky in 0..kh {
        if channels <= terms {
            for x in even(kw, (terms / channels).min(MAX_SEGMENTS)) {
                let start = (ky * kw + x.start) * channels;
                blocks.push(KBlock {
                    y: ky..ky + 1,
                    x,
                    channel: 0..channels,
                    start,
                });
            }
        } else {
            for kx in 0..kw {
                for channel in even(channels, terms) {
                    let start = (ky * kw + kx) * channels + channel.start;
                    blocks.push(KBlock {
                        y: ky..ky + 1,
                        x: kx..kx + 1,
                        channel,
                        start,
                    });
                }
            }
        }
    }
    blocks
}
