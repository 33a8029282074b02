//! MNIST, and sets in its form (Fashion-MNIST, ...): four IDX files.

use super::bytes::Store;
use super::idx;
use super::split::Parts;
use crate::{Error, Result};
use std::path::Path;

pub(super) fn load(folder: &Path, pad: usize, input: &[usize]) -> Result<Parts> {
    let Some(train) = half(folder, "train", pad, input)? else {
        let problem = "there is no train-images-idx3-ubyte or train-images-idx3-ubyte.gz in it";
        return Err(Error::file(folder, problem));
    };
    let test = half(folder, "t10k", pad, input)?;
    let labels = train
        .labels
        .iter()
        .chain(test.iter().flat_map(|t| &t.labels));
    let classes = 1 + labels.max().copied().unwrap_or(0) as usize;
    Ok(Parts {
        classes: (0..classes).map(|c| c.to_string()).collect(),
        train,
        test,
    })
}

fn half(folder: &Path, stem: &str, pad: usize, input: &[usize]) -> Result<Option<Store>> {
    // The second form is that of some unpackers.
    let images = [
        format!("{stem}-images-idx3-ubyte"),
        format!("{stem}-images.idx3-ubyte"),
    ];
    let labels = [
        format!("{stem}-labels-idx1-ubyte"),
        format!("{stem}-labels.idx1-ubyte"),
    ];
    let Some((path, images)) = idx::find(folder, &images.each_ref().map(String::as_str))? else {
        return Ok(None);
    };
    let Some((label_path, marks)) = idx::find(folder, &labels.each_ref().map(String::as_str))?
    else {
        let problem = format!("it has {}, but no {}", path.display(), labels[0]);
        return Err(Error::file(folder, problem));
    };
    let (n, size) = match images.shape[..] {
        [n, h, w] => (n, [h, w, 1]),
        [n, h, w, c] => (n, [h, w, c]),
        _ => return Err(Error::file(&path, "it does not hold pictures (3 axes)")),
    };
    if n == 0 || images.bytes.is_empty() {
        return Err(Error::file(&path, "it holds no pictures"));
    }
    if marks.shape != [n] {
        let there = marks.bytes.len();
        let problem = format!(
            "it holds {there} labels for the {n} pictures of {}",
            path.display()
        );
        return Err(Error::file(&label_path, problem));
    }
    let labels = marks.bytes.into_iter().map(u32::from).collect();
    Store::padded(images.bytes, labels, size, pad, input).map(Some)
}
