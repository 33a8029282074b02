//! A depthwise convolution together with the convolutions around it, by rows: what one writes the next reads while it is near the core,
//! and the picture between them is never in memory as a whole.
//!
//! A task is a band of rows of the last picture. It goes down by strips of a few rows. Of the picture that the depthwise convolution
//! reads, a window of rows slides along, in a part of that picture's own memory. All sums are those of the convolutions one by one, to the bit,
//! so that how the work is cut may depend on the threads.

#[cfg(test)]
mod tests;

use super::depthwise::Depthwise;
use super::direct::Direct;
use super::{Algorithm, Conv, Pixels};
use crate::Mem;
use crate::cpu::access::{Access, Shared, Target};
use crate::cpu::sizes::bounded;
use crate::plan::View;
use crate::threads::Threads;
use core::ops::Range;

/// Bands do their neighbours' work twice for at most one in so many of the rows before the depthwise convolution.
const SHARED_ROWS: usize = 8;
/// The most bands of a picture.
const MAX_BANDS: usize = 16;

/// As [`kernels::by_rows`](crate::kernels::by_rows), where that is faster: whether it has been done.
///
/// # Panics
/// As there.
pub(crate) fn together<const N: usize>(
    mem: &mut Mem<'_, '_>,
    x: View,
    convs: [(&Conv, View); N],
) -> bool {
    let chain = Chain::of(&convs).filter(|chain| chain.pays(mem.batch()));
    chain.is_some_and(|chain| chain.run(mem, x, convs))
}

/// The kernels of convolutions that can be computed by rows.
struct Chain<'c> {
    before: Option<&'c Direct>,
    depthwise: &'c Depthwise,
    after: Option<&'c Direct>,
    /// Bytes of the window that slides, about.
    window: usize,
    /// Output pixels of a strip, about.
    strip: usize,
}

impl<'c> Chain<'c> {
    /// Those of these convolutions, where each is of the kind that is needed.
    fn of(convs: &[(&'c Conv, View)]) -> Option<Self> {
        let is_depthwise = |(conv, _): &(&Conv, View)| Depthwise::fits(&conv.d);
        let middle = convs.iter().position(is_depthwise)?;
        let Algorithm::Depthwise(depthwise) = &convs[middle].0.algorithm else {
            return None;
        };
        let pointwise = |(conv, _): &(&'c Conv, View)| match &conv.algorithm {
            Algorithm::Direct(direct) if direct.is_linear() => Some(direct),
            _ => None,
        };
        let (before, after) = match (&convs[..middle], &convs[middle + 1..]) {
            ([before], []) => (Some(pointwise(before)?), None),
            ([], [after]) => (None, Some(pointwise(after)?)),
            ([before], [after]) => (Some(pointwise(before)?), Some(pointwise(after)?)),
            _ => return None,
        };
        let tuning = depthwise.tuning();
        Some(Self {
            before,
            depthwise,
            after,
            window: tuning.rows_window,
            strip: tuning.rows_strip,
        })
    }

    /// Computes them, if there is memory for it.
    fn run<const N: usize>(
        &self,
        mem: &mut Mem<'_, '_>,
        x: View,
        convs: [(&Conv, View); N],
    ) -> bool {
        let images = mem.batch();
        let mut from = x;
        for (conv, y) in convs {
            conv.sizes.input(from).view();
            from = y;
        }
        let Access {
            x: [x], y, threads, ..
        } = mem.access(
            [convs[0].0.sizes.input(x)],
            convs.map(|(conv, y)| conv.sizes.output(y)),
        );
        let Some((last, between)) = y.split_last() else {
            return false;
        };
        let Some(cut) = self.cut(images, between, threads) else {
            return false;
        };
        let (x, y) = (Pixels::of(&x), Pixels::into(last));
        threads.for_each(images * cut.bands, |task, worker| {
            let mut between = between.iter().map(|y| Between::of(y, threads, worker));
            let band = Band {
                chain: self,
                cut: &cut,
                image: task / cut.bands,
                x,
                window: self.before.and_then(|_| between.next()),
                strip: self.after.and_then(|_| between.next()),
                y,
            };
            // SAFETY: `Mem::access` has checked that all views have the shapes of their convolutions, lie in their memory and share no element, and holds
            // them for the time of this call; each convolution reads what the one before it writes. `cut` has checked that a worker's parts of the
            // memory between are large enough, and no other worker has the same. The bands share no row of the output.
            unsafe { band.run(cut.rows(task % cut.bands, self.depthwise.output()[0])) }
        });
        true
    }

    /// Whether the picture before the depthwise convolution is too large to stay near the core, and the weights, which each band reads again, are
    /// not.
    fn pays(&self, images: usize) -> bool {
        let d = self.depthwise.descriptor();
        let tuning = self.depthwise.tuning();
        let weights = [self.before, self.after].into_iter().flatten();
        let weights: usize = weights.map(Direct::weight_bytes).sum();
        bounded([images, d.input[0], d.input[1], d.input[2], 4]) >= tuning.rows_picture
            && weights <= tuning.rows_weights
    }

    /// How the work is cut, where each worker has memory enough.
    fn cut(&self, images: usize, between: &[Target<'_>], threads: Threads) -> Option<Cut> {
        let (d, [height, width]) = (self.depthwise.descriptor(), self.depthwise.output());
        let reach = (d.kernel[0] - 1) * d.dilation[0] + 1;
        let again = reach.saturating_sub(d.stride[0]);
        let most = height * d.stride[0] / (SHARED_ROWS * again).max(1);
        let most = most.clamp(1, MAX_BANDS.min(height));
        let strip = self.strip.div_ceil(width).clamp(1, height);
        let [window_row, strip_row] = [d.input[1] * d.input[2], width * d.filters];
        let needed = ((strip - 1) * d.stride[0] + reach).min(d.input[0]);
        let cut = Cut {
            bands: (2 * threads.count()).div_ceil(images).min(most),
            strip,
            window: (self.window / (4 * window_row)).clamp(needed, d.input[0]),
        };
        let mut needs = [
            self.before.map(|_| cut.window * window_row),
            self.after.map(|_| strip * strip_row),
        ]
        .into_iter()
        .flatten();
        let fits = |y: &Target<'_>| {
            let needed = needs.next().unwrap_or(usize::MAX);
            y.is_dense() && needed <= Between::part(y, threads)
        };
        between.iter().all(fits).then_some(cut)
    }
}

/// How the work is cut.
struct Cut {
    /// Bands of a picture.
    bands: usize,
    /// Output rows of a strip, at most.
    strip: usize,
    /// Rows in the window that slides.
    window: usize,
}

impl Cut {
    /// The output rows of a band.
    fn rows(&self, band: usize, height: usize) -> Range<usize> {
        band * height / self.bands..(band + 1) * height / self.bands
    }
}

/// What a worker has of the memory of pictures between two convolutions, from its first element on.
struct Between;

impl Between {
    /// Elements for each worker.
    fn part(y: &Target<'_>, threads: Threads) -> usize {
        y.geometry.images * y.geometry.image / threads.count()
    }

    fn of<'m>(y: &Target<'m>, threads: Threads, worker: usize) -> Shared<'m, f32> {
        y.memory().skip(worker * Self::part(y, threads))
    }
}

/// One task.
struct Band<'a> {
    chain: &'a Chain<'a>,
    cut: &'a Cut,
    image: usize,
    x: Pixels<'a>,
    /// Memory of the worker for the window that slides, where there is a convolution before the depthwise one.
    window: Option<Shared<'a, f32>>,
    /// Memory of the worker for a strip, where there is a convolution behind.
    strip: Option<Shared<'a, f32>>,
    y: Pixels<'a>,
}

impl Band<'_> {
    /// Computes these rows of the output.
    ///
    /// # Safety
    /// All memory is as large as the chain's convolutions and the cut say. For the time of the call nobody else writes the input, or touches these
    /// rows of the output or the memory between.
    unsafe fn run(&self, rows: Range<usize>) {
        let Chain {
            depthwise, after, ..
        } = self.chain;
        let [height, width] = depthwise.output();
        let filters = depthwise.descriptor().filters;
        let mut window = self.window.map(|memory| Window { memory, rows: 0..0 });
        for top in rows.clone().step_by(self.cut.strip) {
            let end = rows.end.min(top + self.cut.strip);
            let first = (self.image * height + top) * width;
            let pixels = first..(self.image * height + end) * width;
            // SAFETY: the caller's promise; the strip's memory holds the strip, whose pixels are counted from its first.
            unsafe {
                let input = match &mut window {
                    Some(window) => self.slide(window, top..end),
                    None => self.x,
                };
                match (after, self.strip) {
                    (Some(after), Some(strip)) => {
                        let strip = Pixels {
                            memory: strip.counted_from(-((first * filters) as isize)),
                            pixel: filters,
                        };
                        depthwise.pixels(pixels.clone(), input, strip);
                        after.pixels(pixels, strip, self.y);
                    }
                    _ => depthwise.pixels(pixels, input, self.y),
                }
            }
        }
    }

    /// Has the window hold what these output rows of the depthwise convolution read, and gives its pixels, counted through the batch.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    unsafe fn slide<'m>(&self, window: &mut Window<'m>, output: Range<usize>) -> Pixels<'m> {
        let d = self.chain.depthwise.descriptor();
        let [height, width, channels] = d.input;
        let row = width * channels;
        let reach = (d.kernel[0] - 1) * d.dilation[0] + 1;
        let low = (output.start * d.stride[0])
            .saturating_sub(d.pad[0])
            .min(height);
        let high = ((output.end - 1) * d.stride[0] + reach).saturating_sub(d.pad[0]);
        let high = high.clamp(low, height);
        if window.rows.end < low || window.rows.is_empty() {
            window.rows = low..low;
        } else if high - window.rows.start > self.cut.window {
            let kept = (low - window.rows.start) * row..window.rows.len() * row;
            // SAFETY: the worker's own memory, which holds these rows; no two tasks of one worker run at once.
            unsafe { window.memory.part(0..kept.end) }.copy_within(kept, 0);
            window.rows.start = low;
        }
        let before = self.image * height;
        let start = (before + window.rows.start) * row;
        let pixels = Pixels {
            memory: window.memory.counted_from(-(start as isize)),
            pixel: channels,
        };
        if let Some(pointwise) = self.chain.before.filter(|_| high > window.rows.end) {
            let missing = (before + window.rows.end) * width..(before + high) * width;
            // SAFETY: the input holds these pixels; `window.rows.start..high` is at most as long as the window, for which there is memory.
            unsafe { pointwise.pixels(missing, self.x, pixels) }
            window.rows.end = high;
        }
        pixels
    }
}

/// Rows of a picture, from the start of this memory on.
struct Window<'m> {
    memory: Shared<'m, f32>,
    rows: Range<usize>,
}
