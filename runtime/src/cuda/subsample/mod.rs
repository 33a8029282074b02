//! LeNet-5's trainable subsampling.

use super::call::{Call, Kernels, Operand, partial, partial_numbers, per_input, per_output, total};
use crate::LayerWeights;
use crate::plan::{Op, Subsample};
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Subsample {
    fn source(&self) -> &'static str {
        include_str!("subsample.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [
            Operand::X(0),
            Operand::Y,
            Operand::Param(0),
            Operand::Param(1),
        ];
        vec![Call::new("subsample", &operands, per_output(*self))]
    }

    fn backward(&self) -> Vec<Call> {
        let [x, dy, dx, scratch] = [Operand::X(0), Operand::Dy, Operand::Dx(0), Operand::Scratch];
        let gradients = [scratch, Operand::Gradient(0), Operand::Gradient(1)];
        let output = Op::from(*self).output();
        vec![
            Call::new("subsample_sums", &[x, dy, scratch], partial(output)),
            Call::new("subsample_gradients", &gradients, total(output)),
            Call::new(
                "subsample_backward",
                &[dy, dx, Operand::Param(0)],
                per_input(*self),
            ),
        ]
    }

    fn scratch(&self, _images: usize) -> usize {
        partial_numbers(2, self.input)
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        let tensor = |leaf| layer.tensor::<f32>(leaf, self.input[2]).into_owned();
        vec![tensor("coefficient"), tensor("bias")]
    }
}
