//! Where the text of used files comes from, so that the compiler itself touches no file system.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Reads the files that `use` names.
pub trait Loader {
    /// The bytes of the file at this path (relative to the same place as the name of the root file), or why they cannot be had.
    ///
    /// # Errors
    /// A message for the user: `no such file`, say.
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String>;
}

/// Reads from the file system, paths relative to a folder.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The folder; empty for the current one.
    pub root: PathBuf,
}

impl Loader for Files {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let full = self.root.join(path);
        let wrong = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::NotFound => "no such file".to_owned(),
            std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
            _ => e.to_string(),
        };
        std::fs::read(full).map_err(wrong)
    }
}

/// Files held in memory; an empty map for text that may use no others.
impl Loader for BTreeMap<String, Vec<u8>> {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        self.get(path)
            .cloned()
            .ok_or_else(|| "no such file".to_owned())
    }
}
