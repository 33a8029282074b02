//! Convolution as products of bytes: the tile kernels driven over an NHWC picture without an im2col copy. The sum of an output is
//! taken as a whole, in registers.

use super::ending::{Addend, Bytes, Ending, Onto, Output};
use super::{Layer, Quantisation};
use crate::cpu::conv::{MAX_PIXELS, Origin, Strip, Strips, Tasks, Work, origins, rows_fill};
use crate::cpu::kernel::Aligned;
use crate::cpu::kernel::int8::{
    Added, Even, Finish, Kernels, MAX_ROWS, MAX_WIDTH, Out, Scattered, Tile, kernels,
};
use crate::cpu::simd::Level;
use crate::cpu::sizes::bounded;
use crate::cpu::tuning::Tuning;
use crate::plan::{Conv, Op};
use crate::threads::Threads;
use alloc::vec;
use alloc::vec::Vec;
use core::mem::MaybeUninit;
use core::ops::Range;

/// The most runs of inputs in a window.
const MAX_SEGMENTS: usize = 128;
/// Pixels that are few tiles.
const FEW_PIXELS: usize = 100;
/// Products of bytes in the time of a product of floats.
const FASTER: usize = 4;

/// A few filters of one group.
struct Panel {
    group: usize,
    /// Counted through all groups.
    filter: usize,
    width: usize,
    vectors: usize,
    /// Offset of the weights.
    weights: usize,
    /// Place in the [`Ending`].
    at: usize,
}

/// Packed weights and the way through them.
pub(super) struct Product {
    d: Conv,
    /// Output height and width.
    output: [usize; 2],
    /// Input channels of a group.
    channels: usize,
    kernels: &'static Kernels,
    tuning: &'static Tuning,
    panels: Vec<Panel>,
    /// Whether a row of the window is packed as one run; otherwise each of its cells is.
    merged: bool,
    weights: Aligned<u8>,
    ending: Ending,
    /// What padded cells hold.
    zeros: Vec<u8>,
    writes_bytes: bool,
}

/// Cuts `total` vectors of filters into panels of about one width.
fn widths(total: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = total.div_ceil(most).max(1);
    (0..count).map(move |i| (i + 1) * total / count - i * total / count)
}

/// All panels, of so many vectors and so many terms in fours; with the bytes of their weights, and their places in the [`Ending`].
fn panels(d: &Conv, kernels: &Kernels, most: usize, quads: usize) -> (Vec<Panel>, [usize; 2]) {
    let filters = d.filters / d.groups;
    let mut panels = Vec::new();
    let (mut size, mut at) = (0, 0);
    for group in 0..d.groups {
        let mut filter = 0;
        for vectors in widths(filters.div_ceil(kernels.lanes), most) {
            let lanes = vectors * kernels.lanes;
            panels.push(Panel {
                group,
                filter: group * filters + filter,
                width: (filters - filter).min(lanes),
                vectors,
                weights: size,
                at,
            });
            filter += lanes;
            size += quads * vectors * kernels.bytes;
            at += lanes;
        }
    }
    (panels, [size, at])
}

/// The terms of a sum as they are packed, in fours: for each four the cells and channels of its terms, if they exist.
fn quads([kh, kw, channels]: [usize; 3], merged: bool) -> Vec<[Option<[usize; 3]>; 4]> {
    let runs = match merged {
        true => kh,
        false => kh * kw,
    };
    let len = kh * kw * channels / runs.max(1);
    let term = |run: usize, k: usize| {
        (k < len).then(|| match merged {
            true => [run, k / channels, k % channels],
            false => [run / kw, run % kw, k],
        })
    };
    let fours =
        |run| (0..len.div_ceil(4)).map(move |q| core::array::from_fn(|i| term(run, 4 * q + i)));
    (0..runs).flat_map(fours).collect()
}

/// Whether the rows of a window are packed as runs.
fn is_merged(d: &Conv) -> bool {
    let channels = d.input[2] / d.groups;
    d.groups == 1 && d.dilation[1] == 1 && d.kernel[1] > 1 && !channels.is_multiple_of(4)
}

/// The weights that are multiplied by neighbours in a four, first and second or third and fourth, by their places in the filter, `[c][kh][kw]`.
fn pairs(
    quads: &[[Option<[usize; 3]>; 4]],
    [kh, kw]: [usize; 2],
) -> impl Iterator<Item = [usize; 2]> {
    let place = move |[y, x, c]: [usize; 3]| c * kh * kw + y * kw + x;
    let halves = quads.iter().flat_map(|quad| quad.as_chunks::<2>().0);
    halves.filter_map(move |[a, b]| Some([place((*a)?), place((*b)?)]))
}

impl Product {
    /// The weights that should not be large together: see [`kernels`].
    pub(super) fn pairs(d: &Conv) -> Vec<[usize; 2]> {
        let [kh, kw] = d.kernel;
        let quads = quads([kh, kw, d.input[2] / d.groups], is_merged(d));
        pairs(&quads, [kh, kw]).collect()
    }

    /// Whether windows fit into tables.
    pub(super) fn fits(d: &Conv) -> bool {
        d.kernel[0].saturating_mul(d.kernel[1]) <= MAX_SEGMENTS
    }

    /// Packs a layer. `copied` says that each window lies inside the picture, with bytes behind it that may be read.
    pub(super) fn new(
        d: Conv,
        layer: &Layer,
        [input, output]: [Option<Quantisation>; 2],
        added: Option<Addend>,
        copied: bool,
        level: Level,
    ) -> Self {
        let [height, width, _] = Op::Conv(d).output();
        let channels = d.input[2] / d.groups;
        let [kh, kw] = d.kernel;
        // What is not copied has channels in fours.
        let merged = is_merged(&d);
        debug_assert!(copied || !merged, "runs that are not fours: {d:?}");
        let quads = quads([kh, kw, channels], merged);
        let small = layer.weight.chunks_exact(kh * kw * channels).all(|filter| {
            let mut sums =
                pairs(&quads, [kh, kw]).map(|[a, b]| i32::from(filter[a]) + i32::from(filter[b]));
            sums.all(|sum| sum.abs() <= 128)
        });
        let (kernels, tuning) = (kernels(level, small), Tuning::of(level));
        // A wide panel that is read again for every few of few pixels takes longer to come than to be multiplied: narrow ones take more pixels at once.
        let wide = quads.len() * kernels.max_vectors() * kernels.bytes;
        let most = match wide > tuning.panel_bytes && (2..=FEW_PIXELS).contains(&(height * width)) {
            true => kernels.max_vectors().min(2),
            false => kernels.max_vectors(),
        };
        let (panels, [size, at]) = panels(&d, kernels, most, quads.len());
        let mut places = vec![0; d.filters];
        for panel in &panels {
            (0..panel.width).for_each(|f| places[panel.filter + f] = panel.at + f);
        }
        let zero = input.map_or(0, |input| input.zero_point);
        let mut product = Self {
            d,
            output: [height, width],
            channels,
            kernels,
            tuning,
            merged,
            weights: Aligned::zeros(size),
            ending: Ending::new(layer, [input, output], added, d.act, (&places, at)),
            zeros: vec![zero; if d.pad == [0; 4] { 0 } else { kw * channels }],
            writes_bytes: output.is_some(),
            panels,
        };
        product.pack(&quads, &layer.weight);
        product
    }

    fn pack(&mut self, quads: &[[Option<[usize; 3]>; 4]], weight: &[i8]) {
        let [kh, kw] = self.d.kernel;
        let (kernels, area) = (self.kernels, kh * kw);
        let weights = self.weights.as_mut_slice();
        for panel in &self.panels {
            let to = &mut weights[panel.weights..];
            let vectors = to.chunks_exact_mut(kernels.bytes);
            let mut vectors = vectors.take(quads.len() * panel.vectors);
            for terms in quads {
                for (v, to) in vectors.by_ref().take(panel.vectors).enumerate() {
                    let first = v * kernels.lanes;
                    for lane in 0..kernels.lanes.min(panel.width.saturating_sub(first)) {
                        let filter = (panel.filter + first + lane) * self.channels * area;
                        for (k, term) in terms.iter().enumerate() {
                            if let &Some([y, x, c]) = term {
                                let from = filter + c * area + y * kw + x;
                                kernels.pack(to, lane, k, weight[from]);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Whether outputs are bytes.
    pub(super) fn writes_bytes(&self) -> bool {
        self.writes_bytes
    }

    fn tasks(&self, images: usize, pixel: usize) -> Tasks {
        let d = &self.d;
        let terms = d.kernel[0] * d.kernel[1] * self.channels;
        let work = Work {
            pixels: images * self.output[0] * self.output[1],
            panels: self.panels.len(),
            products: terms * self.panels.iter().map(|p| p.width).max().unwrap_or(1),
            worth: FASTER * self.tuning.task_macs,
            input: bounded([d.stride[0], d.stride[1], pixel]),
            weights: self.weights.as_slice().len(),
            least: 2 * MAX_ROWS,
        };
        Tasks::of(&work, self.tuning)
    }

    /// Computes a batch.
    ///
    /// # Safety
    /// `input` and `output` hold `images` images of the descriptor's sizes, the input with some bytes behind where it was said to be copied.
    /// For the time of the call nobody else writes what is read or touches the output, and they share no element, unless the output is what
    /// is added, in the same places.
    pub(super) unsafe fn run(
        &self,
        images: usize,
        input: Bytes<'_>,
        onto: Onto<'_>,
        output: Output<'_>,
        threads: Threads,
    ) {
        let tasks = self.tasks(images, input.pixel);
        let pixels = images * self.output[0] * self.output[1];
        let terms = self.d.kernel[0] * self.d.kernel[1] * self.channels;
        let macs = bounded([pixels, terms, self.d.filters]);
        let threads = match macs < FASTER * self.tuning.fork_macs {
            true => Threads::single(),
            false => threads,
        };
        threads.for_each(tasks.count(), |task, _| {
            let (range, panel) = tasks.get(task);
            if !range.is_empty() {
                // SAFETY: the caller's promise; the tasks write different elements, and have at most MAX_PIXELS pixels.
                unsafe { self.part(range, &self.panels[panel], input, onto, output) }
            }
        });
    }

    /// Computes these rows of an image.
    ///
    /// # Safety
    /// As for [`run`](Self::run), for these rows of the output and those of the input that they are computed from.
    pub(super) unsafe fn rows(
        &self,
        image: usize,
        rows: Range<usize>,
        input: Bytes<'_>,
        output: Output<'_>,
    ) {
        let [height, width] = self.output;
        let pixel = |row: usize| (image * height + row) * width;
        let end = pixel(rows.end);
        for start in (pixel(rows.start)..end).step_by(MAX_PIXELS) {
            let range = start..end.min(start + MAX_PIXELS);
            for panel in &self.panels {
                // SAFETY: the caller's promise is the same.
                unsafe { self.part(range.clone(), panel, input, Onto::Nothing, output) }
            }
        }
    }

    /// Bytes of packed weights.
    pub(super) fn weight_bytes(&self) -> usize {
        self.weights.as_slice().len()
    }

    /// Whether the windows of a batch are its pixels, one after the other.
    fn is_linear(&self) -> bool {
        let d = &self.d;
        d.kernel == [1, 1] && d.stride == [1, 1] && d.pad == [0; 4]
    }

    /// Whether the cells of a row of a window that is inside the picture are one run.
    fn touches(&self, pixel: usize) -> bool {
        let d = &self.d;
        let touch = d.kernel[1] == 1 || (d.dilation[1] == 1 && pixel == self.channels);
        self.merged || (touch && self.channels.is_multiple_of(4))
    }

    /// Cells in a run, and bytes of it in fours.
    fn run_size(&self, whole_rows: bool) -> (usize, usize) {
        let cells = if whole_rows { self.d.kernel[1] } else { 1 };
        (cells, (cells * self.channels).div_ceil(4))
    }

    /// Where the runs of a window lie that is inside the picture, from its start. Gives their number.
    fn offsets(&self, panel: &Panel, pixel: usize, cells: usize, offsets: &mut [isize]) -> usize {
        let d = &self.d;
        let mut segments = 0;
        for ky in 0..d.kernel[0] {
            for kx in (0..d.kernel[1]).step_by(cells) {
                // Where no window is inside the picture this means nothing, and may be anything.
                let row = (ky * d.dilation[0]).wrapping_mul(d.input[1]);
                let cell = row.wrapping_add(kx * d.dilation[1]).wrapping_mul(pixel);
                offsets[segments] = cell.wrapping_add(panel.group * self.channels) as isize;
                segments += 1;
            }
        }
        segments
    }

    /// Where the runs of these windows, of so many cells, lie, run by run; zeros for those outside the picture. `inside` says that none is left or
    /// right of it. Gives the number of runs.
    fn runs(
        &self,
        offsets: &[isize],
        pixels: &[Origin],
        (cells, inside): (usize, bool),
        input: Bytes<'_>,
        rows: &mut [MaybeUninit<*const u8>],
    ) -> usize {
        let d = &self.d;
        let mut segments = 0;
        for ky in 0..d.kernel[0] {
            let y = ky * d.dilation[0];
            for kx in (0..d.kernel[1]).step_by(cells) {
                let x = kx * d.dilation[1];
                let slots = &mut rows[segments * pixels.len()..][..pixels.len()];
                for (slot, o) in slots.iter_mut().zip(pixels) {
                    // A negative row or column is huge as a `usize`.
                    let here = o.y.wrapping_add_unsigned(y) as usize;
                    let there = o.x.wrapping_add_unsigned(x) as usize;
                    let is_inside = here < d.input[0] && (inside || there < d.input[1]);
                    slot.write(match is_inside {
                        true => input.at(o.offset.wrapping_add_signed(offsets[segments])),
                        false => self.zeros.as_ptr(),
                    });
                }
                segments += 1;
            }
        }
        segments
    }

    /// Some pixels, counted through the batch, by one panel.
    ///
    /// # Safety
    /// As for [`run`](Self::run), for these outputs.
    unsafe fn part(
        &self,
        range: Range<usize>,
        panel: &Panel,
        input: Bytes<'_>,
        onto: Onto<'_>,
        output: Output<'_>,
    ) {
        let linear = self.is_linear();
        let mut offsets = [0; MAX_SEGMENTS];
        // Numbers on their way through the rest of an activation.
        let mut numbers = self.ending.is_late().then_some([0.0; MAX_ROWS * MAX_WIDTH]);
        let out = match &mut numbers {
            Some(numbers) => (Out::F32(numbers.as_mut_ptr()), panel.width),
            None => output.at(range.start, panel.filter),
        };
        // One for all tiles: what is copied as soon as it is written makes the processor wait.
        let mut tile = self.tile(
            panel,
            input,
            &mut offsets,
            (onto.at(range.start, panel.filter), out),
        );
        let kernels = self.kernels.even_tiles(panel.vectors);
        let d = &self.d;
        let most = kernels.len();
        let within_rows = !linear && rows_fill(self.output[1], panel.vectors, most);
        for strip in Strips::new(d, self.output, input.pixel, range, most, within_rows) {
            let out = output.at(strip.start, panel.filter);
            tile.finish.added = onto.at(strip.start, panel.filter).0;
            // Taken anew: what was late has had the numbers since.
            if let Some(numbers) = &mut numbers {
                tile.finish.out = Out::F32(numbers.as_mut_ptr());
            } else {
                tile.finish.out = out.0;
            }
            // SAFETY: the kernels' level was checked when they were chosen. Each run lies inside the picture, or reaches less than four bytes over
            // the end of a copied one; the panel is as long as all runs; the outputs are this task's own.
            unsafe {
                if linear || strip.is_even {
                    tile.rows.first = input.at(strip.window.offset);
                    kernels[strip.count - 1](&tile);
                } else {
                    self.scattered(panel, &strip, input, tile.finish);
                }
                if let Some(numbers) = &mut numbers {
                    let numbers = &mut numbers[..strip.count * panel.width];
                    self.ending.late(numbers, panel.width, out);
                }
            }
        }
    }

    /// A tile of windows that lie evenly inside the picture, all but its first window.
    fn tile(
        &self,
        panel: &Panel,
        input: Bytes<'_>,
        offsets: &mut [isize],
        (added, out): ((Added, usize), (Out, usize)),
    ) -> Tile<Even> {
        let (cells, quads) = self.run_size(self.touches(input.pixel));
        let segments = self.offsets(panel, input.pixel, cells, offsets);
        Tile {
            rows: Even {
                first: input.at(0),
                step: self.d.stride[1].wrapping_mul(input.pixel),
                offsets: offsets.as_ptr(),
            },
            segments,
            quads,
            panel: self.weights.as_slice()[panel.weights..].as_ptr(),
            finish: self.ending.finish(panel.at, added, out, panel.width),
        }
    }

    /// A tile of windows that lie unevenly, or not all inside the picture.
    ///
    /// # Safety
    /// As for [`run`](Self::run), for these outputs.
    #[inline(never)]
    unsafe fn scattered(&self, panel: &Panel, strip: &Strip, input: Bytes<'_>, finish: Finish) {
        let d = &self.d;
        let mut windows = [Origin::default(); MAX_ROWS];
        let windows = &mut windows[..strip.count];
        origins(d, self.output, strip.start, input.pixel, windows);
        let reach = (d.kernel[1] - 1) * d.dilation[1];
        let inside = |o: &Origin| o.x >= 0 && o.x as usize + reach < d.input[1];
        let inside = windows.iter().all(inside);
        let whole = self.touches(input.pixel) && inside;
        let (cells, quads) = self.run_size(whole);
        let mut offsets = [0; MAX_SEGMENTS];
        let mut rows = [MaybeUninit::uninit(); MAX_SEGMENTS * MAX_ROWS];
        self.offsets(panel, input.pixel, cells, &mut offsets);
        let segments = self.runs(&offsets, windows, (cells, inside), input, &mut rows);
        let tile = Tile {
            rows: Scattered(rows.as_ptr().cast()),
            segments,
            quads,
            panel: self.weights.as_slice()[panel.weights..].as_ptr(),
            finish,
        };
        // SAFETY: each pointer is to a run inside the picture (checked), or to as many zeros; the rest is the caller's promise.
        unsafe { self.kernels.tiles(panel.vectors)[windows.len() - 1](&tile) }
    }
}
