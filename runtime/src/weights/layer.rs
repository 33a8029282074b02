//! The parameters of one layer in their final form: a batch normalisation folded in, columns in HWC order.

use super::{Loader, Weights};
use crate::cpu::Real;
use crate::plan::{BatchNorm, Operation, Source};
use alloc::borrow::Cow;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

/// A layer's parameters, from [`Loader::layer`], and what is done to them when its kernel is made.
#[derive(Clone, Copy)]
pub struct LayerWeights<'w> {
    origin: Origin<'w>,
    name: LayerName<'w>,
    fold: Option<(LayerName<'w>, f32)>,
    chw: Option<[usize; 3]>,
    connect: Option<&'w [&'w [usize]]>,
}

/// Who has the tensors.
#[derive(Clone, Copy)]
enum Origin<'w> {
    /// Weights that have been checked.
    Weights(&'w Weights),
    /// Weights that are checked when all layers are made.
    Loader(&'w Loader<'w>),
}

/// The name of a layer: `"stem"`, or `("conv", 3)` for `conv3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerName<'w> {
    stem: &'w str,
    number: Option<usize>,
}

impl<'w> From<&'w str> for LayerName<'w> {
    fn from(stem: &'w str) -> Self {
        let number = None;
        Self { stem, number }
    }
}

impl<'w> From<(&'w str, usize)> for LayerName<'w> {
    fn from((stem, number): (&'w str, usize)) -> Self {
        let number = Some(number);
        Self { stem, number }
    }
}

impl fmt::Display for LayerName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.stem)?;
        self.number.map_or(Ok(()), |number| number.fmt(f))
    }
}

impl<'w> LayerWeights<'w> {
    fn new(origin: Origin<'w>, name: LayerName<'w>) -> Self {
        Self {
            origin,
            name,
            fold: None,
            chw: None,
            connect: None,
        }
    }

    /// A layer of weights that have been checked.
    pub(super) fn checked(weights: &'w Weights, name: LayerName<'w>) -> Self {
        Self::new(Origin::Weights(weights), name)
    }

    /// A layer of weights that are checked later.
    pub(super) fn asking(loader: &'w Loader<'w>, name: LayerName<'w>) -> Self {
        Self::new(Origin::Loader(loader), name)
    }

    /// The parameters that a plan's step names.
    #[must_use]
    pub fn of(weights: &'w Weights, source: &'w Source) -> Self {
        let fold = source.fold.as_ref();
        Self {
            fold: fold.map(|fold| (fold.layer.as_str().into(), fold.eps)),
            chw: source.chw,
            ..Self::checked(weights, source.layer.as_str().into())
        }
    }

    /// Folds the batch normalisation that follows: `w' = w * g / sqrt(v + eps)`, `b' = (b - m) * g / sqrt(v + eps) + beta`.
    #[must_use]
    pub fn fold(self, layer: impl Into<LayerName<'w>>, eps: f32) -> Self {
        Self {
            fold: Some((layer.into(), eps)),
            ..self
        }
    }

    /// A CONV's connection table: for each output map the input maps that it sees. The weights elsewhere are zero.
    #[must_use]
    pub fn connect(self, table: &'w [&'w [usize]]) -> Self {
        Self {
            connect: Some(table),
            ..self
        }
    }

    /// The columns of an FC's weight are in CHW order; `[h, w, c]` is the picture's shape.
    #[must_use]
    pub fn chw(self, shape: [usize; 3]) -> Self {
        Self {
            chw: Some(shape),
            ..self
        }
    }

    /// Where the layer is to compute.
    #[cfg(feature = "cuda")]
    pub(crate) fn device(&self) -> &crate::Device {
        match self.origin {
            Origin::Weights(weights) => &weights.device,
            Origin::Loader(loader) => loader.place(),
        }
    }

    /// The layer's name.
    #[cfg(feature = "cuda")]
    pub(crate) fn name(&self) -> alloc::string::String {
        format!("{}", self.name)
    }

    /// Says which tensors the operation takes, before they are taken.
    pub(crate) fn declare(&self, d: &impl Operation) {
        let Origin::Loader(loader) = self.origin else {
            return;
        };
        let connect = self
            .connect
            .map(|table| table.iter().map(|maps| maps.to_vec()).collect());
        loader.declare(self.name, d, connect);
        if let Some((name, eps)) = self.fold {
            let input = d.output();
            let fold = BatchNorm {
                input,
                eps,
                ..BatchNorm::DEFAULT
            };
            loader.declare(name, &fold, None);
        }
    }

    /// `weight` `[outputs, inputs]` in row-major order (for CONV `inputs = in / groups * kh * kw`) and `bias` `[outputs]`,
    /// zeros where the file has none.
    pub(crate) fn affine<T: Real>(
        &self,
        outputs: usize,
        inputs: usize,
        bias: bool,
    ) -> (Cow<'w, [T]>, Vec<T>) {
        let mut weight = self.tensor::<T>("weight", outputs * inputs);
        let mut bias = match bias {
            true => self.tensor::<T>("bias", outputs).into_owned(),
            false => vec![T::zero(); outputs],
        };
        if let Some(shape) = self.chw {
            weight = Cow::Owned(hwc_columns(&weight, shape));
        }
        if let Some((layer, eps)) = self.fold {
            let (scale, shift) = LayerWeights::new(self.origin, layer).normalisation(outputs, eps);
            let rows = weight.to_mut().chunks_exact_mut(inputs);
            for (row, &scale) in rows.zip(&scale) {
                row.iter_mut().for_each(|w| *w = T::of(w.double() * scale));
            }
            for ((b, scale), shift) in bias.iter_mut().zip(&scale).zip(&shift) {
                *b = T::of(b.double() * scale + shift);
            }
        }
        (weight, bias)
    }

    /// As [`affine`](Self::affine) for a transposed convolution: `weight` `[inputs, outputs / groups, area]`, `bias` `[outputs]`.
    pub(crate) fn transposed<T: Real>(
        &self,
        [inputs, outputs, area]: [usize; 3],
        groups: usize,
        bias: bool,
    ) -> (Cow<'w, [T]>, Vec<T>) {
        let of_group = outputs / groups;
        let mut weight = self.tensor::<T>("weight", inputs * of_group * area);
        let mut bias = match bias {
            true => self.tensor::<T>("bias", outputs).into_owned(),
            false => vec![T::zero(); outputs],
        };
        if let Some((layer, eps)) = self.fold {
            let (scale, shift) = LayerWeights::new(self.origin, layer).normalisation(outputs, eps);
            for (i, row) in weight.to_mut().chunks_exact_mut(area).enumerate() {
                let group = i / of_group / (inputs / groups);
                let scale = scale[group * of_group + i % of_group];
                row.iter_mut().for_each(|w| *w = T::of(w.double() * scale));
            }
            for ((b, scale), shift) in bias.iter_mut().zip(&scale).zip(&shift) {
                *b = T::of(b.double() * scale + shift);
            }
        }
        (weight, bias)
    }

    /// A batch normalisation as `y = x * scale + shift`, in double precision.
    pub(crate) fn normalisation(&self, channels: usize, eps: f32) -> (Vec<f64>, Vec<f64>) {
        let get = |leaf| self.tensor::<f64>(leaf, channels);
        let (gain, bias) = (get("weight"), get("bias"));
        let (mean, variance) = (get("running_mean"), get("running_var"));
        let scale: Vec<f64> = gain
            .iter()
            .zip(variance.iter())
            .map(|(g, v)| g / libm::sqrt(v + f64::from(eps)))
            .collect();
        let shift = scale
            .iter()
            .zip(mean.iter().zip(bias.iter()))
            .map(|(scale, (m, b))| b - m * scale)
            .collect();
        (scale, shift)
    }

    /// The tensor `leaf` of this layer.
    ///
    /// # Panics
    /// If it is not there, or of another size: weights are checked against the network's parameters, before or (then what is
    /// wrong is zeros here) after.
    pub(crate) fn tensor<T: Real>(&self, leaf: &str, len: usize) -> Cow<'w, [T]> {
        let name = format!("{}.{leaf}", self.name);
        let numbers = match self.origin {
            Origin::Loader(loader) => loader.numbers(&name, len),
            Origin::Weights(weights) => {
                let tensor = weights.tensors.get(&name);
                let tensor = tensor.unwrap_or_else(|| panic!("weights without `{name}`"));
                weights.numbers(tensor)
            }
        };
        assert!(
            numbers.len() == len,
            "`{name}` has {} numbers, the operation takes {len}",
            numbers.len()
        );
        T::from_f32(numbers)
    }
}

/// Each row from CHW to HWC order.
fn hwc_columns<T: Real>(weight: &[T], [h, w, c]: [usize; 3]) -> Vec<T> {
    let mut out = Vec::with_capacity(weight.len());
    for row in weight.chunks_exact(h * w * c) {
        for pixel in 0..h * w {
            out.extend((0..c).map(|channel| row[channel * h * w + pixel]));
        }
    }
    out
}
