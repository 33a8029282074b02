//! Pictures in memory or on the way there.

use super::folder::Files;
use crate::Result;

/// Labelled pictures of one size.
pub(super) struct Store {
    /// Height, width, channels.
    pub(super) size: [usize; 3],
    pub(super) images: Images,
    /// One for each picture.
    pub(super) labels: Vec<u32>,
}

/// Where the pictures are; HWC, one after the other.
pub(super) enum Images {
    Bytes(Vec<u8>),
    Numbers { values: Vec<f32>, full_scale: f32 },
    Files(Files),
}

impl Store {
    pub(super) fn picture(&self, i: usize, out: &mut Vec<f32>) -> Result<()> {
        let elements = self.size.iter().product::<usize>();
        let at = i * elements..(i + 1) * elements;
        out.clear();
        match &self.images {
            Images::Bytes(bytes) => out.extend(bytes[at].iter().map(|b| f32::from(*b))),
            Images::Numbers { values, .. } => out.extend_from_slice(&values[at]),
            Images::Files(files) => files.picture(i, out)?,
        }
        Ok(())
    }

    pub(super) fn kept(&self) -> Kept {
        let (now, later) = match &self.images {
            Images::Bytes(bytes) => (bytes.len(), 0),
            Images::Numbers { values, .. } => (size_of_val(&values[..]), 0),
            Images::Files(files) => (0, files.kept()),
        };
        Kept {
            now: now + size_of_val(&self.labels[..]),
            later,
        }
    }
}

/// Memory of a data set, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Taken when it was loaded.
    pub now: usize,
    /// Taken by and by, as its files are decoded.
    pub later: usize,
}

/// Pictures with `pad` cells of zeros around each.
pub(super) fn padded(bytes: Vec<u8>, [h, w, c]: [usize; 3], pad: usize) -> (Vec<u8>, [usize; 3]) {
    if pad == 0 {
        return (bytes, [h, w, c]);
    }
    let size = [h + 2 * pad, w + 2 * pad, c];
    let elements: usize = size.iter().product();
    let mut out = vec![0; bytes.len() / (h * w * c).max(1) * elements];
    for (to, from) in out
        .chunks_exact_mut(elements)
        .zip(bytes.chunks_exact(h * w * c))
    {
        for (y, row) in from.chunks_exact(w * c).enumerate() {
            let at = ((y + pad) * size[1] + pad) * c;
            to[at..at + row.len()].copy_from_slice(row);
        }
    }
    (out, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_zeros_all_around() {
        let (bytes, size) = padded(vec![1, 2, 3, 4], [1, 2, 2], 1);
        assert_eq!(size, [3, 4, 2]);
        let mut wanted = vec![0; 24];
        wanted[10..14].copy_from_slice(&[1, 2, 3, 4]);
        assert_eq!(bytes, wanted);
    }
}
