//! A set of labelled pictures, and its division into training, validation and test.

use super::bytes::{Held, Images, Kept, Store};
use super::picture::Fit;
use crate::random::{Key, Purpose};
use crate::{Error, Result};
use std::path::Path;
use std::sync::Arc;

/// What a format's reader found.
pub(super) struct Parts {
    pub(super) classes: Vec<String>,
    pub(super) train: Store,
    pub(super) test: Option<Store>,
}

/// The data of one experiment.
#[derive(Clone)]
pub struct Dataset {
    /// The classes' names; a label is an index here.
    pub classes: Vec<String>,
    /// What is learnt from.
    pub train: Split,
    /// What every epoch is judged by: a share of the training set, or the data's own test split.
    pub validation: Split,
    /// What the result is judged by: the data's own test split, or else the validation set.
    pub test: Split,
    /// Whether [`Dataset::validation`] was cut off the training set.
    pub held_out: bool,
    /// What [`Dataset::test`] is: `test`, or `validation` where there is no other.
    pub test_name: &'static str,
}

impl Dataset {
    /// What the pictures and their labels take.
    #[must_use]
    pub fn kept(&self) -> Kept {
        let stores = [&self.train, &self.validation, &self.test].map(|split| &split.store);
        let mut all = Kept::default();
        for (i, store) in stores.into_iter().enumerate() {
            // Parts of one set share it.
            if stores[..i].iter().all(|other| !Arc::ptr_eq(other, store)) {
                all.now += store.kept().now;
                all.later += store.kept().later;
            }
        }
        all
    }
}

/// Some pictures of a set, in an order.
#[derive(Clone)]
pub struct Split {
    store: Arc<Store>,
    indices: Arc<[u32]>,
}

impl Split {
    fn whole(store: Store) -> Self {
        let indices = (0..store.labels.len() as u32).collect();
        Self {
            store: Arc::new(store),
            indices,
        }
    }

    fn part(&self, indices: Vec<u32>) -> Self {
        Self {
            store: Arc::clone(&self.store),
            indices: indices.into(),
        }
    }

    /// Number of pictures.
    #[must_use]
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Height, width and channels of every picture.
    #[must_use]
    pub fn size(&self) -> [usize; 3] {
        self.store.size
    }

    /// Label of picture `i`.
    #[must_use]
    pub fn label(&self, i: usize) -> u32 {
        self.store.labels[self.indices[i] as usize]
    }

    /// Writes picture `i` as HWC, in the data's own units (bytes: 0 to 255).
    ///
    /// # Errors
    /// The file cannot be read or decoded; the error names it.
    pub fn picture(&self, i: usize, out: &mut Vec<f32>) -> Result<()> {
        self.store.picture(self.indices[i] as usize, out)
    }

    /// The pictures and their labels in this split's order, for a device to hold; `None` where they are not bytes in memory.
    #[must_use]
    pub fn held(&self) -> Option<Held<'_>> {
        self.store.held(&self.indices)
    }

    /// How pictures got their size, and the padding that they have then; `None` where they are no pictures.
    pub(crate) fn fit(&self) -> Option<(Fit, usize)> {
        self.store.fit()
    }

    /// The file that picture `i` is alone in, where pictures are files.
    #[must_use]
    pub fn file(&self, i: usize) -> Option<&Path> {
        self.store.file(self.indices[i] as usize)
    }

    /// What white is: 255 for bytes, the largest absolute value for numbers.
    #[must_use]
    pub fn full_scale(&self) -> f32 {
        match &self.store.images {
            Images::Numbers { full_scale, .. } => *full_scale,
            Images::Bytes(_) | Images::Files(_) => 255.0,
        }
    }

    /// Whether pictures may be larger than the network's input, and are then cut to their middle.
    pub(crate) fn may_be_cut(&self) -> bool {
        matches!(self.store.images, Images::Files(_))
    }

    /// The first `n` pictures.
    #[must_use]
    pub fn first(&self, n: usize) -> Self {
        self.part(self.indices[..n.min(self.len())].to_vec())
    }
}

/// Divides a data set; `share` of each class of the training set is kept for validation, chosen by the seed.
pub(super) fn split(parts: Parts, share: Option<f64>, seed: u64, path: &Path) -> Result<Dataset> {
    let Parts {
        classes,
        train,
        test,
    } = parts;
    let all = Split::whole(train);
    let test = test.map(Split::whole);
    if let Some(test) = &test
        && test.size() != all.size()
    {
        let [[h, w, c], [th, tw, tc]] = [all.size(), test.size()];
        let problem = format!("training pictures are {h}x{w}x{c}, test pictures {th}x{tw}x{tc}");
        return Err(Error::file(path, problem));
    }
    let (train, validation) = match share {
        None => (all, None),
        Some(share) => {
            let (kept, held) = hold_out(&all.store.labels, classes.len(), share, seed);
            if kept.is_empty() || held.is_empty() {
                let (n, side) = (
                    all.len(),
                    if held.is_empty() {
                        "validation"
                    } else {
                        "training"
                    },
                );
                let problem =
                    format!("validation = {share} of {n} pictures leaves none for {side}");
                return Err(Error::file(path, problem));
            }
            (all.part(kept), Some(all.part(held)))
        }
    };
    let held_out = validation.is_some();
    let test_name = if test.is_some() { "test" } else { "validation" };
    let (validation, test) = match (validation, test) {
        (Some(validation), Some(test)) => (validation, test),
        (Some(one), None) | (None, Some(one)) => (one.clone(), one),
        (None, None) => {
            let problem = "it has no test pictures of its own; `validation = 0.2` in the recipe, or `--validation 0.2`, holds some back";
            return Err(Error::file(path, problem));
        }
    };
    Ok(Dataset {
        classes,
        train,
        validation,
        test,
        held_out,
        test_name,
    })
}

/// Indices to train on and to validate on, each ascending; the same share of every class.
fn hold_out(labels: &[u32], classes: usize, share: f64, seed: u64) -> (Vec<u32>, Vec<u32>) {
    let mut by_class = vec![Vec::new(); classes];
    for (i, label) in labels.iter().enumerate() {
        by_class[*label as usize].push(i as u32);
    }
    let (mut kept, mut held) = (Vec::new(), Vec::new());
    for (class, mut members) in by_class.into_iter().enumerate() {
        Key::new(seed, Purpose::Split)
            .with(class as u64)
            .shuffle(&mut members);
        let n = (members.len() as f64 * share).round() as usize;
        held.extend_from_slice(&members[..n]);
        kept.extend_from_slice(&members[n..]);
    }
    kept.sort_unstable();
    held.sort_unstable();
    (kept, held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_the_same_for_every_class_and_fixed_by_the_seed() {
        let labels: Vec<u32> = (0..100).map(|i| u32::from(i >= 40)).collect();
        let (kept, held) = hold_out(&labels, 2, 0.2, 1);
        assert_eq!((kept.len(), held.len()), (80, 20));
        assert_eq!(held.iter().filter(|i| **i < 40).count(), 8);
        let mut all = [kept.clone(), held.clone()].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..100));
        assert_eq!(hold_out(&labels, 2, 0.2, 1), (kept, held.clone()));
        assert_ne!(hold_out(&labels, 2, 0.2, 2).1, held);
    }
}
