//! Arithmetic of IEEE 754 single precision in integers, to the bit: round to nearest, ties to even.
//!
//! For the numbers of a network: no infinities, no NaN, and what would be subnormal keeps its bits.

/// `mantissa * 2^exponent`, the mantissa of 24 bits: what an `f32` can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Real {
    mantissa: i32,
    exponent: i32,
}

/// Bits of a mantissa.
const BITS: u32 = 24;

impl Real {
    /// 0, smaller than all others.
    const ZERO: Self = Self {
        mantissa: 0,
        exponent: -1 << 16,
    };

    pub(crate) const fn of(x: f32) -> Self {
        let bits = x.to_bits();
        let (exponent, fraction) = ((bits >> 23 & 0xff) as i32, (bits & 0x7f_ffff) as i32);
        let (mantissa, exponent) = match exponent {
            0 => (fraction, -149),
            _ => (fraction | 0x80_0000, exponent - 150),
        };
        let mantissa = if bits >> 31 == 1 { -mantissa } else { mantissa };
        Self::nearest(mantissa as i64, exponent)
    }

    pub(crate) const fn of_integer(x: i32) -> Self {
        Self::nearest(x as i64, 0)
    }

    /// The nearest to `mantissa * 2^exponent`.
    const fn nearest(mantissa: i64, exponent: i32) -> Self {
        if mantissa == 0 {
            return Self::ZERO;
        }
        let size = 64 - mantissa.unsigned_abs().leading_zeros();
        if size > BITS {
            let shift = size - BITS;
            // May be 2^24, which is as good.
            Self {
                mantissa: half_even(mantissa, shift) as i32,
                exponent: exponent + shift as i32,
            }
        } else {
            let shift = BITS - size;
            Self {
                mantissa: (mantissa << shift) as i32,
                exponent: exponent - shift as i32,
            }
        }
    }

    pub(crate) const fn times(self, other: Self) -> Self {
        let product = self.mantissa as i64 * other.mantissa as i64;
        Self::nearest(product, self.exponent + other.exponent)
    }

    pub(crate) const fn plus(self, other: Self) -> Self {
        let (high, low) = match self.exponent >= other.exponent {
            true => (self, other),
            false => (other, self),
        };
        let apart = high.exponent - low.exponent;
        // So far apart the lower one is less than a quarter of the higher one's last bit.
        if apart > 38 {
            return high;
        }
        let sum = ((high.mantissa as i64) << apart) + low.mantissa as i64;
        Self::nearest(sum, low.exponent)
    }

    /// The nearest integer, or the end of the range of `i32` that it lies behind.
    pub(crate) const fn to_integer(self) -> i32 {
        match self.exponent {
            8.. if self.mantissa < 0 => i32::MIN,
            8.. => i32::MAX,
            0.. => {
                let wide = (self.mantissa as i64) << self.exponent;
                if wide > i32::MAX as i64 {
                    i32::MAX
                } else if wide < i32::MIN as i64 {
                    i32::MIN
                } else {
                    wide as i32
                }
            }
            -40..0 => half_even(self.mantissa as i64, -self.exponent as u32) as i32,
            _ => 0,
        }
    }

    /// A number that is larger for a larger real, and as [`key`] has it.
    pub(crate) const fn key(self) -> i32 {
        let magnitude = match self.exponent + 150 {
            ..=0 => 0,
            255.. => 0x7f7f_ffff,
            // The bit above the fraction adds 1 to the exponent, and a carry into it is right too.
            exponent => ((exponent - 1) << 23) + self.mantissa.abs(),
        };
        if self.mantissa < 0 {
            !magnitude
        } else {
            magnitude
        }
    }
}

/// A number that is larger for a larger `x`; -0 is next to 0.
pub(crate) const fn key(x: f32) -> i32 {
    let bits = x.to_bits() as i32;
    if bits < 0 { !(bits & i32::MAX) } else { bits }
}

/// `x / 2^shift`, rounded to the nearest, ties to even; a shift from 1 to 62.
const fn half_even(x: i64, shift: u32) -> i64 {
    let floor = x >> shift;
    let (rest, half) = (x - (floor << shift), 1 << (shift - 1));
    let up = rest > half || rest == half && floor & 1 == 1;
    floor + up as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of all sizes, and such that end in ties.
    fn numbers() -> impl Iterator<Item = f32> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        (0..4_000_000_u32).map(move |i| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let random = (state >> 16) as u32;
            // Exponents from 2^-40 to 2^40; every third one with few bits.
            let fraction = match i % 3 {
                0 => random & 0x70_0000,
                1 => random & 0x7f_f000,
                _ => random & 0x7f_ffff,
            };
            let exponent = 87 + (state >> 48) as u32 % 80;
            f32::from_bits(random & 0x8000_0000 | exponent << 23 | fraction)
        })
    }

    #[test]
    fn as_the_processor_computes() {
        let mut before = 1.0;
        for x in numbers() {
            let (a, b) = (Real::of(before), Real::of(x));
            assert_eq!(a.times(b).key(), key(before * x), "{before:e} * {x:e}");
            assert_eq!(a.plus(b).key(), key(before + x), "{before:e} + {x:e}");
            assert_eq!(b.to_integer(), x.round_ties_even() as i32, "{x:e}");
            assert_eq!(a.key().cmp(&b.key()), before.total_cmp(&x));
            assert_eq!(b.key(), key(x));
            before = x;
        }
    }

    #[test]
    fn integers() {
        for x in [
            0,
            1,
            -1,
            1 << 24,
            (1 << 24) + 1,
            (1 << 24) + 3,
            i32::MAX,
            i32::MIN,
            -255,
        ] {
            assert_eq!(Real::of_integer(x).key(), key(x as f32), "{x}");
            assert_eq!(Real::of_integer(x).to_integer(), x as f32 as i32);
        }
        for x in [
            0.5,
            1.5,
            2.5,
            -0.5,
            -1.5,
            0.499_999_97,
            254.5,
            255.5,
            3e9,
            -3e9,
            0.0,
        ] {
            assert_eq!(Real::of(x).to_integer(), x.round_ties_even() as i32, "{x}");
        }
    }
}
