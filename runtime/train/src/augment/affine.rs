//! Affine variation: one matrix about the centre, bilinear interpolation, the border's values outside.
//!
//! The matrices are Keras 3's; two slips of its are not copied: its height shift moves pictures sideways and its width shift
//! up and down, and pictures that are not square turn about a point beside their centre.

use crate::random::Draws;
use netc_runtime::train::Transform;

/// A map from places in the result to places in the picture: rows `[y, x, offset]`, measured from the centre.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Matrix([[f64; 3]; 2]);

impl Matrix {
    pub(super) const IDENTITY: Self = Self([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);

    /// That of one picture.
    pub(super) fn drawn(transform: Transform, draws: &mut Draws, [h, w]: [usize; 2]) -> Self {
        let mut within = |range: f64| draws.range(-range, range);
        match transform {
            Transform::Rotate(range) => Self::rotation(within(range)),
            Transform::Shift(vertical, horizontal) => {
                let mut cells = |range: f64, size: usize| {
                    let share = within(range);
                    if range < 1.0 {
                        share * size as f64
                    } else {
                        share
                    }
                };
                Self::shift(cells(vertical, h), cells(horizontal, w))
            }
            Transform::Shear(range) => Self::shear(within(range)),
            Transform::Zoom(range) => Self::zoom(1.0 + within(range), 1.0 + within(range)),
        }
    }

    pub(super) fn rotation(degrees: f64) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Self([[cos, sin, 0.0], [-sin, cos, 0.0]])
    }

    pub(super) fn shift(y: f64, x: f64) -> Self {
        Self([[1.0, 0.0, y], [0.0, 1.0, x]])
    }

    pub(super) fn shear(degrees: f64) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Self([[cos, 0.0, 0.0], [-sin, 1.0, 0.0]])
    }

    pub(super) fn zoom(y: f64, x: f64) -> Self {
        Self([[y, 0.0, 0.0], [0.0, x, 0.0]])
    }

    /// The matrix product.
    pub(super) fn then(self, next: Self) -> Self {
        let Self(a) = self;
        let Self(b) = next;
        Self(a.map(|[ay, ax, offset]| {
            let column = |k: usize| ay * b[0][k] + ax * b[1][k];
            [column(0), column(1), column(2) + offset]
        }))
    }

    /// Resamples an HWC picture.
    pub(super) fn apply(self, picture: &[f32], [h, w, c]: [usize; 3], out: &mut Vec<f32>) {
        out.resize(h * w * c, 0.0);
        match c {
            // Compiled for each of these: twice as fast.
            1 => self.resample(picture, [h, w, 1], out),
            3 => self.resample(picture, [h, w, 3], out),
            c => self.resample(picture, [h, w, c], out),
        }
    }

    #[inline(always)]
    fn resample(self, picture: &[f32], [h, w, c]: [usize; 3], out: &mut [f32]) {
        let Self([[yy, yx, y0], [xy, xx, x0]]) = self;
        // Keras' centre: h / 2 - 0.5.
        let (cy, cx) = (h as f64 / 2.0 - 0.5, w as f64 / 2.0 - 0.5);
        for (row, line) in out.chunks_exact_mut(w * c).enumerate() {
            let dy = row as f64 - cy;
            for (column, pixel) in line.chunks_exact_mut(c).enumerate() {
                let dx = column as f64 - cx;
                let (top, bottom, fy) = neighbours(yy * dy + yx * dx + y0 + cy, h);
                let (left, right, fx) = neighbours(xy * dy + xx * dx + x0 + cx, w);
                let at = |y: usize, x: usize| &picture[(y * w + x) * c..][..c];
                let upper = at(top, left).iter().zip(at(top, right));
                let lower = at(bottom, left).iter().zip(at(bottom, right));
                for (to, (upper, lower)) in pixel.iter_mut().zip(upper.zip(lower)) {
                    let mix =
                        |(p, q): (&f32, &f32)| f64::from(*p) * (1.0 - fx) + f64::from(*q) * fx;
                    *to = (mix(upper) * (1.0 - fy) + mix(lower) * fy) as f32;
                }
            }
        }
    }
}

/// The cells before and after a place, and the share of the second; the border's cell outside.
fn neighbours(place: f64, n: usize) -> (usize, usize, f64) {
    let place = place.clamp(0.0, (n - 1) as f64);
    // Rounds down, as nothing is below zero; `floor` is a call where the processor's oldest kind is compiled for.
    let cell = place as u32;
    let first = cell as usize;
    (first, (first + 1).min(n - 1), place - f64::from(cell))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Key, Purpose};

    /// Figures of Keras 3.15 over SciPy: `apply_affine_transform(..., fill_mode="nearest", order=1)`.
    #[test]
    fn the_same_pixels_as_keras() {
        let text = include_str!("../../tests/reference/keras_affine.json");
        let cases: serde_json::Value = serde_json::from_str(text).unwrap();
        for case in cases.as_array().unwrap() {
            let numbers = |key: &str| -> Vec<f64> {
                let list = case[key].as_array().unwrap();
                list.iter().map(|v| v.as_f64().unwrap()).collect()
            };
            let number = |key: &str| case[key].as_f64().unwrap();
            let (shift, zoom) = (numbers("shift"), numbers("zoom"));
            let size = numbers("size");
            let size = [size[0] as usize, size[1] as usize, size[2] as usize];
            let matrix = Matrix::rotation(number("theta"))
                .then(Matrix::shift(shift[0], shift[1]))
                .then(Matrix::shear(number("shear")))
                .then(Matrix::zoom(zoom[0], zoom[1]));
            let mut out = Vec::new();
            matrix.apply(&picture(size), size, &mut out);
            for (i, (mine, keras)) in out.iter().zip(numbers("output")).enumerate() {
                assert!(
                    (f64::from(*mine) - keras).abs() < 1e-3,
                    "{case}\n{i}: {mine}, Keras {keras}"
                );
            }
        }
    }

    /// The picture that the figures were made from.
    fn picture([h, w, c]: [usize; 3]) -> Vec<f32> {
        let value =
            |y: usize, x: usize, k: usize| (y * 37 + x * 11 + k * 53 + y * x % 7 * 19) % 256;
        let cells = (0..h).flat_map(|y| (0..w).map(move |x| (y, x)));
        let values = cells.flat_map(|(y, x)| (0..c).map(move |k| value(y, x, k) as f32));
        values.collect()
    }

    #[test]
    fn the_identity_changes_nothing() {
        let size = [5, 4, 3];
        let mut out = Vec::new();
        Matrix::IDENTITY.apply(&picture(size), size, &mut out);
        assert_eq!(out, picture(size));
    }

    #[test]
    fn draws_stay_within_their_ranges() {
        let mut draws = Key::new(1, Purpose::Augment).draws();
        let (mut least, mut most) = (f64::MAX, f64::MIN);
        for _ in 0..500 {
            let Matrix([[_, _, y], [_, _, x]]) =
                Matrix::drawn(Transform::Shift(0.1, 3.0), &mut draws, [20, 50]);
            assert!(y.abs() <= 2.0 && x.abs() <= 3.0);
            (least, most) = (least.min(y), most.max(y));
            let Matrix([[zy, _, _], [_, zx, _]]) =
                Matrix::drawn(Transform::Zoom(0.2), &mut draws, [20, 50]);
            assert!((0.8..=1.2).contains(&zy) && (0.8..=1.2).contains(&zx) && zy != zx);
        }
        assert!(least < -1.9 && most > 1.9, "{least} {most}");
    }
}
