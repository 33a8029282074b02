//! Data sets: read, checked, split into training, validation and test images.
//!
//! Small sets are kept as their bytes; image folders are decoded when a picture is first asked for, and kept while they fit.

mod bytes;
mod cifar10;
mod files;
mod folder;
mod idx;
mod mnist;
pub mod npy;
mod npz;
pub mod picture;
mod split;

pub(crate) use bytes::padded;
pub use bytes::{Held, Kept};
pub use split::{Dataset, Split};

use crate::{Error, Result};
use netc_plan::{Data, Recipe};
use std::path::Path;

/// Reads the data of a recipe from `path`: a folder, or an NPZ file.
///
/// `input` is the network's: the size that pictures of a folder get where the recipe gives none.
///
/// # Errors
/// Says which file is missing, broken or does not fit.
pub fn load(recipe: &Recipe, path: &Path, input: &[usize]) -> Result<Dataset> {
    if !path.exists() {
        return Err(Error::tool(path, "there is no such file or folder"));
    }
    let Some(data) = &recipe.data else {
        return Err(Error::input("the recipe does not say what to learn from"));
    };
    let parts = match data {
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
