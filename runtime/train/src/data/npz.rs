//! NumPy's archives: a zip file of arrays.
//!
//! Where the arrays' names say `train` (`x_train`, `y_train`), the arrays that say `test` instead are the test split; otherwise those
//! that say it as well (`x` and `x_test`).

use super::bytes::{Images, Store};
use super::npy::{self, Numbers};
use super::split::Parts;
use super::unpack::unpacked;
use crate::{Error, Result};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use zip::ZipArchive;
use zip::result::ZipError;

type Archive = ZipArchive<BufReader<File>>;

pub(super) fn load(path: &Path, images: &str, labels: &str) -> Result<Parts> {
    let path = &archive(path)?;
    let file = File::open(path).map_err(|e| Error::io(path, &e))?;
    let mut archive = ZipArchive::new(BufReader::new(file))
        .map_err(|e| Error::file(path, format!("it is not an NPZ file: {e}")))?;
    let train = half(path, &mut archive, images, labels)?;
    let of_test = [images, labels].map(|name| match name.contains("train") {
        true => name.replace("train", "test"),
        false => format!("{name}_test"),
    });
    let test = if archive.index_for_name(&entry(&of_test[0])).is_some() {
        Some(half(path, &mut archive, &of_test[0], &of_test[1])?)
    } else {
        None
    };
    let all = train
        .labels
        .iter()
        .chain(test.iter().flat_map(|t| &t.labels));
    let classes = 1 + all.max().copied().unwrap_or(0) as usize;
    Ok(Parts {
        classes: (0..classes).map(|c| c.to_string()).collect(),
        train,
        test,
    })
}

/// The file itself, or the only archive of the folder.
fn archive(path: &Path) -> Result<PathBuf> {
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let entries = fs::read_dir(path).map_err(|e| Error::io(path, &e))?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<PathBuf> = files
        .filter(|f| f.extension().is_some_and(|e| e == "npz"))
        .collect();
    match files.len() {
        1 => Ok(files.remove(0)),
        0 => Err(Error::file(path, "there is no .npz file in it")),
        n => Err(Error::file(
            path,
            format!("there are {n} .npz files in it; name one"),
        )),
    }
}

fn entry(name: &str) -> String {
    format!("{name}.npy")
}

fn array(path: &Path, archive: &mut Archive, name: &str) -> Result<npy::Array> {
    let there: Vec<String> = archive
        .file_names()
        .map(|name| name.trim_end_matches(".npy").to_owned())
        .collect();
    let file = match archive.by_name(&entry(name)) {
        Err(ZipError::FileNotFound) => {
            let problem = format!(
                "it has no array `{name}`; it has {}: name them in the recipe, `data = npz(images=\"...\", labels=\"...\")`",
                there.join(", ")
            );
            return Err(Error::file(path, problem));
        }
        other => other.map_err(|e| Error::file(path, format!("array `{name}`: {e}")))?,
    };
    // What the archive says of its own size may be a lie.
    let packed = fs::metadata(path).map_err(|e| Error::io(path, &e))?.len();
    unpacked(file, packed, "part of the archive")
        .and_then(|bytes| npy::read(&bytes))
        .map_err(|problem| Error::file(path, format!("array `{name}`: {problem}")))
}

fn half(path: &Path, archive: &mut Archive, images: &str, labels: &str) -> Result<Store> {
    let pictures = array(path, archive, images)?;
    let marks = array(path, archive, labels)?;
    let (n, size) = match pictures.shape[..] {
        [n, h, w, c] => (n, [h, w, c]),
        [n, h, w] => (n, [h, w, 1]),
        [n, k] => (n, [1, 1, k]),
        _ => {
            let problem = format!(
                "array `{images}` has shape {:?}; pictures are [n, h, w, c], [n, h, w] or [n, k]",
                pictures.shape
            );
            return Err(Error::file(path, problem));
        }
    };
    if n == 0 || size.contains(&0) {
        return Err(Error::file(
            path,
            format!("array `{images}` holds no pictures"),
        ));
    }
    if marks.shape != [n] && marks.shape != [n, 1] {
        let problem = format!(
            "array `{labels}` has shape {:?}, but `{images}` holds {n} pictures",
            marks.shape
        );
        return Err(Error::file(path, problem));
    }
    let images = match pictures.numbers {
        Numbers::Bytes(bytes) => Images::Bytes(bytes),
        Numbers::Floats(values) => {
            if let Some(at) = values.iter().position(|v| !v.is_finite()) {
                let picture = at / size.iter().product::<usize>();
                let problem = format!("array `{images}`: picture {picture} holds {}", values[at]);
                return Err(Error::file(path, problem));
            }
            numbers(values)
        }
        integers => numbers(integers.into_floats()),
    };
    Ok(Store {
        size,
        pad: 0,
        images,
        labels: marks
            .numbers
            .labels()
            .map_err(|problem| Error::file(path, format!("array `{labels}`: {problem}")))?,
    })
}

fn numbers(values: Vec<f32>) -> Images {
    let full_scale = values.iter().fold(0.0f32, |most, v| most.max(v.abs()));
    Images::Numbers { values, full_scale }
}
