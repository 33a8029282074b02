//! Batch normalisation in training that stays as it is: by the moving statistics, as in inference.

use super::train::Ranges;
use crate::cpu::mul::scale;
use crate::cpu::sizes::{Sizes, bounded};
use crate::cpu::{self, Real};
use crate::plan::{self, Act, View};
use crate::reference::{Given, Plain};
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, Layout, TrainMem, backward};
use alloc::vec::Vec;
#[cfg(not(feature = "std"))]
use num_traits::Float as _;

/// Batch normalisation whose parameters stay as they are.
pub struct BatchNormFrozen {
    d: plan::BatchNormFrozen,
    sizes: Sizes,
    ranges: Ranges,
    /// `weight / sqrt(variance + eps)`, of the last forward pass.
    factors: Vec<f32>,
    forward: cpu::BatchNorm,
}

/// The operation of inference.
fn fixed(d: &plan::BatchNormFrozen) -> plan::BatchNorm {
    plan::BatchNorm {
        input: d.input,
        eps: d.eps,
        act: d.act,
    }
}

impl BatchNormFrozen {
    /// Prepares the step for the parameters of this layer.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layout has not the layer's parameters.
    #[must_use]
    pub fn new(d: plan::BatchNormFrozen, layout: &Layout, layer: &str) -> Self {
        Self {
            d,
            sizes: Sizes::of(d),
            ranges: Ranges::new(d.input[2], layout, layer),
            factors: alloc::vec![0.0; d.input[2]],
            forward: cpu::BatchNorm::prepare(fixed(&d)),
        }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory.
    pub fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: View, y: View) {
        let Self {
            ranges, factors, d, ..
        } = self;
        let tensor = |range: &core::ops::Range<usize>| &mem.params[range.clone()];
        let parameters = tensor(&ranges.weight).iter().zip(tensor(&ranges.variance));
        for (factor, (weight, variance)) in factors.iter_mut().zip(parameters) {
            *factor = weight / (variance + d.eps).sqrt();
        }
        let (bias, mean) = (tensor(&ranges.bias), tensor(&ranges.mean));
        self.forward
            .pack(|c| (factors[c], bias[c] - mean[c] * factors[c]));
        self.forward.run(&mut mem.mem, x, y);
    }

    backward!();

    /// `dx = factor * dz`
    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { y, dy, dx, .. }: Backward) {
        let sizes = self.sizes;
        let [_, w, c] = self.d.input;
        mem.through(self.d.act, sizes.output(y), sizes.output(dy));
        if dx.is_none() {
            return;
        }
        let factors = &self.factors;
        let step = mem.mem.access([], [sizes.output(dy)]).flat();
        step.for_rows(bounded([w, c, 2]), |[], [mut dy]| {
            (0..dy.width()).for_each(|ox| scale(Act::None, factors, dy.pixel(ox)));
        });
        mem.hand_on(sizes.output(dy), dx);
    }
}

impl Plain for plan::BatchNormFrozen {
    fn plain<T: Real>(&self, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        fixed(self).plain(given, inputs, y);
    }
}

impl PlainBackward for plan::BatchNormFrozen {
    fn plain_backward<T: Real>(
        &self,
        given: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let c = self.input[2];
        let (weight, variance) = (given.tensor("weight", c), given.tensor("running_var", c));
        for (at, &dy) in pass.dy.iter().enumerate() {
            let deviation = (variance[at % c] + T::of(self.eps.into())).sqrt();
            gradients.inputs[0][at] += dy * weight[at % c] / deviation;
        }
    }
}
