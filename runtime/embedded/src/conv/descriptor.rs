//! What a convolution is, and whether it fits its memory.

use crate::ending::{Ending, Filter};
use crate::place::Place;
use crate::window::Window;

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
    /// Four signed bytes a word, the first one lowest: `[filters, kh * kw * channels / groups]`; where each channel has a filter of its own,
    /// `[kh * kw, channels]`. The last axis is filled up with zeros to whole words.
    pub weights: &'static [u32],
    /// For each filter.
    pub filters: &'static [Filter],
    /// What is added.
    pub added: Option<Added>,
    /// What becomes of sums.
    pub ending: Ending,
}

impl Conv {
    /// Whether each channel has one filter, of its own.
    pub(super) const fn is_depthwise(&self) -> bool {
        self.groups > 1 && self.groups == self.input.shape[2] && self.filters.len() == self.groups
    }

    /// Channels that a filter sees. A division that could be by 0 could panic: `check` has seen that it is not.
    pub(super) const fn depth(&self) -> usize {
        match self.input.shape[2].checked_div(self.groups) {
            Some(depth) => depth,
            None => 0,
        }
    }

    /// Filters of a group.
    pub(super) const fn of_group(&self) -> usize {
        match self.filters.len().checked_div(self.groups) {
            Some(filters) => filters,
            None => 0,
        }
    }

    pub(crate) const fn check(&self, input: usize, arena: usize) {
        let Window {
            kernel,
            stride,
            dilation,
            pad,
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
        // The last window begins in the picture, or in its padding.
        let ([h, w, _], [oh, ow, _]) = (self.input.shape, self.output.shape);
        assert!((oh - 1) * stride[0] < h + pad[0] && (ow - 1) * stride[1] < w + pad[1]);
        let filters = self.filters.len();
        assert!(self.groups > 0 && self.input.shape[2].is_multiple_of(self.groups));
        assert!(filters.is_multiple_of(self.groups) && filters == self.output.shape[2]);
        let terms = kernel[0] * kernel[1] * self.depth();
        // 2^16 products of a byte and a weight are less than 2^31.
        assert!(terms <= 1 << 16 && cfg!(target_endian = "little"));
        let words = match self.is_depthwise() {
            true => terms * filters.div_ceil(4),
            false => filters * terms.div_ceil(4),
        };
        assert!(self.weights.len() == words);
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;

    const FILTER: Filter = Filter {
        scale: 1.0,
        bias: 0.0,
    };

    /// 3x3, two filters, of 5x5 pixels with a channel each.
    const CONV: Conv = Conv {
        input: Place::input([5, 5, 1]),
        zero: 0,
        output: Place::bytes(0, [3, 3, 2]),
        window: Window {
            kernel: [3, 3],
            ..Window::ONE
        },
        groups: 1,
        weights: &[0; 6],
        filters: &[FILTER; 2],
        added: None,
        ending: Ending::Bytes(0, 255),
    };

    /// As a constant, a layer that does not fit is an error of the compiler; here it panics.
    fn is_refused(conv: Conv) -> bool {
        std::panic::catch_unwind(move || -> Layer<Conv, 25, 64> { conv.layer() }).is_err()
    }

    #[test]
    fn only_what_fits_becomes_a_layer() {
        assert!(!is_refused(CONV));
        let with = |change: fn(&mut Conv)| {
            let mut conv = CONV;
            change(&mut conv);
            is_refused(conv)
        };
        assert!(
            with(|c| c.input = Place::input([5, 6, 1])),
            "behind the input"
        );
        assert!(
            with(|c| c.output = Place::bytes(47, [3, 3, 2])),
            "behind the workspace"
        );
        assert!(
            with(|c| c.output = Place::input([3, 3, 2])),
            "onto the input"
        );
        assert!(
            with(|c| c.output = Place::bytes(0, [6, 3, 2])),
            "windows below the picture"
        );
        assert!(
            with(|c| c.window.stride = [3, 1]),
            "windows below the picture"
        );
        assert!(
            with(|c| c.input = Place::bytes(4, [5, 5, 1])),
            "onto what it reads"
        );
        assert!(with(|c| c.weights = &[0; 5]), "too few weights");
        assert!(
            with(|c| c.filters = &[FILTER; 3]),
            "another number of filters"
        );
        assert!(with(|c| c.groups = 0), "no groups");
        assert!(with(|c| c.window.dilation = [0, 1]), "no dilation");
        assert!(
            with(|c| c.ending = Ending::Numbers(0.0, 1.0)),
            "numbers into bytes"
        );
        assert!(
            with(|c| c.ending = Ending::Bytes(2, 1)),
            "no byte between the bounds"
        );
        let added = |place| {
            let mut conv = CONV;
            conv.added = Some(Added { place, scale: 1.0 });
            is_refused(conv)
        };
        assert!(!added(CONV.output) && !added(Place::bytes(18, [3, 3, 2])));
        assert!(added(Place::bytes(1, [3, 3, 2])), "across what it writes");
        assert!(added(Place::bytes(18, [3, 2, 2])), "of another shape");
    }
}
