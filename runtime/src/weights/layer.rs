//! The parameters of one layer in their final form: a batch normalisation folded in, columns in HWC order.

use super::Weights;
use crate::cpu::Real;
use crate::plan::Source;
use alloc::borrow::Cow;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

/// A layer's parameters, from [`Weights::layer`], and what is done to them when its kernel is made.
#[derive(Clone, Copy)]
pub struct Layer<'w> {
    weights: &'w Weights,
    name: &'w str,
    fold: Option<(&'w str, f32)>,
    chw: Option<[usize; 3]>,
}

impl<'w> Layer<'w> {
    pub(super) fn new(weights: &'w Weights, name: &'w str) -> Self {
        Self {
            weights,
            name,
            fold: None,
            chw: None,
        }
    }

    /// The parameters that a plan's step names.
    #[must_use]
    pub fn of(weights: &'w Weights, source: &'w Source) -> Self {
        Self {
            fold: source.fold.as_ref().map(|f| (f.layer.as_str(), f.eps)),
            chw: source.chw,
            ..Self::new(weights, &source.layer)
        }
    }

    /// Folds the batch normalisation that follows: `w' = w * g / sqrt(v + eps)`, `b' = (b - m) * g / sqrt(v + eps) + beta`.
    #[must_use]
    pub fn fold(self, layer: &'w str, eps: f32) -> Self {
        Self {
            fold: Some((layer, eps)),
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
            let (scale, shift) = Layer::new(self.weights, layer).normalisation(outputs, eps);
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
    /// If it is not there, or of another size: weights are checked against the network's parameters before.
    pub(crate) fn tensor<T: Real>(&self, leaf: &str, len: usize) -> Cow<'w, [T]> {
        let name = format!("{}.{leaf}", self.name);
        let tensor = self.weights.tensors.get(&name);
        let tensor = tensor.unwrap_or_else(|| panic!("weights without `{name}`"));
        let numbers = self.weights.numbers(tensor);
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
