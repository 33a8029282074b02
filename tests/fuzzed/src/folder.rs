//! A folder for readers that take paths.

use std::path::{Path, PathBuf};
use tempfile::TempDir;

thread_local! {
    /// One for each thread: making one for each input would be most of the work.
    static FOLDER: TempDir = tempfile::tempdir().unwrap();
}

/// Calls with a folder that holds these files. What other calls have left there keeps its names.
pub(crate) fn with<T>(files: &[(&str, &[u8])], then: impl FnOnce(&Path) -> T) -> T {
    let folder = FOLDER.with(|folder| folder.path().to_owned());
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    then(&folder)
}

/// Calls with a file of these bytes.
pub(crate) fn with_file<T>(name: &str, bytes: &[u8], then: impl FnOnce(PathBuf) -> T) -> T {
    with(&[(name, bytes)], |folder| then(folder.join(name)))
}
