//! Operations that put the elements of a picture elsewhere.

use super::Operation;
use super::descriptor::{descriptors, group_problem, input_field, product, same_shape, words};

descriptors! {
    /// `[h, w, c]` to the vector in CHW order: `y[c*h*w + i*w + j] = x[i, j, c]` (`FLATTEN(chw)` that could not be folded).
    Transpose {
        /// Input shape.
        input: [usize; 3],
    }
    /// Zeros around the picture.
    Pad {
        /// Input shape.
        input: [usize; 3],
        /// Rows and columns: top, bottom, left, right.
        pad: [usize; 4] = [0; 4],
    }
    /// The picture without some of its rows and columns.
    Crop {
        /// Input shape.
        input: [usize; 3],
        /// Rows and columns that are cut off: top, bottom, left, right.
        crop: [usize; 4] = [0; 4],
    }
    /// Enlargement by whole factors.
    Upsample {
        /// Input shape.
        input: [usize; 3],
        /// Vertical and horizontal factor.
        factor: [usize; 2] = [2, 2],
        /// What stands between the pixels.
        mode: Interpolation = Interpolation::Nearest,
    }
    /// The channels `from .. to`, counted from 0.
    Slice {
        /// Input shape.
        input: [usize; 3],
        /// The first.
        from: usize = 0,
        /// The one after the last.
        to: usize,
    }
    /// Mixes the channels of `groups` groups of `n` channels: `y[k * groups + i] = x[i * n + k]` (Zhang et al. 2018, ShuffleNet, section 3.1).
    Shuffle {
        /// Input shape.
        input: [usize; 3],
        /// Groups; divides the channels.
        groups: usize = 1,
    }
}

words! {
    /// How a picture is enlarged.
    Interpolation {
        /// Each pixel is repeated.
        Nearest,
        /// `y = (1 - t) * x[i] + t * x[i + 1]` along both axes, where `i + t = max((o + 0.5) / factor - 0.5, 0)` for pixel `o` of the output, and
        /// there is nothing behind the last pixel but itself (half-pixel centres; PyTorch's `align_corners=False`).
        Bilinear,
    }
}

impl Operation for Transpose {
    input_field!();

    fn output(&self) -> [usize; 3] {
        [1, 1, product(&self.input) as usize]
    }
}

impl Operation for Pad {
    input_field!();

    fn output(&self) -> [usize; 3] {
        let [top, bottom, left, right] = self.pad;
        let [h, w, c] = self.input;
        [
            h.saturating_add(top).saturating_add(bottom),
            w.saturating_add(left).saturating_add(right),
            c,
        ]
    }
}

impl Operation for Crop {
    input_field!();

    fn output(&self) -> [usize; 3] {
        let [top, bottom, left, right] = self.crop;
        let [h, w, c] = self.input;
        [
            h.saturating_sub(top).saturating_sub(bottom),
            w.saturating_sub(left).saturating_sub(right),
            c,
        ]
    }

    fn problem(&self) -> Option<&'static str> {
        self.output()
            .contains(&0)
            .then_some("nothing would be left")
    }
}

impl Operation for Upsample {
    input_field!();

    fn output(&self) -> [usize; 3] {
        let [h, w, c] = self.input;
        [
            h.saturating_mul(self.factor[0]),
            w.saturating_mul(self.factor[1]),
            c,
        ]
    }
}

impl Operation for Slice {
    input_field!();

    fn output(&self) -> [usize; 3] {
        let [h, w, _] = self.input;
        [h, w, self.to.saturating_sub(self.from)]
    }

    fn takes_vectors(&self) -> bool {
        true
    }

    fn problem(&self) -> Option<&'static str> {
        let fits = self.from < self.to && self.to <= self.input[2];
        (!fits).then_some("channels that are not there")
    }
}

impl Operation for Shuffle {
    same_shape!();

    fn takes_vectors(&self) -> bool {
        true
    }

    fn problem(&self) -> Option<&'static str> {
        group_problem(self.groups, self.input[2])
    }
}
