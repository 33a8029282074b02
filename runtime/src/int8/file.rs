//! Quantised networks in safetensors files (`docs/int8.md`).

use super::{Quantised, fingerprint, others_of, sources, takes_weights};
use crate::cpu::int8::Layer;
use crate::plan::{Op, Operation, Param, Plan, Step};
#[cfg(feature = "std")]
use crate::weights::Storage;
use crate::weights::file::{INT8_NOTE, explain};
use crate::weights::{Weights, decode};
use crate::{Error, ErrorKind};
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use safetensors::tensor::{Dtype, Metadata, SafeTensors};

/// The version of what stands in the file.
const FORMAT: u32 = 2;

/// A tensor that is written.
struct View<'q> {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Cow<'q, [u8]>,
}

impl<'q> View<'q> {
    fn floats(shape: Vec<usize>, numbers: &[f32]) -> Self {
        Self {
            dtype: Dtype::F32,
            shape,
            bytes: numbers.iter().flat_map(|x| x.to_le_bytes()).collect(),
        }
    }

    fn bytes(shape: Vec<usize>, numbers: &'q [i8]) -> Self {
        Self {
            dtype: Dtype::I8,
            shape,
            bytes: Cow::Borrowed(bytemuck::cast_slice(numbers)),
        }
    }
}

impl safetensors::View for View<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

impl Quantised {
    /// The key of the text that a file holds beside its tensors.
    pub const NOTE: &str = INT8_NOTE;

    /// The [notes](Self::with_notes) in the text of a file.
    #[must_use]
    pub fn notes_of(note: &str) -> Option<&str> {
        note.splitn(3, '\n').nth(2)
    }

    /// The bytes of a safetensors file; the same network gives the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut tensors: BTreeMap<String, View<'_>> = BTreeMap::new();
        for (name, layer) in &self.layers {
            let (count, terms) = (
                layer.scale.len(),
                layer.weight.len() / layer.scale.len().max(1),
            );
            let floats = |numbers| View::floats([count].into(), numbers);
            tensors.insert(
                format!("{name}.weight"),
                View::bytes([count, terms].into(), &layer.weight),
            );
            tensors.insert(format!("{name}.weight_scale"), floats(&layer.scale));
            tensors.insert(format!("{name}.bias"), floats(&layer.bias));
        }
        for (name, range) in &self.ranges {
            tensors.insert(range_name(name), View::floats([2].into(), range));
        }
        for (name, shape, numbers) in self.rest.tensors() {
            tensors.insert(name.into(), View::floats(shape.to_vec(), &numbers));
        }
        let mut note = format!(
            "{FORMAT} {:016x} {}\n{}",
            self.fingerprint,
            self.network,
            self.steps.join(" ")
        );
        if !self.notes.is_empty() {
            note = format!("{note}\n{}", self.notes);
        }
        let notes = [(INT8_NOTE.to_string(), note)].into_iter().collect();
        // It fails for a header over 100 MB: some million layers.
        safetensors::serialize(tensors, Some(notes))
            .expect("weights with a header that can be written")
    }

    /// Writes a safetensors file: beside its place first, so that a fault leaves the old file whole.
    ///
    /// # Errors
    /// If the file cannot be written.
    #[cfg(feature = "std")]
    pub fn save(&self, path: impl AsRef<std::path::Path>) -> Result<(), Error> {
        crate::weights::file::replace(path.as_ref(), &self.to_bytes())
    }

    /// Reads a file that `netc quantize` wrote for this plan.
    ///
    /// # Errors
    /// If the file cannot be read, is another one, is for another network, or lists everything in which it differs from the plan.
    #[cfg(feature = "std")]
    pub fn from_file(path: impl AsRef<std::path::Path>, plan: &Plan) -> Result<Self, Error> {
        let path = path.as_ref();
        let read = Storage::open(path).and_then(|file| Self::from_bytes(file.bytes(), plan));
        read.map_err(|error| error.about(path.display().to_string()))
    }

    /// As `from_file`, from memory.
    ///
    /// # Errors
    /// If it is another file, for another network, or lists everything in which it differs from the plan.
    pub fn from_bytes(bytes: &[u8], plan: &Plan) -> Result<Self, Error> {
        let wrong = |problem: String| Error::new(ErrorKind::Weights, problem);
        let (header, metadata) =
            SafeTensors::read_metadata(bytes).map_err(|error| wrong(explain(&error, bytes)))?;
        let Note {
            fingerprint,
            network,
            steps,
            notes,
        } = note(&metadata).map_err(wrong)?;
        let mut file = File {
            // Eight bytes hold the length of the header; the tensors follow it.
            data: &bytes[header + 8..],
            metadata: &metadata,
            problems: Vec::new(),
        };
        let mut quantised = Self {
            network,
            fingerprint,
            layers: BTreeMap::new(),
            ranges: BTreeMap::new(),
            steps,
            rest: Weights::from_tensors([], &[])?,
            notes,
        };
        if self::fingerprint(plan) != fingerprint {
            return Err(wrong(quantised.foreign(plan)));
        }
        file.read(plan, &mut quantised)?;
        Ok(quantised)
    }
}

fn range_name(step: &str) -> String {
    match step {
        // No layer can be called so.
        "" => "INPUT.range".into(),
        name => format!("{name}.range"),
    }
}

/// The names of a file's steps, in order.
pub(super) fn names(bytes: &[u8]) -> Result<Vec<String>, Error> {
    let wrong = |problem: String| Error::new(ErrorKind::Weights, problem);
    let (_, metadata) =
        SafeTensors::read_metadata(bytes).map_err(|error| wrong(explain(&error, bytes)))?;
    Ok(note(&metadata).map_err(wrong)?.steps)
}

/// What a file says beside its tensors.
struct Note {
    fingerprint: u64,
    network: String,
    /// As [`listed`](super::generated::listed) names them.
    steps: Vec<String>,
    notes: String,
}

/// The network of a file, and what is noted about it.
fn note(metadata: &Metadata) -> Result<Note, String> {
    let notes = metadata.metadata();
    let note = notes.as_ref().and_then(|notes| notes.get(INT8_NOTE));
    let note = note.ok_or("not a quantised network: `netc quantize` makes one of a network, its weights and some pictures")?;
    let mut lines = note.splitn(3, '\n').map(String::from);
    let mut line = || lines.next().unwrap_or_default();
    let (first, steps, notes) = (line(), line(), line());
    let mut parts = first.splitn(3, ' ');
    let format = parts.next().unwrap_or_default();
    if format != FORMAT.to_string() {
        return Err(format!(
            "quantised by another version of netc (format `{format}`, this one reads {FORMAT}): `netc quantize` makes a new file"
        ));
    }
    let fingerprint = parts
        .next()
        .and_then(|hex| u64::from_str_radix(hex, 16).ok());
    let fingerprint = fingerprint.ok_or("a broken note about what was quantised")?;
    let network = parts.next().unwrap_or_default();
    Ok(Note {
        fingerprint,
        network: network.into(),
        steps: steps.split_whitespace().map(String::from).collect(),
        notes,
    })
}

/// A file that is read, and what is wrong with it so far.
struct File<'b> {
    data: &'b [u8],
    metadata: &'b Metadata,
    problems: Vec<String>,
}

impl File<'_> {
    fn read(&mut self, plan: &Plan, quantised: &mut Quantised) -> Result<(), Error> {
        let mut others = Vec::new();
        self.range("", quantised);
        for step in &plan.forward {
            // A last SOFTMAX may have been left to the loss when the file was written.
            if self.has(&range_name(&step.name)) || !matches!(step.op, Op::Softmax(_)) {
                self.range(&step.name, quantised);
            }
        }
        for step in &plan.forward {
            match takes_weights(step) {
                true => self.layer(step, quantised),
                false => others.extend(sources(step)),
            }
        }
        let mut rest = Vec::new();
        for param in others_of(plan, &others) {
            if let Some(numbers) = self.floats(&param.name, param.len()) {
                rest.push((param.name.clone(), numbers));
            }
        }
        if !self.problems.is_empty() {
            return Err(Error::list(
                ErrorKind::Weights,
                core::mem::take(&mut self.problems),
            ));
        }
        let params: Vec<Param> = others_of(plan, &others).cloned().collect();
        quantised.rest = Weights::from_tensors(rest, &params)?;
        Ok(())
    }

    fn layer(&mut self, step: &Step, quantised: &mut Quantised) {
        let tensors = step.op.tensors();
        let shape = tensors.first().map_or(&[][..], |weight| &weight.shape[..]);
        let (count, len) = (shape.first().copied().unwrap_or(0), shape.iter().product());
        let name = &step.name;
        let weight = self.tensor(&format!("{name}.weight"), Dtype::I8, len);
        let weight = weight.map(|bytes| bytes.iter().map(|byte| *byte as i8).collect());
        let scale = self.floats(&format!("{name}.weight_scale"), count);
        let bias = self.floats(&format!("{name}.bias"), count);
        if let (Some(weight), Some(scale), Some(bias)) = (weight, scale, bias) {
            if scale.iter().any(|scale| *scale <= 0.0) {
                self.problems.push(format!(
                    "`{name}.weight_scale` has a scale that is not above 0"
                ));
            }
            let layer = Layer {
                weight,
                scale,
                bias,
            };
            quantised.layers.insert(name.clone(), layer);
        }
    }

    fn range(&mut self, step: &str, quantised: &mut Quantised) {
        let name = range_name(step);
        if let Some(range) = self.floats(&name, 2) {
            match range[..] {
                [low, high] if low <= high => {
                    quantised.ranges.insert(step.into(), [low, high]);
                }
                _ => self
                    .problems
                    .push(format!("`{name}` ends before it begins")),
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.metadata.info(name).is_some()
    }

    /// The numbers of a tensor, which are finite.
    fn floats(&mut self, name: &str, len: usize) -> Option<Vec<f32>> {
        let numbers = decode(self.tensor(name, Dtype::F32, len)?).into_owned();
        if numbers.iter().any(|x| !x.is_finite() || x.abs() > 1e30) {
            self.problems.push(format!(
                "`{name}` has numbers that are too large or not finite"
            ));
            return None;
        }
        Some(numbers)
    }

    fn tensor(&mut self, name: &str, dtype: Dtype, len: usize) -> Option<&[u8]> {
        let Some(info) = self.metadata.info(name) else {
            self.problems.push(format!("`{name}` is missing"));
            return None;
        };
        let found = info.shape.iter().product::<usize>();
        if info.dtype != dtype || found != len {
            self.problems.push(format!(
                "`{name}` has {found} numbers of {:?}, expected {len} of {dtype:?}",
                info.dtype
            ));
            return None;
        }
        let (start, end) = info.data_offsets;
        Some(&self.data[start..end])
    }
}
