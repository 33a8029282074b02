//! The steps of a recipe, checked against the data and the network.

use super::components::Components;
use super::part;
use super::stage::{Picture, Run, Stage};
use crate::data::picture::normalise;
use crate::data::{Dataset, Split};
use crate::random::{Key, Purpose};
use crate::{Error, Result};
use netc_plan::{Augment, Pixels, Recipe};
use netc_runtime::train::{Preparation, Transform};

/// How a picture is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Varied, for training in this epoch.
    Varied(u64),
    /// As it is; the middle where the recipe crops.
    Plain,
    /// One of ten crops: four corners and the middle, then their mirrors.
    Crop(u8),
}

/// From pictures to inputs.
#[derive(Clone, Debug)]
pub struct Pipeline {
    stages: Vec<Stage>,
    ten_crop: bool,
    /// The size after the last step.
    target: [usize; 3],
    pixels: Pixels,
    key: Key,
    /// What white has become after the last step.
    white: f32,
}

/// Room for the pictures of one thread.
#[derive(Default)]
pub struct Scratch(Picture);

impl Pipeline {
    /// The steps of a recipe for this data and a network's input.
    ///
    /// # Errors
    /// The pictures that come out do not fit the network, or a picture cannot be read (PCA lighting looks at many).
    pub fn new(recipe: &Recipe, data: &Dataset, input: &[usize], pixels: &Pixels) -> Result<Self> {
        let source = data.train.size();
        let target = match *input {
            [h, w, c] => [h, w, c],
            // A network of vectors reads the picture's pixels one after the other.
            [n] if source.iter().product::<usize>() == n => source,
            [n] => [1, 1, n],
            _ => {
                return Err(Error::input(
                    "the network's input is neither a picture nor a vector",
                ));
            }
        };
        let mut pipeline = Self {
            stages: Vec::new(),
            ten_crop: false,
            target,
            pixels: pixels.clone(),
            key: Key::new(recipe.seed, Purpose::Augment),
            white: data.train.full_scale(),
        };
        let mut size = source;
        for step in &recipe.augment {
            pipeline.push(*step, &data.train, &mut size)?;
        }
        if size != target && data.train.may_be_cut() && size[0] >= target[0] && size[1] >= target[1]
        {
            pipeline.stages.push(Stage::Middle([target[0], target[1]]));
            size = [target[0], target[1], size[2]];
        }
        if size == target {
            return Ok(pipeline);
        }
        let [h, w, c] = size;
        let [th, tw, tc] = target;
        let pad = th.saturating_sub(h) / 2;
        let help = if c == tc && pad > 0 && [h + 2 * pad, w + 2 * pad] == [th, tw] {
            format!("; `pad={pad}` in the recipe's data makes them fit")
        } else if c == tc && h >= th && w >= tw {
            format!("; `augment = crop({th}x{tw})` in the recipe cuts them")
        } else {
            String::new()
        };
        Err(Error::input(format!(
            "the pictures are {h}x{w}x{c}, but the network's input is {th}x{tw}x{tc}{help}"
        )))
    }

    fn push(&mut self, step: Augment, train: &Split, size: &mut [usize; 3]) -> Result<()> {
        let stage = match step {
            Augment::Rotate(range) => Stage::Affine(vec![Transform::Rotate(range)]),
            Augment::Shift(vertical, horizontal) => {
                let horizontal = horizontal.unwrap_or(vertical);
                Stage::Affine(vec![Transform::Shift(vertical, horizontal)])
            }
            Augment::Shear(range) => Stage::Affine(vec![Transform::Shear(range)]),
            Augment::Zoom(range) => Stage::Affine(vec![Transform::Zoom(range)]),
            Augment::HFlip => Stage::HFlip,
            Augment::VFlip => Stage::VFlip,
            Augment::Rescale(factor) => {
                self.white *= factor as f32;
                Stage::Rescale(factor as f32)
            }
            Augment::Crop { height, width } => {
                let part = self.crop_size(part(height, width, self.target), *size)?;
                *size = [part[0], part[1], size[2]];
                Stage::Crop(part)
            }
            Augment::Lighting(sd) => Stage::Lighting {
                sd,
                steps: Components::of(train, self.white)?.into_steps(),
            },
            Augment::TenCrop(side) => {
                let [y, x] = self.crop_size(part(side, side, self.target), train.size())?;
                let [h, w, _] = self.target;
                if [y, x] != [h, w] {
                    let problem =
                        format!("ten_crop gives {y}x{x}, but the network's input is {h}x{w}");
                    return Err(Error::input(problem));
                }
                self.ten_crop = true;
                return Ok(());
            }
        };
        match (self.stages.last_mut(), stage) {
            (Some(Stage::Affine(parts)), Stage::Affine(more)) => parts.extend(more),
            (_, stage) => self.stages.push(stage),
        }
        Ok(())
    }

    fn crop_size(&self, [y, x]: [usize; 2], [h, w, _]: [usize; 3]) -> Result<[usize; 2]> {
        if y > h || x > w {
            return Err(Error::input(format!(
                "a crop of {y}x{x} does not fit into pictures of {h}x{w}"
            )));
        }
        Ok([y, x])
    }

    /// Numbers in one input.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.target.iter().product()
    }

    /// Height, width and channels of an input.
    #[must_use]
    pub fn target(&self) -> [usize; 3] {
        self.target
    }

    /// How a device that holds the pictures makes the inputs of [`View::Varied`] of them.
    #[must_use]
    pub fn preparation(&self) -> Preparation {
        Preparation {
            key: self.key.word(),
            stages: self.stages.clone(),
            pixels: self.pixels.clone(),
        }
    }

    /// Whether the recipe evaluates by ten crops.
    #[must_use]
    pub fn ten_crop(&self) -> bool {
        self.ten_crop
    }

    /// Writes picture `i` of a split as an input.
    ///
    /// # Errors
    /// The picture's file cannot be read or decoded.
    pub fn input(
        &self,
        split: &Split,
        i: usize,
        view: View,
        scratch: &mut Scratch,
        out: &mut [f32],
    ) -> Result<()> {
        let Scratch(picture) = scratch;
        self.run(split, i, view, picture)?;
        normalise(&picture.values, self.target[2], &self.pixels, out);
        Ok(())
    }

    /// Writes picture `i` of a split as bytes, as the network sees it before its normalisation.
    pub(crate) fn bytes(&self, split: &Split, i: usize, view: View) -> Result<Vec<u8>> {
        let mut picture = Picture::default();
        self.run(split, i, view, &mut picture)?;
        let factor = 255.0 / if self.white == 0.0 { 1.0 } else { self.white };
        let byte = |v: &f32| (v * factor).round().clamp(0.0, 255.0) as u8;
        Ok(picture.values.iter().map(byte).collect())
    }

    fn run(&self, split: &Split, i: usize, view: View, picture: &mut Picture) -> Result<()> {
        picture.size = split.size();
        split.picture(i, &mut picture.values)?;
        match view {
            View::Varied(epoch) => {
                let key = self.key.with(epoch).with(i as u64);
                for (n, stage) in self.stages.iter().enumerate() {
                    stage.vary(picture, key.with(n as u64));
                }
            }
            View::Plain => self.stages.iter().for_each(|stage| stage.settle(picture)),
            View::Crop(number) => {
                let stays = |stage: &&Stage| !matches!(stage, Stage::Crop(_) | Stage::Middle(_));
                self.stages
                    .iter()
                    .filter(stays)
                    .for_each(|stage| stage.settle(picture));
                let ([h, w, _], [th, tw, _]) = (picture.size, self.target);
                let (bottom, right) = (h - th, w - tw);
                let corners = [
                    [0, 0],
                    [0, right],
                    [bottom, 0],
                    [bottom, right],
                    [bottom / 2, right / 2],
                ];
                picture.crop(corners[usize::from(number) % 5], [th, tw]);
                if number >= 5 {
                    picture.mirror();
                }
            }
        }
        Ok(())
    }
}
