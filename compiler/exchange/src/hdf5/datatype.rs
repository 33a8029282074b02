//! What the elements of arrays and attributes are.

use super::{Cursor, Read};
use half::{bf16, f16};

/// A number with a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Float {
    Half,
    Brain,
    Single,
    Double,
}

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// A number with a point, and whether its big end comes first.
    Float(Float, bool),
    /// A text of so many bytes.
    Text(usize),
    /// A text of any length, which stands in the global heap.
    OpenText,
    /// Something else, in words.
    Other(&'static str),
}

impl Type {
    pub(super) fn of(message: &mut Cursor<'_>) -> Read<Self> {
        let class = message.byte()? & 0x0f;
        let bits = [message.byte()?, message.byte()?, message.byte()?];
        let size = message.size(4)?;
        Ok(match class {
            1 => {
                // The first bit and its number of bits, then the place and size of exponent and mantissa.
                message.skip(4)?;
                let parts = message.take(4)?;
                let float = match (size, [parts[1], parts[3]]) {
                    (2, [5, 10]) => Float::Half,
                    (2, [8, 7]) => Float::Brain,
                    (4, [8, 23]) => Float::Single,
                    (8, [11, 52]) => Float::Double,
                    _ => return Ok(Self::Other("numbers of a form of their own")),
                };
                Self::Float(float, bits[0] & 1 != 0)
            }
            0 | 4 | 8 => Self::Other("whole numbers"),
            3 if size > 0 => Self::Text(size),
            9 if bits[0] & 0x0f == 1 => Self::OpenText,
            _ => Self::Other("no numbers"),
        })
    }
}

impl Float {
    pub(super) fn size(self) -> usize {
        match self {
            Self::Half | Self::Brain => 2,
            Self::Single => 4,
            Self::Double => 8,
        }
    }

    /// Numbers from their bytes.
    pub(super) fn values(self, bytes: &[u8], big_end_first: bool) -> Vec<f32> {
        let number = |element: &[u8]| {
            let mut eight = [0; 8];
            eight[..element.len()].copy_from_slice(element);
            if big_end_first {
                eight[..element.len()].reverse();
            }
            let [a, b, c, d, ..] = eight;
            match self {
                Self::Half => f16::from_le_bytes([a, b]).to_f32(),
                Self::Brain => bf16::from_le_bytes([a, b]).to_f32(),
                Self::Single => f32::from_le_bytes([a, b, c, d]),
                Self::Double => f64::from_le_bytes(eight) as f32,
            }
        };
        bytes.chunks_exact(self.size()).map(number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_each_size_and_end_are_read() {
        let half = f16::from_f32(-1.5).to_le_bytes();
        assert_eq!(Float::Half.values(&half, false), [-1.5]);
        let brain = bf16::from_f32(3.0).to_be_bytes();
        assert_eq!(Float::Brain.values(&brain, true), [3.0]);
        assert_eq!(Float::Single.values(&0.1_f32.to_be_bytes(), true), [0.1]);
        assert_eq!(Float::Double.values(&0.25_f64.to_le_bytes(), false), [0.25]);
    }
}
