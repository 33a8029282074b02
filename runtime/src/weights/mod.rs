//! Weights: read from a file, made at random, checked against what the network needs.

mod digits;
pub(crate) mod file;
mod layer;
mod loader;
mod random;

pub use layer::{LayerName, LayerWeights};
pub use loader::Loader;

use crate::plan::Param;
use crate::threads::Threads;
use crate::{Device, Error, ErrorKind};
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};

/// Numbers that are looked at at a time.
const PART: usize = 1 << 18;

/// The tensors of a network, by name: complete, of the right shapes, finite.
pub struct Weights {
    file: Storage,
    tensors: BTreeMap<String, Tensor>,
    device: Device,
}

struct Tensor {
    shape: Vec<usize>,
    data: Data,
}

enum Data {
    /// Little-endian bytes of the file.
    File(Range<usize>),
    Owned(Vec<f32>),
}

/// The bytes of a safetensors file.
pub(crate) enum Storage {
    None,
    Read(Vec<u8>),
    #[cfg(feature = "mmap")]
    Mapped(memmap2::Mmap),
}

impl Storage {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Storage::None => &[],
            Storage::Read(bytes) => bytes,
            #[cfg(feature = "mmap")]
            Storage::Mapped(map) => map,
        }
    }

    /// Lets go of the memory that these bytes of a mapped file take.
    fn release(&self, bytes: Range<usize>) {
        #[cfg(all(feature = "mmap", unix))]
        if let Storage::Mapped(map) = self {
            file::release(map, bytes);
        }
        #[cfg(not(all(feature = "mmap", unix)))]
        let _ = bytes;
    }
}

impl Weights {
    /// Takes tensors from memory, in row-major order.
    ///
    /// # Errors
    /// Lists everything in which the tensors differ from `params`.
    pub fn from_tensors(
        tensors: impl IntoIterator<Item = (String, Vec<f32>)>,
        params: &[Param],
    ) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let mut found = BTreeMap::new();
        for (name, data) in tensors {
            let shape = match params.iter().find(|p| p.name == name) {
                Some(p) if p.shape.iter().product::<usize>() != data.len() => {
                    problems.push(format!(
                        "`{name}` has {} numbers, expected {:?}",
                        data.len(),
                        p.shape
                    ));
                    p.shape.clone()
                }
                Some(p) => p.shape.clone(),
                None => alloc::vec![data.len()],
            };
            let data = Data::Owned(data);
            found.insert(name, Tensor { shape, data });
        }
        let weights = Self::of(Storage::None, found);
        weights.judge(params, problems)?;
        Ok(weights)
    }

    /// These tensors, without those that no network needs: they count the batches that PyTorch's batch normalisation has seen.
    fn of(file: Storage, mut tensors: BTreeMap<String, Tensor>) -> Self {
        tensors.retain(|name, _| !name.ends_with(".num_batches_tracked"));
        Self {
            file,
            tensors,
            device: Device::cpu(),
        }
    }

    /// The same weights, for networks that compute on this device.
    #[must_use]
    pub fn on(self, device: Device) -> Self {
        Self { device, ..self }
    }

    /// Where the network is to compute.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The tensors' names, shapes and numbers, sorted by name.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &[usize], Cow<'_, [f32]>)> {
        self.tensors
            .iter()
            .map(|(name, t)| (name.as_str(), &t.shape[..], self.numbers(t)))
    }

    /// A tensor's shape and numbers.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<(&[usize], Cow<'_, [f32]>)> {
        let tensor = self.tensors.get(name)?;
        Some((&tensor.shape, self.numbers(tensor)))
    }

    /// The parameters of a layer, as its kernel takes them.
    #[must_use]
    pub fn layer<'w>(&'w self, name: &'w str) -> LayerWeights<'w> {
        LayerWeights::checked(self, name.into())
    }

    /// Checks that these are the weights of a network.
    ///
    /// # Errors
    /// Lists everything in which they differ from `params`.
    pub fn check(&self, params: &[Param]) -> Result<(), Error> {
        let mut problems = Vec::new();
        self.compare(params, &mut problems);
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Error::list(ErrorKind::Weights, problems)),
        }
    }

    fn numbers<'w>(&'w self, tensor: &'w Tensor) -> Cow<'w, [f32]> {
        match &tensor.data {
            Data::Owned(numbers) => Cow::Borrowed(numbers),
            Data::File(range) => decode(&self.file.bytes()[range.clone()]),
        }
    }

    /// Lets go of the memory that these numbers take, where they are a mapped file's: they are read anew if they are asked for again.
    fn release(&self, name: &str, numbers: Range<usize>) {
        if let Some(Data::File(bytes)) = self.tensors.get(name).map(|tensor| &tensor.data) {
            let at = |number: usize| bytes.end.min(bytes.start + number * size_of::<f32>());
            self.file.release(at(numbers.start)..at(numbers.end));
        }
    }

    /// Whether all numbers are finite. Those of a mapped file are let go as they are read, so that no more than a part is held at a time.
    fn is_finite(&self, name: &str, numbers: &[f32]) -> bool {
        let broken = AtomicBool::new(false);
        let threads = Threads::to_prepare(numbers.len());
        threads.for_each(numbers.len().div_ceil(PART), |part, _| {
            let start = part * PART;
            let part = &numbers[start..numbers.len().min(start + PART)];
            // Not `any`, which would look at one number after the other.
            if part.iter().fold(false, |any, x| any | !x.is_finite()) {
                broken.store(true, Ordering::Relaxed);
            }
            self.release(name, start..start + part.len());
        });
        !broken.into_inner()
    }

    /// Checks names, shapes and values; `problems` are those found so far.
    fn judge(&self, params: &[Param], mut problems: Vec<String>) -> Result<(), Error> {
        if problems.is_empty() {
            self.compare(params, &mut problems);
        }
        if problems.is_empty() {
            self.inspect(params, &mut problems);
        }
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Error::list(ErrorKind::Weights, problems)),
        }
    }

    /// Names and shapes.
    fn compare(&self, params: &[Param], problems: &mut Vec<String>) {
        let wanted: BTreeMap<&str, &Param> = params.iter().map(|p| (p.name.as_str(), p)).collect();
        let mut extra: Vec<&str> = self.tensors.keys().map(String::as_str).collect();
        extra.retain(|name| !wanted.contains_key(name));
        let foreign = !params.is_empty() && extra.len() == self.tensors.len();
        for param in params {
            match self.tensors.get(&param.name) {
                None => {
                    let mut problem =
                        format!("`{}` is missing, expected {:?}", param.name, param.shape);
                    if let Some(near) = nearest(&param.name, &extra) {
                        problem += &format!("; there is `{near}`");
                    }
                    problems.push(problem);
                }
                Some(t) if t.shape != param.shape => problems.push(format!(
                    "`{}` is {:?}, expected {:?}",
                    param.name, t.shape, param.shape
                )),
                Some(_) => {}
            }
        }
        let names: Vec<&str> = wanted.keys().copied().collect();
        for name in extra {
            let mut problem = format!("`{name}` is not a tensor of this network");
            if let Some(near) = nearest(name, &names) {
                problem += &format!("; did you mean `{near}`?");
            }
            problems.push(problem);
        }
        if foreign && !self.tensors.is_empty() {
            problems.push(
                "no name fits: `netc weights import` matches another framework's tensors by order and shape"
                    .to_string(),
            );
        }
    }

    /// Values: finite, and zero where a connection table has no connection.
    fn inspect(&self, params: &[Param], problems: &mut Vec<String>) {
        for param in params {
            let Some(tensor) = self.tensors.get(&param.name) else {
                continue;
            };
            let numbers = self.numbers(tensor);
            let broken = |x: &f32| !x.is_finite();
            let finite = self.is_finite(&param.name, &numbers);
            if !finite && let Some(first) = numbers.iter().position(broken) {
                let all = numbers.iter().filter(|x| broken(x)).count();
                problems.push(format!(
                    "`{}` has {all} of {} numbers that are not finite, the first {} at {:?}",
                    param.name,
                    numbers.len(),
                    numbers[first],
                    unravel(first, &param.shape)
                ));
            }
            if let Some(stray) = unconnected(param).find(|&i| numbers[i] != 0.0) {
                problems.push(format!(
                    "`{}` is {} at {:?}, where the connection table has no connection: it must be 0",
                    param.name,
                    numbers[stray],
                    unravel(stray, &param.shape)
                ));
            }
        }
    }
}

/// Little-endian floats, without a copy where the bytes allow it.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, [f32]> {
    if cfg!(target_endian = "little")
        && let Ok(numbers) = bytemuck::try_cast_slice(bytes)
    {
        return Cow::Borrowed(numbers);
    }
    let (numbers, _) = bytes.as_chunks();
    numbers.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

/// The elements of a weight `[out, in, kh, kw]` that its connection table leaves out.
pub(crate) fn unconnected(param: &Param) -> impl Iterator<Item = usize> {
    let (inputs, area) = match param.shape[..] {
        [_, inputs, h, w] => (inputs, h * w),
        _ => (0, 0),
    };
    let table = param.connect.as_deref().unwrap_or_default();
    table.iter().enumerate().flat_map(move |(output, seen)| {
        (0..inputs)
            .filter(move |input| !seen.contains(input))
            .flat_map(move |input| {
                let start = (output * inputs + input) * area;
                start..start + area
            })
    })
}

/// The indices of an element.
fn unravel(mut element: usize, shape: &[usize]) -> Vec<usize> {
    let mut indices: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&size| {
            let index = element % size;
            element /= size;
            index
        })
        .collect();
    indices.reverse();
    indices
}

/// The name that was probably meant.
#[cfg(feature = "std")]
pub(crate) fn nearest<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    let distance = |other: &str| strsim::osa_distance(name, other);
    let near = names.iter().copied().min_by_key(|other| distance(other))?;
    (distance(near) <= 2).then_some(near)
}

#[cfg(not(feature = "std"))]
pub(crate) fn nearest<'n>(_: &str, _: &[&'n str]) -> Option<&'n str> {
    None
}
