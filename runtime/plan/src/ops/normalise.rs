//! Operations that bring numbers to a common scale.

use super::descriptor::{descriptors, input_field};
use super::{Operation, Role, Saved, Tensor};
use crate::Act;
use alloc::vec;
use alloc::vec::Vec;

descriptors! {
    /// Batch normalisation with moving statistics: `y = act((x - m) * g / sqrt(v + eps) + b)` per channel.
    /// Parameters `weight` (g), `bias` (b), `running_mean` (m), `running_var` (v), each `[c]`. May run in place.
    BatchNorm {
        /// Input shape.
        input: [usize; 3],
        /// Added to the variance.
        eps: f32 = 1e-3,
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Batch normalisation with the batch's own mean and biased variance (Ioffe and Szegedy 2015, algorithm 1), which move the
    /// running ones: `running = running * momentum + batch * (1 - momentum)`. Parameters as for [`struct@BatchNorm`]. May run in place.
    BatchNormTraining {
        /// Input shape.
        input: [usize; 3],
        /// Added to the variance.
        eps: f32 = 1e-3,
        /// Share of the old statistics kept in a step.
        momentum: f32 = 0.99,
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Local response normalisation across channels (Krizhevsky et al. 2012, section 3.3):
    /// `y[c] = x[c] / (k + alpha * sum of x[j]^2 for j in c - n/2 ..= c + n/2)^beta`.
    Lrn {
        /// Input shape.
        input: [usize; 3],
        /// Channels in the window.
        n: usize = 5,
        /// Added to the sum.
        k: f32 = 2.0,
        /// Factor of the sum; not divided by `n`.
        alpha: f32 = 1e-4,
        /// Exponent.
        beta: f32 = 0.75,
    }
}

/// Gain, shift and the running statistics of `c` channels.
fn statistics(c: usize) -> Vec<Tensor> {
    let tensor = |leaf, role| Tensor {
        leaf,
        shape: vec![c],
        role,
    };
    vec![
        tensor("weight", Role::Gain(1)),
        tensor("bias", Role::Shift),
        tensor("running_mean", Role::Mean),
        tensor("running_var", Role::Variance),
    ]
}

impl Operation for BatchNorm {
    input_field!();

    fn output(&self) -> [usize; 3] {
        self.input
    }

    fn in_place(&self) -> bool {
        true
    }

    fn act(&mut self) -> Option<&mut Act> {
        Some(&mut self.act)
    }

    fn tensors(&self) -> Vec<Tensor> {
        statistics(self.input[2])
    }
}

impl Operation for BatchNormTraining {
    input_field!();

    fn output(&self) -> [usize; 3] {
        self.input
    }

    fn in_place(&self) -> bool {
        true
    }

    fn act(&mut self) -> Option<&mut Act> {
        Some(&mut self.act)
    }

    fn saved(&self) -> Saved {
        Saved::INPUTS
    }

    fn tensors(&self) -> Vec<Tensor> {
        statistics(self.input[2])
    }
}

impl Operation for Lrn {
    input_field!();

    fn output(&self) -> [usize; 3] {
        self.input
    }

    fn is_pixelwise(&self) -> bool {
        true
    }

    fn saved(&self) -> Saved {
        Saved::INPUTS
    }
}
