//! Where the text of used files comes from, so that the compiler itself touches no file system.

use netc_grammar::limits::MAX_FILE_BYTES;
use std::collections::BTreeMap;
use std::io::{self, Read};
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
        let text = std::fs::File::open(full).and_then(read_bounded);
        text.map_err(wrong)
    }
}

/// Reads a source text, but little more than a file may hold: devices and pipes need not end. What is longer gives E0130.
///
/// # Errors
/// What reading gives.
pub fn read_bounded(from: impl Read) -> io::Result<Vec<u8>> {
    // One byte too many, and a byte-order mark, which does not count.
    let limit = MAX_FILE_BYTES as u64 + 4;
    let mut bytes = Vec::new();
    from.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Files held in memory; an empty map for text that may use no others.
impl Loader for BTreeMap<String, Vec<u8>> {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        self.get(path)
            .cloned()
            .ok_or_else(|| "no such file".to_owned())
    }
}
