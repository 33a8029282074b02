//! Where pixels and their windows lie in memory.

use crate::plan::Conv;

/// A batch of NHWC pictures in memory.
pub(crate) struct Pixels<P> {
    /// The first element of the first image.
    pub(crate) start: P,
    /// Elements from one pixel to the next; images follow each other without a gap.
    pub(crate) pixel: usize,
}

impl<P: Copy> Clone for Pixels<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Copy> Copy for Pixels<P> {}

// SAFETY: a plain address; whoever uses it says why that is sound.
unsafe impl<P> Send for Pixels<P> {}
// SAFETY: as above.
unsafe impl<P> Sync for Pixels<P> {}

/// Where a pixel's window starts in the input.
#[derive(Clone, Copy, Default)]
pub(super) struct Origin {
    /// Elements from the start of the batch; wraps below zero where the window starts in the padding of the first image.
    pub(super) offset: usize,
    /// Row; negative in the padding.
    pub(super) y: isize,
    /// Column; negative in the padding.
    pub(super) x: isize,
}

/// The windows of the output pixels from `start` on, counted through the batch.
pub(super) fn origins(
    d: &Conv,
    [height, width]: [usize; 2],
    start: usize,
    pixel: usize,
    origins: &mut [Origin],
) {
    let mut image = start / (height * width);
    let (mut oy, mut ox) = (start / width % height, start % width);
    for origin in origins {
        let y = (oy * d.stride[0]) as isize - d.pad[0] as isize;
        let x = (ox * d.stride[1]) as isize - d.pad[2] as isize;
        let row = (image * d.input[0]) as isize + y;
        let cell = row * d.input[1] as isize + x;
        *origin = Origin {
            offset: (cell * pixel as isize) as usize,
            y,
            x,
        };
        ox += 1;
        if ox == width {
            (ox, oy) = (0, oy + 1);
            if oy == height {
                (oy, image) = (0, image + 1);
            }
        }
    }
}
