//! What there is to choose for a step: the method, the instruction set, the precision.

use super::simd::Level;
use crate::plan::Element;
use core::fmt;

/// How a step is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Which kernel.
    pub method: Method,
    /// For which instructions.
    pub level: Level,
    /// The numbers that it calculates with.
    pub precision: Element,
    /// Whether Winograd's method may be taken for what goes with it: in training, for backward through a convolution.
    pub winograd: bool,
}

impl fmt::Display for Choice {
    /// `direct avx2 f32`, `avx2 f32` where there is one kernel only, `int8 avx2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.method {
            Method::Int8 => return write!(f, "{} {}", self.method, self.level),
            Method::Only => {}
            method => write!(f, "{method} ")?,
        }
        write!(f, "{} {}", self.level, self.precision.name())
    }
}

/// Names for the values of an enum, in both directions.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named! {
    /// A way to compute an operation. Each gives what the plain reference gives, up to rounding; with the same method, level and
    /// precision, the same bits.
    Method {
        /// There is nothing to choose, neither method nor level.
        Only = "only",
        /// Convolution, transposed convolution and fully connected layers: packed weights pass over the picture where it lies.
        Direct = "direct",
        /// Convolution: the same over a copy of the picture that holds its padding.
        Padded = "padded",
        /// Convolution of few filters: directly, several pixels of a row in one vector.
        Abreast = "abreast",
        /// Convolution: one filter a channel, a vector of channels at a time.
        Depthwise = "depthwise",
        /// Convolution in groups of few filters: those of several groups in one vector.
        Grouped = "grouped",
        /// Convolution, 3x3 and 5x5 of stride 1: Winograd's F(2x2, 3x3), 4 products an output in place of 9, with errors up to 3e-6 of the largest
        /// output; or F(2x2, 5x5), 9 in place of 25, up to 2e-5.
        Winograd2 = "winograd2",
        /// Convolution, 3x3 of stride 1: F(4x4, 3x3), 2.25 products an output, errors up to 2e-5 of the largest output.
        Winograd4 = "winograd4",
        /// From and to bytes, where a network has been quantised ([`Prepared::with_int8`](crate::Prepared::with_int8)).
        Int8 = "int8",
    }
}

impl Method {
    /// Whether it computes fewer products than the definition has, of sums of its terms: faster, with larger rounding errors.
    #[must_use]
    pub fn is_winograd(self) -> bool {
        matches!(self, Method::Winograd2 | Method::Winograd4)
    }
}
