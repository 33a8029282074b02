//! CIFAR-10's binary version: records of one label byte and 32x32 pixels, channel by channel.

use super::bytes::Store;
use super::split::Parts;
use crate::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

const SIDE: usize = 32;
const PLANE: usize = SIDE * SIDE;
const RECORD: usize = 1 + 3 * PLANE;
const CLASSES: [&str; 10] = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
];

pub(super) fn load(folder: &Path, pad: usize, input: &[usize]) -> Result<Parts> {
    let inner = folder.join("cifar-10-batches-bin");
    let folder = if inner.is_dir() { &inner } else { folder };
    let batches: Vec<PathBuf> = (1..=5)
        .map(|i| folder.join(format!("data_batch_{i}.bin")))
        .collect();
    if let Some(missing) = batches.iter().find(|path| !path.is_file()) {
        let name = missing.file_name().unwrap_or_default().display();
        return Err(Error::file(folder, format!("there is no {name} in it")));
    }
    let test = folder.join("test_batch.bin");
    Ok(Parts {
        classes: class_names(&folder.join("batches.meta.txt"))?,
        train: read(&batches, pad, input)?,
        test: if test.is_file() {
            Some(read(&[test], pad, input)?)
        } else {
            None
        },
    })
}

fn class_names(path: &Path) -> Result<Vec<String>> {
    if !path.is_file() {
        return Ok(CLASSES.map(str::to_owned).to_vec());
    }
    let text = fs::read_to_string(path).map_err(|e| Error::io(path, &e))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let names: Vec<String> = lines.map(str::to_owned).collect();
    if names.len() != CLASSES.len() {
        let problem = format!("it names {} classes, not 10", names.len());
        return Err(Error::file(path, problem));
    }
    Ok(names)
}

fn read(files: &[PathBuf], pad: usize, input: &[usize]) -> Result<Store> {
    let (mut bytes, mut labels) = (Vec::new(), Vec::new());
    for path in files {
        let file = fs::read(path).map_err(|e| Error::io(path, &e))?;
        if file.is_empty() {
            return Err(Error::file(path, "it is empty"));
        }
        if file.len() % RECORD != 0 {
            let problem = format!("its size, {} bytes, is no multiple of {RECORD}", file.len());
            return Err(Error::file(path, problem));
        }
        for (i, record) in file.chunks_exact(RECORD).enumerate() {
            if usize::from(record[0]) >= CLASSES.len() {
                let problem = format!("picture {i} has label {}, not 0 to 9", record[0]);
                return Err(Error::file(path, problem));
            }
            labels.push(u32::from(record[0]));
            let pixels = &record[1..];
            bytes.extend((0..3 * PLANE).map(|at| pixels[at % 3 * PLANE + at / 3]));
        }
    }
    Store::padded(bytes, labels, [SIDE, SIDE, 3], pad, input)
}
