//! Operations that bring numbers to a common scale.

use super::descriptor::{descriptors, fused, group_problem, in_place, same_shape, saves};
use super::{Operation, Role, Rows, Tensor};
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
    /// Batch normalisation by its moving statistics in a plan that trains: nothing of it moves, and gradients go through it as through a
    /// factor. Parameters as for [`struct@BatchNorm`]. May run in place.
    BatchNormFrozen {
        /// Input shape.
        input: [usize; 3],
        /// Added to the variance.
        eps: f32 = 1e-3,
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Layer normalisation over the channels of each pixel, by their mean and biased variance: `y = (x - m) / sqrt(v + eps) * g + b` (Ba et al.
    /// 2016, eq. 4). Parameters `weight` (g), `bias` (b), each `[c]`. May run in place.
    LayerNorm {
        /// Input shape.
        input: [usize; 3],
        /// Added to the variance.
        eps: f32 = 1e-5,
    }
    /// Group normalisation: the same over all pixels of an image and the channels of each of `groups` groups (Wu and He 2018, section
    /// 3.1); with as many groups as channels, instance normalisation.
    GroupNorm {
        /// Input shape.
        input: [usize; 3],
        /// Groups; divides the channels.
        groups: usize = 1,
        /// Added to the variance.
        eps: f32 = 1e-5,
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

fn tensor(c: usize, leaf: &'static str, role: Role) -> Tensor {
    Tensor {
        leaf,
        shape: vec![c],
        role,
    }
}

/// Gain and shift of `c` channels.
fn affine(c: usize) -> Vec<Tensor> {
    vec![
        tensor(c, "weight", Role::Gain(1.0)),
        tensor(c, "bias", Role::Shift),
    ]
}

/// Gain, shift and the running statistics of `c` channels.
fn statistics(c: usize) -> Vec<Tensor> {
    let mut all = affine(c);
    all.push(tensor(c, "running_mean", Role::Mean));
    all.push(tensor(c, "running_var", Role::Variance));
    all
}

impl Operation for BatchNorm {
    in_place!();
    fused!();

    fn rows(&self) -> Option<Rows> {
        Some(Rows::same(self.input[0]))
    }

    fn tensors(&self) -> Vec<Tensor> {
        statistics(self.input[2])
    }
}

impl Operation for BatchNormTraining {
    in_place!();
    fused!();
    saves!(INPUTS);

    fn tensors(&self) -> Vec<Tensor> {
        statistics(self.input[2])
    }
}

impl Operation for BatchNormFrozen {
    in_place!();
    fused!();

    /// None is trained, those that are elsewhere neither.
    fn tensors(&self) -> Vec<Tensor> {
        let fixed = |tensor: Tensor| Tensor {
            role: match tensor.role {
                Role::Gain(_) => Role::Variance,
                Role::Shift => Role::Mean,
                role => role,
            },
            ..tensor
        };
        statistics(self.input[2]).into_iter().map(fixed).collect()
    }
}

impl Operation for LayerNorm {
    in_place!();
    saves!(INPUTS);

    fn tensors(&self) -> Vec<Tensor> {
        affine(self.input[2])
    }
}

impl Operation for GroupNorm {
    same_shape!();

    fn takes_vectors(&self) -> bool {
        true
    }

    fn problem(&self) -> Option<&'static str> {
        group_problem(self.groups, self.input[2])
    }

    fused!();
    saves!(INPUTS);

    fn tensors(&self) -> Vec<Tensor> {
        affine(self.input[2])
    }
}

impl Operation for Lrn {
    same_shape!();

    fn takes_vectors(&self) -> bool {
        true
    }

    saves!(INPUTS);
}
