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
const HALF: i64 = ONE / 2;

/// A number that integers are multiplied by: its exact bits, and what a product with 16 fractional bits needs.
#[derive(Clone, Copy)]
pub(crate) struct Factor {
    exact: f32,
    mantissa: i32,
    shift: u32,
}

impl Factor {
    #[inline(always)]
    pub(crate) fn of(x: f32) -> Self {
        let bits = x.to_bits();
        let exponent = (bits >> 23 & 0xff) as i32;
        let mantissa = (bits & 0x7f_ffff | 0x80_0000) as i32;
        Self {
            exact: x,
            mantissa: if bits >> 31 == 1 { -mantissa } else { mantissa },
            shift: (150 - FRACTION - exponent) as u32,
        }
    }

    /// Whether products of it with integers of 32 bits can be formed so: it is less than 2^7, and more than 2^-45.
    #[inline(always)]
    fn is_plain(&self) -> bool {
        self.shift.wrapping_sub(1) < 62
    }

    /// `x` times it, with 16 fractional bits, rounded down.
    #[inline(always)]
    fn times(&self, x: i32) -> i64 {
        (i64::from(x) * i64::from(self.mantissa)) >> (self.shift & 63)
    }
}

/// A number with 16 fractional bits; an error of less than one of them.
#[inline(always)]
fn fixed(x: f32) -> Option<i32> {
    let factor = Factor::of(x);
    match factor.shift as i32 {
        // Less than 2^15 in size.
        1..=31 => Some(factor.mantissa >> factor.shift),
        -6..=0 => Some(factor.mantissa << -(factor.shift as i32)),
        32.. => Some(0),
        _ => None,
    }
}

/// A sum, and what it is multiplied by.
pub(crate) type Product = (i32, Factor);

/// The byte nearest to the sum of products and a number, between bounds. `order` adds them up as the original does.
#[inline(always)]
fn nearest<const N: usize>(
    products: [Product; N],
    bias: f32,
    (low, high): (u8, u8),
    order: impl FnOnce([Real; N], Real) -> Real,
) -> u8 {
    let exactly = || {
        let terms = products.map(|(x, factor)| Real::of_integer(x).times(Real::of(factor.exact)));
        i64::from(order(terms, Real::of(bias)).to_integer())
    };
    let whole = match fixed(bias) {
        Some(bias) if products.iter().all(|(_, factor)| factor.is_plain()) => {
            let mut sum = i64::from(bias);
            // Of the largest number that is rounded on the way to a byte: beyond that the result is a bound all the same.
            let mut size = i64::from(bias.unsigned_abs()) + 513 * ONE;
            for (i, (x, factor)) in products.iter().enumerate() {
                let product = factor.times(*x);
                sum += product;
                if i > 0 {
                    size += product.abs();
                }
            }
            // Up to six roundings to 24 bits; each fixed number is less than 1 off.
            let margin = (size >> 21) + 2 + N as i64;
            let up = sum + HALF;
            match (up + margin) & (ONE - 1) <= 2 * margin {
                true => exactly(),
                false => up >> FRACTION,
            }
        }
        _ => exactly(),
    };
    whole.clamp(i64::from(low), i64::from(high.max(low))) as u8
}

/// The byte nearest to `sum * scale + bias`.
#[inline(always)]
pub(crate) fn byte(sum: i32, filter: &Filter, bounds: (u8, u8)) -> u8 {
    let product = (sum, Factor::of(filter.scale));
    nearest([product], filter.bias, bounds, |[a], bias| a.plus(bias))
}

/// The byte nearest to `(sum * scale + bias) + added * factor`.
#[inline(always)]
pub(crate) fn byte_onto(sum: i32, filter: &Filter, added: Product, bounds: (u8, u8)) -> u8 {
    let products = [(sum, Factor::of(filter.scale)), added];
    nearest(products, filter.bias, bounds, |[a, b], bias| a.plus(bias).plus(b))
}

/// The byte nearest to `(a + b) + shift`.
#[inline(always)]
pub(crate) fn byte_of_two(products: [Product; 2], shift: f32, bounds: (u8, u8)) -> u8 {
    nearest(products, shift, bounds, |[a, b], shift| a.plus(b).plus(shift))
}

/// How many of the numbers are not above `(sum * scale + bias) + added * factor`.
pub(crate) fn steps(
    sum: i32,
    filter: &Filter,
    added: Option<Product>,
    numbers: &[f32; 255],
) -> u8 {
    let product = Real::of_integer(sum).times(Real::of(filter.scale));
    let mut result = product.plus(Real::of(filter.bias));
    if let Some((x, factor)) = added {
        result = result.plus(Real::of_integer(x).times(Real::of(factor.exact)));
    }
    let result = result.key();
    // Eight halvings of what may be 0 to 255.
    let (mut below, mut step) = (0_usize, 128);
    while step > 0 {
        // At most the 255th number.
        if numbers.get(below + step - 1).is_some_and(|number| key(*number) <= result) {
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
    if let Some((x, factor)) = added {
        y += x as f32 * factor.exact;
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
                    let wanted = (random.next() % 270) as f32 - 7.0 + 0.5 * (random.next() & 1) as f32;
                    ((wanted - bias) / scale) as i32
                }
            };
            let bounds = ((random.next() % 9) as u8, 255 - (random.next() % 9) as u8);
            let expected = rounded(sum as f32 * scale + bias, bounds);
            assert_eq!(byte(sum, &filter, bounds), expected, "{sum} {filter:?}");

            let (other, factor) = ((random.next() & 255) as i32, random.number(115, 130));
            let added = (other, Factor::of(factor));
            let onto = (sum as f32 * scale + bias) + other as f32 * factor;
            assert_eq!(
                byte_onto(sum, &filter, added, bounds),
                rounded(onto, bounds),
                "{sum} {filter:?} {other} {factor}"
            );

            let byte = (random.next() & 255) as i32;
            let two = (byte as f32 * scale + other as f32 * factor) + bias;
            let products = [(byte, Factor::of(scale)), added];
            assert_eq!(
                byte_of_two(products, bias, bounds),
                rounded(two, bounds),
                "{byte} {scale} {other} {factor} {bias}"
            );
        }
    }

    #[test]
    fn ties_are_as_in_floating_point() {
        let mut exact = 0;
        for sum in -2000..2000 {
            for (scale, bias) in [(0.5, 0.0), (0.25, 0.25), (1.0, 0.5), (0.125, -3.5), (3.0, 1.5)] {
                let filter = Filter { scale, bias };
                let expected = rounded(sum as f32 * scale + bias, (0, 255));
                assert_eq!(byte(sum, &filter, (0, 255)), expected, "{sum} {filter:?}");
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
            let added = ((random.next() & 255) as i32, random.number(110, 125));
            let plain = sum as f32 * filter.scale + filter.bias;
            let onto = plain + added.0 as f32 * added.1;
            let count = |x: f32| numbers.iter().filter(|number| **number <= x).count() as u8;
            assert_eq!(steps(sum, &filter, None, numbers), count(plain));
            let added = (added.0, Factor::of(added.1));
            assert_eq!(steps(sum, &filter, Some(added), numbers), count(onto));
        }
    }
}
