//! A data set that fits on the device lives there: what it is, and how its pictures become inputs.

use crate::plan::Pixels;
use crate::{Error, ErrorKind};
use alloc::format;
use alloc::vec::Vec;

/// Labelled pictures for a device to hold.
#[derive(Clone, Copy, Debug)]
pub struct Pictures<'p> {
    /// HWC, one picture after the other.
    pub bytes: &'p [u8],
    /// The class of each picture.
    pub labels: &'p [u32],
    /// Height, width and channels.
    pub size: [usize; 3],
    /// Cells of zeros that stand around each picture once it is read: its height and width grow by twice as much.
    pub pad: usize,
}

/// How a picture becomes an input: stages one after the other, on values from 0 to 255, then `(value * scale - mean) / std`.
///
/// Random numbers are those of netc-train: a stage draws with [`key`](Self::key) and the words epoch, picture and number of the stage. A key
/// with one more word is `mix(key ^ mix(word + GOLDEN))`, and its draw number n, from 1, is `mix(key + n * GOLDEN)`, with
/// [`mix`](netc_plan::random::mix) and [`GOLDEN`](netc_plan::random::GOLDEN).
#[derive(Clone, Debug, PartialEq)]
pub struct Preparation {
    /// Where the keys of all random numbers begin.
    pub key: u64,
    /// What happens to a picture, in order.
    pub stages: Vec<PictureStage>,
    /// The end.
    pub pixels: Pixels,
}

/// A stage of a [`Preparation`].
#[derive(Clone, Debug, PartialEq)]
pub enum PictureStage {
    /// The product of these matrices, drawn in this order, about the centre `(size - 1) / 2`: bilinear, the border's values outside.
    Affine(Vec<Transform>),
    /// Left and right, if a whole number below 2 is drawn as 1.
    HFlip,
    /// Top and bottom, likewise.
    VFlip,
    /// Multiplies all values.
    Rescale(f32),
    /// A part of this height and width; the top and then the left are drawn.
    Crop([usize; 2]),
    /// The middle, of this height and width.
    Middle([usize; 2]),
    /// Adds `sd` times a normal draw times each of the steps, which have a number for each channel.
    Lighting {
        /// Standard deviation of the draws.
        sd: f64,
        /// What a draw of 1 adds to a pixel.
        steps: Vec<Vec<f64>>,
    },
}

/// A matrix from places in the result to places in the picture; each number is drawn uniformly from minus to plus its range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Transform {
    /// Degrees: `[[cos, sin], [-sin, cos]]` on `[y, x]`.
    Rotate(f64),
    /// Vertical and horizontal; shares of the size below 1, cells otherwise.
    Shift(f64, f64),
    /// Degrees: `[[cos, 0], [-sin, 1]]`.
    Shear(f64),
    /// Factors 1 + a draw, vertical and horizontal.
    Zoom(f64),
}

impl PictureStage {
    /// The numbers that it depends on, sizes aside.
    fn numbers(&self) -> Vec<f64> {
        match self {
            PictureStage::Affine(parts) => parts.iter().flat_map(|part| part.ranges()).collect(),
            PictureStage::Rescale(factor) => [f64::from(*factor)].into(),
            PictureStage::Lighting { sd, steps } => {
                steps.iter().flatten().chain([sd]).copied().collect()
            }
            PictureStage::HFlip
            | PictureStage::VFlip
            | PictureStage::Crop(_)
            | PictureStage::Middle(_) => Vec::new(),
        }
    }
}

impl Transform {
    fn ranges(self) -> [f64; 2] {
        match self {
            Transform::Rotate(range) | Transform::Shear(range) | Transform::Zoom(range) => {
                [range; 2]
            }
            Transform::Shift(vertical, horizontal) => [vertical, horizontal],
        }
    }
}

impl Pictures<'_> {
    /// Height, width and channels as they are read.
    #[must_use]
    pub fn padded(&self) -> [usize; 3] {
        let [h, w, c] = self.size;
        let padded = |n: usize| n.saturating_add(self.pad.saturating_mul(2));
        [padded(h), padded(w), c]
    }

    /// Checks that there is a picture for each label.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let [h, w, c] = self.size;
        let wanted = self.size.iter().try_fold(1usize, |n, x| n.checked_mul(*x));
        let wanted = wanted.and_then(|n| n.checked_mul(self.labels.len()));
        if wanted == Some(self.bytes.len()) && !self.bytes.is_empty() {
            return Ok(());
        }
        let problem = format!(
            "{} bytes are not {} pictures of {h}x{w}x{c}",
            self.bytes.len(),
            self.labels.len()
        );
        Err(Error::new(ErrorKind::Input, problem))
    }
}

impl Preparation {
    /// The key of an epoch's random numbers.
    #[must_use]
    pub fn epoch(&self, epoch: u64) -> u64 {
        use crate::plan::random::{GOLDEN, mix};
        mix(self.key ^ mix(epoch.wrapping_add(GOLDEN)))
    }

    /// Height, width and channels after all stages, of pictures that have this size before.
    ///
    /// # Errors
    /// With [`ErrorKind::Input`], if a stage does not fit what comes to it, or there are no figures for the pixels.
    pub fn size(&self, before: [usize; 3]) -> Result<[usize; 3], Error> {
        let wrong = |problem| Err(Error::new(ErrorKind::Input, problem));
        let mut size = before;
        for stage in &self.stages {
            let [h, w, c] = size;
            match stage {
                PictureStage::Crop([y, x]) | PictureStage::Middle([y, x]) => {
                    if *y == 0 || *x == 0 || *y > h || *x > w {
                        return wrong(format!("{y}x{x} is no part of pictures of {h}x{w}"));
                    }
                    size = [*y, *x, c];
                }
                PictureStage::Lighting { steps, .. } if steps.iter().any(|s| s.len() != c) => {
                    return wrong(format!("light for pictures of {c} channels has others"));
                }
                _ => {}
            }
        }
        let Pixels { scale, mean, std } = &self.pixels;
        if mean.is_empty() || std.is_empty() {
            return wrong("there is no mean or no standard deviation of the pixels".into());
        }
        let figures = mean.iter().chain(std).chain([scale]);
        let numbers = figures.map(|figure| f64::from(*figure));
        let numbers = numbers.chain(self.stages.iter().flat_map(PictureStage::numbers));
        match numbers.into_iter().all(f64::is_finite) {
            true => Ok(size),
            false => wrong("the preparation has a number that is not finite".into()),
        }
    }
}
