//! Image folders: one folder a class, JPEG and PNG inside; or `train/` and `test/` (or `val/`) with such folders inside.

use super::bytes::{Images, Store};
use super::files::Files;
use super::picture::{self, Fit};
use super::split::Parts;
use crate::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// The size of the stored pictures, and their channels, for a network's input.
pub(super) fn fit(resize: Option<usize>, crop: bool, input: &[usize]) -> Result<(Fit, usize)> {
    let [height, width, channels @ (1 | 3)] = *input else {
        let text: Vec<String> = input.iter().map(usize::to_string).collect();
        let problem = "pictures of a folder have 1 or 3 channels";
        return Err(Error::input(format!(
            "{problem}; the network's input is {}",
            text.join("x")
        )));
    };
    let size = resize.map_or([height, width], |side| [side, side]);
    Ok((Fit { size, crop }, channels))
}

pub(super) fn load(folder: &Path, fit: (Fit, usize)) -> Result<Parts> {
    let inner = |names: &[&str]| {
        names
            .iter()
            .map(|name| folder.join(name))
            .find(|path| path.is_dir())
    };
    let train = inner(&["train"]);
    let root = train.as_deref().unwrap_or(folder);
    let classes = classes(root)?;
    let test = match train
        .as_ref()
        .and_then(|_| inner(&["test", "val", "validation"]))
    {
        Some(test) => {
            let there = self::classes(&test)?;
            if let Some(other) = there.iter().find(|name| !classes.contains(name)) {
                let problem = format!("{} has no such class", root.display());
                return Err(Error::file(&test.join(other), problem));
            }
            Some(read(&test, &classes, fit)?)
        }
        None => None,
    };
    Ok(Parts {
        train: read(root, &classes, fit)?,
        test,
        classes,
    })
}

/// The names of the folders inside, sorted.
fn classes(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for path in entries(root)? {
        if path.is_dir()
            && let Some(name) = path.file_name()
        {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    if names.is_empty() {
        return Err(Error::file(
            root,
            "there are no folders in it, one for each class",
        ));
    }
    Ok(names)
}

/// What is in a folder, sorted, without hidden files.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| Error::io(folder, &e))? {
        let path = entry.map_err(|e| Error::io(folder, &e))?.path();
        let hidden = path
            .file_name()
            .is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if !hidden {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read(root: &Path, classes: &[String], fit: (Fit, usize)) -> Result<Store> {
    let (mut paths, mut labels) = (Vec::new(), Vec::new());
    for (label, class) in classes.iter().enumerate() {
        let folder = root.join(class);
        if !folder.is_dir() {
            return Err(Error::file(&folder, "the folder of this class is missing"));
        }
        let before = paths.len();
        paths.extend(
            entries(&folder)?
                .into_iter()
                .filter(|path| is_picture(path)),
        );
        if paths.len() == before {
            return Err(Error::file(
                &folder,
                "the class has no JPEG or PNG pictures",
            ));
        }
        labels.resize(paths.len(), label as u32);
    }
    for path in &paths {
        check(path)?;
    }
    Ok(Store {
        size: [fit.0.size[0], fit.0.size[1], fit.1],
        pad: 0,
        images: Images::Files(Files::new(paths, fit)),
        labels,
    })
}

fn is_picture(path: &Path) -> bool {
    let extension = path
        .extension()
        .map(|e| e.to_string_lossy().to_ascii_lowercase());
    matches!(extension.as_deref(), Some("jpg" | "jpeg" | "png"))
}

/// Reads the header alone, so that most broken files are found before the run starts.
fn check(path: &Path) -> Result<()> {
    let reader = image::ImageReader::open(path).and_then(|r| r.with_guessed_format());
    let reader = reader.map_err(|e| Error::io(path, &e))?;
    match reader.into_dimensions() {
        Ok(_) => Ok(()),
        Err(image::ImageError::IoError(e)) if e.kind() != std::io::ErrorKind::UnexpectedEof => {
            Err(Error::io(path, &e))
        }
        Err(e) => Err(Error::file(
            path,
            format!("broken picture: {}", picture::explain(&e)),
        )),
    }
}
