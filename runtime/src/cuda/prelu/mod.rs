//! A learnt slope below 0.

use super::call::{Call, Kernels, Operand, partial, partial_numbers, per_channel, total};
use crate::LayerWeights;
use crate::plan::Prelu;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Prelu {
    fn source(&self) -> &'static str {
        include_str!("prelu.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y, Operand::Param(0)];
        vec![Call::new("prelu", &operands, per_channel(self.input))]
    }

    fn backward(&self) -> Vec<Call> {
        let [x, dy, dx, scratch] = [Operand::X(0), Operand::Dy, Operand::Dx(0), Operand::Scratch];
        vec![
            Call::new("prelu_sums", &[x, dy, scratch], partial(self.input)),
            Call::new(
                "prelu_gradient",
                &[scratch, Operand::Gradient(0)],
                total(self.input),
            ),
            Call::new(
                "prelu_backward",
                &[x, dy, dx, Operand::Param(0)],
                per_channel(self.input),
            ),
        ]
    }

    fn scratch(&self, _images: usize) -> usize {
        partial_numbers(1, self.input)
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        let stored = if self.shared { 1 } else { self.input[2] };
        vec![layer.tensor::<f32>("weight", stored).into_owned()]
    }
}
