//! Convolution onto a picture: the sum of both is stored at once.

use super::conv::reference;
use super::{Choice, Conv, Real, activate};
use crate::plan::{self, Act, View};
use crate::reference::{Given, Plain};
use crate::{LayerWeights, Mem, Scratch};
use alloc::vec::Vec;

/// See [`plan::ConvAdd`]. May run in place on what is added.
pub struct ConvAdd(Conv);

impl ConvAdd {
    /// Packs the layer's weights for this machine.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layer has not its parameters.
    #[must_use]
    pub fn new(d: plan::ConvAdd, layer: LayerWeights<'_>) -> Self {
        super::sizes::Sizes::of(d);
        Self::chosen(d, layer, layer.choice(&d.into()))
    }

    /// As [`new`](Self::new), by this choice.
    pub(crate) fn chosen(d: plan::ConvAdd, layer: LayerWeights<'_>, choice: Choice) -> Self {
        super::sizes::Sizes::of(d);
        Self(Conv::chosen(d.conv(), layer, choice))
    }

    /// Memory for a batch.
    #[must_use]
    pub fn scratch(&self, max_batch: usize) -> Scratch {
        self.0.scratch(max_batch)
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap, but for what is added and the output where they are the same; or the
    /// workspace has less scratch memory than [`scratch`](Self::scratch) says.
    pub fn run(&self, mem: &mut Mem<'_, '_>, [x, added]: [View; 2], y: View) {
        self.0.run_onto(mem, x, added, y);
    }
}

impl Plain for plan::ConvAdd {
    fn plain<T: Real>(&self, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let d = plan::Conv {
            act: Act::None,
            ..self.conv()
        };
        let taps = d.input[2] / d.groups * d.kernel[0] * d.kernel[1];
        let (weight, bias) = given.affine(d.filters, taps, d.bias);
        reference::conv(&d, &weight, &bias, &inputs[0], y);
        let added = inputs[1].iter();
        y.iter_mut()
            .zip(added)
            .for_each(|(y, &b)| *y = activate(self.act, *y + b));
    }
}
