//! What normalisations over parts of an image have in common: their plain references.

use super::Real;
use crate::LayerWeights;
use crate::plan::Operation;
use crate::reference::Given;
#[cfg(feature = "train")]
use crate::train::{
    Layout,
    reference::{Gradients, Pass},
};
use alloc::borrow::Cow;
use alloc::vec::Vec;
#[cfg(feature = "train")]
use core::ops::Range;

/// Learnt numbers of `c` channels.
pub(crate) struct Affine<'a, T: Real> {
    gain: Cow<'a, [T]>,
    shift: Cow<'a, [T]>,
    eps: f32,
}

impl<'a, T: Real> Affine<'a, T> {
    /// `weight` and `bias` of `c` channels.
    pub(crate) fn of(given: &'a Given<'_, T>, c: usize, eps: f32) -> Self {
        Self {
            gain: given.tensor("weight", c),
            shift: given.tensor("bias", c),
            eps,
        }
    }
}

/// Weight and bias of the channels, for a kernel that infers.
///
/// # Panics
/// If the layer has not its parameters.
pub(crate) fn taken(d: &(impl Operation + Copy), layer: LayerWeights<'_>) -> [Vec<f32>; 2] {
    layer.declare(d);
    ["weight", "bias"].map(|leaf| layer.tensor::<f32>(leaf, d.input()[2]).into_owned())
}

/// Where weight and bias of the channels lie in training.
///
/// # Panics
/// If the layout has not the layer's parameters.
#[cfg(feature = "train")]
pub(crate) fn ranges(d: &impl Operation, layout: &Layout, layer: &str) -> [Range<usize>; 2] {
    ["weight", "bias"].map(|leaf| layout.range(layer, leaf, d.input()[2]))
}

/// Mean, and the root of the biased variance and `eps`, of the elements at these places.
fn moments<T: Real>(eps: f32, x: &[T], places: &[usize]) -> [T; 2] {
    let count = T::of(places.len() as f64);
    let mean = places.iter().map(|&at| x[at]).sum::<T>() / count;
    let squares = places.iter().map(|&at| (x[at] - mean) * (x[at] - mean));
    let variance = squares.sum::<T>() / count;
    [mean, (variance + T::of(eps.into())).sqrt()]
}

/// `y = (x - m) / sqrt(v + eps) * g + b`, mean and variance over each set of places.
pub(crate) fn reference<T: Real>(
    sets: impl Iterator<Item = Vec<usize>>,
    affine: &Affine<'_, T>,
    x: &[T],
    y: &mut [T],
) {
    let c = affine.gain.len();
    for places in sets {
        let [mean, deviation] = moments(affine.eps, x, &places);
        for at in places {
            y[at] = (x[at] - mean) / deviation * affine.gain[at % c] + affine.shift[at % c];
        }
    }
}

/// With `xhat = (x - m) / s`, and means over each set: `dx = (g dy - mean(g dy) - xhat * mean(g dy * xhat)) / s`.
#[cfg(feature = "train")]
pub(crate) fn reference_backward<T: Real>(
    sets: impl Iterator<Item = Vec<usize>>,
    affine: &Affine<'_, T>,
    pass: &Pass<'_, T>,
    gradients: &mut Gradients<T>,
) {
    let (c, x, dy) = (affine.gain.len(), &pass.x[0], pass.dy);
    let mut dgain = alloc::vec![T::zero(); c];
    let mut dshift = dgain.clone();
    for places in sets {
        let [mean, deviation] = moments(affine.eps, x, &places);
        let hat = |at: usize| (x[at] - mean) / deviation;
        let through = |at: usize| affine.gain[at % c] * dy[at];
        let count = T::of(places.len() as f64);
        let plain = places.iter().map(|&at| through(at)).sum::<T>() / count;
        let along = places.iter().map(|&at| through(at) * hat(at)).sum::<T>() / count;
        for at in places {
            dgain[at % c] += dy[at] * hat(at);
            dshift[at % c] += dy[at];
            gradients.inputs[0][at] += (through(at) - plain - hat(at) * along) / deviation;
        }
    }
    gradients.affine(dgain, Some(dshift));
}
