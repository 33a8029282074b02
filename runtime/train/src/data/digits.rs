//! The digits that are part of this crate: a recipe that learns from them needs no download. `digits/README.md` names source, licence,
//! form and split.

use super::bytes::Store;
use super::split::Parts;
use crate::{Error, ErrorKind, Result};
use flate2::read::GzDecoder;
use std::io::Read;

/// A label, and 8x8 values from 0 to [`INK`]; one picture after the other.
const PACKED: &[u8] = include_bytes!("../../digits/digits.gz");
const SIDE: usize = 8;
const RECORD: usize = 1 + SIDE * SIDE;
const INK: u16 = 16;
const CLASSES: usize = 10;
/// The last of so many pictures is a test picture.
const EACH: usize = 5;

pub(super) fn load(pad: usize, input: &[usize]) -> Result<Parts> {
    let mut records = Vec::new();
    let read = GzDecoder::new(PACKED).read_to_end(&mut records);
    read.map_err(|e| Error::new(ErrorKind::Tool, format!("the digits are damaged: {e}")))?;
    let half = |is_test: bool| {
        let records = records.as_chunks::<RECORD>().0.iter().enumerate();
        let (mut bytes, mut labels) = (Vec::new(), Vec::new());
        for (_, record) in records.filter(|(i, _)| (i % EACH == EACH - 1) == is_test) {
            labels.push(u32::from(record[0]));
            bytes.extend(record[1..].iter().map(|value| grey(*value)));
        }
        Store::padded(bytes, labels, [SIDE, SIDE, 1], pad, input)
    };
    Ok(Parts {
        classes: (0..CLASSES).map(|class| class.to_string()).collect(),
        train: half(false)?,
        test: Some(half(true)?),
    })
}

/// From black paper, 0, to white ink, 255.
fn grey(value: u8) -> u8 {
    ((u16::from(value) * 255 + INK / 2) / INK) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_bytes_from_black_to_white() {
        assert_eq!([0, 1, 8, 15, 16].map(grey), [0, 16, 128, 239, 255]);
    }
}
