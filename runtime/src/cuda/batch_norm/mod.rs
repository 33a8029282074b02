//! Batch normalisation: with moving statistics, or in training with those of the batch, or frozen with the moving ones.

use super::call::{Call, Kernels, Operand, over_pixels, parts_of_pixels, per_channel};
use crate::LayerWeights;
use crate::plan::{BatchNorm, BatchNormFrozen, BatchNormTraining};
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for BatchNorm {
    fn source(&self) -> &'static str {
        include_str!("batch_norm.cu")
    }

    fn forward(&self) -> Vec<Call> {
        vec![Call::new(
            "batch_norm",
            &Operand::FORWARD,
            per_channel(self.input),
        )]
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        let (scale, shift) = layer.normalisation(self.input[2], self.eps);
        let single = |all: Vec<f64>| all.into_iter().map(|x| x as f32).collect();
        vec![single(scale), single(shift)]
    }
}

impl Kernels for BatchNormTraining {
    fn source(&self) -> &'static str {
        include_str!("training.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let [x, y, scratch] = [Operand::X(0), Operand::Y, Operand::Scratch];
        let moments = [
            x,
            Operand::Param(0),
            Operand::Param(1),
            scratch,
            Operand::Counters,
        ];
        vec![
            Call::new("batch_moments", &moments, over_pixels(self.input)),
            Call::new("batch_apply", &[x, y, scratch], per_channel(self.input)),
        ]
    }

    fn backward(&self) -> Vec<Call> {
        let [x, dy, dx, scratch] = [Operand::X(0), Operand::Dy, Operand::Dx(0), Operand::Scratch];
        let gradients = [
            x,
            dy,
            Operand::Param(0),
            Operand::Param(2),
            Operand::Param(3),
            Operand::Before(2),
            Operand::Before(3),
            Operand::Gradient(0),
            Operand::Gradient(1),
            scratch,
            Operand::Counters,
        ];
        vec![
            Call::new("batch_gradients", &gradients, over_pixels(self.input)),
            Call::new(
                "batch_backward",
                &[x, dy, dx, scratch],
                per_channel(self.input),
            ),
        ]
    }

    fn scratch(&self, _images: usize) -> usize {
        4 * self.input[2] + parts_of_pixels(5, self.input)
    }
}

impl Kernels for BatchNormFrozen {
    fn source(&self) -> &'static str {
        include_str!("frozen.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [
            Operand::X(0),
            Operand::Y,
            Operand::Param(0),
            Operand::Param(1),
            Operand::Param(2),
            Operand::Param(3),
        ];
        vec![Call::new(
            "batch_frozen",
            &operands,
            per_channel(self.input),
        )]
    }

    fn backward(&self) -> Vec<Call> {
        let operands = [
            Operand::Dy,
            Operand::Dx(0),
            Operand::Param(0),
            Operand::Param(3),
        ];
        vec![Call::new(
            "batch_frozen_backward",
            &operands,
            per_channel(self.input),
        )]
    }
}
