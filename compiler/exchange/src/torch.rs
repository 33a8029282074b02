//! The tensors of a PyTorch file (`.pt`, `.pth`): a state_dict in a zip archive. Nothing of the file is run.
//!
//! The archive holds a pickle, which says the names, shapes and places of the tensors, and their numbers as they lie in memory.
//! A pickle is a program that builds objects; `pickle.rs` follows it, and knows two functions of PyTorch's and one of Python's. Whatever else it
//! would call makes a thing that nobody looks into.

mod pickle;

use crate::refusal::Refusal;
use pickle::{Object, Objects};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use zip::{CompressionMethod, ZipArchive};

/// How the numbers of a tensor lie in memory, little end first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 16 bits, with a sign bit, 8 of exponent and 7 more.
    Bf16,
    /// 16 bits.
    F16,
    /// 32 bits.
    F32,
    /// 64 bits.
    F64,
    /// Whole numbers.
    I64,
    /// Whole numbers.
    I32,
    /// Whole numbers.
    I16,
    /// Whole numbers.
    I8,
    /// Whole numbers.
    U8,
    /// True and false.
    Bool,
}

impl Kind {
    /// Bytes of a number.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::Bf16 | Self::F16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    fn of_storage(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("torch ")? {
            "FloatStorage" => Self::F32,
            "DoubleStorage" => Self::F64,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::Bf16,
            "LongStorage" => Self::I64,
            "IntStorage" => Self::I32,
            "ShortStorage" => Self::I16,
            "CharStorage" => Self::I8,
            "ByteStorage" => Self::U8,
            "BoolStorage" => Self::Bool,
            _ => return None,
        })
    }
}

/// A tensor of a state_dict.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// `layer1.0.conv1.weight`
    pub name: String,
    /// What its numbers are.
    pub kind: Kind,
    /// Its sizes.
    pub shape: Vec<usize>,
    /// Its numbers, row by row.
    pub bytes: Vec<u8>,
}

/// Dictionaries in dictionaries that are looked into.
const DEPTH: usize = 4;

/// What all tensors may hold beyond the file's own size: parts of one memory are copied for each tensor.
const SPARE: usize = 64 << 20;

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Reads the tensors, in the order of the file.
///
/// # Errors
/// What is wrong with the file.
pub fn tensors(bytes: &[u8]) -> Result<Vec<Tensor>, Refusal> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))
        .map_err(|e| Refusal::new(format!("it is a broken archive ({e})")))?;
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    let root = names
        .iter()
        .find_map(|name| name.strip_suffix("data.pkl"))
        .map(str::to_owned);
    let Some(root) = root else {
        return Err(Refusal::new(
            "it is an archive, and not one of PyTorch's: it holds no `data.pkl`",
        ));
    };
    if let Ok(order) = entry(&mut archive, &format!("{root}byteorder"))
        && order != b"little"
    {
        return Err(Refusal::new("its numbers have their big end first"));
    }
    let program = entry(&mut archive, &format!("{root}data.pkl"))?;
    let objects = pickle::follow(&program)
        .map_err(|why| Refusal::new(format!("its pickle cannot be followed: {why}")))?;
    let mut search = Search {
        objects: &objects,
        found: Vec::new(),
        seen: 0,
    };
    search.dictionary(objects.root, "", DEPTH)?;
    let found = search.found;
    if found.is_empty() {
        let what = match objects.get(objects.root) {
            Object::Thing(name) => format!("it holds a `{name}`, not a state_dict"),
            _ => "it holds no tensors by name".to_owned(),
        };
        return Err(Refusal::new(what).help(
            "save what the model has learnt, not the model: `torch.save(model.state_dict(), \"weights.pt\")`",
        ));
    }
    let mut reader = Storages {
        archive,
        root,
        read: BTreeMap::new(),
        left: bytes.len().saturating_add(SPARE),
    };
    found
        .into_iter()
        .map(|(name, tensor)| reader.tensor(name, tensor))
        .collect()
}

/// The bytes of a part of the archive, which PyTorch does not compress.
fn entry(archive: &mut Archive<'_>, name: &str) -> Result<Vec<u8>, Refusal> {
    let broken = |why: String| Refusal::new(format!("its part `{name}` cannot be read: {why}"));
    let size = archive.get_ref_len();
    let mut file = archive.by_name(name).map_err(|e| broken(e.to_string()))?;
    if file.compression() != CompressionMethod::Stored {
        return Err(broken("it is compressed, as PyTorch's are not".to_owned()));
    }
    let mut bytes = Vec::new();
    let read = file.by_ref().take(size).read_to_end(&mut bytes);
    read.map_err(|e| broken(e.to_string()))?;
    Ok(bytes)
}

/// How long the file is that an archive is read from.
trait Length {
    fn get_ref_len(&self) -> u64;
}

impl Length for Archive<'_> {
    fn get_ref_len(&self) -> u64 {
        // What is stored is no longer than the file.
        self.decompressed_size()
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or(u64::MAX)
    }
}

/// A tensor as the pickle says it.
#[derive(Clone, Debug, PartialEq)]
struct Said<'p> {
    kind: &'p str,
    key: &'p str,
    count: usize,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

/// Tensors by their names, or why one cannot be had.
type Found<'p> = Vec<(String, Result<Said<'p>, String>)>;

/// Entries of dictionaries that are looked at: each may hold the next one many times.
const ENTRIES: usize = 1 << 20;

/// The longest name of a tensor.
const NAME: usize = 1 << 10;

/// What is found in dictionaries.
struct Search<'p> {
    objects: &'p Objects,
    found: Found<'p>,
    seen: usize,
}

impl<'p> Search<'p> {
    /// The tensors of a dictionary by their names, and those of dictionaries in it.
    fn dictionary(&mut self, at: usize, prefix: &str, depth: usize) -> Result<(), Refusal> {
        let Object::Dict(entries) = self.objects.get(at) else {
            return Ok(());
        };
        self.seen += entries.len();
        if self.seen > ENTRIES {
            return Err(Refusal::new("it holds more entries than any network has"));
        }
        for (key, value) in entries {
            let Object::Text(key) = self.objects.get(*key) else {
                continue;
            };
            let name = format!("{prefix}{key}");
            if name.len() > NAME {
                return Err(Refusal::new(
                    "one of its names is longer than any network's",
                ));
            }
            match self.objects.get(*value) {
                Object::Tensor(arguments) => {
                    let said = said(self.objects, *arguments);
                    self.found.push((name, said));
                }
                Object::Dict(_) if depth > 0 => {
                    let inner = if is_holder(prefix, key) {
                        String::new()
                    } else {
                        format!("{name}.")
                    };
                    self.dictionary(*value, &inner, depth - 1)?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether an entry holds the weights, and has no part in their names.
fn is_holder(prefix: &str, key: &str) -> bool {
    prefix.is_empty()
        && ["state_dict", "model_state_dict", "model", "net", "weights"].contains(&key)
}

/// The arguments of `_rebuild_tensor_v2`: storage, offset, sizes, strides.
fn said(objects: &Objects, arguments: usize) -> Result<Said<'_>, String> {
    let [storage, offset, sizes, strides, ..] = objects.items(arguments)? else {
        return Err("it is not whole".to_owned());
    };
    let list = |at: usize| {
        let items = objects.items(at)?;
        if items.len() > 8 {
            return Err("it has more axes than any network's".to_owned());
        }
        items
            .iter()
            .map(|item| objects.size(*item))
            .collect::<Result<Vec<_>, _>>()
    };
    let Object::Storage(parts) = objects.get(*storage) else {
        return Err("it has no memory".to_owned());
    };
    let [_, kind, key, _, count] = objects.items(*parts)? else {
        return Err("its memory is not described".to_owned());
    };
    let (Object::Thing(kind), Object::Text(key)) = (objects.get(*kind), objects.get(*key)) else {
        return Err("its memory is not named".to_owned());
    };
    Ok(Said {
        kind,
        key,
        count: objects.size(*count)?,
        offset: objects.size(*offset)?,
        shape: list(*sizes)?,
        strides: list(*strides)?,
    })
}

/// The memories of the archive, read once each.
struct Storages<'a> {
    archive: Archive<'a>,
    root: String,
    read: BTreeMap<String, Vec<u8>>,
    /// Bytes that tensors may still take.
    left: usize,
}

impl Storages<'_> {
    fn tensor(&mut self, name: String, said: Result<Said<'_>, String>) -> Result<Tensor, Refusal> {
        let broken =
            |why: String| Refusal::new(format!("its tensor `{name}` cannot be read: {why}"));
        let said = said.map_err(broken)?;
        let kind = Kind::of_storage(said.kind)
            .ok_or_else(|| broken(format!("its numbers are `{}`", said.kind)))?;
        if !self.read.contains_key(said.key) {
            let memory = entry(
                &mut self.archive,
                &format!("{}data/{}", self.root, said.key),
            )?;
            self.read.insert(said.key.to_owned(), memory);
        }
        let memory = self.read.get(said.key).map_or(&[][..], Vec::as_slice);
        let places = places(&said, memory.len() / kind.size()).map_err(broken)?;
        let size = places.len() * kind.size();
        self.left = self.left.checked_sub(size).ok_or_else(|| {
            broken("all tensors together are far larger than the file".to_owned())
        })?;
        let mut bytes = Vec::with_capacity(size);
        for at in places {
            bytes.extend_from_slice(&memory[at * kind.size()..(at + 1) * kind.size()]);
        }
        Ok(Tensor {
            name,
            kind,
            shape: said.shape,
            bytes,
        })
    }
}

/// Where each number of a tensor lies in its memory of so many numbers.
fn places(said: &Said<'_>, there: usize) -> Result<Vec<usize>, String> {
    if said.shape.len() != said.strides.len() {
        return Err("its sizes and strides are not as many".to_owned());
    }
    let count = said
        .shape
        .iter()
        .try_fold(1_usize, |all, n| all.checked_mul(*n));
    let count = count.filter(|n| *n <= there.max(1));
    let count = count.ok_or("it is larger than its memory")?;
    let mut last = Some(said.offset);
    for (size, stride) in said.shape.iter().zip(&said.strides) {
        let reach = size.saturating_sub(1).checked_mul(*stride);
        last = last
            .zip(reach)
            .and_then(|(last, reach)| last.checked_add(reach));
    }
    if count == 0 {
        return Ok(Vec::new());
    }
    if said.count > there || last.is_none_or(|last| last >= there) {
        return Err("it reaches beyond its memory, or the file is cut short".to_owned());
    }
    let mut places = vec![said.offset];
    for (size, stride) in said.shape.iter().zip(&said.strides) {
        let deeper = |place: &usize| {
            let place = *place;
            (0..*size).map(move |i| place + i * stride)
        };
        places = places.iter().flat_map(deeper).collect();
    }
    Ok(places)
}
