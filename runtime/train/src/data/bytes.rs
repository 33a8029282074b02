//! Pictures in memory or on the way there.

use super::files::Files;
use super::picture::Fit;
use crate::{Error, Result};
use netc_runtime::train::Pictures;
use std::borrow::Cow;
use std::path::Path;

/// Labelled pictures of one size.
pub(super) struct Store {
    /// Height, width, channels; padding counts.
    pub(super) size: [usize; 3],
    /// Cells of zeros around each picture; only [`Images::Bytes`] have any.
    pub(super) pad: usize,
    pub(super) images: Images,
    /// One for each picture.
    pub(super) labels: Vec<u32>,
}

/// Where the pictures are; HWC, one after the other.
pub(super) enum Images {
    /// Without their padding.
    Bytes(Vec<u8>),
    Numbers {
        values: Vec<f32>,
        full_scale: f32,
    },
    Files(Files),
}

impl Store {
    /// Bytes of pictures of this size, with `pad` cells of zeros around each.
    ///
    /// # Errors
    /// The padding is wider than the pictures and the network's input are.
    pub(super) fn padded(
        bytes: Vec<u8>,
        labels: Vec<u32>,
        [h, w, c]: [usize; 3],
        pad: usize,
        input: &[usize],
    ) -> Result<Self> {
        let most = input.iter().copied().chain([h, w]).max().unwrap_or(0);
        if pad > most {
            return Err(Error::input(format!(
                "pad={pad} is more than pictures of {h}x{w} and this network's input have cells"
            )));
        }
        Ok(Self {
            size: [h + 2 * pad, w + 2 * pad, c],
            pad,
            images: Images::Bytes(bytes),
            labels,
        })
    }

    pub(super) fn picture(&self, i: usize, out: &mut Vec<f32>) -> Result<()> {
        let elements = self.size.iter().product::<usize>();
        out.clear();
        match &self.images {
            Images::Bytes(bytes) => {
                let [h, w, c] = self.size;
                let [h, w] = [h, w].map(|n| n - 2 * self.pad);
                let bytes = &bytes[i * h * w * c..][..h * w * c];
                padded(bytes, [h, w, c], self.pad, out);
            }
            Images::Numbers { values, .. } => {
                out.extend_from_slice(&values[i * elements..][..elements]);
            }
            Images::Files(files) => files.picture(i, out)?,
        }
        Ok(())
    }

    /// These pictures for a device to hold, where they are bytes in memory.
    pub(super) fn held(&self, indices: &[u32]) -> Option<Held<'_>> {
        let Images::Bytes(bytes) = &self.images else {
            return None;
        };
        let [h, w, c] = self.size;
        let size = [h - 2 * self.pad, w - 2 * self.pad, c];
        let whole = (0..self.labels.len() as u32).eq(indices.iter().copied());
        let (bytes, labels) = match whole {
            true => (Cow::from(&bytes[..]), Cow::from(&self.labels[..])),
            false => {
                let each = size.iter().product::<usize>();
                let places = || indices.iter().map(|i| *i as usize);
                let pictures = places().flat_map(|i| &bytes[i * each..][..each]);
                (
                    pictures.copied().collect(),
                    places().map(|i| self.labels[i]).collect(),
                )
            }
        };
        Some(Held {
            bytes,
            labels,
            size,
            pad: self.pad,
        })
    }

    /// How pictures got their size, and the padding that they have then; `None` where they are no pictures.
    pub(super) fn fit(&self) -> Option<(Fit, usize)> {
        let [h, w, _] = self.size;
        match &self.images {
            Images::Bytes(_) => {
                let size = [h - 2 * self.pad, w - 2 * self.pad];
                Some((Fit { size, crop: true }, self.pad))
            }
            Images::Files(files) => Some((files.fit(), 0)),
            Images::Numbers { .. } => None,
        }
    }

    /// The file that picture `i` is alone in.
    pub(super) fn file(&self, i: usize) -> Option<&Path> {
        match &self.images {
            Images::Files(files) => Some(files.path(i)),
            Images::Bytes(_) | Images::Numbers { .. } => None,
        }
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

/// The pictures of a split, one after the other, for a device to hold.
pub struct Held<'s> {
    bytes: Cow<'s, [u8]>,
    labels: Cow<'s, [u32]>,
    size: [usize; 3],
    pad: usize,
}

impl Held<'_> {
    /// As the runtime takes them.
    #[must_use]
    pub fn pictures(&self) -> Pictures<'_> {
        Pictures {
            bytes: &self.bytes,
            labels: &self.labels,
            size: self.size,
            pad: self.pad,
        }
    }
}

/// Writes a picture `[h, w, c]` with `pad` cells of zeros around it.
pub(crate) fn padded(bytes: &[u8], [h, w, c]: [usize; 3], pad: usize, out: &mut Vec<f32>) {
    let whole = w + 2 * pad;
    out.clear();
    out.resize((h + 2 * pad) * whole * c, 0.0);
    for (y, from) in bytes.chunks_exact(w * c).enumerate() {
        let to = &mut out[((y + pad) * whole + pad) * c..][..w * c];
        for (to, byte) in to.iter_mut().zip(from) {
            *to = f32::from(*byte);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_zeros_all_around() {
        let labels = vec![0, 1];
        let store = Store::padded((1..=8).collect(), labels, [1, 2, 2], 1, &[3, 4, 2]).unwrap();
        assert_eq!(store.size, [3, 4, 2]);
        let mut out = Vec::new();
        store.picture(1, &mut out).unwrap();
        let mut wanted = vec![0.0; 24];
        wanted[10..14].copy_from_slice(&[5.0, 6.0, 7.0, 8.0]);
        assert_eq!(out, wanted);
        let wide = Store::padded(vec![0; 4], vec![0], [1, 2, 2], 5, &[3, 4, 2]);
        assert!(wide.is_err());
    }
}
