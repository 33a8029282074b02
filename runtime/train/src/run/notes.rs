//! What weights say about their use, in the metadata of their file: the names of the classes, and how pictures become inputs.

use super::Experiment;
use crate::augment::{Picture, part};
use crate::data::picture::{self, Fit, normalise};
use crate::data::{Dataset, padded};
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preparation {
    /// Height and width that pictures are brought to.
    pub size: [usize; 2],
    /// The middle is cut out in the proportions of `size`; otherwise the whole picture is squeezed.
    pub crop: bool,
    /// Cells of zeros around it then.
    pub pad: usize,
    /// Heights and widths of the middles that are cut out then, one of the other.
    pub cuts: Vec<[usize; 2]>,
    /// Multiplies the values: the recipe's `rescale`.
    pub scale: f32,
}

/// A file of weights may come from anywhere, and note any size.
const MOST_PIXELS: usize = 1 << 26;

impl Notes {
    pub(super) fn of(experiment: &Experiment<'_>) -> Self {
        Self {
            classes: Some(experiment.data.classes.clone()),
            pictures: Preparation::of(
                experiment.recipe,
                experiment.data,
                experiment.pipeline.target(),
            ),
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
            cuts: Vec::new(),
            scale: 1.0,
        }
    }

    /// That of a recipe for an input `[h, w, c]`; `None` where its data are arrays of numbers.
    #[must_use]
    pub fn of(recipe: &Recipe, data: &Dataset, input: [usize; 3]) -> Option<Self> {
        let (fit, pad) = data.train.fit()?;
        let factors = recipe.augment.iter().filter_map(|step| match step {
            Augment::Rescale(factor) => Some(*factor as f32),
            _ => None,
        });
        // A crop without a size gives the network's input, as the last cut does in any case.
        let cuts = recipe.augment.iter().filter_map(|step| match *step {
            Augment::Crop {
                height: None,
                width: None,
            } => None,
            Augment::Crop { height, width } => Some(part(height, width, input)),
            _ => None,
        });
        Some(Self {
            size: fit.size,
            crop: fit.crop,
            pad,
            cuts: cuts.collect(),
            scale: factors.product(),
        })
    }

    /// Whether no step gives less than an input `[h, w, c]`, and none more than memory should hold.
    #[must_use]
    pub fn covers(&self, [height, width, _]: [usize; 3]) -> bool {
        let padding = self.pad.saturating_mul(2);
        let whole = self.size.map(|n| n.saturating_add(padding));
        let sizes = [&[whole], &self.cuts[..], &[[height, width]]].concat();
        !self.size.contains(&0)
            && whole[0].saturating_mul(whole[1]) <= MOST_PIXELS
            && sizes.is_sorted_by(|from, to| from[0] >= to[0] && from[1] >= to[1])
    }

    /// A picture as a network's input `[h, w, c]`, which [`Preparation::covers`]. `None` if no picture has so many channels.
    ///
    /// # Panics
    /// If the input is larger than the picture.
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
        let [h, w] = self.size;
        let mut picture = Picture {
            size: [h + 2 * self.pad, w + 2 * self.pad, channels],
            ..Picture::default()
        };
        padded(&bytes, [h, w, channels], self.pad, &mut picture.values);
        for cut in self.cuts.iter().chain([&[height, width]]) {
            picture.crop_middle(*cut);
        }
        picture.scale(self.scale);
        let mut input = vec![0.0; picture.values.len()];
        normalise(&picture.values, channels, pixels, &mut input);
        Some(input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_no_run_notes_are_not_heeded() {
        let plain = || Preparation::plain([4, 4, 3]);
        assert!(plain().covers([4, 4, 3]));
        let changed = |change: fn(&mut Preparation)| {
            let mut preparation = plain();
            change(&mut preparation);
            preparation.covers([4, 4, 3])
        };
        assert!(changed(|p| (p.size, p.cuts) = ([9, 8], vec![[6, 5]])));
        assert!(!changed(|p| p.size = [3, 9]));
        assert!(!changed(|p| p.cuts = vec![[3, 3]]));
        assert!(!changed(|p| p.pad = usize::MAX));
        assert!(!changed(|p| p.size = [usize::MAX, 4]));
        assert!(!changed(|p| p.size = [200_000, 200_000]));
        assert!(!changed(|p| (p.size, p.pad) = ([0, 0], 4)));
    }
}
