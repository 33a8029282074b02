//! Rows and images of an output, each owned by one task.

use super::{Geometry, Shared};
use crate::cpu::act::apply_inline;
use crate::plan::Act;
#[cfg(feature = "train")]
use core::ops::Range;

/// A row of the output, owned by one task.
pub(crate) struct Row<'m, T = f32> {
    pub(crate) image: usize,
    pub(crate) y: usize,
    pub(super) memory: Shared<'m, T>,
    pub(super) geometry: Geometry,
}

impl Row<'_> {
    /// Elements from one pixel to the next.
    pub(crate) fn step(&self) -> usize {
        self.geometry.pixel
    }

    /// The address of a pixel, for kernels that find their way in the row from there themselves.
    pub(crate) fn address(&mut self, x: usize) -> *mut f32 {
        assert!(x < self.width());
        self.memory.at(x * self.geometry.pixel)
    }
}

impl<T> Row<'_, T> {
    /// Pixels.
    pub(crate) fn width(&self) -> usize {
        self.geometry.shape[1]
    }

    /// The channels of a pixel.
    #[inline]
    pub(crate) fn pixel(&mut self, x: usize) -> &mut [T] {
        let [_, w, c] = self.geometry.shape;
        assert!(x < w);
        // SAFETY: the pixel is inside the row, which is this task's alone, and the borrow is unique through `&mut self`.
        unsafe { self.memory.part_at(x * self.geometry.pixel, c) }
    }
}

impl Row<'_> {
    /// Applies an activation to all pixels, at once where they lie side by side: few channels would not fill a vector.
    #[inline(always)]
    pub(crate) fn activate(&mut self, act: Act) {
        let [_, w, c] = self.geometry.shape;
        match self.geometry.is_dense() {
            // SAFETY: as for `pixel`: the row is its pixels, one after the other.
            true => apply_inline(act, unsafe { self.memory.part_at(0, w * c) }),
            false => (0..w).for_each(|x| apply_inline(act, self.pixel(x))),
        }
    }
}

/// An image of the output, owned by one task.
pub(crate) struct Image<'m, T = f32> {
    pub(crate) number: usize,
    pub(super) memory: Shared<'m, T>,
    pub(super) geometry: Geometry,
}

impl Image<'_> {
    /// The channels of a pixel.
    #[inline]
    pub(crate) fn pixel(&mut self, y: usize, x: usize) -> &mut [f32] {
        let at = self.geometry.offset(0, y, x);
        // SAFETY: the pixel is inside the image, which is this task's alone, and the borrow is unique through `&mut self`.
        unsafe { self.memory.part_at(at, self.geometry.shape[2]) }
    }
}

#[cfg(feature = "train")]
impl Image<'_> {
    /// Elements from one pixel to the next.
    pub(crate) fn step(&self) -> usize {
        self.geometry.pixel
    }

    /// The address of a pixel, for kernels that find their way in the image from there themselves.
    pub(crate) fn address(&mut self, y: usize, x: usize) -> *mut f32 {
        self.memory.at(self.geometry.offset(0, y, x))
    }

    /// The channels of the pixels of a row, one after the other: checked once for all.
    #[inline]
    pub(crate) fn pixels(&mut self, y: usize, x: Range<usize>) -> impl Iterator<Item = &mut [f32]> {
        let Geometry { shape, pixel, .. } = self.geometry;
        let first = match x.is_empty() {
            true => 0,
            false => {
                assert!(x.end <= shape[1]);
                self.geometry.offset(0, y, x.start)
            }
        };
        let memory = self.memory;
        // SAFETY: as for `pixel`: the first pixel and the last are inside the image, and no two of them overlap.
        (0..x.len()).map(move |i| unsafe { memory.part_at(first + i * pixel, shape[2]) })
    }

    /// Sets all elements to zero.
    pub(crate) fn clear(&mut self) {
        self.clear_rows(0..self.geometry.shape[0]);
    }

    /// Sets the elements of these rows to zero.
    pub(crate) fn clear_rows(&mut self, rows: Range<usize>) {
        let [_, w, _] = self.geometry.shape;
        for y in rows {
            self.pixels(y, 0..w).for_each(|pixel| pixel.fill(0.0));
        }
    }
}
