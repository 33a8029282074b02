//! Data sets: read, checked, split into training, validation and test images.
//!
//! Small sets are kept as their bytes; image folders are decoded when a picture is first asked for, and kept while they fit.

mod bytes;
mod cifar10;
mod digits;
mod files;
mod folder;
mod idx;
mod mnist;
pub mod npy;
mod npz;
pub mod picture;
mod split;
mod unpack;

pub(crate) use bytes::padded;
pub use bytes::{Held, Kept};
pub use split::{Dataset, Split};

use crate::{Error, ErrorKind, Result};
use netc_plan::{Data, Recipe};
use std::path::Path;

/// Reads the data of a recipe from `path`: a folder, or an NPZ file; none for the digits, which lie nowhere.
///
/// `input` is the network's: the size that pictures of a folder get where the recipe gives none.
///
/// # Errors
/// Says which file is missing, broken or does not fit.
pub fn load<'p>(
    recipe: &Recipe,
    path: impl Into<Option<&'p Path>>,
    input: &[usize],
) -> Result<Dataset> {
    let Some(data) = &recipe.data else {
        return Err(Error::input("the recipe does not say what to learn from"));
    };
    let path = place(data, path.into())?;
    let parts = match data {
        Data::Digits { pad } => digits::load(*pad, input)?,
        Data::Mnist { pad } => mnist::load(path, *pad, input)?,
        Data::Cifar10 { pad } => cifar10::load(path, *pad, input)?,
        Data::Folder { resize, crop } => {
            let fit = folder::fit(*resize, *crop, input)?;
            folder::load(path, fit)?
        }
        Data::Npz { images, labels } => npz::load(path, images, labels)?,
    };
    split::split(parts, recipe.validation, recipe.seed, path)
}

/// Where the data lie. What lies nowhere has a name to be spoken of.
fn place<'p>(data: &Data, path: Option<&'p Path>) -> Result<&'p Path> {
    let name = match data {
        Data::Digits { .. } => "digits",
        Data::Mnist { .. } => "mnist",
        Data::Cifar10 { .. } => "cifar10",
        Data::Folder { .. } => "folder",
        Data::Npz { .. } => "npz",
    };
    match (data, path) {
        (Data::Digits { .. }, None) => Ok(Path::new(name)),
        (Data::Digits { .. }, Some(path)) => Err(Error::tool(
            path,
            "the recipe learns from `digits`, which netc has in itself: leave `--data` out, or say by `--data-format` what lies there",
        )),
        (_, None) => Err(Error::new(
            ErrorKind::Tool,
            format!("the recipe learns from `{name}`: `--data DIR` has to say where it lies"),
        )),
        (_, Some(path)) if !path.exists() => {
            Err(Error::tool(path, "there is no such file or folder"))
        }
        (_, Some(path)) => Ok(path),
    }
}
