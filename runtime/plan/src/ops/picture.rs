//! Operations that put the elements of a picture elsewhere.

use super::Operation;
use super::descriptor::{descriptors, input_field, product};

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
    /// Nearest-neighbour enlargement by whole factors.
    Upsample {
        /// Input shape.
        input: [usize; 3],
        /// Vertical and horizontal factor.
        factor: [usize; 2] = [2, 2],
    }
    /// Mixes the channels of `groups` groups of `n` channels: `y[k * groups + i] = x[i * n + k]` (Zhang et al. 2018, ShuffleNet, section 3.1).
    Shuffle {
        /// Input shape.
        input: [usize; 3],
        /// Groups; divides the channels.
        groups: usize = 1,
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

impl Operation for Shuffle {
    input_field!();

    fn output(&self) -> [usize; 3] {
        self.input
    }

    fn is_pixelwise(&self) -> bool {
        true
    }

    fn problem(&self) -> Option<&'static str> {
        let divides = self.groups > 0 && self.input[2].is_multiple_of(self.groups);
        (!divides).then_some("groups that do not divide the channels")
    }
}
