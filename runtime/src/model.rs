//! What every compiled network can do.

use crate::{Error, Workspace};
use alloc::vec::Vec;

/// A network that netc compiled, or an [`Executor`](crate::Executor).
pub trait Model: Send + Sync {
    /// Shape of one image: `[h, w, c]`, or `[n]`.
    fn input(&self) -> &[usize];

    /// Shape of one output: `[h, w, c]`, or `[n]`.
    fn output(&self) -> &[usize];

    /// What the outputs are.
    fn scores(&self) -> Scores;

    /// Memory for batches of up to `max_batch` images. Each thread needs its own; the model can be shared.
    fn workspace(&self, max_batch: usize) -> Workspace;

    /// Computes the outputs of a batch, without allocating.
    ///
    /// # Errors
    /// If `images` does not hold between 1 and `max_batch` whole images.
    fn forward<'w>(&self, workspace: &'w mut Workspace, images: &[f32])
    -> Result<&'w [f32], Error>;

    /// The likeliest class of each image and its probability.
    ///
    /// # Errors
    /// As [`forward`](Model::forward).
    fn predict(&self, workspace: &mut Workspace, images: &[f32]) -> Result<Vec<Prediction>, Error> {
        let classes = self.output().iter().product();
        let scores = self.scores();
        let outputs = self.forward(workspace, images)?;
        let best = |image| Prediction::best(&scores.probabilities(image));
        Ok(outputs.chunks_exact(classes).map(best).collect())
    }
}

/// The likeliest class of each image.
pub type Predictions = Vec<Prediction>;

/// A class and how likely it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Counted from 0.
    pub class: usize,
    /// In `[0, 1]`.
    pub probability: f32,
}

impl Prediction {
    /// The likeliest class; the first of equals.
    #[must_use]
    pub fn best(probabilities: &[f32]) -> Self {
        let all = probabilities.iter().copied().enumerate();
        let (class, probability) = all.fold((0, f32::NEG_INFINITY), |best, next| {
            // A NaN is the loudest sign that something is wrong, so it wins.
            if next.1 > best.1 || (next.1.is_nan() && !best.1.is_nan()) {
                next
            } else {
                best
            }
        });
        Self { class, probability }
    }

    /// The `n` likeliest classes, best first.
    #[must_use]
    pub fn top(probabilities: &[f32], n: usize) -> Vec<Self> {
        let all = probabilities.iter().copied().enumerate();
        let mut all: Vec<Self> = all
            .map(|(class, probability)| Self { class, probability })
            .collect();
        all.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        all.truncate(n);
        all
    }
}

/// What a network's outputs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scores {
    /// It ends in SOFTMAX.
    Probabilities,
    /// It ends in RBF: the smallest wins. Read as negative log-likelihoods (LeCun et al. 1998, section II.C).
    Distances,
    /// Anything else: the largest wins.
    Logits,
}

impl Scores {
    /// The outputs of one image as probabilities, with the softmax that the network lacks.
    #[must_use]
    pub fn probabilities(self, outputs: &[f32]) -> Vec<f32> {
        let sign = match self {
            Scores::Probabilities => return outputs.to_vec(),
            Scores::Distances => -1.0,
            Scores::Logits => 1.0,
        };
        let max = outputs
            .iter()
            .fold(f32::NEG_INFINITY, |max, x| max.max(sign * x));
        let mut all: Vec<f32> = outputs.iter().map(|x| libm::expf(sign * x - max)).collect();
        let sum: f32 = all.iter().sum();
        all.iter_mut().for_each(|p| *p /= sum);
        all
    }
}

/// Forward passes over `ndarray` views.
#[cfg(feature = "ndarray")]
pub trait ForwardView: Model {
    /// Computes the outputs `[n, classes]` of images `[n, h, w, c]`. A view that is not contiguous in this order is copied first: the
    /// only case that allocates.
    ///
    /// # Errors
    /// If the images have another shape than the network's input, or do not fit the workspace.
    fn forward_view<'w>(
        &self,
        workspace: &'w mut Workspace,
        images: ndarray::ArrayView4<'_, f32>,
    ) -> Result<ndarray::ArrayView2<'w, f32>, Error> {
        let shape = images.shape();
        let (count, image) = (shape[0], &shape[1..]);
        let fits = match *self.input() {
            [n] => image.iter().product::<usize>() == n,
            ref shape => image == shape,
        };
        if !fits {
            return Err(Error::new(
                crate::ErrorKind::Input,
                alloc::format!("images of {image:?}, the network takes {:?}", self.input()),
            ));
        }
        let dense = images.as_standard_layout();
        let outputs = self.forward(workspace, dense.as_slice().unwrap_or_default())?;
        let classes = outputs.len() / count;
        Ok(ndarray::ArrayView2::from_shape((count, classes), outputs)
            .expect("outputs of whole images"))
    }
}

#[cfg(feature = "ndarray")]
impl<M: Model + ?Sized> ForwardView for M {}
