//! Weights in safetensors files.

use super::{Data, Storage, Tensor, Weights};
use crate::plan::Param;
use crate::{Error, ErrorKind};
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
#[cfg(feature = "std")]
use alloc::string::ToString;
use alloc::vec::Vec;
use safetensors::tensor::{Dtype, Metadata, SafeTensorError, SafeTensors};

impl Weights {
    /// Reads a safetensors file.
    ///
    /// # Errors
    /// If the file cannot be read, or lists everything in which it differs from `params`.
    #[cfg(feature = "std")]
    pub fn from_file(path: impl AsRef<std::path::Path>, params: &[Param]) -> Result<Self, Error> {
        let path = path.as_ref();
        let read = || {
            let (weights, problems) = Self::parse(Storage::open(path)?)?;
            weights.judge(params, problems)?;
            Ok(weights)
        };
        read().map_err(|error: Error| error.about(path.display().to_string()))
    }

    /// Reads a safetensors file from memory.
    ///
    /// # Errors
    /// Lists everything in which it differs from `params`.
    pub fn from_bytes(bytes: &[u8], params: &[Param]) -> Result<Self, Error> {
        let (weights, problems) = Self::parse(Storage::Read(bytes.to_vec()))?;
        weights.judge(params, problems)?;
        Ok(weights)
    }

    /// The tensors of a safetensors file, and which of them hold other numbers than F32.
    pub(super) fn parse(file: Storage) -> Result<(Self, Vec<String>), Error> {
        let bytes = file.bytes();
        let (header, metadata) = SafeTensors::read_metadata(bytes)
            .map_err(|error| Error::new(ErrorKind::Weights, explain(&error, bytes)))?;
        if is_quantised(&metadata) {
            let problem = "a quantised network in place of weights: `--precision int8` runs it";
            return Err(Error::new(ErrorKind::Weights, problem));
        }
        // Eight bytes hold the length of the header; the tensors follow it.
        let data = header + 8;
        let mut problems = Vec::new();
        let tensors = collect(&metadata, data, &mut problems);
        Ok((Self::of(file, tensors), problems))
    }

    /// The weights as the bytes of a safetensors file; the same weights give the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let tensors = self.tensors();
        serialize(
            tensors.map(|(name, shape, numbers)| (name, shape.to_vec(), numbers)),
            None,
        )
    }

    /// Writes a safetensors file: beside its place first, so that a fault leaves the old file whole.
    ///
    /// # Errors
    /// If the file cannot be written.
    #[cfg(feature = "std")]
    pub fn save(&self, path: impl AsRef<std::path::Path>) -> Result<(), Error> {
        replace(path.as_ref(), &self.to_bytes())
    }
}

/// The key of the note that says that a file holds a quantised network.
pub(crate) const INT8_NOTE: &str = "netc.int8";

/// Whether a file's notes say so.
fn is_quantised(metadata: &Metadata) -> bool {
    let notes = metadata.metadata().as_ref();
    notes.is_some_and(|notes| notes.contains_key(INT8_NOTE))
}

/// Whether a file holds a quantised network; not, if it is broken.
pub(super) fn holds_quantised(bytes: &[u8]) -> bool {
    let header = SafeTensors::read_metadata(bytes);
    header.is_ok_and(|(_, metadata)| is_quantised(&metadata))
}

/// A note of a safetensors file: its key and its text.
pub(crate) type Note<'n> = (&'n str, String);

/// A safetensors file of these tensors; the same tensors give the same bytes. At most one note, as several have no order.
pub(crate) fn serialize<'w, N: AsRef<str> + Ord + core::fmt::Display>(
    tensors: impl IntoIterator<Item = (N, Vec<usize>, Cow<'w, [f32]>)>,
    note: Option<Note<'_>>,
) -> Vec<u8> {
    let views = tensors
        .into_iter()
        .map(|(name, shape, numbers)| (name, Floats { shape, numbers }));
    let notes = note.map(|(key, text)| [(key.into(), text)].into_iter().collect());
    // It fails for a header over 100 MB: some million layers.
    safetensors::serialize(views, notes).expect("weights with a header that can be written")
}

/// The tensors of a safetensors file, and its notes.
///
/// # Errors
/// If it is none, or holds other numbers than F32.
#[cfg(all(feature = "std", feature = "train"))]
#[allow(clippy::type_complexity, reason = "as `serialize` takes them")]
pub(crate) fn deserialize(
    bytes: &[u8],
) -> Result<
    (
        Vec<(String, Vec<usize>, Vec<f32>)>,
        BTreeMap<String, String>,
    ),
    Error,
> {
    let (header, metadata) = SafeTensors::read_metadata(bytes)
        .map_err(|error| Error::new(ErrorKind::Weights, explain(&error, bytes)))?;
    let mut tensors = Vec::new();
    for (name, info) in metadata.tensors() {
        if info.dtype != Dtype::F32 {
            let problem = format!("`{name}` is {:?}, expected F32", info.dtype);
            return Err(Error::new(ErrorKind::Weights, problem));
        }
        let (start, end) = info.data_offsets;
        // Eight bytes hold the length of the header; the tensors follow it.
        let numbers = super::decode(&bytes[header + 8..][start..end]).into_owned();
        tensors.push((name, info.shape.clone(), numbers));
    }
    let notes = metadata.metadata().iter().flatten();
    let notes = notes.map(|(key, text)| (key.clone(), text.clone()));
    Ok((tensors, notes.collect()))
}

/// Writes a file beside its place first, so that a fault leaves the old file whole.
///
/// # Errors
/// If it cannot be written.
#[cfg(feature = "std")]
pub(crate) fn replace(path: &std::path::Path, bytes: &[u8]) -> Result<(), Error> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = std::path::PathBuf::from(beside);
    let written = std::fs::write(&beside, bytes)
        .and_then(|()| std::fs::File::open(&beside)?.sync_all())
        .and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|error| {
        // The fault to report is the first one.
        let _ = std::fs::remove_file(&beside);
        Error::new(ErrorKind::Io, error.to_string()).about(path.display().to_string())
    })
}

#[cfg(feature = "std")]
impl Storage {
    /// A file's bytes.
    pub(crate) fn open(path: &std::path::Path) -> Result<Self, Error> {
        open(path).map_err(|error| Error::new(ErrorKind::Io, error.to_string()))
    }
}

#[cfg(feature = "mmap")]
fn open(path: &std::path::Path) -> std::io::Result<Storage> {
    let file = std::fs::File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    if metadata.len() == 0 {
        return Ok(Storage::None); // an empty file cannot be mapped
    }
    // SAFETY: the map is only read, and only while a model is made. A file that another program changes meanwhile gives other
    // numbers; one that is cut short ends this program (SIGBUS), as it would for every mapping loader.
    unsafe { memmap2::Mmap::map(&file) }.map(Storage::Mapped)
}

/// Lets go of the memory that these bytes take, and with them of what else is on their pages.
#[cfg(all(feature = "mmap", unix))]
pub(super) fn release(map: &memmap2::Mmap, bytes: core::ops::Range<usize>) {
    let dont_need = memmap2::UncheckedAdvice::DontNeed;
    // SAFETY: the map is of a file and only read: whoever reads these bytes again gets the file's, as before.
    let done = unsafe { map.unchecked_advise_range(dont_need, bytes.start, bytes.len()) };
    // A system that does not let go goes on as if nobody had asked.
    let _ = done;
}

#[cfg(all(feature = "std", not(feature = "mmap")))]
fn open(path: &std::path::Path) -> std::io::Result<Storage> {
    std::fs::read(path).map(Storage::Read)
}

fn collect(
    metadata: &Metadata,
    data: usize,
    problems: &mut Vec<String>,
) -> BTreeMap<String, Tensor> {
    let mut tensors = BTreeMap::new();
    for (name, info) in metadata.tensors() {
        // It is an I64 scalar; `checked` drops it.
        if info.dtype != Dtype::F32 && !name.ends_with(".num_batches_tracked") {
            problems.push(format!(
                "`{name}` is {:?}, expected F32: `netc weights import` converts it",
                info.dtype
            ));
        }
        let (start, end) = info.data_offsets;
        let tensor = Tensor {
            shape: info.shape.clone(),
            data: Data::File(data + start..data + end),
        };
        tensors.insert(name, tensor);
    }
    problems.sort();
    tensors
}

/// What is wrong with a file that does not parse.
pub(crate) fn explain(error: &SafeTensorError, bytes: &[u8]) -> String {
    let size = bytes.len();
    let cut = match error {
        SafeTensorError::HeaderTooSmall | SafeTensorError::InvalidHeaderLength => true,
        SafeTensorError::MetadataIncompleteBuffer => {
            return format!(
                "a broken safetensors file: its tensors do not fill its {size} bytes; it may have been cut short"
            );
        }
        _ => false,
    };
    // Every safetensors header starts with a brace.
    let looks_right = bytes.get(8).is_none_or(|&b| b == b'{');
    match cut && looks_right {
        true => format!("a broken safetensors file, cut short after {size} bytes"),
        false => format!("not a safetensors file ({error})"),
    }
}

struct Floats<'w> {
    shape: Vec<usize>,
    numbers: Cow<'w, [f32]>,
}

impl safetensors::View for Floats<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        if cfg!(target_endian = "little") {
            return Cow::Borrowed(bytemuck::cast_slice(&self.numbers));
        }
        self.numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    fn data_len(&self) -> usize {
        size_of_val(&self.numbers[..])
    }
}
