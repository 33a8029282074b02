//! Files that are looked at until one of them changes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

/// How often.
const EVERY: Duration = Duration::from_millis(100);
/// An editor may still be writing: what changed has to stay as it is for so long.
const CALM: Duration = Duration::from_millis(50);

/// What a file looks like from outside; `None` while it is not there.
type Look = Option<(SystemTime, u64)>;

/// The files that were asked for, also those that are not there, as they looked before they were read.
#[derive(Default)]
pub(crate) struct Watched(RefCell<BTreeMap<PathBuf, Look>>);

impl Watched {
    /// Remembers how a file looks that is about to be read.
    pub(crate) fn note(&self, path: &Path) {
        let mut files = self.0.borrow_mut();
        files.entry(path.to_owned()).or_insert_with(|| look(path));
    }

    /// Returns when one of the files, or of these others, has changed and stays as it is.
    pub(crate) fn wait(&self, others: impl IntoIterator<Item = PathBuf>) {
        others.into_iter().for_each(|path| self.note(&path));
        let before = self.0.borrow();
        let now = || -> BTreeMap<PathBuf, Look> {
            let looks = before.keys().map(|path| (path.clone(), look(path)));
            looks.collect()
        };
        let mut last = now();
        while last == *before {
            thread::sleep(EVERY);
            last = now();
        }
        loop {
            thread::sleep(CALM);
            let next = now();
            if next == last {
                return;
            }
            last = next;
        }
    }
}

fn look(path: &Path) -> Look {
    let file = path.metadata().ok()?;
    Some((file.modified().ok()?, file.len()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Instant;

    #[test]
    fn a_file_that_comes_goes_or_changes_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.net");
        let changes: [fn(&Path); 4] = [
            |path| fs::write(path, "INPUT(1)").unwrap(),
            |path| fs::write(path, "INPUT(12)").unwrap(),
            |path| {
                let beside = path.with_extension("new");
                fs::write(&beside, "INPUT(123)").unwrap();
                fs::rename(beside, path).unwrap();
            },
            |path| fs::remove_file(path).unwrap(),
        ];
        for change in changes {
            let watched = Watched::default();
            watched.note(&path);
            let start = Instant::now();
            let path = path.clone();
            let changing = thread::spawn(move || {
                thread::sleep(Duration::from_millis(150));
                change(&path);
            });
            watched.wait([]);
            assert!(start.elapsed() >= Duration::from_millis(150));
            changing.join().unwrap();
        }
    }
}
