//! Convolutions and fully connected layers.

use crate::depthwise::Walk;
use crate::ending::{self, Ending, Filter, Prepared, Product};
use crate::memory::Raw;
use crate::place::Place;
use crate::product::{CHUNK, Columns};
use crate::window::{Inside, Sight};
use core::mem::MaybeUninit;

/// How a kernel slides over a picture. A fully connected layer is a kernel of one cell on a picture of one pixel.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Height and width.
    pub kernel: [usize; 2],
    /// Vertical and horizontal stride.
    pub stride: [usize; 2],
    /// Cells of padding at the top and at the left; at the other ends there are as many as the output's size asks for.
    pub pad: [usize; 2],
    /// Vertical and horizontal dilation.
    pub dilation: [usize; 2],
}

impl Window {
    /// One cell.
    pub const ONE: Self = Self {
        kernel: [1, 1],
        stride: [1, 1],
        pad: [0, 0],
        dilation: [1, 1],
    };
}

/// A picture that is added to a convolution before its activation.
#[derive(Clone, Copy, Debug)]
pub struct Added {
    /// Bytes, of the output's shape. May be the output.
    pub place: Place,
    /// Multiplies the byte; what its zero point adds is in the biases.
    pub scale: f32,
}

/// A convolution, a depthwise one or a fully connected layer.
#[derive(Clone, Copy, Debug)]
pub struct Conv {
    /// What is read: bytes. Dense, where the whole picture is one pixel.
    pub input: Place,
    /// The byte of the input that stands for 0.
    pub zero: u8,
    /// What is written: bytes, or numbers with [`Ending::Numbers`].
    pub output: Place,
    /// How the kernel slides.
    pub window: Window,
    /// Channels are convolved in so many groups.
    pub groups: usize,
    /// Four signed bytes a word, the first one lowest: `[filters, kh * kw * channels / groups]`; where each channel has a filter of its own,
    /// `[kh * kw, channels]`. The last axis is filled up with zeros to whole words.
    pub weights: &'static [u32],
    /// For each filter.
    pub filters: &'static [Filter],
    /// What is added.
    pub added: Option<Added>,
    /// What becomes of sums.
    pub ending: Ending,
}

impl Conv {
    /// Whether each channel has one filter, of its own.
    const fn is_depthwise(&self) -> bool {
        self.groups > 1 && self.groups == self.input.shape[2] && self.filters.len() == self.groups
    }

    /// Channels that a filter sees. A division that could be by 0 could panic: `check` has seen that it is not.
    const fn depth(&self) -> usize {
        match self.input.shape[2].checked_div(self.groups) {
            Some(depth) => depth,
            None => 0,
        }
    }

    /// Filters of a group.
    const fn of_group(&self) -> usize {
        match self.filters.len().checked_div(self.groups) {
            Some(filters) => filters,
            None => 0,
        }
    }

    pub(crate) const fn check(&self, input: usize, arena: usize) {
        let Window {
            kernel,
            stride,
            dilation,
            pad,
        } = self.window;
        assert!(self.input.is_bytes() && self.input.is_inside(input, arena));
        assert!(self.output.is_inside(input, arena) && self.output.offset.is_some());
        assert!(self.input.is_apart(&self.output), "a convolution in place");
        assert!(kernel[0] > 0 && kernel[1] > 0 && stride[0] > 0 && stride[1] > 0);
        assert!(dilation[0] > 0 && dilation[1] > 0);
        // Small numbers, so that no product overflows.
        assert!(pad[0] < 1 << 12 && pad[1] < 1 << 12 && kernel[0] < 1 << 12 && kernel[1] < 1 << 12);
        assert!(stride[0] < 1 << 12 && stride[1] < 1 << 12);
        assert!(dilation[0] < 1 << 12 && dilation[1] < 1 << 12);
        let filters = self.filters.len();
        assert!(self.groups > 0 && self.input.shape[2].is_multiple_of(self.groups));
        assert!(filters.is_multiple_of(self.groups) && filters == self.output.shape[2]);
        let terms = kernel[0] * kernel[1] * self.depth();
        // 2^16 products of a byte and a weight are less than 2^31.
        assert!(terms <= 1 << 16 && cfg!(target_endian = "little"));
        let words = match self.is_depthwise() {
            true => terms * filters.div_ceil(4),
            false => filters * terms.div_ceil(4),
        };
        assert!(self.weights.len() == words);
        match self.ending {
            Ending::Bytes(low, high) => assert!(self.output.is_bytes() && low <= high),
            Ending::Steps(_) => assert!(self.output.is_bytes()),
            Ending::Numbers(..) => assert!(!self.output.is_bytes()),
        }
        if let Some(added) = self.added {
            assert!(added.place.is_bytes() && added.place.is_inside(input, arena));
            assert!(added.place.has_shape_of(&self.output));
            assert!(added.place.is_apart(&self.output) || added.place.is(&self.output));
        }
    }

    /// # Safety
    /// The memory is of the sizes that [`check`](Self::check) was called with.
    #[inline(always)]
    pub(crate) unsafe fn run(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { convolve(self, memory) }
    }
}

/// Filters that are computed at each pixel before the next one: as many as are prepared at once.
const BLOCK: usize = 16;

/// Some filters of one group.
struct Block {
    first: usize,
    count: usize,
    prepared: [Prepared; BLOCK],
}

impl Block {
    /// # Safety
    /// There are these filters, no more than [`BLOCK`].
    unsafe fn prepare(&mut self, conv: &Conv, first: usize, count: usize) {
        (self.first, self.count) = (first, count);
        if let Ending::Bytes(..) = conv.ending {
            for (f, prepared) in self.prepared.iter_mut().enumerate().take(count) {
                // SAFETY: the caller's promise.
                *prepared = Prepared::of(unsafe { conv.filters.get_unchecked(first + f) });
            }
        }
    }
}

/// A pixel of the output, and of what is added.
#[derive(Clone, Copy)]
struct Pixel {
    y: usize,
    x: usize,
    output: *mut u8,
    added: *const u8,
}

impl Pixel {
    fn first(conv: &Conv, memory: Raw) -> Self {
        let added = conv.added.as_ref();
        Self {
            y: 0,
            x: 0,
            output: memory.at_mut(&conv.output),
            added: added.map_or(core::ptr::null(), |added| memory.at(&added.place)),
        }
    }

    /// The pixel behind it.
    #[inline(always)]
    fn next(self, conv: &Conv) -> Self {
        let added = conv.added.as_ref().map_or(0, |added| added.place.pixel);
        let is_last = self.x + 1 == conv.output.shape[1];
        Self {
            y: self.y + usize::from(is_last),
            x: if is_last { 0 } else { self.x + 1 },
            output: self
                .output
                .wrapping_add(conv.output.pixel * conv.output.element),
            added: self.added.wrapping_add(added),
        }
    }
}

/// One function for all convolutions of a program.
///
/// # Safety
/// As for [`Conv::run`].
#[inline(never)]
unsafe fn convolve(conv: &Conv, memory: Raw) {
    // A copy of the function for each layer would be larger than faster.
    let conv = core::hint::black_box(conv);
    let mut block = Block {
        first: 0,
        count: 0,
        prepared: [Prepared::NONE; BLOCK],
    };
    let depthwise = conv.is_depthwise();
    let (groups, of_group) = match depthwise {
        true => (1, conv.filters.len()),
        false => (conv.groups, conv.of_group()),
    };
    for group in 0..groups {
        let input = memory.at(&conv.input).wrapping_add(group * conv.depth());
        let mut done = 0;
        while done < of_group {
            let count = BLOCK.min(of_group - done);
            // SAFETY: these filters are the group's; for the rest the caller's promise.
            unsafe {
                block.prepare(conv, group * of_group + done, count);
                match depthwise {
                    true => channels(conv, memory, &block),
                    false => filters(conv, memory, &block, input),
                }
            }
            done += count;
        }
    }
}

/// Some filters at all pixels, two pixels at a time.
///
/// # Safety
/// As for [`Conv::run`]; `input` is the first channel of the filters' group.
#[inline(never)]
unsafe fn filters(conv: &Conv, memory: Raw, block: &Block, input: *const u8) {
    let [height, width, _] = conv.output.shape;
    let mut columns = Columns::new();
    let mut pixel = Pixel::first(conv, memory);
    let mut left = height * width;
    // SAFETY: `check` has seen that the places are inside of the memory, and that there are weights and numbers for every filter.
    unsafe {
        if left == 1 {
            let mut sums = [0; BLOCK];
            one(conv, block, &mut columns, (input, pixel), &mut sums);
            finish(conv, block, &sums, [pixel]);
            return;
        }
        while left > 0 {
            let next = pixel.next(conv);
            // The last one of an odd number is computed twice.
            let pixels = [pixel, if left > 1 { next } else { pixel }];
            let mut sums = [0; 2 * BLOCK];
            two(conv, block, &mut columns, (input, pixels), &mut sums);
            finish(conv, block, &sums, pixels);
            pixel = next.next(conv);
            left = left.saturating_sub(2);
        }
    }
}

/// A part of what a filter sees.
#[derive(Clone, Copy)]
struct Part {
    /// Its first byte; a multiple of four.
    from: usize,
    /// A multiple of four: what is behind the last byte of a filter is zeros.
    count: usize,
    /// Rows of the window, if it is made of whole ones: the first, and how many.
    rows: (usize, usize),
}

impl Part {
    /// All parts, in order: of some rows, or as many bytes as there is room for.
    #[inline(always)]
    fn all(conv: &Conv) -> impl Iterator<Item = Self> {
        let [kh, kw] = conv.window.kernel;
        let (row, padded) = (kw * conv.depth(), padded(conv));
        // The most rows whose bytes are a multiple of four, or all.
        let (mut rows, mut tried) = (0, 0);
        while tried < kh && (tried + 1) * row <= CHUNK {
            tried += 1;
            if (tried * row) & 3 == 0 || tried == kh {
                rows = tried;
            }
        }
        let mut from = 0;
        let mut first = 0;
        core::iter::from_fn(move || {
            let left = padded.checked_sub(from).filter(|left| *left > 0)?;
            let rows = rows.min(kh - first);
            let count = match rows {
                0 => CHUNK.min(left),
                _ => (rows * row).next_multiple_of(4).min(left),
            };
            let part = Self {
                from,
                count,
                rows: (first, rows),
            };
            from += count;
            first += rows;
            Some(part)
        })
    }
}

/// Fills a column with a part of what the window of a pixel sees.
///
/// # Safety
/// `input` is where the picture lies; `which` as for [`Columns::widen`].
unsafe fn fill(
    conv: &Conv,
    columns: &mut Columns,
    (input, pixel): (*const u8, Pixel),
    part: Part,
    which: (usize, usize),
) {
    let depth = conv.depth();
    let Window {
        kernel,
        stride,
        pad,
        ..
    } = conv.window;
    // SAFETY: the caller's promise; one cell without padding is always inside of the picture.
    unsafe {
        if kernel == [1, 1] && pad == [0, 0] && part.from + part.count <= depth {
            let cell = pixel.y * stride[0] * conv.input.shape[1] + pixel.x * stride[1];
            let x = input.wrapping_add(cell * conv.input.pixel + part.from);
            columns.widen(x, part.count >> 2, conv.zero, which);
            return;
        }
        let mut bytes = MaybeUninit::<[u8; CHUNK]>::uninit();
        let sight = Sight {
            input,
            place: &conv.input,
            window: &conv.window,
            output: [pixel.y, pixel.x],
            depth,
            zero: conv.zero,
        };
        let to = bytes.as_mut_ptr().cast();
        match part.rows {
            (_, 0) => sight.bytes(part.from, part.count, to),
            (first, count) => sight.rows(first, count, to),
        }
        columns.widen(to, part.count >> 2, conv.zero, which);
    }
}

/// What a filter sees, filled up to whole words.
fn padded(conv: &Conv) -> usize {
    let [kh, kw] = conv.window.kernel;
    (kh * kw * conv.depth()).next_multiple_of(4)
}

/// The sums of a block of filters for two pixels: two for each filter.
///
/// # Safety
/// As for [`filters`].
#[inline(always)]
unsafe fn two(
    conv: &Conv,
    block: &Block,
    columns: &mut Columns,
    (input, pixels): (*const u8, [Pixel; 2]),
    sums: &mut [i32; 2 * BLOCK],
) {
    let padded = padded(conv);
    for part in Part::all(conv) {
        let Part { from, count, .. } = part;
        // SAFETY: the weights of a filter are `padded` bytes; of the last filter of an odd number those are read twice.
        unsafe {
            for (which, pixel) in pixels.into_iter().enumerate() {
                fill(conv, columns, (input, pixel), part, (which, 2));
            }
            for (pair, sums) in sums.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let filter = 2 * pair;
                if filter >= block.count {
                    break;
                }
                let next = if filter + 1 < block.count { padded } else { 0 };
                let weights = conv.weights.as_ptr().cast::<i8>();
                let weights = weights.add((block.first + filter) * padded + from);
                columns.two(weights, next, count >> 2, sums);
            }
        }
    }
}

/// The sums of a block of filters for one pixel.
///
/// # Safety
/// As for [`filters`].
#[inline(always)]
unsafe fn one(
    conv: &Conv,
    block: &Block,
    columns: &mut Columns,
    column: (*const u8, Pixel),
    sums: &mut [i32; BLOCK],
) {
    let padded = padded(conv);
    for part in Part::all(conv) {
        let Part { from, count, .. } = part;
        // SAFETY: the weights of a filter are `padded` bytes; where there are less than four filters, the first one is read four times.
        unsafe {
            fill(conv, columns, column, part, (0, 1));
            for (four, sums) in sums.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let filter = 4 * four;
                let weights = conv.weights.as_ptr().cast::<i8>();
                let weights = weights.wrapping_add((block.first + filter) * padded + from);
                if filter + 4 <= block.count {
                    columns.one(weights, padded, count >> 2, sums);
                    continue;
                }
                for (f, sum) in sums.iter_mut().enumerate() {
                    if filter + f < block.count {
                        let mut alike = [*sum; 4];
                        columns.one(weights.add(f * padded), 0, count >> 2, &mut alike);
                        *sum = alike[0];
                    }
                }
            }
        }
    }
}

/// Channels with a filter each at all pixels, four channels at a time.
///
/// # Safety
/// As for [`Conv::run`].
#[inline(never)]
unsafe fn channels(conv: &Conv, memory: Raw, block: &Block) {
    let [height, width, count] = conv.output.shape;
    let row = count.next_multiple_of(4);
    let kw = conv.window.kernel[1];
    let mut pixel = Pixel::first(conv, memory);
    for y in 0..height {
        let rows = Inside::of(y, 0, &conv.window, conv.input.shape[0]);
        for x in 0..width {
            let columns = Inside::of(x, 1, &conv.window, conv.input.shape[1]);
            let mut walk = Walk::new(conv.zero);
            walk.x_step = conv.window.dilation[1] * conv.input.pixel;
            walk.w_step = row;
            walk.columns = columns.count;
            let line = conv.window.dilation[0] * conv.input.shape[1] * conv.input.pixel;
            walk.x_row = line.wrapping_sub(columns.count * walk.x_step);
            walk.w_row = (kw - columns.count) * row;
            let cell = rows.at * conv.input.shape[1] + columns.at;
            let from = memory.at(&conv.input);
            let from = from.wrapping_add(cell * conv.input.pixel + block.first);
            let weights = conv.weights.as_ptr().cast::<i8>();
            let first = (rows.first * kw + columns.first) * row + block.first;
            let weights = weights.wrapping_add(first);
            let mut sums = [0; BLOCK];
            let is_empty = rows.count == 0 || columns.count == 0;
            // SAFETY: rows and columns are those inside of the picture, whose places and weights `check` has seen.
            unsafe {
                for (four, sums) in sums.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                    let channel = 4 * four;
                    if is_empty || channel >= block.count {
                        break;
                    }
                    walk.rows = rows.count;
                    let (x, w) = (from.wrapping_add(channel), weights.wrapping_add(channel));
                    if channel + 4 <= block.count {
                        walk.four(x, w);
                        *sums = walk.sums;
                        continue;
                    }
                    for (c, sum) in sums.iter_mut().enumerate() {
                        if channel + c < block.count {
                            *sum = walk.one(x.wrapping_add(c), w.wrapping_add(c));
                        }
                    }
                }
                finish(conv, block, &sums, [pixel]);
            }
            pixel = pixel.next(conv);
        }
    }
}

/// Writes what becomes of the sums of `P` pixels: those of a filter lie side by side.
///
/// # Safety
/// There are `P` sums for each filter of the block, and the pixels are some of the output.
#[inline(never)]
unsafe fn finish<const P: usize>(conv: &Conv, block: &Block, sums: &[i32], pixels: [Pixel; P]) {
    // SAFETY: the caller's promise; there are numbers for every filter.
    unsafe {
        let filters = conv.filters.as_ptr().add(block.first);
        if let (Ending::Bytes(low, high), None) = (conv.ending, &conv.added) {
            let to = pixels.map(|pixel| pixel.output.wrapping_add(block.first));
            let prepared = block.prepared.get_unchecked(..block.count);
            return write_bytes(prepared, filters, sums.as_ptr(), to, (low, high));
        }
        for filter in 0..block.count {
            for (p, pixel) in pixels.into_iter().enumerate() {
                let sum = *sums.get_unchecked(filter * P + p);
                let prepared = block.prepared.get_unchecked(filter);
                let numbers = &*filters.add(filter);
                let at = block.first + filter;
                if let Some(byte) = other(conv, prepared, numbers, (at, sum), pixel) {
                    pixel.output.add(at).write(byte);
                }
            }
        }
    }
}

/// Writes bytes alone.
///
/// # Safety
/// As for [`finish`]: `filters` and `sums` are those of the block, `to` where its first outputs go.
#[inline(always)]
unsafe fn write_bytes<const P: usize>(
    prepared: &[Prepared],
    mut filters: *const Filter,
    mut sums: *const i32,
    mut to: [*mut u8; P],
    bounds: (u8, u8),
) {
    for prepared in prepared {
        for to in &mut to {
            // SAFETY: the caller's promise.
            unsafe {
                to.write(prepared.byte(sums.read(), &*filters, bounds));
            }
            *to = to.wrapping_add(1);
            sums = sums.wrapping_add(1);
        }
        filters = filters.wrapping_add(1);
    }
}

/// What becomes of a sum where it is more than a byte; `None` if it was written as a number.
///
/// # Safety
/// As for [`finish`].
#[inline(never)]
unsafe fn other(
    conv: &Conv,
    prepared: &Prepared,
    numbers: &Filter,
    (at, sum): (usize, i32),
    pixel: Pixel,
) -> Option<u8> {
    let added = conv.added.as_ref().map(|added| Product {
        // SAFETY: what is added has the output's shape.
        byte: unsafe { pixel.added.add(at).read() },
        factor: added.scale,
    });
    match (conv.ending, added) {
        (Ending::Bytes(low, high), Some(added)) => {
            Some(prepared.byte_onto(sum, numbers, added, (low, high)))
        }
        (Ending::Bytes(low, high), None) => Some(prepared.byte(sum, numbers, (low, high))),
        (Ending::Steps(steps), added) => Some(ending::steps(sum, numbers, added, steps)),
        (Ending::Numbers(low, high), added) => {
            let y = ending::number(sum, numbers, added, (low, high));
            // SAFETY: the caller's promise; places of numbers are at multiples of four bytes.
            unsafe { pixel.output.cast::<f32>().add(at).write(y) };
            None
        }
    }
}
