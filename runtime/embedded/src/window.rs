//! Windows of a picture.

use crate::conv::Window;
use crate::place::Place;

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

/// What a window sees of a picture, some bytes of it: in the order of rows, columns, channels.
pub(crate) struct Gather<'g, const N: usize> {
    pub(crate) bytes: &'g mut [u8; N],
    /// The first of the window's bytes that is wanted, and how many are.
    pub(crate) from: usize,
    pub(crate) count: usize,
    /// What stands for 0.
    pub(crate) zero: u8,
}

impl<const N: usize> Gather<'_, N> {
    /// Puts the bytes of the window from `first` to `end` that are wanted; `source` is where the first of these lies, if not zeros.
    ///
    /// # Safety
    /// The bytes can be read.
    #[inline(always)]
    unsafe fn put(&mut self, first: usize, end: usize, source: Option<*const u8>) {
        let low = first.max(self.from);
        let high = end.min(self.from + self.count.min(N));
        let mut at = low;
        while at < high {
            let byte = match source {
                // SAFETY: the caller's promise.
                Some(source) => unsafe { source.add(at - first).read() },
                None => self.zero,
            };
            // SAFETY: from `from` on no more than `N` bytes are wanted.
            unsafe { *self.bytes.get_unchecked_mut(at - self.from) = byte };
            at += 1;
        }
    }

    /// Gathers the bytes of the window of this output: `depth` channels from `channel` on, and zeros behind the last.
    ///
    /// # Safety
    /// `input` is where the picture lies.
    pub(crate) unsafe fn window(
        &mut self,
        (input, place): (*const u8, &Place),
        window: &Window,
        [y, x]: [usize; 2],
        depth: usize,
    ) {
        let [kh, kw] = window.kernel;
        let [rows, columns] = [
            Inside::of(y, 0, window, place.shape[0]),
            Inside::of(x, 1, window, place.shape[1]),
        ];
        let step = window.dilation[1] * place.pixel;
        // Cells that follow each other in memory are one.
        let dense = step == depth;
        let row = kw * depth;
        let end = rows.first + rows.count;
        // SAFETY: rows and columns are those inside of the picture.
        unsafe {
            self.put(0, rows.first * row, None);
            for ky in rows.first..end {
                let start = ky * row;
                if start + row <= self.from {
                    continue;
                }
                let line = rows.at + (ky - rows.first) * window.dilation[0];
                let cell = line * place.shape[1] + columns.at;
                let mut source = input.wrapping_add(cell * place.pixel);
                let left = start + columns.first * depth;
                self.put(start, left, None);
                let right = left + columns.count * depth;
                if dense {
                    self.put(left, right, Some(source));
                } else {
                    let mut at = left;
                    while at < right {
                        self.put(at, at + depth, Some(source));
                        source = source.wrapping_add(step);
                        at += depth;
                    }
                }
                self.put(right, start + row, None);
            }
            self.put(end * row, (kh * row).next_multiple_of(4), None);
        }
    }
}
