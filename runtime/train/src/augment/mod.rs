//! From a picture of the data set to an input of the network: varied while training, the same every time otherwise.
//!
//! The steps of a recipe run in their order, on values in the data's own units. Neighbouring affine steps (rotate, shift,
//! shear, zoom) become one matrix, so that a picture is resampled once. At the end stands the network's own normalisation,
//! `(value * scale - mean) / std`. What a step draws depends on the seed, the epoch, the picture and the step alone.
//!
//! The reference for meaning is Keras' `ImageDataGenerator` with `fill_mode="nearest"`; in the order rotate, shift, shear, zoom
//! the matrix is Keras' own.

mod affine;
mod components;
mod pipeline;
mod sheet;
mod stage;

pub use components::Components;
pub use pipeline::{Pipeline, Scratch, View};
pub use sheet::sheet;
pub(crate) use stage::Picture;

/// Height and width of the part that a crop leaves: the network's input where it says nothing, square where it says one.
pub(crate) fn part(
    height: Option<usize>,
    width: Option<usize>,
    [h, w, _]: [usize; 3],
) -> [usize; 2] {
    [height.unwrap_or(h), width.or(height).unwrap_or(w)]
}
