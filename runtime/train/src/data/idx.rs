//! The IDX format of MNIST (LeCun): two zero bytes, the type, the number of axes, each axis as a big-endian u32, the values.

use super::unpack::unpacked;
use crate::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::fs;
use std::path::{Path, PathBuf};

/// An array of bytes.
#[derive(Debug)]
pub(super) struct Idx {
    pub(super) shape: Vec<usize>,
    pub(super) bytes: Vec<u8>,
}

/// Reads `folder/name` or `folder/name.gz`, under any of the names; returns the file's path too.
pub(super) fn find(folder: &Path, names: &[&str]) -> Result<Option<(PathBuf, Idx)>> {
    for name in names {
        for name in [(*name).to_owned(), format!("{name}.gz")] {
            let path = folder.join(name);
            if path.is_file() {
                let idx = read(&path)?;
                return Ok(Some((path, idx)));
            }
        }
    }
    Ok(None)
}

fn read(path: &Path) -> Result<Idx> {
    let bytes = fs::read(path).map_err(|e| Error::io(path, &e))?;
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        let stream = MultiGzDecoder::new(&bytes[..]);
        unpacked(stream, bytes.len() as u64, "gzip stream").map_err(|e| Error::file(path, e))?
    } else {
        bytes
    };
    parse(bytes).map_err(|problem| Error::file(path, problem))
}

fn parse(mut bytes: Vec<u8>) -> Result<Idx, String> {
    let [0, 0, kind, axes, ..] = bytes[..] else {
        return Err("it is not an IDX file".to_owned());
    };
    if kind != 8 {
        return Err(format!(
            "its values have IDX type {kind:#04x}; bytes (0x08) are needed"
        ));
    }
    let header = 4 + 4 * usize::from(axes);
    let Some(sizes) = bytes.get(4..header) else {
        return Err("it is cut short".to_owned());
    };
    let sizes = sizes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|b| u32::from_be_bytes(*b) as usize);
    let shape: Vec<usize> = sizes.collect();
    let wanted = shape.iter().try_fold(1usize, |all, n| all.checked_mul(*n));
    let there = bytes.len() - header;
    if wanted != Some(there) {
        let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
        return Err(format!(
            "its header says {} bytes, but {there} follow it",
            shape.join("x")
        ));
    }
    bytes.drain(..header);
    Ok(Idx { shape, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_files_are_explained() {
        let wrong = |bytes: &[u8]| parse(bytes.to_vec()).unwrap_err();
        assert_eq!(wrong(b"PK"), "it is not an IDX file");
        assert!(wrong(&[0, 0, 13, 1, 0, 0, 0, 0]).contains("0x0d"));
        assert_eq!(wrong(&[0, 0, 8, 3, 0, 0]), "it is cut short");
        assert!(
            wrong(&[0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 1, 7]).contains("3x1 bytes, but 1 follow")
        );
        let huge = [&[0, 0, 8, 3][..], &[0xff; 12]].concat();
        assert!(wrong(&huge).contains("but 0 follow"));
    }
}
