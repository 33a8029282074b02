//! A learnt factor per channel.

use super::call::{Call, Kernels, Operand, over_pixels, parts_of_pixels, per_channel};
use crate::LayerWeights;
use crate::plan::Scale;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Scale {
    fn source(&self) -> &'static str {
        include_str!("scale.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y, Operand::Param(0)];
        vec![Call::new("scale", &operands, per_channel(self.input))]
    }

    fn backward(&self) -> Vec<Call> {
        let [x, dy, dx] = [Operand::X(0), Operand::Dy, Operand::Dx(0)];
        let gradient = [&[x, dy, Operand::Gradient(0)][..], &Operand::SHARED].concat();
        let input = [dy, dx, Operand::Param(0)];
        vec![
            Call::new("scale_gradient", &gradient, over_pixels(self.input)),
            Call::new("scale_backward", &input, per_channel(self.input)).beside(),
        ]
    }

    fn scratch(&self, _images: usize) -> usize {
        parts_of_pixels(1, self.input)
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        let stored = self.input[2];
        vec![layer.tensor::<f32>("weight", stored).into_owned()]
    }
}
