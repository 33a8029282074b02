//! Data to learn from: pictures, arrays and sets in files.

// Of a binary, which has no public functions.
#[path = "../../../compiler/cli/src/download/tar.rs"]
mod archive;
#[path = "../../../runtime/train/tests/common/recipe.rs"]
mod recipe;

use crate::folder;
use flate2::read::GzDecoder;
use netc_plan::{Data, Recipe};
use netc_train::data::picture::{Fit, decode, fitted};
use netc_train::data::{Dataset, load, npy as arrays};
use netc_train::run::read_csv;
use recipe::plain;
use std::io::Read;
use std::path::Path;

/// A picture: decoded, and brought to the size of an input.
pub fn picture(bytes: &[u8]) -> bool {
    let Ok(image) = decode(bytes) else {
        return false;
    };
    for (channels, crop) in [(1, true), (3, false), (4, true)] {
        let size = [5, 7];
        let fitted = fitted(&image, Fit { size, crop }, channels).unwrap();
        assert_eq!(fitted.len(), 5 * 7 * channels);
    }
    true
}

/// An array of NumPy; what was read is read again as it is written.
pub fn npy(bytes: &[u8]) -> bool {
    let Ok(array) = arrays::read(bytes) else {
        return false;
    };
    let values = array.numbers.into_floats();
    assert_eq!(array.shape.iter().product::<usize>(), values.len());
    let mut written = Vec::new();
    // A header of 64 KiB and more is of a version that is not written.
    if arrays::write(&mut written, &array.shape, &values).is_ok() {
        let again = arrays::read(&written).unwrap();
        assert_eq!(again.shape, array.shape);
        let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(again.numbers.into_floats()), bits(values));
    }
    true
}

/// An archive of NumPy, as a data set.
pub fn npz(bytes: &[u8]) -> bool {
    let data = Data::Npz {
        images: "x_train".to_owned(),
        labels: "y_train".to_owned(),
    };
    folder::with_file("set.npz", bytes, |path| learnt(data, &path))
}

/// A file of MNIST, once as pictures and once as labels.
pub fn idx(bytes: &[u8]) -> bool {
    let labels = [0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 0, 1];
    let pictures = [
        &[0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2][..],
        &[7; 8],
    ]
    .concat();
    let set = |images: &[u8], labels: &[u8]| {
        let files = [
            ("mnist/train-images-idx3-ubyte", images),
            ("mnist/train-labels-idx1-ubyte", labels),
        ];
        folder::with(&files, |folder| {
            learnt(Data::Mnist { pad: 1 }, &folder.join("mnist"))
        })
    };
    set(bytes, &labels) | set(&pictures, bytes)
}

/// A batch of CIFAR-10, and the names of its classes.
pub fn cifar(bytes: &[u8]) -> bool {
    let batches = [1, 2, 3, 4, 5].map(|i| format!("cifar/data_batch_{i}.bin"));
    let whole = [3; 3073];
    let mut files: Vec<(&str, &[u8])> =
        batches.iter().map(|name| (&name[..], &whole[..])).collect();
    files.push(("cifar/test_batch.bin", bytes));
    files.push((
        "cifar/batches.meta.txt",
        bytes.split_at(bytes.len().min(120)).0,
    ));
    folder::with(&files, |folder| {
        let folder = folder.join("cifar");
        let both = learnt(Data::Cifar10 { pad: 0 }, &folder);
        std::fs::remove_file(folder.join("batches.meta.txt")).unwrap();
        learnt(Data::Cifar10 { pad: 0 }, &folder) | both
    })
}

/// An archive of a download, packed or not; and the table that a run leaves.
pub fn tar(bytes: &[u8]) -> bool {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = read_csv(text);
    }
    let mut unpacked = Vec::new();
    // What was packed well up to some place is an archive up to there.
    let _ = GzDecoder::new(bytes).read_to_end(&mut unpacked);
    let Ok(files) = archive::files(if unpacked.is_empty() {
        bytes
    } else {
        &unpacked
    }) else {
        return false;
    };
    assert!(files.iter().all(|(name, _)| !name.contains('/')));
    true
}

/// Reads a data set and every picture of it.
fn learnt(data: Data, path: &Path) -> bool {
    let recipe = Recipe {
        validation: Some(0.5),
        ..plain(data)
    };
    let Ok(set) = load(&recipe, path, &[3, 3, 1]) else {
        return false;
    };
    let Dataset {
        classes,
        train,
        validation,
        test,
        ..
    } = set;
    let mut values = Vec::new();
    for split in [&train, &validation, &test] {
        let [h, w, c] = split.size();
        for i in 0..split.len() {
            split.picture(i, &mut values).unwrap();
            assert_eq!(values.len(), h * w * c);
            assert!((split.label(i) as usize) < classes.len());
        }
    }
    true
}
