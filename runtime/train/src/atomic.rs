//! Files that are there whole or not at all.

use crate::{Error, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// How files are named that are not whole yet.
const PREFIX: &str = ".netc-";

/// Writes the whole file, which is replaced as [`replace`] does it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    with(path, |file| file.write_all(bytes))
}

/// The same for a content that comes in parts.
pub(crate) fn with(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<()> {
    replace(path, fill).map_err(|e| Error::io(path, &e))
}

/// Writes beside the file, syncs, renames. Whoever reads `path`, even after a power cut, sees the old content or the new, and a
/// failure leaves the old one alone. A link is written through, and a device or a pipe is written to.
///
/// # Errors
/// What the system says, or `fill`.
pub fn replace(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> io::Result<()> {
    let (target, beside) = match written(path, fill)? {
        None => return Ok(()),
        Some(both) => both,
    };
    beside.as_file().sync_all()?;
    beside.persist(&target)?;
    sync_folder(&target);
    Ok(())
}

/// As [`replace`], without waiting for the disk: for what can be made again. A power cut may leave an empty file, nothing else does.
///
/// # Errors
/// As there.
pub fn replace_soon(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> io::Result<()> {
    if let Some((target, beside)) = written(path, fill)? {
        beside.persist(&target)?;
    }
    Ok(())
}

/// The file that `path` leads to, and the one beside it that is to take its place; none where it was written to in place.
fn written(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> io::Result<Option<(PathBuf, NamedTempFile)>> {
    let fill = |file: &File| {
        let mut buffered = BufWriter::with_capacity(1 << 20, file);
        fill(&mut buffered)?;
        buffered.flush()
    };
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = fs::metadata(&target).ok();
    match &old {
        Some(old) if old.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        Some(old) if !old.is_file() => {
            fill(&OpenOptions::new().write(true).open(&target)?)?;
            return Ok(None);
        }
        Some(old) if old.permissions().readonly() => {
            return Err(ErrorKind::PermissionDenied.into());
        }
        _ => {}
    }
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What a plain `File::create` gives: the umask takes its share.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let beside = builder.tempfile_in(folder)?;
    fill(beside.as_file())?;
    if let Some(old) = old {
        beside.as_file().set_permissions(old.permissions())?;
    }
    Ok(Some((target, beside)))
}

/// Removes what a killed process has left in a folder that no other writes to.
pub(crate) fn tidy(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            // It is in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_leaves_the_old_content_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, b"old").unwrap();
        let error = with(&path, |file| {
            file.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(error.unwrap_err().to_string().contains("file: "));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_process_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("file"), b"whole").unwrap();
        fs::write(folder.path().join(".netc-half"), b"half").unwrap();
        tidy(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
