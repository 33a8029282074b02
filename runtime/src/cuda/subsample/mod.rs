//! LeNet-5's trainable subsampling.

use super::call::{Call, Kernels, Operand, over_pixels, parts_of_pixels, per_input, per_output};
use crate::LayerWeights;
use crate::plan::{Op, Subsample};
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Subsample {
    fn source(&self) -> &'static str {
        include_str!("subsample.cu")
    }

    fn forward(&self) -> Vec<Call> {
        vec![Call::new("subsample", &Operand::FORWARD, per_output(*self))]
    }

    fn backward(&self) -> Vec<Call> {
        let gradients = [&Operand::GRADIENTS[..], &Operand::SHARED].concat();
        let input = [Operand::Dy, Operand::Dx(0), Operand::Param(0)];
        let output = Op::from(*self).output();
        vec![
            Call::new("subsample_gradients", &gradients, over_pixels(output)),
            Call::new("subsample_backward", &input, per_input(*self)).beside(),
        ]
    }

    fn scratch(&self, _images: usize) -> usize {
        parts_of_pixels(2, self.input)
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        let tensor = |leaf| layer.tensor::<f32>(leaf, self.input[2]).into_owned();
        vec![tensor("coefficient"), tensor("bias")]
    }
}
