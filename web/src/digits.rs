//! The digits of `data = digits`, from the file that netc-train has in itself; `runtime/train/digits/README.md` names source and licence.

use flate2::read::GzDecoder;
use netc_plan::Pixels;
use std::io::Read;

const PACKED: &[u8] = include_bytes!("../../runtime/train/digits/digits.gz");
/// Rows and columns of a digit.
pub(crate) const SIDE: usize = 8;
const AREA: usize = SIDE * SIDE;
const RECORD: usize = 1 + AREA;
const INK: u16 = 16;
/// The last of so many pictures is a test picture.
const EACH: usize = 5;

/// Pictures from black, 0, to white, 255, with their labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Digits {
    /// One picture of 8x8 after the other.
    pub bytes: Vec<u8>,
    /// A digit each.
    pub labels: Vec<u32>,
}

impl Digits {
    /// Those for training and those for the test.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn load() -> Result<[Self; 2], String> {
        let mut records = Vec::new();
        let read = GzDecoder::new(PACKED).read_to_end(&mut records);
        read.map_err(|e| format!("the digits are damaged: {e}"))?;
        let mut halves = [Self::default(), Self::default()];
        for (i, record) in records.as_chunks::<RECORD>().0.iter().enumerate() {
            let half = &mut halves[usize::from(i % EACH == EACH - 1)];
            half.labels.push(u32::from(record[0]));
            let greys = record[1..].iter();
            let greys = greys.map(|value| ((u16::from(*value) * 255 + INK / 2) / INK) as u8);
            half.bytes.extend(greys);
        }
        Ok(halves)
    }

    /// A picture.
    #[must_use]
    pub fn picture(&self, i: usize) -> &[u8] {
        &self.bytes[i * AREA..][..AREA]
    }
}

/// Adds the inputs of a picture, with so many black cells around it.
pub(crate) fn input(picture: &[f32], pad: usize, pixels: &Pixels, out: &mut Vec<f32>) {
    let mean = pixels.mean.first().copied().unwrap_or(0.0);
    let std = pixels.std.first().copied().unwrap_or(1.0);
    let whole = SIDE + 2 * pad;
    for y in 0..whole {
        for x in 0..whole {
            let inside = (pad..pad + SIDE).contains(&y) && (pad..pad + SIDE).contains(&x);
            let value = match inside {
                true => picture[(y - pad) * SIDE + x - pad],
                false => 0.0,
            };
            out.push((value * pixels.scale - mean) / std);
        }
    }
}

/// How many black cells around a digit make it the network's input.
pub(crate) fn padding(input: &[usize]) -> Result<usize, String> {
    match *input {
        [h, w, 1] if h == w && h >= SIDE && (h - SIDE).is_multiple_of(2) && h <= 64 => {
            Ok((h - SIDE) / 2)
        }
        [n] if n == AREA => Ok(0),
        _ => Err("the page's digits are 8x8x1, and this network takes something else".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_black_and_pixels_are_normalised() {
        let pixels = Pixels {
            scale: 0.5,
            mean: vec![1.0],
            std: vec![2.0],
        };
        let mut out = Vec::new();
        input(&[4.0; AREA], 1, &pixels, &mut out);
        assert_eq!(out.len(), 100);
        assert_eq!(out.iter().filter(|x| **x == 0.5).count(), AREA);
        assert_eq!((out[0], out[11]), (-0.5, 0.5));
        assert_eq!(padding(&[10, 10, 1]), Ok(1));
        assert!(padding(&[28, 28, 3]).is_err() && padding(&[9, 9, 1]).is_err());
    }
}
