//! Convolutions and fully connected layers.

use crate::dot::{channels, dot};
use crate::ending::{self, Ending, Factor, Filter, Product};
use crate::memory::Raw;
use crate::place::Place;

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
    /// `[filters, kh, kw, channels / groups]`; where each channel has a filter of its own, `[kh, kw, channels]`.
    pub weights: &'static [i8],
    /// For each filter.
    pub filters: &'static [Filter],
    /// What is added.
    pub added: Option<Added>,
    /// What becomes of sums.
    pub ending: Ending,
}

/// From the first row or column of a window that is in the picture to the one behind the last, in steps of the dilation.
#[derive(Clone, Copy)]
struct Inside {
    /// Of the kernel.
    first: usize,
    count: usize,
    /// Of the picture, where `first` lies.
    at: usize,
}

impl Inside {
    #[inline(always)]
    fn of(output: usize, axis: usize, window: &Window, size: usize) -> Self {
        let (kernel, dilation) = (window.kernel[axis & 1], window.dilation[axis & 1]);
        let mut at = output * window.stride[axis & 1];
        let mut first = 0;
        // Without a division, for which many of these processors have no instruction.
        while at < window.pad[axis & 1] && first < kernel {
            at += dilation;
            first += 1;
        }
        let at = at - window.pad[axis & 1].min(at);
        let (mut count, mut end) = (0, at);
        while first + count < kernel && end < size {
            end += dilation;
            count += 1;
        }
        Self { first, count, at }
    }
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
            kernel, stride, dilation, pad,
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
        assert!(terms <= 1 << 16 && self.weights.len() == filters * terms);
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

/// Where one pixel's outputs go, and what is added to them.
#[derive(Clone, Copy)]
struct Pixel {
    output: *mut u8,
    added: *const u8,
}

/// One function for all convolutions of a program.
///
/// # Safety
/// As for [`Conv::run`].
#[inline(never)]
unsafe fn convolve(conv: &Conv, memory: Raw) {
    let [height, width, _] = conv.output.shape;
    let (mut output, size) = (memory.at_mut(&conv.output), conv.output.pixel * conv.output.element);
    let (mut added, added_size) = match &conv.added {
        Some(added) => (memory.at(&added.place), added.place.pixel),
        None => (core::ptr::null(), 0),
    };
    let depthwise = conv.is_depthwise();
    for y in 0..height {
        let rows = Inside::of(y, 0, &conv.window, conv.input.shape[0]);
        for x in 0..width {
            let columns = Inside::of(x, 1, &conv.window, conv.input.shape[1]);
            let cell = rows.at * conv.input.shape[1] + columns.at;
            let from = memory.at(&conv.input).wrapping_add(cell * conv.input.pixel);
            let to = Pixel { output, added };
            // SAFETY: `check` has seen that the places are inside of the memory, that there are weights and numbers for every filter, and
            // rows and columns are those of a window that are inside of the picture.
            unsafe {
                match depthwise {
                    true => depthwise_pixel(conv, [rows, columns], from, to),
                    false => pixel(conv, [rows, columns], from, to),
                }
            }
            output = output.wrapping_add(size);
            added = added.wrapping_add(added_size);
        }
    }
}

/// The outputs of one pixel, two filters at a time.
///
/// # Safety
/// `x` is the first cell of the window that is inside, `to` has room for all filters.
#[inline(always)]
unsafe fn pixel(conv: &Conv, inside: [Inside; 2], x: *const u8, to: Pixel) {
    let of_group = conv.of_group();
    for group in 0..conv.groups {
        let x = x.wrapping_add(group * conv.depth());
        let (mut filter, end) = (group * of_group, (group + 1) * of_group);
        // SAFETY: these filters are the group's.
        unsafe {
            while filter + 2 <= end {
                let sums = window::<2>(conv, inside, x, filter);
                finish(conv, filter, sums[0], to);
                finish(conv, filter + 1, sums[1], to);
                filter += 2;
            }
            if filter < end {
                let [sum] = window::<1>(conv, inside, x, filter);
                finish(conv, filter, sum, to);
            }
        }
    }
}

/// The sums of `F` filters over a window.
///
/// # Safety
/// As for [`pixel`]; there are these filters.
#[inline(always)]
unsafe fn window<const F: usize>(
    conv: &Conv,
    [rows, columns]: [Inside; 2],
    x: *const u8,
    filter: usize,
) -> [i32; F] {
    let [kh, kw] = conv.window.kernel;
    let depth = conv.depth();
    let terms = kh * kw * depth;
    let row = conv.window.dilation[0] * conv.input.shape[1] * conv.input.pixel;
    let column = conv.window.dilation[1] * conv.input.pixel;
    // The cells of a row of the window lie one behind the other.
    let (runs, run) = match column == depth {
        true => (1, columns.count * depth),
        false => (columns.count, depth),
    };
    let first = (rows.first * kw + columns.first) * depth;
    let all = conv.weights.as_ptr();
    let mut weights: [*const i8; F] =
        core::array::from_fn(|f| all.wrapping_add((filter + f) * terms + first));
    let mut x = x;
    let mut sums = [0; F];
    for _ in 0..rows.count {
        let (mut cell, mut cell_weights) = (x, weights);
        for _ in 0..runs {
            // SAFETY: the run is inside of the picture, and as many weights are there.
            sums = unsafe { dot(sums, cell, cell_weights, run, conv.zero) };
            cell = cell.wrapping_add(column);
            cell_weights = cell_weights.map(|w| w.wrapping_add(depth));
        }
        x = x.wrapping_add(row);
        weights = weights.map(|w| w.wrapping_add(kw * depth));
    }
    sums
}

/// The outputs of one pixel where each channel has a filter of its own, four channels at a time.
///
/// # Safety
/// As for [`pixel`].
#[inline(always)]
unsafe fn depthwise_pixel(conv: &Conv, inside: [Inside; 2], x: *const u8, to: Pixel) {
    let count = conv.filters.len();
    let mut channel = 0;
    // SAFETY: so many channels are there.
    unsafe {
        while channel + 4 <= count {
            let sums = depthwise_window::<4>(conv, inside, x.wrapping_add(channel), channel);
            for (c, sum) in sums.into_iter().enumerate() {
                finish(conv, channel + c, sum, to);
            }
            channel += 4;
        }
        while channel < count {
            let [sum] = depthwise_window::<1>(conv, inside, x.wrapping_add(channel), channel);
            finish(conv, channel, sum, to);
            channel += 1;
        }
    }
}

/// The sums of `C` channels, each with its own filter.
///
/// # Safety
/// As for [`pixel`]; there are these channels.
#[inline(always)]
unsafe fn depthwise_window<const C: usize>(
    conv: &Conv,
    [rows, columns]: [Inside; 2],
    x: *const u8,
    channel: usize,
) -> [i32; C] {
    let count = conv.filters.len();
    let row = conv.window.dilation[0] * conv.input.shape[1] * conv.input.pixel;
    let column = conv.window.dilation[1] * conv.input.pixel;
    let kw = conv.window.kernel[1];
    let first = (rows.first * kw + columns.first) * count + channel;
    let mut weights = conv.weights.as_ptr().wrapping_add(first);
    let mut x = x;
    let mut sums = [0; C];
    for _ in 0..rows.count {
        let (mut cell, mut cell_weights) = (x, weights);
        for _ in 0..columns.count {
            // SAFETY: the cell is inside of the picture, and has these channels.
            unsafe { channels(&mut sums, cell, cell_weights, conv.zero) };
            cell = cell.wrapping_add(column);
            cell_weights = cell_weights.wrapping_add(count);
        }
        x = x.wrapping_add(row);
        weights = weights.wrapping_add(kw * count);
    }
    sums
}

/// Writes what becomes of a sum.
///
/// # Safety
/// There is such a filter, and `to` has room for its output.
#[inline(always)]
unsafe fn finish(conv: &Conv, filter: usize, sum: i32, to: Pixel) {
    // SAFETY: the caller's promise.
    let numbers = unsafe { conv.filters.get_unchecked(filter) };
    let added: Option<Product> = conv.added.as_ref().map(|added| {
        // SAFETY: what is added has the output's shape.
        let byte = unsafe { to.added.add(filter).read() };
        (byte.into(), Factor::of(added.scale))
    });
    let byte = match (conv.ending, added) {
        (Ending::Bytes(low, high), None) => ending::byte(sum, numbers, (low, high)),
        (Ending::Bytes(low, high), Some(added)) => {
            ending::byte_onto(sum, numbers, added, (low, high))
        }
        (Ending::Steps(steps), added) => ending::steps(sum, numbers, added, steps),
        (Ending::Numbers(low, high), added) => {
            let y = ending::number(sum, numbers, added, (low, high));
            // SAFETY: the caller's promise; places of numbers are at multiples of four bytes.
            return unsafe { to.output.cast::<f32>().add(filter).write(y) };
        }
    };
    // SAFETY: the caller's promise.
    unsafe { to.output.add(filter).write(byte) };
}
