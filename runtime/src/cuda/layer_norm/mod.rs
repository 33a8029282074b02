//! Layer normalisation over the channels of each pixel.

use super::call::{Call, Kernels, Operand, over_pixels, parts_of_pixels, per_pixel};
use crate::LayerWeights;
use crate::plan::LayerNorm;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for LayerNorm {
    fn source(&self) -> &'static str {
        include_str!("layer_norm.cu")
    }

    fn forward(&self) -> Vec<Call> {
        vec![Call::new(
            "layer_norm",
            &Operand::FORWARD,
            per_pixel(self.input),
        )]
    }

    fn backward(&self) -> Vec<Call> {
        let [x, dy, dx, scratch] = [Operand::X(0), Operand::Dy, Operand::Dx(0), Operand::Scratch];
        let gradients = [&Operand::GRADIENTS[..], &Operand::SHARED].concat();
        let input = [x, dy, dx, Operand::Param(0), scratch];
        let pixels = per_pixel(self.input);
        vec![
            Call::new("layer_norm_moments", &[x, scratch], pixels),
            Call::new("layer_norm_gradients", &gradients, over_pixels(self.input)),
            Call::new("layer_norm_backward", &input, pixels).beside(),
        ]
    }

    fn scratch(&self, images: usize) -> usize {
        let [h, w, _] = self.input;
        (2 * images * h * w).next_multiple_of(4) + parts_of_pixels(2, self.input)
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        let tensor = |leaf| layer.tensor::<f32>(leaf, self.input[2]).into_owned();
        vec![tensor("weight"), tensor("bias")]
    }
}
