//! Fully connected layers.

use super::call::{By, Call, Kernels, Operand, Work, per_input};
use crate::LayerWeights;
use crate::plan::Fc;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Fc {
    fn source(&self) -> &'static str {
        include_str!("fc.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [
            Operand::X(0),
            Operand::Y,
            Operand::Param(0),
            Operand::Param(1),
        ];
        vec![Call::new("fc", &operands, Work::each(By::Warp, self.units))]
    }

    fn backward(&self) -> Vec<Call> {
        let weights = self.input.iter().product::<usize>() * self.units;
        vec![
            Call::new(
                "fc_gradients",
                &[
                    Operand::X(0),
                    Operand::Dy,
                    Operand::Gradient(0),
                    Operand::Gradient(1),
                ],
                Work::once(By::Thread, weights),
            ),
            Call::new(
                "fc_backward",
                &[Operand::Dy, Operand::Dx(0), Operand::Param(0)],
                per_input(*self),
            ),
        ]
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        let inputs = self.input.iter().product();
        let (weight, bias) = layer.affine::<f32>(self.units, inputs, self.bias);
        vec![weight.into_owned(), bias]
    }
}
