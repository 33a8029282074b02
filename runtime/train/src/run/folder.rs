//! The files of a run.

use super::history::{Epoch, csv};
use super::tensorboard;
use crate::{Error, Result, atomic};
use std::fs;
use std::path::{Path, PathBuf};

/// How TensorBoard knows its files.
const EVENTS: &str = "events.out.tfevents.";

/// The folder of a run.
#[derive(Clone, Debug)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// Makes the folder for a new run.
    ///
    /// # Errors
    /// A run is in it already, or it cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        let folder = Self(path.to_owned());
        if folder.resume().exists() {
            let problem = "there is a run in this folder: resume it, or name another folder";
            return Err(Error::file(path, problem));
        }
        fs::create_dir_all(path).map_err(|e| Error::io(path, &e))?;
        folder.remove_events()?;
        Ok(folder)
    }

    /// The folder of a run that goes on.
    ///
    /// # Errors
    /// There is none.
    pub fn open(path: &Path) -> Result<Self> {
        let folder = Self(path.to_owned());
        if !folder.resume().is_file() {
            let problem = "there is no run to go on with (no resume.safetensors)";
            return Err(Error::tool(path, problem));
        }
        Ok(folder)
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Weights after the last step that was saved.
    #[must_use]
    pub fn last(&self) -> PathBuf {
        self.0.join("last.safetensors")
    }

    /// Weights of the best epoch.
    #[must_use]
    pub fn best(&self) -> PathBuf {
        self.0.join("best.safetensors")
    }

    /// All that a continuation needs.
    #[must_use]
    pub fn resume(&self) -> PathBuf {
        self.0.join("resume.safetensors")
    }

    /// Keeps a text, the network's or another.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        atomic::write(&self.0.join(name), bytes)
    }

    /// A run that ended before its first checkpoint leaves an event file, which TensorBoard would show as another run's.
    fn remove_events(&self) -> Result<()> {
        for entry in fs::read_dir(&self.0).map_err(|e| Error::io(&self.0, &e))? {
            let path = entry.map_err(|e| Error::io(&self.0, &e))?.path();
            let name = path
                .file_name()
                .map_or_else(Default::default, |n| n.to_string_lossy());
            if name.starts_with(EVENTS) && name.ends_with(".netc") {
                fs::remove_file(&path).map_err(|e| Error::io(&path, &e))?;
            }
        }
        Ok(())
    }

    /// Writes the figures of all epochs.
    pub(super) fn write_metrics(&self, history: &[Epoch], started: f64) -> Result<()> {
        self.write("metrics.csv", csv(history).as_bytes())?;
        let events = tensorboard::events(history, started);
        self.write(&format!("{EVENTS}{started:.0}.netc"), &events)
    }
}
