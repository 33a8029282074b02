//! What a run leaves so that it can go on: one safetensors file with everything, replaced as a whole.
//!
//! `resume.safetensors` is the truth: weights, optimizer and the state of the loop are of the same step, whatever happens.
//! `last` and `best` are for users of the weights.

use super::history::Epoch;
use super::learn::{Learn, Tensor};
use super::notes::Notes;
use super::schedule::{Patience, Plateau};
use super::{Network, schedule};
use crate::{Error, Result, atomic};
use netc_plan::{Optimizer, Recipe};
use netc_runtime::Quantised;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The loop between two steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// Of what run this is.
    pub(super) identity: Identity,
    /// The epoch of the next step.
    pub(super) epoch: usize,
    /// The batch of the next step.
    pub(super) batch: usize,
    /// Steps done.
    pub(super) step: u64,
    /// Of the epoch so far.
    pub(super) sums: Sums,
    pub(super) plateaus: Vec<Plateau>,
    pub(super) stop: Patience,
    /// Whether early stopping has ended the run.
    pub(super) stopped: bool,
    /// The epoch of the best weights and its figure.
    pub(super) best: Option<(usize, f64)>,
    pub(super) history: Vec<Epoch>,
    /// When the run began, in seconds since 1970.
    pub(super) started: f64,
}

impl State {
    /// Goes on by a recipe whose schedules and early stopping may be others than before.
    pub(super) fn adapt(&mut self, recipe: &Recipe) {
        let fresh = schedule::start(recipe);
        if self.plateaus.len() != fresh.len() {
            self.plateaus = fresh;
        }
        self.stopped = recipe
            .stop
            .is_some_and(|stop| self.stop.was_over(stop.patience));
    }
}

/// Running sums of an epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Sums {
    pub(super) loss: f64,
    pub(super) correct: usize,
    pub(super) images: usize,
    pub(super) seconds: f64,
    pub(super) waited: f64,
}

/// What cannot change between a run and its continuation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Identity {
    network: String,
    /// Each step as [`netc_plan::Step::text`] says it; none in runs of before this was kept.
    #[serde(default)]
    layers: Vec<String>,
    optimizer: String,
    batch: usize,
    seed: u64,
    shuffle: bool,
    images: usize,
}

impl Identity {
    pub(super) fn of(network: &Network, recipe: &Recipe, images: usize) -> Self {
        let optimizer = match recipe.optimizer {
            Optimizer::Sgd { .. } => "sgd",
            Optimizer::RmsProp { .. } => "rmsprop",
            Optimizer::Adam {
                decoupled: false, ..
            } => "adam",
            Optimizer::Adam {
                decoupled: true, ..
            } => "adamw",
        };
        Self {
            network: network.name.clone(),
            layers: network.layers.clone(),
            optimizer: optimizer.to_owned(),
            batch: recipe.batch,
            seed: recipe.seed,
            shuffle: recipe.shuffle,
            images,
        }
    }

    /// `batch 32, now 64`
    fn difference(&self, now: &Self) -> Option<String> {
        let fields = [
            ("network", self.network.clone(), now.network.clone()),
            ("optimizer", self.optimizer.clone(), now.optimizer.clone()),
            ("batch", self.batch.to_string(), now.batch.to_string()),
            ("seed", self.seed.to_string(), now.seed.to_string()),
            ("shuffle", self.shuffle.to_string(), now.shuffle.to_string()),
            (
                "training images",
                self.images.to_string(),
                now.images.to_string(),
            ),
        ];
        let changed = fields.into_iter().filter(|(_, was, is)| was != is);
        let layer = |at: usize| {
            let text = |layers: &[String]| layers.get(at).map_or("none", String::as_str).to_owned();
            (text(&self.layers), text(&now.layers))
        };
        let layers = (0..self.layers.len().max(now.layers.len())).map(layer);
        let layer = layers
            .filter(|_| !self.layers.is_empty())
            .find(|(was, is)| was != is);
        let texts: Vec<String> = changed
            .chain(layer.map(|(was, is)| ("layer", was, is)))
            .map(|(what, was, is)| format!("{what} {was}, now {is}"))
            .collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }
}

const STATE: &str = "netc.state";
const NOTES: &str = "netc.notes";
const WEIGHTS: &str = "weights.";
const OPTIMIZER: &str = "optimizer.";

/// Writes weights for their users.
pub(super) fn save_weights(path: &Path, net: &dyn Learn, notes: &Notes) -> Result<()> {
    save(path, net.weights()?, (NOTES, json(path, notes)?))
}

/// Writes everything.
pub(super) fn save_state(path: &Path, net: &dyn Learn, state: &State) -> Result<()> {
    let mut tensors = net.weights()?;
    tensors
        .iter_mut()
        .for_each(|t| t.name = format!("{WEIGHTS}{}", t.name));
    let optimizer = net.state()?.into_iter().map(|mut t| {
        t.name = format!("{OPTIMIZER}{}", t.name);
        t
    });
    tensors.extend(optimizer);
    save(path, tensors, (STATE, json(path, state)?))
}

fn json(path: &Path, value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::file(path, e))
}

/// Writes a safetensors file in parts: its library would take memory for all of it at once, or make a temporary file that
/// others may not read and that stays behind where the process is killed.
fn save(path: &Path, mut tensors: Vec<Tensor<'_>>, (key, text): (&str, String)) -> Result<()> {
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    let mut end = 0;
    let info = |t: &Tensor<'_>| {
        let start = end;
        end += 4 * t.values.len();
        let info = TensorInfo {
            dtype: Dtype::F32,
            shape: t.shape.clone(),
            data_offsets: (start, end),
        };
        (t.name.clone(), info)
    };
    let infos = tensors.iter().map(info).collect();
    // One text: several would be written in no fixed order.
    let texts = HashMap::from([(key.to_owned(), text)]);
    let metadata = Metadata::new(Some(texts), infos).map_err(|e| Error::file(path, e))?;
    let mut header = json(path, &metadata)?;
    // The tensors start at a multiple of eight.
    let padding = header.len().next_multiple_of(8) - header.len();
    header.extend(std::iter::repeat_n(' ', padding));
    atomic::with(path, |file| {
        file.write_all(&(header.len() as u64).to_le_bytes())?;
        file.write_all(header.as_bytes())?;
        tensors
            .iter()
            .flat_map(|t| t.values.iter())
            .try_for_each(|v| file.write_all(&v.to_le_bytes()))
    })
}

/// A safetensors file whose tensors are read one after the other: a checkpoint is as large as the network's memory.
struct Checkpoint<'a> {
    path: &'a Path,
    file: File,
    header: Metadata,
    /// Where the tensors begin.
    start: u64,
}

impl<'a> Checkpoint<'a> {
    fn open(path: &'a Path) -> Result<Self> {
        let mut file = File::open(path).map_err(|e| Error::io(path, &e))?;
        let all = file.metadata().map_err(|e| Error::io(path, &e))?.len();
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(|e| broken(path, &e))?;
        let length = u64::from_le_bytes(length);
        let mut header = Vec::new();
        let read = (&file).take(length).read_to_end(&mut header);
        if read.map_err(|e| Error::io(path, &e))? as u64 != length {
            return Err(broken(path, &"it is cut short"));
        }
        let header: Metadata = serde_json::from_slice(&header).map_err(|e| broken(path, &e))?;
        // The header has been read whole: no file is longer than an u64.
        let start = 8 + length;
        if start.checked_add(header.data_len() as u64) != Some(all) {
            return Err(broken(path, &"its size is not what its header says"));
        }
        Ok(Self {
            path,
            file,
            header,
            start,
        })
    }

    fn note(&self, key: &str) -> Option<&String> {
        self.header.metadata().as_ref()?.get(key)
    }

    /// What a run has noted about its weights, which `netc quantize` keeps.
    fn notes(&self) -> Option<&str> {
        let quantised = || Quantised::notes_of(self.note(Quantised::NOTE)?);
        self.note(NOTES).map(String::as_str).or_else(quantised)
    }

    /// The tensors whose names begin so, without that beginning.
    fn tensors(&mut self, prefix: &str) -> Result<Vec<Tensor<'static>>> {
        let mut tensors = Vec::new();
        for (name, info) in self.header.tensors() {
            let Some(short) = name.strip_prefix(prefix) else {
                continue;
            };
            if info.dtype != Dtype::F32 {
                return Err(broken(self.path, &format!("`{name}` is not float32")));
            }
            let (from, to) = info.data_offsets;
            let mut bytes = vec![0; to - from];
            let at = SeekFrom::Start(self.start + from as u64);
            self.file
                .seek(at)
                .and_then(|_| self.file.read_exact(&mut bytes))
                .map_err(|e| Error::io(self.path, &e))?;
            let words = bytes.as_chunks::<4>().0.iter();
            tensors.push(Tensor {
                name: short.to_owned(),
                shape: info.shape.clone(),
                values: words.map(|b| f32::from_le_bytes(*b)).collect(),
            });
        }
        Ok(tensors)
    }
}

fn broken(path: &Path, problem: &dyn std::fmt::Display) -> Error {
    Error::file(path, format!("the checkpoint is broken: {problem}"))
}

/// Reads weights back.
pub(super) fn load_weights(path: &Path, net: &mut dyn Learn) -> Result<()> {
    net.set_weights(Checkpoint::open(path)?.tensors("")?)
}

/// What a run has left in its weights beside them; nothing in weights from elsewhere.
///
/// # Errors
/// The file cannot be read, or is broken.
pub fn notes(path: &Path) -> Result<Notes> {
    let text = notes_text(path)?;
    let notes = text.map(|text| serde_json::from_str(&text));
    Ok(notes.and_then(std::result::Result::ok).unwrap_or_default())
}

/// The same as it is written, to be kept in a file that is made of these weights.
///
/// # Errors
/// The file cannot be read, or is broken.
pub fn notes_text(path: &Path) -> Result<Option<String>> {
    let file = Checkpoint::open(path)?;
    Ok(file.notes().map(ToOwned::to_owned))
}

/// Reads everything back; the continuation has to be of the same run.
pub(super) fn load_state(path: &Path, net: &mut dyn Learn, now: &Identity) -> Result<State> {
    let mut file = Checkpoint::open(path)?;
    let text = file.note(STATE).map_or("", String::as_str);
    let state: State = serde_json::from_str(text)
        .map_err(|e| Error::file(path, format!("it is no checkpoint of a run: {e}")))?;
    if let Some(difference) = state.identity.difference(now) {
        let problem = format!(
            "this run cannot be resumed with another network, recipe or data ({difference})"
        );
        return Err(Error::file(path, problem));
    }
    let other = |e: Error| Error::file(path, format!("this run is another network's: {e}"));
    net.set_weights(file.tensors(WEIGHTS)?).map_err(other)?;
    net.set_state(file.tensors(OPTIMIZER)?, state.step)
        .map_err(other)?;
    Ok(state)
}
