//! The principal components of the colours of a training set (Krizhevsky et al. 2012, section 4.1).

use crate::Result;
use crate::data::Split;

/// Of larger sets, so many pictures are looked at, evenly spread.
const SAMPLE: usize = 2048;

/// Eigenvectors and eigenvalues of the covariance of the colours, which are measured with white as 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Components {
    /// Each eigenvector, multiplied by its eigenvalue and by what white has become: what a draw of 1 adds to a pixel.
    steps: Vec<Vec<f64>>,
}

impl Components {
    /// Looks at the pictures of a training set; where they are lit, white is `white`.
    ///
    /// # Errors
    /// A picture cannot be read.
    pub fn of(split: &Split, white: f32) -> Result<Self> {
        let [_, _, channels] = split.size();
        let full = f64::from(split.full_scale());
        let mut sums = vec![0.0; channels];
        let mut products = vec![vec![0.0; channels]; channels];
        let (mut count, mut picture) = (0.0, Vec::new());
        let looked_at = split.len().min(SAMPLE);
        for i in 0..looked_at {
            split.picture(i * split.len() / looked_at, &mut picture)?;
            for pixel in picture.chunks_exact(channels) {
                count += 1.0;
                for (a, row) in products.iter_mut().enumerate() {
                    let value = f64::from(pixel[a]) / full;
                    sums[a] += value;
                    for (b, product) in row.iter_mut().enumerate() {
                        *product += value * f64::from(pixel[b]) / full;
                    }
                }
            }
        }
        for (a, row) in products.iter_mut().enumerate() {
            for (b, product) in row.iter_mut().enumerate() {
                *product = *product / count - sums[a] / count * (sums[b] / count);
            }
        }
        let pairs = eigen(products);
        let step = |(value, vector): (f64, Vec<f64>)| {
            let amount = value * f64::from(white);
            vector.into_iter().map(|v| v * amount).collect()
        };
        Ok(Self {
            steps: pairs.into_iter().map(step).collect(),
        })
    }

    /// What a draw of 1 adds to a pixel, by component.
    pub(super) fn into_steps(self) -> Vec<Vec<f64>> {
        self.steps
    }
}

/// What to add to each channel: `sum over i of draw(i) * eigenvalue[i] * eigenvector[i]`, by the steps of [`Components`].
pub(super) fn light(steps: &[Vec<f64>], mut draw: impl FnMut() -> f64) -> Vec<f32> {
    let mut light = vec![0.0; steps.len()];
    for step in steps {
        let amount = draw();
        light
            .iter_mut()
            .zip(step)
            .for_each(|(sum, s)| *sum += amount * s);
    }
    light.into_iter().map(|v| v as f32).collect()
}

/// Eigenvalues, largest first, and eigenvectors of a symmetric matrix (Jacobi's method).
fn eigen(mut a: Vec<Vec<f64>>) -> Vec<(f64, Vec<f64>)> {
    let n = a.len();
    let identity = |i: usize| (0..n).map(|j| f64::from(u8::from(i == j))).collect();
    let mut vectors: Vec<Vec<f64>> = (0..n).map(identity).collect();
    for _sweep in 0..50 {
        for p in 0..n {
            for q in p + 1..n {
                if a[p][q].abs() < 1e-300 {
                    continue;
                }
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let cos = 1.0 / (t * t + 1.0).sqrt();
                let sin = t * cos;
                for row in &mut a {
                    (row[p], row[q]) = (cos * row[p] - sin * row[q], sin * row[p] + cos * row[q]);
                }
                turn_rows(&mut a, p, q, cos, sin);
                // Row i of `vectors` is eigenvector i.
                turn_rows(&mut vectors, p, q, cos, sin);
            }
        }
    }
    let mut pairs: Vec<(f64, Vec<f64>)> = vectors
        .into_iter()
        .enumerate()
        .map(|(i, v)| (a[i][i], v))
        .collect();
    pairs.sort_by(|x, y| y.0.total_cmp(&x.0));
    pairs
}

/// Rotates row `p` and a later row `q` in their plane.
fn turn_rows(matrix: &mut [Vec<f64>], p: usize, q: usize, cos: f64, sin: f64) {
    let (upper, lower) = matrix.split_at_mut(q);
    for (x, y) in upper[p].iter_mut().zip(&mut lower[0]) {
        (*x, *y) = (cos * *x - sin * *y, sin * *x + cos * *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvectors_are_what_they_should_be() {
        let matrix = vec![
            vec![4.0, 1.0, -2.0],
            vec![1.0, 3.0, 0.5],
            vec![-2.0, 0.5, 2.0],
        ];
        let pairs = eigen(matrix.clone());
        assert!(pairs[0].0 > pairs[1].0 && pairs[1].0 > pairs[2].0);
        for (value, vector) in pairs {
            let length: f64 = vector.iter().map(|v| v * v).sum();
            assert!((length - 1.0).abs() < 1e-12);
            for (row, v) in matrix.iter().zip(&vector) {
                let product: f64 = row.iter().zip(&vector).map(|(m, x)| m * x).sum();
                assert!((product - value * v).abs() < 1e-12);
            }
        }
        assert_eq!(eigen(vec![vec![2.5]]), [(2.5, vec![1.0])]);
    }
}
