//! What becomes of sums: the byte nearest to `sum * scale + bias`, as single precision computes it, without floating point.
//!
//! Each operation of single precision rounds. How the last rounding falls is clear from a sum with 16 fractional bits, unless that lies
//! within the errors of a tie: then, once in some thousand times, the same roundings are made in integers ([`Real`]).

use crate::real::{Real, key};

/// The numbers of a filter.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Filter {
    /// Multiplies the sum. Above 0.
    pub scale: f32,
    /// Is added to the product.
    pub bias: f32,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    /// The nearest byte, between a lowest and a highest one.
    Bytes(u8, u8),
    /// How many of 255 numbers, in order, are not above the result: a byte behind an activation that never falls.
    Steps(&'static [f32; 255]),
    /// The number itself, between two bounds, as `f32`.
    Numbers(f32, f32),
}

/// Fractional bits.
const FRACTION: i32 = 16;
const ONE: i64 = 1 << FRACTION;
const HALF: i32 = 1 << (FRACTION - 1);

/// Up to six operations of single precision, each of which may be wrong by half a unit in the last of 24 bits, of numbers up to this size
/// with 16 fractional bits; and three numbers that are cut off there.
#[inline(always)]
const fn margin(size: i64) -> i64 {
    (size >> 21) + 3
}

/// Whether the last rounding could fall otherwise, if `up` is a number and a half that may be wrong by the margin.
#[inline(always)]
const fn is_near_tie(up: i32, margin: u32) -> bool {
    (up as u32).wrapping_add(margin) & (ONE as u32 - 1) <= 2 * margin
}

#[inline(always)]
fn bounded(whole: i32, (low, high): (u8, u8)) -> u8 {
    whole.max(low.into()).min(high.into()) as u8
}

/// The mantissa of a number, with its sign, and how far a product with it is shifted to have 16 fractional bits; perhaps to the left.
#[inline(always)]
fn parts(x: f32) -> (i32, i32) {
    let bits = x.to_bits();
    let exponent = (bits >> 23 & 0xff) as i32;
    let mantissa = (bits & 0x7f_ffff | 0x80_0000) as i32;
    let mantissa = if bits >> 31 == 1 { -mantissa } else { mantissa };
    (mantissa, 150 - FRACTION - exponent)
}

/// A number with 16 fractional bits, cut off there; `None` if it is 2^14 or more in size.
#[inline(always)]
fn fixed(x: f32) -> Option<i32> {
    match parts(x) {
        (mantissa, shift @ 0..32) => Some(mantissa >> shift),
        (mantissa, shift @ -6..0) => Some(mantissa << -shift),
        (_, 32..) => Some(0),
        _ => None,
    }
}

/// A filter's numbers, prepared for many sums.
#[derive(Clone, Copy)]
pub(crate) struct Prepared {
    /// The scale's mantissa, with 31 bits.
    scale: i32,
    /// How far a sum is shifted before the upper half of its product with the scale has 16 fractional bits.
    left: u32,
    /// With 16 fractional bits, and a half.
    bias: i32,
    margin: u32,
}

impl Prepared {
    /// For nothing.
    pub(crate) const NONE: Self = Self {
        scale: 0,
        left: 0,
        bias: 0,
        margin: 0,
    };

    #[inline(always)]
    pub(crate) fn of(filter: &Filter) -> Self {
        let (mantissa, shift) = parts(filter.scale);
        let left = 25 - shift;
        match fixed(filter.bias) {
            Some(bias) if (0..25).contains(&left) => Self {
                scale: mantissa << 7,
                left: left as u32,
                bias: bias + HALF,
                margin: margin(i64::from(bias.unsigned_abs()) + 513 * ONE) as u32,
            },
            // Every number is near a tie then.
            _ => Self {
                margin: 1 << FRACTION,
                ..Self::NONE
            },
        }
    }

    /// `sum * scale + bias`, and a half; `None` if the sum is too large for it.
    #[inline(always)]
    fn up(&self, sum: i32) -> Option<i32> {
        // SAFETY: `of` gives less than 25.
        unsafe { core::hint::assert_unchecked(self.left < 32) };
        let shifted = sum << self.left;
        let product = (i64::from(shifted) * i64::from(self.scale)) >> 32;
        (shifted >> self.left == sum).then(|| (product as i32).saturating_add(self.bias))
    }

    /// The byte nearest to `sum * scale + bias`.
    #[inline(always)]
    pub(crate) fn byte(&self, sum: i32, filter: &Filter, bounds: (u8, u8)) -> u8 {
        let whole = match self.up(sum) {
            Some(up) if !is_near_tie(up, self.margin) => up >> FRACTION,
            _ => exactly(sum, filter, None),
        };
        bounded(whole, bounds)
    }

    /// The byte nearest to `(sum * scale + bias) + added`.
    #[inline(always)]
    pub(crate) fn byte_onto(
        &self,
        sum: i32,
        filter: &Filter,
        added: Product,
        bounds: (u8, u8),
    ) -> u8 {
        let more = added.fixed();
        let whole = match (self.up(sum), more) {
            (Some(up), Some(more)) => {
                let up = up.saturating_add(more);
                let margin = self.margin + (more.unsigned_abs() >> 21) + 1;
                match is_near_tie(up, margin) {
                    false => up >> FRACTION,
                    true => exactly(sum, filter, Some(added)),
                }
            }
            _ => exactly(sum, filter, Some(added)),
        };
        bounded(whole, bounds)
    }
}

/// A byte, and what it is multiplied by.
#[derive(Clone, Copy)]
pub(crate) struct Product {
    pub(crate) byte: u8,
    pub(crate) factor: f32,
}

impl Product {
    fn exact(self) -> Real {
        Real::of_integer(self.byte.into()).times(Real::of(self.factor))
    }

    /// With 16 fractional bits, cut off there; `None` for factors of 16 and more, and of less than 2^-19.
    #[inline(always)]
    fn fixed(self) -> Option<i32> {
        let (mantissa, shift) = parts(self.factor);
        // As for sums: a byte has room for 22 bits more.
        let left = (3..=25).contains(&shift).then_some(25 - shift)?;
        let product = i64::from(i32::from(self.byte) << left) * i64::from(mantissa << 7);
        Some((product >> 32) as i32)
    }
}

/// The integer nearest to `(sum * scale + bias) + added`.
#[cold]
#[inline(never)]
fn exactly(sum: i32, filter: &Filter, added: Option<Product>) -> i32 {
    result(sum, filter, added).to_integer()
}

/// `(sum * scale + bias) + added`, as single precision has it.
fn result(sum: i32, filter: &Filter, added: Option<Product>) -> Real {
    let product = Real::of_integer(sum).times(Real::of(filter.scale));
    let result = product.plus(Real::of(filter.bias));
    match added {
        Some(added) => result.plus(added.exact()),
        None => result,
    }
}

/// The byte nearest to `(a + b) + shift`.
#[inline(always)]
pub(crate) fn byte_of_two([a, b]: [Product; 2], shift: f32, bounds: (u8, u8)) -> u8 {
    let whole = match (a.fixed(), b.fixed(), fixed(shift)) {
        (Some(x), Some(y), Some(z)) => {
            let size = |x: i32| i64::from(x.unsigned_abs());
            let margin = margin(size(x) + size(y) + size(z) + 513 * ONE) as u32;
            let up = x.saturating_add(y).saturating_add(z).saturating_add(HALF);
            match is_near_tie(up, margin) {
                false => up >> FRACTION,
                true => exactly_two([a, b], shift),
            }
        }
        _ => exactly_two([a, b], shift),
    };
    bounded(whole, bounds)
}

/// The integer nearest to `(a + b) + shift`.
#[cold]
#[inline(never)]
fn exactly_two([a, b]: [Product; 2], shift: f32) -> i32 {
    a.exact().plus(b.exact()).plus(Real::of(shift)).to_integer()
}

/// How many of the numbers are not above `(sum * scale + bias) + added * factor`.
#[inline(never)]
pub(crate) fn steps(sum: i32, filter: &Filter, added: Option<Product>, numbers: &[f32; 255]) -> u8 {
    let result = result(sum, filter, added).key();
    // Eight halvings of what may be 0 to 255.
    let (mut below, mut step) = (0_usize, 128);
    while step > 0 {
        // At most the 255th number.
        if numbers
            .get(below + step - 1)
            .is_some_and(|number| key(*number) <= result)
        {
            below += step;
        }
        step /= 2;
    }
    below as u8
}

/// `(sum * scale + bias) + added * factor` between the bounds, in floating point.
#[inline(always)]
pub(crate) fn number(
    sum: i32,
    filter: &Filter,
    added: Option<Product>,
    (low, high): (f32, f32),
) -> f32 {
    let mut y = sum as f32 * filter.scale + filter.bias;
    if let Some(added) = added {
        y += f32::from(added.byte) * added.factor;
    }
    let y = if y > low { y } else { low };
    if y < high { y } else { high }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Random(u64);

    impl Random {
        fn next(&mut self) -> u32 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 24) as u32
        }

        /// Of random size between the powers of two, either sign.
        fn number(&mut self, from: u32, to: u32) -> f32 {
            let bits = self.next();
            let exponent = from + self.next() % (to - from);
            f32::from_bits(bits & 0x807f_ffff | exponent << 23)
        }
    }

    fn rounded(x: f32, (low, high): (u8, u8)) -> u8 {
        x.round_ties_even().clamp(low.into(), high.into()) as u8
    }

    #[test]
    fn bytes_are_those_of_floating_point() {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for round in 0..3_000_000 {
            let scale = random.number(100, 130).abs();
            let bias = random.number(100, 145);
            let filter = Filter { scale, bias };
            // Sums around the result's range, or anywhere.
            let sum = match round % 4 {
                0 => random.next() as i32,
                _ => {
                    let wanted =
                        (random.next() % 270) as f32 - 7.0 + 0.5 * (random.next() & 1) as f32;
                    ((wanted - bias) / scale) as i32
                }
            };
            let bounds = ((random.next() % 9) as u8, 255 - (random.next() % 9) as u8);
            let expected = rounded(sum as f32 * scale + bias, bounds);
            let prepared = Prepared::of(&filter);
            assert_eq!(
                prepared.byte(sum, &filter, bounds),
                expected,
                "{sum} {filter:?}"
            );

            let (other, factor) = (random.next() as u8, random.number(105, 132));
            let added = Product {
                byte: other,
                factor,
            };
            let onto = (sum as f32 * scale + bias) + f32::from(other) * factor;
            assert_eq!(
                prepared.byte_onto(sum, &filter, added, bounds),
                rounded(onto, bounds),
                "{sum} {filter:?} {other} {factor}"
            );

            let byte = random.next() as u8;
            let two = (f32::from(byte) * scale + f32::from(other) * factor) + bias;
            let one = Product {
                byte,
                factor: scale,
            };
            assert_eq!(
                byte_of_two([one, added], bias, bounds),
                rounded(two, bounds),
                "{byte} {scale} {other} {factor} {bias}"
            );
        }
    }

    #[test]
    fn ties_are_as_in_floating_point() {
        let mut exact = 0;
        for sum in -2000..2000 {
            for (scale, bias) in [
                (0.5, 0.0),
                (0.25, 0.25),
                (1.0, 0.5),
                (0.125, -3.5),
                (3.0, 1.5),
            ] {
                let filter = Filter { scale, bias };
                let expected = rounded(sum as f32 * scale + bias, (0, 255));
                let prepared = Prepared::of(&filter);
                assert_eq!(
                    prepared.byte(sum, &filter, (0, 255)),
                    expected,
                    "{sum} {filter:?}"
                );
                exact += 1;
            }
        }
        assert_eq!(exact, 20_000);
    }

    #[test]
    fn steps_count_what_is_not_above() {
        let numbers: [f32; 255] = core::array::from_fn(|i| match i {
            250.. => f32::INFINITY,
            _ => (i as f32 - 100.0) * 0.37,
        });
        let numbers: &'static [f32; 255] = Box::leak(Box::new(numbers));
        let mut random = Random(77);
        for _ in 0..200_000 {
            let filter = Filter {
                scale: random.number(110, 125).abs(),
                bias: random.number(110, 132),
            };
            let sum = (random.next() % 100_000) as i32 - 50_000;
            let added = Product {
                byte: random.next() as u8,
                factor: random.number(110, 125),
            };
            let plain = sum as f32 * filter.scale + filter.bias;
            let onto = plain + f32::from(added.byte) * added.factor;
            let count = |x: f32| numbers.iter().filter(|number| **number <= x).count() as u8;
            assert_eq!(steps(sum, &filter, None, numbers), count(plain));
            assert_eq!(steps(sum, &filter, Some(added), numbers), count(onto));
        }
    }
}
