//! What there is to choose for a step: the method, the instruction set, the precision.

use super::conv;
use super::simd::{self, Level};
use crate::plan::{Element, Op};
use crate::{Error, ErrorKind};
use alloc::format;
use core::fmt;

/// A CPU as kernels see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    level: Level,
}

impl Machine {
    /// The machine at hand.
    #[must_use]
    pub fn here() -> Self {
        Self {
            level: simd::level(),
        }
    }

    /// The same machine as if it had no better instructions than these: for tests and experiments. It holds for convolutions, transposed or not, and fully
    /// connected layers; all other kernels give the same bits at each level, and take the best.
    ///
    /// # Errors
    /// With [`ErrorKind::Choice`], if this machine cannot run the level.
    pub fn with_level(self, level: Level) -> Result<Self, Error> {
        if level > simd::level() {
            let problem = format!("this CPU has no {level}; its best is {}", simd::level());
            return Err(Error::new(ErrorKind::Choice, problem));
        }
        Ok(Self { level })
    }

    /// The instructions that kernels may use.
    #[must_use]
    pub fn level(self) -> Level {
        self.level
    }

    /// How the operation is computed on this machine, unless something else is asked for.
    #[must_use]
    pub fn choice(self, op: &Op) -> Choice {
        let (method, level) = match op {
            Op::Conv(d) => (conv::method(d, self.level), self.level),
            Op::Deconv(_) | Op::Fc(_) => (Method::Direct, self.level),
            _ => (Method::Only, simd::level()),
        };
        Choice {
            method,
            level,
            precision: Element::F32,
        }
    }

    /// The ways to compute the operation.
    pub fn methods(self, op: &Op) -> impl Iterator<Item = Method> + use<> {
        let chosen = self.choice(op).method;
        let op = *op;
        let others = Method::ALL.iter().copied();
        others.filter(move |method| match &op {
            Op::Conv(d) => conv::can(d, *method),
            _ => *method == chosen,
        })
    }
}

/// How a step is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Which kernel.
    pub method: Method,
    /// For which instructions.
    pub level: Level,
    /// The numbers that it calculates with.
    pub precision: Element,
}

impl fmt::Display for Choice {
    /// `direct avx2 f32`, `avx2 f32` where there is one kernel only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.method != Method::Only {
            write!(f, "{} ", self.method)?;
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
        /// The only kernel of its operation.
        Only = "only",
        /// Convolution, transposed convolution and fully connected layers: packed weights pass over the picture where it lies.
        Direct = "direct",
        /// Convolution: the same over a copy of the picture that holds its padding.
        Padded = "padded",
        /// Convolution: one filter a channel, a vector of channels at a time.
        Depthwise = "depthwise",
    }
}
