//! The steps of a pipeline, one picture at a time.

use super::affine::Matrix;
use super::components::light;
use crate::random::Key;
use netc_runtime::train::Transform;

/// One step, ready to run; neighbouring affine steps are one.
pub(super) use netc_runtime::train::PictureStage as Stage;

/// A picture on its way, with room for the next step's result.
#[derive(Default)]
pub(crate) struct Picture {
    pub(crate) size: [usize; 3],
    pub(crate) values: Vec<f32>,
    pub(crate) spare: Vec<f32>,
}

impl Picture {
    fn swap(&mut self) {
        std::mem::swap(&mut self.values, &mut self.spare);
    }

    pub(super) fn crop(&mut self, [top, left]: [usize; 2], [height, width]: [usize; 2]) {
        let [_, w, c] = self.size;
        self.spare.clear();
        for y in top..top + height {
            let at = (y * w + left) * c;
            self.spare
                .extend_from_slice(&self.values[at..at + width * c]);
        }
        self.size = [height, width, c];
        self.swap();
    }

    pub(crate) fn crop_middle(&mut self, size: [usize; 2]) {
        let [h, w, _] = self.size;
        self.crop([(h - size[0]) / 2, (w - size[1]) / 2], size);
    }

    pub(super) fn mirror(&mut self) {
        let [_, w, c] = self.size;
        for row in self.values.chunks_exact_mut(w * c) {
            mirror(row, c);
        }
    }

    fn upside_down(&mut self) {
        let [_, w, c] = self.size;
        mirror(&mut self.values, w * c);
    }

    pub(crate) fn scale(&mut self, factor: f32) {
        self.values.iter_mut().for_each(|v| *v *= factor);
    }
}

/// Reverses the order of groups of `n`.
fn mirror(values: &mut [f32], n: usize) {
    values.reverse();
    values.chunks_exact_mut(n).for_each(<[f32]>::reverse);
}

/// What the host does with a picture.
pub(super) trait Run {
    /// While training: draws with the key of the picture and this step.
    fn vary(&self, picture: &mut Picture, key: Key);

    /// Otherwise: the same every time.
    fn settle(&self, picture: &mut Picture);
}

impl Run for Stage {
    fn vary(&self, picture: &mut Picture, key: Key) {
        let mut draws = key.draws();
        let [h, w, _] = picture.size;
        match self {
            Stage::Affine(parts) => {
                let product =
                    |m: Matrix, part: &Transform| m.then(Matrix::drawn(*part, &mut draws, [h, w]));
                let matrix = parts.iter().fold(Matrix::IDENTITY, product);
                let Picture {
                    size,
                    values,
                    spare,
                } = picture;
                matrix.apply(values, *size, spare);
                picture.swap();
            }
            Stage::HFlip if draws.below(2) == 1 => picture.mirror(),
            Stage::VFlip if draws.below(2) == 1 => picture.upside_down(),
            Stage::HFlip | Stage::VFlip => {}
            Stage::Rescale(factor) => picture.scale(*factor),
            Stage::Crop(size) => {
                let top = draws.below(h - size[0] + 1);
                let left = draws.below(w - size[1] + 1);
                picture.crop([top, left], *size);
            }
            Stage::Middle(size) => picture.crop_middle(*size),
            Stage::Lighting { sd, steps } => {
                let light = light(steps, || draws.gauss() * sd);
                for pixel in picture.values.chunks_exact_mut(light.len()) {
                    pixel.iter_mut().zip(&light).for_each(|(v, l)| *v += l);
                }
            }
        }
    }

    fn settle(&self, picture: &mut Picture) {
        match self {
            Stage::Rescale(factor) => picture.scale(*factor),
            Stage::Crop(size) | Stage::Middle(size) => picture.crop_middle(*size),
            Stage::Affine(_) | Stage::HFlip | Stage::VFlip | Stage::Lighting { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    fn picture() -> Picture {
        Picture {
            size: [2, 3, 2],
            values: (0..12).map(|v| v as f32).collect(),
            spare: Vec::new(),
        }
    }

    #[test]
    fn flips_and_crops_move_whole_pixels() {
        let mut p = picture();
        p.mirror();
        assert_eq!(
            p.values,
            [4.0, 5.0, 2.0, 3.0, 0.0, 1.0, 10.0, 11.0, 8.0, 9.0, 6.0, 7.0]
        );
        let mut p = picture();
        p.upside_down();
        assert_eq!(
            p.values,
            [6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
        );
        let mut p = picture();
        p.crop([1, 1], [1, 2]);
        assert_eq!(
            (p.size, &p.values[..]),
            ([1, 2, 2], &[8.0, 9.0, 10.0, 11.0][..])
        );
    }

    #[test]
    fn every_second_picture_is_flipped_and_every_crop_happens() {
        let key = Key::new(3, Purpose::Augment);
        let (mut flipped, mut corners) = (0, [0; 4]);
        for i in 0..1000 {
            let mut p = picture();
            Stage::HFlip.vary(&mut p, key.with(i));
            flipped += usize::from(p.values[0] == 4.0);
            let mut p = picture();
            Stage::Crop([1, 2]).vary(&mut p, key.with(i));
            corners[(p.values[0] / 2.0) as usize % 3 + (p.values[0] / 6.0) as usize * 2] += 1;
        }
        assert!((440..560).contains(&flipped), "{flipped}");
        assert!(
            corners.iter().all(|n| (200..300).contains(n)),
            "{corners:?}"
        );
    }
}
