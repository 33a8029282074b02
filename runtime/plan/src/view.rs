//! Places in memory.

use crate::{Literal, grouped};
use alloc::format;
use alloc::string::String;

/// The memory that a view lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The caller's images.
    Input,
    /// The arena, at this offset (bytes per image).
    Arena(usize),
}

/// What the elements of a view are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Element {
    /// IEEE 754 single precision.
    #[default]
    F32,
    /// The upper half of a single: 8 bits of exponent, 7 of mantissa. Weights only, so far: no view has it.
    Bf16,
    /// A byte that stands for `scale * (byte - zero point)`; the two belong to the value.
    U8,
}

impl Element {
    /// Bytes of one.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Element::F32 => 4,
            Element::Bf16 => 2,
            Element::U8 => 1,
        }
    }

    /// The name: `f32`, `bf16` or `u8`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Element::F32 => "f32",
            Element::Bf16 => "bf16",
            Element::U8 => "u8",
        }
    }
}

/// A picture (or vector: 1x1xn) inside a buffer, so that CONCAT costs nothing: its channels may be a part of a wider pixel.
///
/// Element `(image i, y, x, c)` of the view, in a workspace for `n` images, lies at
/// `offset * n` bytes and `i * image + (y * w + x) * pixel + channel + c` elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct View {
    /// The memory and the buffer's offset in it.
    pub slot: Slot,
    /// Height, width, channels of the view.
    pub shape: [usize; 3],
    /// Elements from one pixel to the next: the channels of the whole buffer.
    pub pixel: usize,
    /// First channel of the view inside the buffer's pixel.
    pub channel: usize,
    /// What the elements are.
    pub element: Element,
}

impl View {
    /// The caller's images, dense.
    #[must_use]
    pub const fn input(shape: [usize; 3]) -> Self {
        Self {
            slot: Slot::Input,
            shape,
            pixel: shape[2],
            channel: 0,
            element: Element::F32,
        }
    }

    /// A dense buffer of the arena, at this offset in bytes per image.
    #[must_use]
    pub const fn arena(offset: usize, shape: [usize; 3]) -> Self {
        Self {
            slot: Slot::Arena(offset),
            shape,
            pixel: shape[2],
            channel: 0,
            element: Element::F32,
        }
    }

    /// These channels of a buffer whose pixels have `pixel` channels, starting at `channel`.
    #[must_use]
    pub const fn channels(self, channel: usize, pixel: usize) -> Self {
        Self {
            pixel,
            channel,
            ..self
        }
    }

    /// A value of this shape at some channels of the view, from `channel` on.
    #[must_use]
    pub const fn part(self, channel: usize, shape: [usize; 3]) -> Self {
        Self {
            shape,
            channel: self.channel + channel,
            ..self
        }
    }

    /// The view with more channels, of the same pixels.
    #[must_use]
    pub const fn wider(self, channels: usize) -> Self {
        let [h, w, c] = self.shape;
        self.part(0, [h, w, c + channels])
    }

    /// A value of this shape in the same buffer, at the channels that follow.
    #[must_use]
    pub const fn beside(self, shape: [usize; 3]) -> Self {
        self.part(self.shape[2], shape)
    }

    /// Elements from one image to the next.
    #[must_use]
    pub const fn image(&self) -> usize {
        self.shape[0] * self.shape[1] * self.pixel
    }

    /// Bytes from one image to the next.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.image() * self.element.bytes()
    }

    /// Elements of the view itself, per image.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.shape[0] * self.shape[1] * self.shape[2]
    }

    /// Whether the view has no element.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the view covers its buffer without gaps.
    #[must_use]
    pub const fn is_dense(&self) -> bool {
        self.pixel == self.shape[2]
    }
}

impl Literal for View {
    fn literal(&self) -> String {
        let mut text = match self.slot {
            Slot::Input => format!("View::input({})", self.shape.literal()),
            Slot::Arena(offset) => {
                format!(
                    "View::arena({}, {})",
                    grouped(offset as u64, '_'),
                    self.shape.literal()
                )
            }
        };
        if !self.is_dense() {
            text.push_str(&format!(".channels({}, {})", self.channel, self.pixel));
        }
        text
    }
}
