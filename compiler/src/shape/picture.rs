//! Layers that change the size of a picture: PAD, UPSAMPLE.

use super::{Inferred, Site};
use crate::graph::{Padding, Shape};

impl Site<'_> {
    pub(super) fn pad(&self, pad: Padding) -> Inferred {
        let [h, w, c] = self.picture()?;
        let [top, bottom, left, right] = pad.cells;
        // Sizes are at most 2^30 each, so sums of three fit.
        Ok(Shape::Picture([h + top + bottom, w + left + right, c]))
    }

    pub(super) fn upsample(&self, factor: [usize; 2]) -> Inferred {
        let [h, w, c] = self.picture()?;
        Ok(Shape::Picture([
            h.saturating_mul(factor[0]),
            w.saturating_mul(factor[1]),
            c,
        ]))
    }
}
