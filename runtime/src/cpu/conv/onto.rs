//! What the sums of a convolution are added to.

use super::pixels::Pixels;

/// What a convolution's sums are added to, before its activation.
#[derive(Clone, Copy)]
pub(crate) enum Onto<'m> {
    /// The biases.
    Biases,
    /// What the output holds; no biases.
    #[cfg_attr(
        not(feature = "train"),
        allow(dead_code, reason = "only gradients are added up")
    )]
    Output,
    /// The biases and a picture of the output's shape, which may be the output itself.
    Picture(Pixels<'m>),
}

impl Onto<'_> {
    /// From this channel on.
    pub(super) fn skip(self, channels: usize) -> Self {
        match self {
            Onto::Picture(picture) => Onto::Picture(picture.skip(channels)),
            other => other,
        }
    }

    /// Whether biases are added.
    pub(super) fn has_biases(self) -> bool {
        !matches!(self, Onto::Output)
    }

    /// Where the picture's channel of a pixel lies, and the elements between two pixels; null where there is none.
    #[inline]
    pub(super) fn at(self, pixel: usize, channel: usize) -> (*const f32, usize) {
        match self {
            Onto::Picture(picture) => {
                let address = picture.at(pixel * picture.pixel + channel);
                (address.cast_const(), picture.pixel)
            }
            _ => (core::ptr::null(), 0),
        }
    }
}
