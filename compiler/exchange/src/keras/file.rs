//! Files of Keras: an archive of the model and its weights, or HDF5 that holds both.

use super::weights::{Form, Weights};
use crate::hdf5;
use crate::refusal::Refusal;
use serde_json::Value;
use std::borrow::Cow;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// A model's file.
pub struct Source<'a> {
    /// What the file is called, without its ending: the network's name where the model has none of its own.
    pub name: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// The input's height, width and channels, where the model leaves them open.
    pub input: Option<[usize; 3]>,
}

/// Whether a file begins as Keras' files do: as an archive, or as HDF5.
#[must_use]
pub fn is_model(bytes: &[u8]) -> bool {
    is_archive(bytes) || hdf5::is_file(bytes)
}

/// Bytes of a model in JSON. The largest of `keras.applications` has not one million.
const TEXT: usize = 8 << 20;

/// What the weights of an archive may have beyond sixteen times its size.
const SPARE: usize = 64 << 20;

/// What a file holds.
pub(super) struct Parts<'a> {
    pub(super) model: Value,
    /// The version of Keras that wrote it; empty where it does not say so.
    pub(super) version: String,
    form: Form,
    hdf5: Cow<'a, [u8]>,
}

impl Parts<'_> {
    pub(super) fn weights(&self) -> Result<Weights<'_>, Refusal> {
        let file = hdf5::File::open(&self.hdf5).map_err(|why| broken("its weights", &why))?;
        Ok(Weights::new(file, self.form))
    }

    /// The first number of the version.
    pub(super) fn major(&self) -> u32 {
        let first = self.version.split('.').next().unwrap_or_default();
        // Archives are of Keras 3 or have its layers; HDF5 that says nothing is older.
        let usual = match self.form {
            Form::Paths => 3,
            Form::Names => 2,
        };
        first.parse().unwrap_or(usual)
    }
}

fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK")
}

fn broken(what: &str, why: &str) -> Refusal {
    Refusal::new(format!("{what} cannot be read: {why}"))
}

/// Takes a file apart.
pub(super) fn parts(bytes: &[u8]) -> Result<Parts<'_>, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::new("it is empty"));
    }
    if is_archive(bytes) {
        return archive(bytes);
    }
    if hdf5::is_file(bytes) {
        return alone(bytes);
    }
    Err(Refusal::new(
        "it is no model of Keras: neither an archive (.keras) nor HDF5 (.h5)",
    ))
}

fn archive(bytes: &[u8]) -> Result<Parts<'_>, Refusal> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))
        .map_err(|e| Refusal::new(format!("it is a broken archive ({e})")))?;
    if archive.index_for_name("config.json").is_none() {
        let refusal =
            Refusal::new("it is an archive, and not one of Keras: it holds no `config.json`");
        let is_torch = archive.file_names().any(|name| name.ends_with("data.pkl"));
        return Err(match is_torch {
            true => refusal.help(
                "for the weights of PyTorch: `netc weights import FILE --for NETWORK -o OUTPUT`",
            ),
            false => refusal,
        });
    }
    let config = entry(&mut archive, "config.json", TEXT)?;
    let metadata = match archive.index_for_name("metadata.json") {
        Some(_) => json(
            &entry(&mut archive, "metadata.json", TEXT)?,
            "metadata.json",
        )?,
        None => Value::Null,
    };
    let most = bytes.len().saturating_mul(16).saturating_add(SPARE);
    Ok(Parts {
        model: json(&config, "config.json")?,
        version: metadata["keras_version"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        form: Form::Paths,
        hdf5: Cow::Owned(entry(&mut archive, "model.weights.h5", most)?),
    })
}

/// A part of an archive, of no more bytes than this.
fn entry(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    name: &str,
    most: usize,
) -> Result<Vec<u8>, Refusal> {
    let part = format!("its part `{name}`");
    let entry = archive
        .by_name(name)
        .map_err(|e| broken(&part, &e.to_string()))?;
    let mut bytes = Vec::new();
    entry
        .take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| broken(&part, &e.to_string()))?;
    match bytes.len() > most {
        true => Err(broken(&part, "it is far larger than any model's")),
        false => Ok(bytes),
    }
}

fn json(text: &[u8], what: &str) -> Result<Value, Refusal> {
    serde_json::from_slice(text).map_err(|e| {
        broken(
            &format!("its part `{what}`"),
            &format!("it is no JSON ({e})"),
        )
    })
}

/// HDF5 that holds the model in an attribute, and the weights in a group.
fn alone(bytes: &[u8]) -> Result<Parts<'_>, Refusal> {
    let read = |why: String| Refusal::new(format!("it is a broken HDF5 file: {why}"));
    let file = hdf5::File::open(bytes).map_err(read)?;
    let root = file.object("").map_err(read)?;
    let text = |name: &str| -> Result<Option<&str>, Refusal> {
        let texts = match &root {
            Some(root) => root.texts(name).map_err(read)?,
            None => None,
        };
        Ok(texts.and_then(|texts| texts.first().copied()))
    };
    let Some(config) = text("model_config")? else {
        return Err(
            Refusal::new("it holds no model: there is no `model_config`").help(
                "if it holds weights alone, save the whole model: `model.save(\"model.keras\")`",
            ),
        );
    };
    if config.len() > TEXT {
        return Err(broken(
            "its `model_config`",
            "it is far larger than any model's",
        ));
    }
    Ok(Parts {
        model: json(config.as_bytes(), "model_config")?,
        version: text("keras_version")?.unwrap_or_default().to_owned(),
        form: Form::Names,
        hdf5: Cow::Borrowed(bytes),
    })
}
