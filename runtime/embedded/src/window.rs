//! Windows of a picture.

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

/// The rows or columns of a window that are inside of the picture.
#[derive(Clone, Copy)]
pub(crate) struct Inside {
    /// The first, in the window.
    pub(crate) first: usize,
    pub(crate) count: usize,
    /// Where the first lies, in the picture.
    pub(crate) at: usize,
}

impl Inside {
    /// Of the window of this output: axis 0 is rows, axis 1 columns. Without a division, for which some of these processors have no instruction.
    #[inline(always)]
    pub(crate) fn of(output: usize, axis: usize, window: &Window, size: usize) -> Self {
        let (kernel, dilation) = (window.kernel[axis & 1], window.dilation[axis & 1]);
        let pad = window.pad[axis & 1];
        let mut at = output * window.stride[axis & 1];
        let mut first = 0;
        while at < pad && first < kernel {
            at += dilation;
            first += 1;
        }
        let at = at.saturating_sub(pad);
        let (mut count, mut end) = (0, at);
        while first + count < kernel && end < size {
            end += dilation;
            count += 1;
        }
        Self { first, count, at }
    }
}

/// A picture, and the window of one output over it.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'s> {
    /// The first byte of the first channel that is seen.
    pub(crate) input: *const u8,
    pub(crate) place: &'s Place,
    pub(crate) window: &'s Window,
    /// The output's row and column.
    pub(crate) output: [usize; 2],
    /// Channels that are seen.
    pub(crate) depth: usize,
    /// What stands for 0.
    pub(crate) zero: u8,
}

/// A place that bytes are written to, one after the other.
struct Bytes(*mut u8);

impl Bytes {
    /// # Safety
    /// There is room for them.
    #[inline(always)]
    unsafe fn fill(&mut self, byte: u8, count: usize) {
        for _ in 0..count {
            // SAFETY: the caller's promise.
            unsafe { self.0.write(byte) };
            self.0 = self.0.wrapping_add(1);
        }
    }

    /// # Safety
    /// There is room for them, and they can be read.
    #[inline(always)]
    unsafe fn copy(&mut self, mut from: *const u8, mut count: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            while count >= 4 {
                self.0
                    .cast::<[u8; 4]>()
                    .write(from.cast::<[u8; 4]>().read());
                (self.0, from, count) = (self.0.wrapping_add(4), from.wrapping_add(4), count - 4);
            }
            while count > 0 {
                self.0.write(from.read());
                (self.0, from, count) = (self.0.wrapping_add(1), from.wrapping_add(1), count - 1);
            }
        }
    }
}

impl Sight<'_> {
    /// The window's rows and columns that are inside of the picture.
    #[inline(always)]
    fn inside(&self) -> [Inside; 2] {
        let ([y, x], [height, width, _]) = (self.output, self.place.shape);
        [
            Inside::of(y, 0, self.window, height),
            Inside::of(x, 1, self.window, width),
        ]
    }

    /// Writes what the window sees in `count` of its rows from `first` on: in the order of rows, columns, channels, and zeros up to a whole
    /// word.
    ///
    /// # Safety
    /// The picture can be read, and there is room in `to`.
    pub(crate) unsafe fn rows(&self, first: usize, count: usize, to: *mut u8) {
        let Self {
            place,
            window,
            depth,
            zero,
            ..
        } = *self;
        let [rows, columns] = self.inside();
        let step = window.dilation[1] * place.pixel;
        let line = window.dilation[0] * place.shape[1] * place.pixel;
        let right = window.kernel[1] - columns.first - columns.count;
        let row = window.kernel[1] * depth;
        let mut to = Bytes(to);
        let cell = rows.at * place.shape[1] + columns.at;
        let above = first.saturating_sub(rows.first);
        let mut source = self.input.wrapping_add(cell * place.pixel + above * line);
        // SAFETY: rows and columns are those inside of the picture.
        unsafe {
            for ky in first..first + count {
                if ky < rows.first || ky >= rows.first + rows.count {
                    to.fill(zero, row);
                    continue;
                }
                to.fill(zero, columns.first * depth);
                if step == depth {
                    to.copy(source, columns.count * depth);
                } else {
                    let mut cell = source;
                    for _ in 0..columns.count {
                        to.copy(cell, depth);
                        cell = cell.wrapping_add(step);
                    }
                }
                to.fill(zero, right * depth);
                source = source.wrapping_add(line);
            }
            let written = count * row;
            to.fill(zero, written.next_multiple_of(4) - written);
        }
    }

    /// Writes `count` bytes of what the window sees, from byte `from` on: for windows of which a single row is more than what there is room for.
    ///
    /// # Safety
    /// As for [`rows`](Self::rows).
    pub(crate) unsafe fn bytes(&self, from: usize, count: usize, to: *mut u8) {
        let Self {
            place,
            window,
            depth,
            zero,
            ..
        } = *self;
        let [kh, kw] = window.kernel;
        let [rows, columns] = self.inside();
        let mut to = Bytes(to);
        let mut start = 0;
        for cell in 0..kh * kw {
            // Of this cell's channels those that are wanted.
            let low = from.saturating_sub(start).min(depth);
            let high = (from + count).saturating_sub(start).min(depth);
            start += depth;
            if low == high {
                continue;
            }
            // Without a division.
            let (mut ky, mut kx) = (0_usize, cell);
            while kx >= kw {
                (ky, kx) = (ky + 1, kx - kw);
            }
            let (down, right) = (ky.wrapping_sub(rows.first), kx.wrapping_sub(columns.first));
            // SAFETY: the caller's promise, for a cell that is inside.
            unsafe {
                if down < rows.count && right < columns.count {
                    let line = rows.at + down * window.dilation[0];
                    let at = line * place.shape[1] + columns.at + right * window.dilation[1];
                    let source = self.input.wrapping_add(at * place.pixel + low);
                    to.copy(source, high - low);
                } else {
                    to.fill(zero, high - low);
                }
            }
        }
        let behind = (from + count).saturating_sub(start);
        // SAFETY: as above.
        unsafe { to.fill(zero, behind) };
    }
}
