//! Safetensors files of any origin, as f32.

use super::names;
use crate::failure::{Failure, Outcome};
use crate::files;
use half::{bf16, f16};
use netc_exchange::Refusal;
use netc_exchange::torch::{self, Kind};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::path::Path;

/// The bytes of a weights file.
pub(crate) struct File {
    /// As the user names it.
    pub(crate) name: String,
    bytes: Vec<u8>,
}

/// A tensor as it stands in the file.
#[derive(Clone, Debug)]
pub(crate) struct Tensor<'a> {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    bytes: &'a [u8],
}

impl File {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let name = path.display().to_string();
        let bytes = files::read(path)?;
        if !bytes.starts_with(ARCHIVE) {
            return Ok(Self { name, bytes });
        }
        let bytes = from_torch(&bytes).map_err(|refusal| {
            Failure::input(format!("`{name}` cannot be used: {}", refusal.headline))
                .details(refusal.details)
                .maybe_help(refusal.help)
        })?;
        Ok(Self { name, bytes })
    }

    /// What the file holds.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes.
    pub(crate) fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The tensors, in the natural order of their names.
    pub(crate) fn tensors(&self) -> Outcome<Vec<Tensor<'_>>> {
        let (header, meta) =
            SafeTensors::read_metadata(&self.bytes).map_err(|e| self.broken(&e))?;
        let data = &self.bytes[8 + header..];
        let mut tensors: Vec<Tensor<'_>> = meta
            .tensors()
            .into_iter()
            .map(|(name, info)| Tensor {
                name,
                dtype: info.dtype,
                shape: info.shape.clone(),
                bytes: &data[info.data_offsets.0..info.data_offsets.1],
            })
            .collect();
        tensors.sort_by(|a, b| names::natural(&a.name, &b.name));
        Ok(tensors)
    }

    /// What is wrong with the file, in terms of what it may be instead.
    fn broken(&self, e: &safetensors::SafeTensorError) -> Failure {
        use safetensors::SafeTensorError as E;
        let is = |magic: &[u8]| self.bytes.starts_with(magic);
        let whose = if is(b"\x80\x02") {
            "a PyTorch file of the form before version 1.6"
        } else if is(b"\x89HDF") {
            "an HDF5 file, as Keras writes them"
        } else if is(b"\x93NUMPY") {
            "a NumPy array"
        } else if is(b"GGUF") {
            "a GGUF file"
        } else {
            let why = match e {
                _ if self.bytes.is_empty() => "it is empty".to_owned(),
                E::HeaderTooSmall | E::InvalidHeaderLength | E::MetadataIncompleteBuffer => {
                    "it is cut short, or no safetensors file at all".to_owned()
                }
                other => format!("it is no valid safetensors file ({other})"),
            };
            return Failure::input(format!("`{}` cannot be used: {why}", self.name));
        };
        Failure::input(format!("`{}` is {whose}, not a safetensors file", self.name)).help(
            "save it from Python, where the model runs: `safetensors.torch.save_file(model.state_dict(), \"weights.safetensors\")`",
        )
    }
}

impl Tensor<'_> {
    /// A tensor without its numbers.
    #[cfg(test)]
    pub(crate) fn empty(name: &str, dtype: Dtype, shape: Vec<usize>) -> Self {
        Self {
            name: name.to_owned(),
            dtype,
            shape,
            bytes: &[],
        }
    }

    /// Whether it holds numbers that can become f32.
    pub(crate) fn is_float(&self) -> bool {
        matches!(
            self.dtype,
            Dtype::F32 | Dtype::F64 | Dtype::F16 | Dtype::BF16
        )
    }

    /// The numbers as f32; `None` if the tensor holds no floating-point numbers.
    pub(crate) fn to_f32(&self) -> Option<Vec<f32>> {
        let (pairs, quads, eights) = (
            self.bytes.as_chunks::<2>().0,
            self.bytes.as_chunks::<4>().0,
            self.bytes.as_chunks::<8>().0,
        );
        Some(match self.dtype {
            Dtype::F32 => quads.iter().map(|b| f32::from_le_bytes(*b)).collect(),
            Dtype::F64 => eights
                .iter()
                .map(|b| f64::from_le_bytes(*b) as f32)
                .collect(),
            Dtype::F16 => pairs
                .iter()
                .map(|b| f16::from_le_bytes(*b).to_f32())
                .collect(),
            Dtype::BF16 => pairs
                .iter()
                .map(|b| bf16::from_le_bytes(*b).to_f32())
                .collect(),
            _ => return None,
        })
    }
}

/// What zip archives begin with.
const ARCHIVE: &[u8] = b"PK\x03\x04";

/// The tensors of a PyTorch file as a safetensors file.
fn from_torch(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let tensors = torch::tensors(bytes)?;
    let dtype = |kind: Kind| match kind {
        Kind::Bf16 => Dtype::BF16,
        Kind::F16 => Dtype::F16,
        Kind::F32 => Dtype::F32,
        Kind::F64 => Dtype::F64,
        Kind::I64 => Dtype::I64,
        Kind::I32 => Dtype::I32,
        Kind::I16 => Dtype::I16,
        Kind::I8 => Dtype::I8,
        Kind::U8 => Dtype::U8,
        Kind::Bool => Dtype::BOOL,
    };
    let views: Result<Vec<_>, _> = tensors
        .iter()
        .map(|tensor| {
            let shape = tensor.shape.clone();
            let view = TensorView::new(dtype(tensor.kind), shape, &tensor.bytes);
            view.map(|view| (tensor.name.as_str(), view))
        })
        .collect();
    let file = views.and_then(|views| safetensors::serialize(views, None));
    file.map_err(|e| Refusal::of(format!("its tensors fit no other file ({e})")))
}

/// A shape as people read it: `64x3x7x7`.
pub(crate) fn shape(sizes: &[usize]) -> String {
    if sizes.is_empty() {
        return "scalar".to_owned();
    }
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    sizes.join("x")
}
