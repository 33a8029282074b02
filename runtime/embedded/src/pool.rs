//! Poolings.

use crate::memory::Raw;
use crate::place::Place;
use crate::window::Window;

/// The largest byte of each window.
#[derive(Clone, Copy, Debug)]
pub struct MaxPool {
    /// Bytes.
    pub input: Place,
    /// Bytes, elsewhere.
    pub output: Place,
    /// How it slides.
    pub window: Window,
    /// What a window holds that is all padding.
    pub empty: u8,
    /// What becomes of each byte then: an activation, another scale.
    pub table: Option<&'static [u8; 256]>,
}

impl MaxPool {
    pub(crate) const fn check(&self, input: usize, arena: usize) {
        let Window {
            kernel,
            stride,
            pad,
            dilation,
        } = self.window;
        assert!(self.input.is_bytes() && self.input.is_inside(input, arena));
        assert!(self.output.is_bytes() && self.output.is_inside(input, arena));
        assert!(self.output.offset.is_some() && self.input.is_apart(&self.output));
        assert!(self.input.shape[2] == self.output.shape[2]);
        assert!(kernel[0] > 0 && kernel[1] > 0 && kernel[0] < 1 << 12 && kernel[1] < 1 << 12);
        assert!(stride[0] < 1 << 12 && stride[1] < 1 << 12);
        assert!(pad[0] < 1 << 12 && pad[1] < 1 << 12);
        assert!(dilation[0] == 1 && dilation[1] == 1);
    }

    /// # Safety
    /// The memory is of the sizes that [`check`](Self::check) was called with.
    #[inline(always)]
    pub(crate) unsafe fn run(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { max_pool(self, memory) }
    }
}

/// # Safety
/// As for [`MaxPool::run`].
#[inline(never)]
unsafe fn max_pool(pool: &MaxPool, memory: Raw) {
    let [height, width, channels] = pool.output.shape;
    let input = memory.at(&pool.input);
    let mut output = memory.at_mut(&pool.output);
    for y in 0..height {
        let (top, bottom) = inside(y, 0, &pool.window, pool.input.shape[0]);
        for x in 0..width {
            let (left, right) = inside(x, 1, &pool.window, pool.input.shape[1]);
            for c in 0..channels {
                let mut largest = if top < bottom && left < right {
                    0
                } else {
                    pool.empty
                };
                for iy in top..bottom {
                    for ix in left..right {
                        let at = (iy * pool.input.shape[1] + ix) * pool.input.pixel + c;
                        // SAFETY: the cell is inside of the picture, which `check` has seen to be inside of the memory.
                        largest = largest.max(unsafe { input.add(at).read() });
                    }
                }
                if let Some(table) = pool.table {
                    largest = table[usize::from(largest)];
                }
                // SAFETY: the output is inside of the memory, and nobody else's.
                unsafe { output.add(c).write(largest) };
            }
            output = output.wrapping_add(pool.output.pixel);
        }
    }
}

/// The rows or columns of the picture that a window covers.
#[inline(always)]
fn inside(output: usize, axis: usize, window: &Window, size: usize) -> (usize, usize) {
    let (start, pad) = (output * window.stride[axis & 1], window.pad[axis & 1]);
    let end = (start + window.kernel[axis & 1]).saturating_sub(pad);
    (start.saturating_sub(pad), end.min(size))
}

/// The mean of each channel over the whole picture, as numbers.
#[derive(Clone, Copy, Debug)]
pub struct Mean {
    /// Bytes.
    pub input: Place,
    /// Numbers: one pixel.
    pub output: Place,
    /// Multiplies the sum: the input's scale through the number of its pixels.
    pub unit: f32,
    /// What the zero point stands for; is taken away then.
    pub zero: f32,
}

impl Mean {
    pub(crate) const fn check(&self, input: usize, arena: usize) {
        assert!(self.input.is_bytes() && self.input.is_inside(input, arena));
        assert!(!self.output.is_bytes() && self.output.is_inside(input, arena));
        assert!(self.input.is_apart(&self.output));
        let [h, w, c] = self.output.shape;
        assert!(h == 1 && w == 1 && c == self.input.shape[2]);
        // Sums fit into 32 bits.
        assert!(self.input.shape[0] * self.input.shape[1] <= 1 << 23);
    }

    /// # Safety
    /// The memory is of the sizes that [`check`](Self::check) was called with.
    #[inline(never)]
    pub(crate) unsafe fn run(&self, memory: Raw) {
        let [h, w, channels] = self.input.shape;
        let (input, output) = (memory.at(&self.input), memory.at_mut(&self.output));
        for c in 0..channels {
            let mut sum = 0_u32;
            for pixel in 0..h * w {
                // SAFETY: `check` has seen the picture to be inside of the memory.
                sum += u32::from(unsafe { input.add(pixel * self.input.pixel + c).read() });
            }
            let mean = sum as f32 * self.unit - self.zero;
            // SAFETY: so is the output, at a multiple of four bytes.
            unsafe { output.cast::<f32>().add(c).write(mean) };
        }
    }
}
