//! Weights for a network that is being made.

use super::file::holds_quantised;
use super::layer::{LayerName, LayerWeights};
use super::{Storage, Weights, random};
use crate::plan::{Init, Operation, Param};
use crate::{Device, Error, Model, Path, int8};
use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

/// Gives the layers of a network their parameters while they are made, and writes down what they take: so a network says what its
/// weights file holds nowhere but in its layers. What is wrong with a file is told all at once, when every layer has been made.
pub struct Loader<'w> {
    from: From<'w>,
    device: Device,
    taken: RefCell<Vec<Param>>,
}

enum From<'w> {
    Weights(&'w Weights),
    /// Initial values for this seed, and the tensors that start otherwise than the layers say.
    Seed(u64, &'w [(&'w str, Init)]),
    /// None: the network's device has them.
    Quantised,
}

impl<'w> Loader<'w> {
    /// Makes a network with the weights of a safetensors file, as they are, or as `netc quantize` wrote them. Those are looked at in a pass
    /// that computes nothing.
    ///
    /// # Errors
    /// If the file cannot be read, or lists everything in which it differs from what the network took.
    #[cfg(feature = "std")]
    pub fn file<M: Model>(
        path: impl AsRef<Path>,
        new: impl Fn(&Loader<'_>) -> M,
    ) -> Result<M, Error> {
        Self::on(&Device::cpu(), path, new)
    }

    /// As [`file`](Self::file), for this device.
    ///
    /// # Errors
    /// As [`file`](Self::file).
    #[cfg(feature = "std")]
    pub fn on<M: Model>(
        device: &Device,
        path: impl AsRef<Path>,
        new: impl Fn(&Loader<'_>) -> M,
    ) -> Result<M, Error> {
        let path = path.as_ref();
        let model = Storage::open(path).and_then(|file| Self::load(device, file, new));
        model.map_err(|error| error.about(path.display().to_string()))
    }

    /// Makes a network with the weights of a safetensors file, of which there are none without the feature `std`.
    ///
    /// # Errors
    /// None.
    #[cfg(not(feature = "std"))]
    pub fn file<M: Model>(
        path: impl AsRef<Path>,
        _new: impl Fn(&Loader<'_>) -> M,
    ) -> Result<M, Error> {
        match *path.as_ref() {}
    }

    /// As [`file`](Self::file).
    ///
    /// # Errors
    /// None.
    #[cfg(not(feature = "std"))]
    pub fn on<M: Model>(
        _device: &Device,
        path: impl AsRef<Path>,
        new: impl Fn(&Loader<'_>) -> M,
    ) -> Result<M, Error> {
        Self::file(path, new)
    }

    /// Makes a network with the weights of a safetensors file that is in memory.
    ///
    /// # Errors
    /// Lists everything in which it differs from what the network took.
    pub fn bytes<M: Model>(bytes: &[u8], new: impl Fn(&Loader<'_>) -> M) -> Result<M, Error> {
        Self::load(&Device::cpu(), Storage::Read(bytes.to_vec()), new)
    }

    /// Makes a network with initial weights, the same for the same seed, everywhere. Tensors start as
    /// [`Tensor::param`](crate::plan::Tensor::param) says, but for these.
    pub fn random<M>(seed: u64, others: &[(&str, Init)], new: impl FnOnce(&Loader<'_>) -> M) -> M {
        new(&Loader {
            from: From::Seed(seed, others),
            device: Device::cpu(),
            taken: RefCell::default(),
        })
    }

    /// For a network whose weights this device has.
    pub(crate) fn quantised(device: Device) -> Loader<'static> {
        Loader {
            from: From::Quantised,
            device,
            taken: RefCell::default(),
        }
    }

    /// What has been taken.
    pub(crate) fn taken(&self) -> Vec<Param> {
        self.taken.borrow().clone()
    }

    fn load<M: Model>(
        device: &Device,
        file: Storage,
        new: impl Fn(&Loader<'_>) -> M,
    ) -> Result<M, Error> {
        if holds_quantised(file.bytes()) {
            return int8::load(device, file.bytes(), new);
        }
        let (weights, problems) = Weights::parse(file)?;
        let loader = Loader {
            from: From::Weights(&weights),
            device: device.clone(),
            taken: RefCell::default(),
        };
        let model = new(&loader);
        let taken = loader.taken.into_inner();
        weights.judge(&taken, problems)?;
        Ok(model)
    }

    /// Where the network is to compute.
    #[must_use]
    pub fn device(&self) -> Device {
        self.place().clone()
    }

    /// The parameters of a layer, for its kernel.
    #[must_use]
    pub fn layer<'l>(&'l self, name: impl Into<LayerName<'l>>) -> LayerWeights<'l> {
        LayerWeights::asking(self, name.into())
    }

    /// Where the network is to compute.
    pub(super) fn place(&self) -> &Device {
        &self.device
    }

    /// The weights of a file.
    pub(super) fn weights(&self) -> Option<&Weights> {
        match self.from {
            From::Weights(weights) => Some(weights),
            From::Seed(..) | From::Quantised => None,
        }
    }

    /// Writes down a tensor of the file that the network has no use for: its layer only helps to train.
    pub fn pass_over(&self, name: &str, shape: &[usize]) {
        let param = Param::new(name, shape, Init::Constant(0.0));
        self.taken.borrow_mut().push(param);
    }

    /// Writes down the tensors that an operation is about to take.
    pub(super) fn declare(
        &self,
        layer: LayerName<'_>,
        d: &impl Operation,
        connect: Option<Vec<Vec<usize>>>,
    ) {
        let layer = layer.to_string();
        let mut taken = self.taken.borrow_mut();
        for tensor in d.tensors() {
            let mut param = tensor.param(&layer, connect.clone());
            if let From::Seed(_, others) = self.from
                && let Some((_, init)) = others.iter().find(|(name, _)| *name == param.name)
            {
                param.init = *init;
            }
            taken.push(param);
        }
    }

    /// A tensor that has been declared; zeros where the file has none of this size.
    pub(super) fn numbers(&self, name: &str, len: usize) -> Cow<'_, [f32]> {
        let found = match self.from {
            From::Weights(weights) => {
                let tensor = weights.tensors.get(name);
                tensor.map(|tensor| weights.numbers(tensor))
            }
            From::Seed(seed, _) => {
                let taken = self.taken.borrow();
                let param = taken.iter().rev().find(|param| param.name == name);
                param.map(|param| Cow::Owned(random::draw(seed, param)))
            }
            From::Quantised => None,
        };
        let fits = found.filter(|numbers| numbers.len() == len);
        fits.unwrap_or_else(|| Cow::Owned(vec![0.0; len]))
    }
}
