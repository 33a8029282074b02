//! The parameters of one layer in their final form: a batch normalisation folded in, columns in HWC order.

use super::{Loader, Weights};
use crate::cpu::{Choice, Real};
use crate::plan::{BatchNorm, Conv, Fold, Op, Operation, Pointwise, Source};
use alloc::borrow::Cow;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

/// Fewer numbers than these are not worth a call of the system.
const LARGE: usize = 1 << 14;

/// A layer's parameters, from [`Loader::layer`], and what is done to them when its kernel is made.
#[derive(Clone, Copy)]
pub struct LayerWeights<'w> {
    origin: Origin<'w>,
    name: LayerName<'w>,
    fold: Option<(LayerName<'w>, f32)>,
    chw: Option<[usize; 3]>,
    pointwise: Option<PointwiseLayer<'w>>,
    connect: Option<&'w [&'w [usize]]>,
}

/// A pointwise convolution before the layer.
#[derive(Clone, Copy)]
struct PointwiseLayer<'w> {
    name: LayerName<'w>,
    fold: Option<(LayerName<'w>, f32)>,
    channels: [usize; 2],
    bias: bool,
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
            pointwise: None,
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
        fn normalisation(fold: Option<&Fold>) -> Option<(LayerName<'_>, f32)> {
            fold.map(|fold| (fold.layer.as_str().into(), fold.eps))
        }
        let pointwise = source.pointwise.as_ref();
        Self {
            fold: normalisation(source.fold.as_ref()),
            chw: source.chw,
            pointwise: pointwise.map(|conv| PointwiseLayer {
                name: conv.layer.as_str().into(),
                fold: normalisation(conv.fold.as_ref()),
                channels: conv.channels,
                bias: conv.bias,
                connect: None,
            }),
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

    /// Folds the pointwise convolution before an FC into it: of so many channels read and given, with biases or without.
    #[must_use]
    pub fn pointwise(self, conv: Self, channels: [usize; 2], bias: bool) -> Self {
        Self {
            pointwise: Some(PointwiseLayer {
                name: conv.name,
                fold: conv.fold,
                channels,
                bias,
                connect: conv.connect,
            }),
            ..self
        }
    }

    /// The same layer, whose columns [`affine`](Self::affine) gives in the file's order, and whether that is CHW: what reads them can put them in
    /// order, unless they are computed from other layers' or are of a picture of another shape.
    pub(crate) fn in_its_order(self, picture: [usize; 3]) -> (Self, bool) {
        let chw = self.pointwise.is_none() && self.chw == Some(picture);
        let chw_left = self.chw.filter(|_| !chw);
        (
            Self {
                chw: chw_left,
                ..self
            },
            chw,
        )
    }

    /// Lets go of the memory that these numbers of the layer's weight take in a mapped file: they have been packed.
    pub(crate) fn release(&self, numbers: Range<usize>) {
        let weights = match self.origin {
            Origin::Weights(weights) => Some(weights),
            Origin::Loader(loader) => loader.weights(),
        };
        if let Some(weights) = weights.filter(|_| numbers.len() >= LARGE) {
            weights.release(&format!("{}.weight", self.name), numbers);
        }
    }

    /// How the layer's operation is computed.
    pub(crate) fn choice(&self, op: &Op) -> Choice {
        self.device().choice(&format!("{}", self.name), op)
    }

    /// Where the layer is to compute.
    pub(crate) fn device(&self) -> &crate::Device {
        match self.origin {
            Origin::Weights(weights) => &weights.device,
            Origin::Loader(loader) => loader.place(),
        }
    }

    /// What a plan's step would name.
    pub(crate) fn source(&self) -> Source {
        let normalisation = |fold: Option<(LayerName<'_>, f32)>| {
            fold.map(|(layer, eps)| Fold {
                layer: format!("{layer}"),
                eps,
            })
        };
        Source {
            layer: format!("{}", self.name),
            fold: normalisation(self.fold),
            chw: self.chw,
            pointwise: self.pointwise.map(|conv| Pointwise {
                layer: format!("{}", conv.name),
                fold: normalisation(conv.fold),
                channels: conv.channels,
                bias: conv.bias,
            }),
        }
    }

    /// The layer's name.
    #[cfg(feature = "cuda")]
    pub(crate) fn name(&self) -> alloc::string::String {
        format!("{}", self.name)
    }

    /// Says which tensors the operation takes, before they are taken.
    pub(crate) fn declare(&self, d: &(impl Operation + Copy)) {
        let Origin::Loader(loader) = self.origin else {
            return;
        };
        if let Some(pointwise) = self.pointwise {
            let [h, w, c] = d.input();
            let [inputs, filters] = pointwise.channels;
            assert!(c == inputs, "{c} channels in place of {inputs}");
            let conv = Conv {
                input: [h, w, c],
                filters,
                bias: pointwise.bias,
                ..Conv::DEFAULT
            };
            self.before(pointwise).declare(&conv);
            let own = Self {
                pointwise: None,
                ..*self
            };
            return own.declare(&d.with_input([h, w, filters]));
        }
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

    /// The layer of the convolution before.
    fn before(&self, conv: PointwiseLayer<'w>) -> Self {
        Self {
            fold: conv.fold,
            connect: conv.connect,
            ..Self::new(self.origin, conv.name)
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
        if let Some(conv) = self.pointwise {
            let [read, given] = conv.channels;
            let own = Self {
                pointwise: None,
                ..*self
            };
            let own = own.affine::<T>(outputs, inputs / read * given, bias);
            let before = self.before(conv).affine::<T>(given, read, conv.bias);
            return through(own, &before);
        }
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

/// An FC's weight and bias over what a pointwise convolution reads: see [`Pointwise`](crate::plan::Pointwise). Sums in double precision.
fn through<'w, T: Real>(
    (weight, mut bias): (Cow<'w, [T]>, Vec<T>),
    (conv, biases): &(Cow<'w, [T]>, Vec<T>),
) -> (Cow<'w, [T]>, Vec<T>) {
    let (given, read) = (biases.len(), conv.len() / biases.len());
    let mut composed = Vec::with_capacity(weight.len() / given * read);
    let mut sums = vec![0.0; read];
    for pixel in weight.chunks_exact(given) {
        sums.fill(0.0);
        for (w, row) in pixel.iter().zip(conv.chunks_exact(read)) {
            let products = sums.iter_mut().zip(row);
            products.for_each(|(sum, c)| *sum += w.double() * c.double());
        }
        composed.extend(sums.iter().map(|sum| T::of(*sum)));
    }
    let columns = weight.len() / bias.len();
    for (row, bias) in weight.chunks_exact(columns).zip(&mut bias) {
        let products = row.iter().zip(biases.iter().cycle());
        let sum: f64 = products.map(|(w, b)| w.double() * b.double()).sum();
        *bias = T::of(bias.double() + sum);
    }
    (Cow::Owned(composed), bias)
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
