//! Pictures in files, decoded on demand.

use super::picture::{self, Fit};
use crate::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Decoded pictures are kept where all of them fit into so many bytes.
const CACHE: usize = 1 << 30;

/// The files of a folder, decoded on demand.
pub(super) struct Files {
    paths: Vec<PathBuf>,
    fit: Fit,
    channels: usize,
    /// One for each file; empty where the pictures are too many.
    cache: Vec<OnceLock<Box<[u8]>>>,
}

impl Files {
    pub(super) fn new(paths: Vec<PathBuf>, (fit, channels): (Fit, usize)) -> Self {
        let one = fit.size.iter().product::<usize>().saturating_mul(channels);
        let kept = if one.saturating_mul(paths.len()) <= CACHE {
            paths.len()
        } else {
            0
        };
        Self {
            paths,
            fit,
            channels,
            cache: (0..kept).map(|_| OnceLock::new()).collect(),
        }
    }

    pub(super) fn fit(&self) -> Fit {
        self.fit
    }

    pub(super) fn path(&self, i: usize) -> &Path {
        &self.paths[i]
    }

    /// Bytes of all pictures that are kept.
    pub(super) fn kept(&self) -> usize {
        self.cache.len() * self.fit.size.iter().product::<usize>() * self.channels
    }

    pub(super) fn picture(&self, i: usize, out: &mut Vec<f32>) -> Result<()> {
        let mut floats = |bytes: &[u8]| out.extend(bytes.iter().map(|b| f32::from(*b)));
        if let Some(kept) = self.cache.get(i).and_then(OnceLock::get) {
            floats(kept);
            return Ok(());
        }
        let bytes = self.decode(i)?;
        floats(&bytes);
        if let Some(slot) = self.cache.get(i) {
            // Another thread may have been here meanwhile, with the same bytes.
            let _ = slot.set(bytes.into_boxed_slice());
        }
        Ok(())
    }

    fn decode(&self, i: usize) -> Result<Vec<u8>> {
        let path = &self.paths[i];
        let bytes = fs::read(path).map_err(|e| Error::io(path, &e))?;
        let broken = |problem: String| Error::file(path, format!("broken picture: {}", problem));
        let image = picture::decode(&bytes).map_err(broken)?;
        picture::fitted(&image, self.fit, self.channels)
            .ok_or_else(|| Error::file(path, format!("no picture has {} channels", self.channels)))
    }
}
