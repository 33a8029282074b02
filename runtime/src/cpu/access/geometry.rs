//! Where the pixels of pictures lie.

use crate::plan::View;

/// Sizes and strides, in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) images: usize,
    /// `[h, w, c]`
    pub(crate) shape: [usize; 3],
    /// From one image to the next.
    pub(crate) image: usize,
    /// From one pixel to the next.
    pub(crate) pixel: usize,
}

impl Geometry {
    pub(super) fn new(view: View, images: usize) -> Self {
        Self {
            images,
            shape: view.shape,
            image: view.image(),
            pixel: view.pixel,
        }
    }

    /// Of dense pictures, one after the other.
    pub(super) fn dense(shape: [usize; 3], images: usize) -> Self {
        Self {
            images,
            shape,
            image: shape[0] * shape[1] * shape[2],
            pixel: shape[2],
        }
    }

    pub(crate) fn is_dense(self) -> bool {
        self.pixel == self.shape[2]
    }

    /// From the view's first element to the first of this pixel.
    pub(super) fn offset(self, image: usize, y: usize, x: usize) -> usize {
        let [h, w, _] = self.shape;
        assert!(image < self.images && y < h && x < w);
        image * self.image + (y * w + x) * self.pixel
    }

    /// The same memory with each row as one long pixel.
    pub(super) fn flat(self) -> Self {
        let [h, w, c] = self.shape;
        Self {
            shape: [h, 1, w * c],
            pixel: w * c,
            ..self
        }
    }
}
