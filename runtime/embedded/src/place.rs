//! Where values lie.

/// A picture of bytes or of `f32` in the caller's input or in the workspace; a vector is one of 1x1 pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// In bytes; `None`: it is the caller's input.
    pub(crate) offset: Option<usize>,
    /// Height, width, channels.
    pub(crate) shape: [usize; 3],
    /// Elements from one pixel to the next.
    pub(crate) pixel: usize,
    /// Bytes of an element: 1 or 4.
    pub(crate) element: usize,
}

impl Place {
    /// The caller's input: bytes.
    #[must_use]
    pub const fn input(shape: [usize; 3]) -> Self {
        Self {
            offset: None,
            shape,
            pixel: shape[2],
            element: 1,
        }
    }

    /// Bytes in the workspace, from this offset on.
    #[must_use]
    pub const fn bytes(offset: usize, shape: [usize; 3]) -> Self {
        Self {
            offset: Some(offset),
            shape,
            pixel: shape[2],
            element: 1,
        }
    }

    /// Numbers in the workspace, from this offset in bytes on.
    #[must_use]
    pub const fn floats(offset: usize, shape: [usize; 3]) -> Self {
        Self {
            element: 4,
            ..Self::bytes(offset, shape)
        }
    }

    /// The same first element, in pixels of so many channels: a part of a CONCAT.
    #[must_use]
    pub const fn in_pixels_of(self, pixel: usize) -> Self {
        Self { pixel, ..self }
    }

    pub(crate) const fn len(&self) -> usize {
        self.shape[0] * self.shape[1] * self.shape[2]
    }

    pub(crate) const fn is_dense(&self) -> bool {
        self.pixel == self.shape[2]
    }

    pub(crate) const fn is_bytes(&self) -> bool {
        self.element == 1
    }

    /// From the first byte to the one behind the last.
    const fn range(&self) -> (usize, usize) {
        let first = match self.offset {
            Some(offset) => offset,
            None => 0,
        };
        let pixels = self.shape[0] * self.shape[1];
        let elements = (pixels - 1) * self.pixel + self.shape[2];
        (first, first + elements * self.element)
    }

    /// Whether it lies in memory of these sizes, where a kernel expects it.
    pub(crate) const fn is_inside(&self, input: usize, arena: usize) -> bool {
        let [h, w, c] = self.shape;
        if h == 0 || w == 0 || c == 0 || self.pixel < c {
            return false;
        }
        let (first, end) = self.range();
        match self.offset {
            Some(_) => end <= arena && first.is_multiple_of(self.element),
            None => end <= input && self.is_bytes(),
        }
    }

    /// Whether no byte of one may be one of the other: parts of one buffer of pixels, or different ranges.
    pub(crate) const fn is_apart(&self, other: &Self) -> bool {
        let (Some(a), Some(b)) = (self.offset, other.offset) else {
            return self.offset.is_some() || other.offset.is_some();
        };
        let ((first, end), (other_first, other_end)) = (self.range(), other.range());
        if end <= other_first || other_end <= first {
            return true;
        }
        // Channels of one buffer: between the channels of a pixel of one there is none of the other.
        let one_buffer = self.pixel == other.pixel
            && self.element == other.element
            && self.shape[0] == other.shape[0]
            && self.shape[1] == other.shape[1];
        let (low, channels, high) = if a < b {
            (a, self.shape[2], b)
        } else {
            (b, other.shape[2], a)
        };
        let behind = if a < b { other.shape[2] } else { self.shape[2] };
        let between = (high - low) / self.element;
        one_buffer && channels <= between && between + behind <= self.pixel
    }

    /// Whether they are one picture.
    pub(crate) const fn is(&self, other: &Self) -> bool {
        let same_offset = match (self.offset, other.offset) {
            (Some(a), Some(b)) => a == b,
            (None, None) => true,
            _ => false,
        };
        same_offset
            && self.has_shape_of(other)
            && self.pixel == other.pixel
            && self.element == other.element
    }

    pub(crate) const fn has_shape_of(&self, other: &Self) -> bool {
        let ([h, w, c], [oh, ow, oc]) = (self.shape, other.shape);
        h == oh && w == ow && c == oc
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_buffer_are_apart() {
        let whole = Place::bytes(16, [2, 3, 8]);
        let part =
            |channel: usize, channels| Place::bytes(16 + channel, [2, 3, channels]).in_pixels_of(8);
        assert!(part(0, 3).is_apart(&part(3, 5)));
        assert!(part(3, 5).is_apart(&part(0, 3)));
        assert!(!part(0, 4).is_apart(&part(3, 5)));
        assert!(!part(0, 3).is_apart(&whole));
        assert!(whole.is_apart(&Place::bytes(64, [1, 1, 4])));
        assert!(!whole.is_apart(&Place::bytes(63, [1, 1, 4])));
        assert!(Place::input([9, 9, 9]).is_apart(&whole));
        assert!(!Place::input([9, 9, 9]).is_apart(&Place::input([1, 1, 1])));
        // Six channels that reach into the next pixel.
        assert!(!part(0, 3).is_apart(&Place::bytes(16 + 3, [2, 3, 6]).in_pixels_of(8)));
    }

    #[test]
    fn what_does_not_fit_is_outside() {
        assert!(Place::bytes(4, [2, 2, 3]).is_inside(0, 16));
        assert!(!Place::bytes(4, [2, 2, 3]).is_inside(0, 15));
        assert!(Place::floats(8, [1, 1, 2]).is_inside(0, 16));
        assert!(!Place::floats(6, [1, 1, 2]).is_inside(0, 16));
        assert!(!Place::bytes(0, [2, 0, 3]).is_inside(9, 9));
        assert!(Place::input([2, 2, 3]).is_inside(12, 0));
        assert!(!Place::input([2, 2, 3]).is_inside(11, 99));
    }
}
