//! What weights say about their use, in the metadata of their file: the names of the classes, and how pictures become inputs.

use super::Experiment;
use crate::data::Dataset;
use crate::data::picture::{self, Fit, normalise};
use image::DynamicImage;
use netc_plan::{Augment, Pixels, Recipe};
use serde::{Deserialize, Serialize};

/// What a run leaves in its weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notes {
    /// Names of the classes; none in weights that no run has left.
    pub classes: Option<Vec<String>>,
    /// How pictures became inputs; none where the data were no pictures.
    pub pictures: Option<Preparation>,
}

/// From a picture to what the network was trained on, before [`Pixels`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preparation {
    /// Height and width that pictures are brought to.
    pub size: [usize; 2],
    /// The middle is cut out in the proportions of `size`; otherwise the whole picture is squeezed.
    pub crop: bool,
    /// Cells of zeros around it then.
    pub pad: usize,
    /// Multiplies the values: the recipe's `rescale`.
    pub scale: f32,
}

impl Notes {
    pub(super) fn of(experiment: &Experiment<'_>) -> Self {
        Self {
            classes: Some(experiment.data.classes.clone()),
            pictures: Preparation::of(experiment.recipe, experiment.data),
        }
    }
}

impl Preparation {
    /// For weights that do not say it: pictures get the size of the network's input.
    #[must_use]
    pub fn plain([height, width, _]: [usize; 3]) -> Self {
        Self {
            size: [height, width],
            crop: true,
            pad: 0,
            scale: 1.0,
        }
    }

    /// That of a recipe; `None` where its data are arrays of numbers.
    #[must_use]
    pub fn of(recipe: &Recipe, data: &Dataset) -> Option<Self> {
        let (fit, pad) = data.train.fit()?;
        let factors = recipe.augment.iter().filter_map(|step| match step {
            Augment::Rescale(factor) => Some(*factor as f32),
            _ => None,
        });
        Some(Self {
            size: fit.size,
            crop: fit.crop,
            pad,
            scale: factors.product(),
        })
    }

    /// Whether pictures are not smaller than an input `[h, w, c]`.
    #[must_use]
    pub fn covers(&self, [height, width, _]: [usize; 3]) -> bool {
        let [h, w] = self.size.map(|n| n + 2 * self.pad);
        h >= height && w >= width
    }

    /// A picture as a network's input `[h, w, c]`, its middle where it is larger. `None` if no picture has so many channels, or if it
    /// is smaller.
    #[must_use]
    pub fn input(
        &self,
        image: &DynamicImage,
        [height, width, channels]: [usize; 3],
        pixels: &Pixels,
    ) -> Option<Vec<f32>> {
        let fit = Fit {
            size: self.size,
            crop: self.crop,
        };
        let bytes = picture::fitted(image, fit, channels)?;
        let [from_height, from_width] = self.size;
        // Where the input begins in the picture with its padding.
        let start = |all: usize, part: usize| (all + 2 * self.pad).checked_sub(part).map(|n| n / 2);
        let (top, left) = (start(from_height, height)?, start(from_width, width)?);
        let value = |y: usize, x: usize, c: usize| {
            let (y, x) = (
                (top + y).wrapping_sub(self.pad),
                (left + x).wrapping_sub(self.pad),
            );
            let inside = y < from_height && x < from_width;
            let byte = if inside {
                bytes[(y * from_width + x) * channels + c]
            } else {
                0
            };
            f32::from(byte) * self.scale
        };
        let cells = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
        let values: Vec<f32> = cells
            .flat_map(|(y, x)| (0..channels).map(move |c| (y, x, c)))
            .map(|(y, x, c)| value(y, x, c))
            .collect();
        let mut input = vec![0.0; values.len()];
        normalise(&values, channels, pixels, &mut input);
        Some(input)
    }
}
