//! Files that are there whole or not at all.

use crate::{Error, Result};
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Writes beside the file, syncs, renames. Whoever reads `path`, even after a crash, sees the old content or the new.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    with(path, |part| fs::write(part, bytes))
}

/// The same for a file that `fill` makes under the path it is given.
pub(crate) fn with(path: &Path, fill: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<()> {
    let beside = beside(path);
    let written = (|| {
        fill(&beside)?;
        // Windows syncs only what is open for writing.
        File::options().write(true).open(&beside)?.sync_all()
    })();
    written.map_err(|e| Error::io(&beside, &e))?;
    fs::rename(&beside, path).map_err(|e| Error::io(path, &e))?;
    sync_folder(path);
    Ok(())
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".part");
    path.with_file_name(name)
}

/// Makes the rename itself survive a power cut, where the system can.
fn sync_folder(path: &Path) {
    #[cfg(unix)]
    if let Some(folder) = path.parent()
        && let Ok(folder) = File::open(folder)
    {
        // Some file systems cannot sync a folder; the content is safe in any case.
        let _ = folder.sync_all();
    }
}
