//! Operations that follow on each other, by rows: what one writes the next reads while it is near the core, and the pictures between them are
//! never in memory as a whole.
//!
//! A task is a band of rows of the last picture. It goes down by strips of a few rows. Of each picture between two operations a window of rows
//! slides along, in a part of that picture's own memory; what is missing in it is computed when it is asked for. All numbers are those of the
//! operations one by one, to the bit, so that how the work is cut may depend on the threads.

#[cfg(test)]
mod tests;

use crate::Mem;
use crate::cpu::access::{AnySource, AnyTarget, Mixed, Shared, Source, Target, Workers};
use crate::cpu::simd;
use crate::cpu::sizes::{Sizes, bounded};
use crate::cpu::tuning::Tuning;
use crate::plan::{self, Op, Operation, View};
use crate::threads::Threads;
use core::ops::Range;

/// Bands do their neighbours' work twice for at most one in so many rows of the first picture between.
const SHARED_ROWS: usize = 8;
/// The most bands of a picture.
const MAX_BANDS: usize = 16;

/// A kernel that can compute some rows of its output alone.
pub(crate) trait RowKernel: Sync {
    /// What it computes: an operation with [`rows`](Operation::rows).
    fn op(&self) -> Op;

    /// Whether it can do it, by the method that was chosen; `first` of those that follow on each other it has whole pictures to read.
    fn is_able(&self, _first: bool) -> bool {
        true
    }

    /// Bytes of weights that are read again for each strip.
    fn weight_bytes(&self) -> usize {
        0
    }

    /// It computes as many rows at once, from a multiple of them on; fewer at the picture's end.
    fn grain(&self) -> usize {
        1
    }

    /// Numbers of a thread's memory that it needs for so many rows.
    fn worker(&self, _rows: usize) -> usize {
        0
    }

    /// Of the first: copies the pictures as it wants to read them, if it does.
    fn copied<'m>(
        &self,
        _x: AnySource<'m>,
        _shared: &'m mut [f32],
        _threads: Threads,
    ) -> Option<AnySource<'m>> {
        None
    }

    /// Computes these rows of an image.
    ///
    /// # Safety
    /// The pictures have the operation's shapes. Those that are written hold these rows, those that are read hold the rows that these are computed
    /// from, and all of further inputs. For the time of the call nobody else writes what is read or touches the rows and the worker's memory.
    unsafe fn rows(&self, image: usize, rows: Range<usize>, of: &Rows<'_>);
}

/// Where rows are read and written.
pub(crate) struct Rows<'m> {
    pub(crate) x: &'m [AnySource<'m>],
    pub(crate) y: AnyTarget<'m>,
    /// As much memory as [`RowKernel::worker`] says; what it holds is left from others.
    pub(crate) worker: Shared<'m, f32>,
}

/// As [`kernels::by_rows`](crate::kernels::by_rows), where that is faster: whether it has been done.
///
/// # Panics
/// As there.
pub(crate) fn together<const R: usize, const N: usize>(
    mem: &mut Mem<'_, '_>,
    x: [View; R],
    steps: [(&dyn RowKernel, View); N],
) -> bool {
    let tuning = Tuning::of(simd::level());
    let chain = Chain::of(steps.map(|(kernel, _)| kernel), tuning);
    let places = steps.map(|(_, y)| y);
    let chain = chain.filter(|chain| chain.pays(&places, mem.batch(), tuning));
    chain.is_some_and(|chain| chain.run(mem, x, places))
}

/// Kernels that are computed by rows.
struct Chain<'c, const N: usize> {
    kernels: [&'c dyn RowKernel; N],
    /// The rows that each reads.
    windows: [plan::Rows; N],
    /// The pictures that they write.
    shapes: [[usize; 3]; N],
    /// Bytes of a window that slides, about.
    window: usize,
    /// Output pixels of a strip, about.
    strip: usize,
}

impl<'c, const N: usize> Chain<'c, N> {
    /// Those, if all can do it.
    fn of(kernels: [&'c dyn RowKernel; N], tuning: &Tuning) -> Option<Self> {
        let mut numbered = kernels.iter().enumerate();
        if N == 0 || !numbered.all(|(number, kernel)| kernel.is_able(number == 0)) {
            return None;
        }
        let mut windows = [plan::Rows::same(0); N];
        for (window, kernel) in windows.iter_mut().zip(&kernels) {
            *window = kernel.op().rows()?;
        }
        Some(Self {
            kernels,
            windows,
            shapes: kernels.map(|kernel| kernel.op().output()),
            window: tuning.rows_window,
            strip: tuning.rows_strip,
        })
    }

    /// Whether a picture between is too large to stay near the core, and the weights, which each strip reads again, are not.
    fn pays(&self, places: &[View; N], images: usize, tuning: &Tuning) -> bool {
        let between = places.split_last().map_or(&[][..], |(_, between)| between);
        let bytes = between.iter().map(|place| bounded([images, place.bytes()]));
        let largest = bytes.max().unwrap_or(0);
        let weights = self.kernels.iter().map(|kernel| kernel.weight_bytes());
        largest >= tuning.rows_picture && weights.sum::<usize>() <= tuning.rows_weights
    }

    /// Computes them, if there is memory for it.
    fn run<const R: usize>(&self, mem: &mut Mem<'_, '_>, x: [View; R], places: [View; N]) -> bool {
        let images = mem.batch();
        let sizes = self.kernels.map(|kernel| Sizes::of(kernel.op()));
        for (reader, place) in sizes.iter().skip(1).zip(places) {
            reader.input(place).view();
        }
        let reads = core::array::from_fn(|operand| sizes[0].operand(operand, x[operand]));
        let writes = core::array::from_fn(|step| sizes[step].output(places[step]));
        let Mixed {
            mut x,
            y,
            shared,
            workers,
            threads,
        } = mem.mixed::<R, N>(reads, writes);
        let Some((last, between)) = y.split_last() else {
            return false;
        };
        let Some(cut) = self.cut(images, between, &workers, threads) else {
            return false;
        };
        if let Some(copy) = self.kernels[0].copied(x[0], shared, threads) {
            x[0] = copy;
        }
        let (height, cut) = (self.shapes[N - 1][0], &cut);
        threads.for_each(images * cut.bands, |task, worker| {
            // SAFETY: a worker runs one task at a time, and asks once.
            let own = Shared::new(unsafe { workers.part(worker) });
            let mut band = Band {
                chain: self,
                cut,
                image: task / cut.bands,
                x: &x,
                windows: core::array::from_fn(|number| Window {
                    memory: match between.get(number) {
                        Some(y) => Memory::of(y).skip(worker * part(y, threads)),
                        None => Memory::F32(own),
                    },
                    rows: 0..0,
                }),
                worker: own,
                y: *last,
            };
            // SAFETY: `Mem::mixed` has checked that all views have the shapes of their operations, lie in their memory and share no element, and holds
            // them for the time of this call; each operation reads what the one before it writes. `cut` has checked that a worker's parts of the
            // memory between and its own memory are large enough, and no other worker has the same. The bands share no row of the output.
            unsafe { band.run(cut.rows(task % cut.bands, height)) }
        });
        true
    }

    /// How the work is cut, where each worker has memory enough.
    fn cut(
        &self,
        images: usize,
        between: &[AnyTarget<'_>],
        workers: &Workers<'_>,
        threads: Threads,
    ) -> Option<Cut<N>> {
        let [height, width, _] = *self.shapes.last()?;
        let grain = self.kernels[N - 1].grain();
        let strip = self.strip.div_ceil(width).clamp(1, height);
        let strip = strip.next_multiple_of(grain).min(height);
        let (mut held, mut asked, mut again) = ([0; N], strip, 0);
        for step in (0..N).rev() {
            let (window, kernel) = (self.windows[step], self.kernels[step]);
            let shape = self.shapes[step];
            // Rows are computed in grains, so that there may be some more at either end; strips are whole grains.
            let more = match step == N - 1 {
                true => 0,
                false => 2 * (kernel.grain() - 1),
            };
            let rows = (asked + more).min(shape[0]);
            if workers.size() < kernel.worker(rows) {
                return None;
            }
            if let Some(y) = between.get(step) {
                let row = shape[1] * shape[2];
                // What slides is copied now and then; without an overlap nothing is.
                let overlaps = self.windows[step + 1].reach > self.windows[step + 1].stride;
                let unit = Memory::of(y).unit();
                let wide = if overlaps {
                    self.window / (unit * row)
                } else {
                    0
                };
                held[step] = wide.clamp(rows, shape[0]);
                if !y.geometry().is_dense() || held[step] * row > part(y, threads) {
                    return None;
                }
                again += more;
            }
            if step > 0 {
                again = again * window.stride + window.reach.saturating_sub(window.stride);
                asked = ((rows - 1) * window.stride + window.reach).min(window.height);
            }
        }
        let most = self.shapes[0][0] / (SHARED_ROWS * again).max(1);
        let most = most.clamp(1, MAX_BANDS.min(height));
        Some(Cut {
            bands: (2 * threads.count()).div_ceil(images).min(most),
            grain,
            strip,
            held,
        })
    }
}

/// Elements for each worker of the memory of a picture between.
fn part(y: &AnyTarget<'_>, threads: Threads) -> usize {
    let geometry = y.geometry();
    geometry.images * geometry.image / threads.count()
}

/// Memory of a picture between.
#[derive(Clone, Copy)]
enum Memory<'m> {
    F32(Shared<'m, f32>),
    U8(Shared<'m, u8>),
}

impl<'m> Memory<'m> {
    fn of(y: &AnyTarget<'m>) -> Self {
        match y {
            AnyTarget::F32(y) => Self::F32(y.memory()),
            AnyTarget::U8(y) => Self::U8(y.memory()),
        }
    }

    /// Bytes of an element.
    fn unit(self) -> usize {
        match self {
            Self::F32(_) => size_of::<f32>(),
            Self::U8(_) => 1,
        }
    }

    fn skip(self, elements: usize) -> Self {
        match self {
            Self::F32(memory) => Self::F32(memory.skip(elements)),
            Self::U8(memory) => Self::U8(memory.skip(elements)),
        }
    }

    /// Moves these elements to the start.
    ///
    /// # Safety
    /// Nobody else touches the memory up to them.
    unsafe fn move_to_start(self, range: Range<usize>) {
        // SAFETY: the caller's promise is the same.
        unsafe {
            match self {
                Self::F32(memory) => memory.part(0..range.end).copy_within(range, 0),
                Self::U8(memory) => memory.part(0..range.end).copy_within(range, 0),
            }
        }
    }

    /// Pictures of such a shape, as if the first began so many elements before the memory, to be read.
    ///
    /// # Safety
    /// As [`Source::dense`].
    unsafe fn source(self, before: usize, shape: [usize; 3], images: usize) -> AnySource<'m> {
        let first = -(before as isize);
        // SAFETY: the caller's promise is the same.
        unsafe {
            match self {
                Self::F32(memory) => {
                    AnySource::F32(Source::dense(memory.counted_from(first), shape, images))
                }
                Self::U8(memory) => {
                    AnySource::U8(Source::dense(memory.counted_from(first), shape, images))
                }
            }
        }
    }

    /// The same, to be written.
    ///
    /// # Safety
    /// As [`Target::dense`].
    unsafe fn target(self, before: usize, shape: [usize; 3], images: usize) -> AnyTarget<'m> {
        let first = -(before as isize);
        // SAFETY: the caller's promise is the same.
        unsafe {
            match self {
                Self::F32(memory) => {
                    AnyTarget::F32(Target::dense(memory.counted_from(first), shape, images))
                }
                Self::U8(memory) => {
                    AnyTarget::U8(Target::dense(memory.counted_from(first), shape, images))
                }
            }
        }
    }
}

/// How the work is cut.
struct Cut<const N: usize> {
    /// Bands of a picture.
    bands: usize,
    /// Output rows that are computed at once: bands begin at multiples of them.
    grain: usize,
    /// Output rows of a strip, at most.
    strip: usize,
    /// Rows in the window that slides over each picture between.
    held: [usize; N],
}

impl<const N: usize> Cut<N> {
    /// The output rows of a band.
    fn rows(&self, band: usize, height: usize) -> Range<usize> {
        let start = |band: usize| (band * height / self.bands).next_multiple_of(self.grain);
        start(band).min(height)..start(band + 1).min(height)
    }
}

/// One task.
struct Band<'a, const N: usize> {
    chain: &'a Chain<'a, N>,
    cut: &'a Cut<N>,
    image: usize,
    x: &'a [AnySource<'a>],
    /// Of the pictures between.
    windows: [Window<'a>; N],
    /// Memory of the worker.
    worker: Shared<'a, f32>,
    y: AnyTarget<'a>,
}

/// Rows of a picture, from the start of this memory on.
struct Window<'m> {
    memory: Memory<'m>,
    rows: Range<usize>,
}

impl<'a, const N: usize> Band<'a, N> {
    /// Computes these rows of the output.
    ///
    /// # Safety
    /// All memory is as large as the chain and the cut say. For the time of the call nobody else writes the input, or touches these rows of the
    /// output or the memory between.
    unsafe fn run(&mut self, rows: Range<usize>) {
        for top in rows.clone().step_by(self.cut.strip) {
            let end = rows.end.min(top + self.cut.strip);
            // SAFETY: the caller's promise is the same.
            unsafe { self.compute(N - 1, top..end) }
        }
    }

    /// Computes these rows of a step's picture.
    ///
    /// # Safety
    /// As [`run`](Self::run), for this step's picture.
    unsafe fn compute(&mut self, step: usize, rows: Range<usize>) {
        let before;
        let x = match step {
            0 => self.x,
            _ => {
                let needed = self.chain.windows[step].under(rows.clone());
                // SAFETY: the caller's promise is the same.
                before = [unsafe { self.hold(step - 1, needed) }];
                &before
            }
        };
        let y = match step == N - 1 {
            true => self.y,
            // SAFETY: the kernel writes these rows, for which there is memory.
            false => unsafe {
                let (before, shape) = self.place(step);
                self.windows[step]
                    .memory
                    .target(before, shape, self.images())
            },
        };
        let of = Rows {
            x,
            y,
            worker: self.worker,
        };
        // SAFETY: the caller's promise; the rows that are read are held.
        unsafe { self.chain.kernels[step].rows(self.image, rows, &of) }
    }

    /// Has a window hold these rows, at least, and gives the picture in which they lie.
    ///
    /// # Safety
    /// As [`run`](Self::run), for the picture of this step.
    unsafe fn hold(&mut self, step: usize, needed: Range<usize>) -> AnySource<'a> {
        let [height, width, channels] = self.chain.shapes[step];
        let (row, grain) = (width * channels, self.chain.kernels[step].grain());
        let high = needed.end.next_multiple_of(grain).min(height);
        let window = &mut self.windows[step];
        if window.rows.end <= needed.start {
            let low = needed.start / grain * grain;
            window.rows = low..low;
        } else if high - window.rows.start > self.cut.held[step] {
            let low = needed.start;
            let kept = (low - window.rows.start) * row..window.rows.len() * row;
            // SAFETY: the worker's own memory, which holds these rows; no two tasks of one worker run at once.
            unsafe { window.memory.move_to_start(kept) }
            window.rows.start = low;
        }
        if high > window.rows.end {
            let missing = window.rows.end..high;
            // SAFETY: the caller's promise; the window has room for `window.rows.start..high`.
            unsafe { self.compute(step, missing) }
            self.windows[step].rows.end = high;
        }
        let (before, shape) = self.place(step);
        // SAFETY: the readers read the rows that they asked for.
        unsafe {
            self.windows[step]
                .memory
                .source(before, shape, self.images())
        }
    }

    /// How many elements of a picture between, through all images, come before its window; and its shape.
    fn place(&self, step: usize) -> (usize, [usize; 3]) {
        let shape = self.chain.shapes[step];
        let [height, width, channels] = shape;
        let row = self.image * height + self.windows[step].rows.start;
        (row * width * channels, shape)
    }

    fn images(&self) -> usize {
        self.y.geometry().images
    }
}
