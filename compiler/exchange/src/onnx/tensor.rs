//! Tensors that do not depend on the input: weights, and what shapes are computed from.

use super::message::{self, data_type as kind};
use half::{bf16, f16};

/// Numbers of a constant that is computed from others: shapes and masks are small.
pub(crate) const FOLDED: usize = 1 << 24;

/// Numbers of a constant that is one number again and again, as models without real weights have.
pub(crate) const FILLED: usize = 1 << 27;

/// Numbers of all constants together that are computed.
pub(crate) const COMPUTED: usize = 1 << 28;

/// A tensor of numbers, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) dims: Vec<usize>,
    pub(crate) data: Data,
}

/// The numbers of a tensor. Truth is 1 and 0.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    Floats(Vec<f32>),
    Ints(Vec<i64>),
}

/// Bytes of a file that stands beside the model, by its name, offset and length.
pub(crate) type Beside<'a> = dyn Fn(&str, u64, Option<u64>) -> Result<Vec<u8>, String> + 'a;

impl Tensor {
    pub(crate) fn floats(dims: &[usize], values: Vec<f32>) -> Self {
        Self {
            dims: dims.to_vec(),
            data: Data::Floats(values),
        }
    }

    pub(crate) fn ints(dims: &[usize], values: Vec<i64>) -> Self {
        Self {
            dims: dims.to_vec(),
            data: Data::Ints(values),
        }
    }

    /// A vector of sizes.
    pub(crate) fn sizes(sizes: &[usize]) -> Self {
        let values = sizes.iter().map(|n| *n as i64).collect();
        Self::ints(&[sizes.len()], values)
    }

    pub(crate) fn len(&self) -> usize {
        match &self.data {
            Data::Floats(values) => values.len(),
            Data::Ints(values) => values.len(),
        }
    }

    pub(crate) fn to_floats(&self) -> Vec<f32> {
        match &self.data {
            Data::Floats(values) => values.clone(),
            Data::Ints(values) => values.iter().map(|n| *n as f32).collect(),
        }
    }

    /// Whole numbers; `None` if some are not.
    pub(crate) fn to_ints(&self) -> Option<Vec<i64>> {
        match &self.data {
            Data::Ints(values) => Some(values.clone()),
            Data::Floats(values) => {
                let whole = |x: &f32| (x.fract() == 0.0).then_some(*x as i64);
                values.iter().map(whole).collect()
            }
        }
    }

    /// The only number.
    pub(crate) fn number(&self) -> Option<f32> {
        match (&self.data, self.len()) {
            (Data::Floats(values), 1) => values.first().copied(),
            (Data::Ints(values), 1) => values.first().map(|n| *n as f32),
            _ => None,
        }
    }

    /// Reads a tensor of the file. `beside` reads the files that hold large ones.
    pub(crate) fn read(tensor: &message::Tensor, beside: &Beside<'_>) -> Result<Self, String> {
        let size = |n: &i64| usize::try_from(*n).map_err(|_| format!("it has the size {n}"));
        let dims: Vec<usize> = tensor.dims.iter().map(size).collect::<Result<_, _>>()?;
        let count = dims.iter().try_fold(1_usize, |all, n| all.checked_mul(*n));
        let count = count
            .filter(|n| *n <= 1 << 34)
            .ok_or("it has too many numbers")?;
        let kind = tensor.data_type.unwrap_or(0);
        let outside = match tensor.location {
            Some(1) => Some(external(tensor, beside)?),
            _ => None,
        };
        let raw: Option<&[u8]> = outside.as_deref().or(tensor.raw.as_deref());
        let data = match raw {
            Some(bytes) => from_bytes(kind, bytes)?,
            None => from_fields(kind, tensor)?,
        };
        let read = Self { dims, data };
        match read.len() {
            n if n == count => Ok(read),
            n => Err(format!("it has {n} numbers and a shape of {count}")),
        }
    }
}

/// The bytes of a tensor that stand in a file beside the model.
fn external(tensor: &message::Tensor, beside: &Beside<'_>) -> Result<Vec<u8>, String> {
    let entry = |key: &str| {
        let found = tensor
            .external
            .iter()
            .find(|e| e.key.as_deref() == Some(key));
        found.and_then(|e| e.value.as_deref())
    };
    let number = |key: &str| {
        let text = entry(key)?;
        Some(
            text.parse::<u64>()
                .map_err(|_| format!("its {key} is `{text}`")),
        )
    };
    let name = entry("location").ok_or("it stands in another file, whose name is missing")?;
    let offset = number("offset").transpose()?.unwrap_or(0);
    beside(name, offset, number("length").transpose()?)
}

/// Numbers as they lie in memory, little end first.
fn from_bytes(kind: i32, bytes: &[u8]) -> Result<Data, String> {
    fn all<const N: usize, T>(bytes: &[u8], to: impl Fn([u8; N]) -> T) -> Result<Vec<T>, String> {
        match bytes.as_chunks::<N>() {
            (chunks, []) => Ok(chunks.iter().map(|chunk| to(*chunk)).collect()),
            _ => Err(format!(
                "its {} bytes are no numbers of {N} bytes",
                bytes.len()
            )),
        }
    }
    Ok(match kind {
        kind::FLOAT => Data::Floats(all(bytes, f32::from_le_bytes)?),
        kind::DOUBLE => Data::Floats(all(bytes, |b| f64::from_le_bytes(b) as f32)?),
        kind::FLOAT16 => Data::Floats(all(bytes, |b| f16::from_le_bytes(b).to_f32())?),
        kind::BFLOAT16 => Data::Floats(all(bytes, |b| bf16::from_le_bytes(b).to_f32())?),
        kind::INT64 => Data::Ints(all(bytes, i64::from_le_bytes)?),
        kind::INT32 => Data::Ints(all(bytes, |b| i64::from(i32::from_le_bytes(b)))?),
        kind::INT16 => Data::Ints(all(bytes, |b| i64::from(i16::from_le_bytes(b)))?),
        kind::UINT16 => Data::Ints(all(bytes, |b| i64::from(u16::from_le_bytes(b)))?),
        kind::INT8 => Data::Ints(bytes.iter().map(|b| i64::from(b.cast_signed())).collect()),
        kind::UINT8 | kind::BOOL => Data::Ints(bytes.iter().map(|b| i64::from(*b)).collect()),
        other => return Err(unknown(other)),
    })
}

/// Numbers in the fields that the format has for them.
fn from_fields(kind: i32, tensor: &message::Tensor) -> Result<Data, String> {
    let bits = |n: &i32| *n as u16;
    let ints = tensor.ints.iter();
    Ok(match kind {
        kind::FLOAT => Data::Floats(tensor.floats.clone()),
        kind::DOUBLE => Data::Floats(tensor.doubles.iter().map(|x| *x as f32).collect()),
        kind::FLOAT16 => Data::Floats(ints.map(|n| f16::from_bits(bits(n)).to_f32()).collect()),
        kind::BFLOAT16 => Data::Floats(ints.map(|n| bf16::from_bits(bits(n)).to_f32()).collect()),
        kind::INT64 => Data::Ints(tensor.longs.clone()),
        kind::UINT8 | kind::INT8 | kind::UINT16 | kind::INT16 | kind::INT32 | kind::BOOL => {
            Data::Ints(ints.map(|n| i64::from(*n)).collect())
        }
        other => return Err(unknown(other)),
    })
}

fn unknown(kind: i32) -> String {
    match kind {
        0 => "it has no type".to_owned(),
        8 => "it holds texts".to_owned(),
        _ => format!("its numbers have type {kind} of ONNX, which netc does not read"),
    }
}
