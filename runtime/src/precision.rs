//! How exactly products are computed.

use core::fmt;

/// What the operands of products are rounded to; sums and all values of layers are `f32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Precision {
    /// Not rounded: fused multiply-adds.
    #[default]
    F32,
    /// To 10 bits of mantissa, for tensor cores; on the CPU, and on a GPU without them for this format (before sm_80), as `F32`.
    Tf32,
    /// To 7 bits of mantissa, for tensor cores; on a GPU without them for this format (before sm_80) as `F32`. On the CPU the weights of
    /// fully connected layers that have too many for its caches: those layers take as long as reading them. In training as `F32` there.
    Bf16,
}

impl Precision {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::F32, Self::Tf32, Self::Bf16];

    /// Its name: `tf32`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Tf32 => "tf32",
            Self::Bf16 => "bf16",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
