//! The files of a run.

use super::history::{Epoch, csv};
use super::tensorboard;
use crate::{Error, Result, atomic};
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// How TensorBoard knows its files.
const EVENTS: &str = "events.out.tfevents.";

/// The folder of a run.
#[derive(Clone, Debug)]
pub struct RunFolder(PathBuf);

/// Gives a file this content by writing what it lacks of it: a TensorBoard that is looking keeps the file open, and would go on
/// with one that was replaced. Half a record, where the process is killed, is completed the next time.
fn append(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::options()
        .read(true)
        .append(true)
        .create(true)
        .open(path)?;
    let mut there = Vec::new();
    file.read_to_end(&mut there)?;
    let rest = match content.strip_prefix(&there[..]) {
        Some(rest) => rest,
        None => {
            file.set_len(0)?;
            content
        }
    };
    file.write_all(rest)?;
    file.sync_data()
}

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

    /// Keeps a text, the network's or another; `name` may have folders.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.0.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| Error::io(folder, &e))?;
        }
        atomic::write(&path, bytes)
    }

    /// Keeps others from writing this run, until the lock is dropped or the process ends, however it ends.
    ///
    /// # Errors
    /// Another process has the lock.
    pub(super) fn lock(&self) -> Result<File> {
        let path = self.0.join(".lock");
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let file = file.map_err(|e| Error::io(&path, &e))?;
        let locked = file.try_lock();
        if locked.is_ok() {
            atomic::tidy(&self.0);
        }
        match locked {
            Err(TryLockError::WouldBlock) => {
                let problem =
                    "another netc is writing this run; wait for it, or name another folder";
                Err(Error::tool(&self.0, problem))
            }
            // A file system without locks does without.
            Err(TryLockError::Error(_)) | Ok(()) => Ok(file),
        }
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
        let path = self.0.join(format!("{EVENTS}{started:.0}.netc"));
        append(&path, &events).map_err(|e| Error::io(&path, &e))
    }
}
