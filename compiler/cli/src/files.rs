//! Reading and writing files: every failure names the file, and a file is either whole or untouched, unless the power
//! fails within seconds (`atomic::replace_soon`).

use crate::failure::{Failure, Outcome};
use netc_compiler::read_bounded;
use netc_train::{atomic, reason};
use same_file::Handle;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// The path that stands for standard input and output.
pub(crate) fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads a whole file, or standard input for `-`.
pub(crate) fn read(path: &Path) -> Outcome<Vec<u8>> {
    if is_dash(path) {
        let mut bytes = Vec::new();
        return match io::stdin().lock().read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(e) => Err(unreadable_input(&e)),
        };
    }
    std::fs::read(path).map_err(|e| unreadable(path, &e))
}

/// Reads the text of a network, or standard input for `-`: no more of it than a network may have.
pub(crate) fn read_source(path: &Path) -> Outcome<Vec<u8>> {
    if is_dash(path) {
        return read_bounded(io::stdin().lock()).map_err(|e| unreadable_input(&e));
    }
    let text = std::fs::File::open(path).and_then(read_bounded);
    text.map_err(|e| unreadable(path, &e))
}

fn unreadable_input(e: &io::Error) -> Failure {
    Failure::tool(format!("cannot read standard input: {}", reason(e)))
}

/// The failure for a file that cannot be read.
pub(crate) fn unreadable(path: &Path, e: &io::Error) -> Failure {
    Failure::tool(format!("cannot read `{}`: {}", path.display(), reason(e)))
}

/// The failure for a file that the runtime could not read.
pub(crate) fn unreadable_file(path: &Path, e: &netc_runtime::Error) -> Failure {
    match std::fs::File::open(path) {
        Err(e) => unreadable(path, &e),
        Ok(_) => Failure::tool(format!(
            "cannot read `{}`: {}",
            path.display(),
            e.problems().join("; ")
        )),
    }
}

/// A file to be written. It is none of the command's inputs: those would be lost.
#[derive(Debug)]
pub(crate) struct Target(PathBuf);

impl Target {
    /// Refuses a path that leads to one of the inputs, under whatever name; `-` is standard output, and among the inputs
    /// standard input. Commands ask before they begin to work.
    pub(crate) fn new<P: AsRef<Path>>(
        path: &Path,
        inputs: impl IntoIterator<Item = P>,
    ) -> Outcome<Self> {
        let Some(output) = regular(path, Handle::stdout) else {
            return Ok(Self(path.to_owned()));
        };
        for input in inputs {
            let input = input.as_ref();
            if regular(input, Handle::stdin).is_some_and(|input| input == output) {
                return Err(lost(path, input));
            }
        }
        Ok(Self(path.to_owned()))
    }

    /// The path, as the user gave it.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Whether it is standard output.
    pub(crate) fn is_dash(&self) -> bool {
        is_dash(&self.0)
    }

    /// Replaces the file, or makes it, with what `write` writes.
    pub(crate) fn write(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Outcome {
        replace(&self.0, write)
    }
}

/// The identity of a regular file: nothing is lost in a terminal, a pipe or a device, and a pipe must not be opened twice.
fn regular(path: &Path, standard: fn() -> io::Result<Handle>) -> Option<Handle> {
    if is_dash(path) {
        let handle = standard().ok()?;
        let is_file = handle.as_file().metadata().is_ok_and(|meta| meta.is_file());
        return is_file.then_some(handle);
    }
    let is_file = std::fs::metadata(path).is_ok_and(|meta| meta.is_file());
    is_file.then(|| Handle::from_path(path).ok()).flatten()
}

/// The files of a folder, if there is one, and of those in it; a file is its own. Read as they are asked for.
pub(crate) fn all_below(path: Option<&Path>) -> impl Iterator<Item = PathBuf> {
    let entries = path.map(|path| walkdir::WalkDir::new(path).follow_links(true));
    let entries = entries.into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.into_path()))
}

/// Whether both are there and one thing, under whatever names.
pub(crate) fn is_same(a: &Path, b: &Path) -> bool {
    same_file::is_same_file(a, b).unwrap_or(false)
}

fn lost(output: &Path, input: &Path) -> Failure {
    let shown = |path: &Path, standard: &str| match is_dash(path) {
        true => standard.to_owned(),
        false => format!("`{}`", path.display()),
    };
    let (out, from) = (
        shown(output, "standard output"),
        shown(input, "standard input"),
    );
    let headline = if output == input {
        format!("{out} is an input of this command, and would be lost")
    } else {
        format!("{out} is the same file as the input {from}, which would be lost")
    };
    Failure::tool(headline).help("name another file for the output")
}

/// Replaces the file, or makes it, with what `write` writes; `-` is standard output. It is whole or untouched.
fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Outcome {
    if is_dash(path) {
        let mut bytes = Vec::new();
        write(&mut bytes).map_err(|e| unwritable(path, &e))?;
        return crate::terminal::print_bytes(&bytes);
    }
    let written = atomic::replace_soon(path, |file| write(file));
    written.map_err(|e| match e.kind() {
        ErrorKind::NotFound => Failure::tool(format!(
            "cannot write `{}`: there is no such folder",
            path.display()
        )),
        _ => unwritable(path, &e),
    })
}

fn unwritable(path: &Path, e: &io::Error) -> Failure {
    Failure::tool(format!("cannot write `{}`: {}", path.display(), reason(e)))
}

/// A size as people read it: `12 kB`.
pub(crate) fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        b if b < 1e3 => format!("{b} B"),
        b if b < 1e6 => format!("{:.1} kB", b / 1e3),
        b if b < 1e9 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.1} GB", b / 1e9),
    }
}
