//! Layer normalisation over the channels of each pixel.

use super::call::{Call, Kernels, Operand, partial, partial_numbers, per_pixel, total};
use crate::LayerWeights;
use crate::plan::LayerNorm;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for LayerNorm {
    fn source(&self) -> &'static str {
        include_str!("layer_norm.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [
            Operand::X(0),
            Operand::Y,
            Operand::Param(0),
            Operand::Param(1),
        ];
        vec![Call::new("layer_norm", &operands, per_pixel(self.input))]
    }

    fn backward(&self) -> Vec<Call> {
        let [x, dy, dx, scratch] = [Operand::X(0), Operand::Dy, Operand::Dx(0), Operand::Scratch];
        let gradients = [scratch, Operand::Gradient(0), Operand::Gradient(1)];
        let pixels = per_pixel(self.input);
        vec![
            Call::new("layer_norm_moments", &[x, scratch], pixels),
            Call::new("layer_norm_sums", &[x, dy, scratch], partial(self.input)),
            Call::new("layer_norm_gradients", &gradients, total(self.input)),
            Call::new(
                "layer_norm_backward",
                &[x, dy, dx, Operand::Param(0), scratch],
                pixels,
            ),
        ]
    }

    fn scratch(&self, images: usize) -> usize {
        let [h, w, _] = self.input;
        (2 * images * h * w).next_multiple_of(4) + partial_numbers(2, self.input)
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        let tensor = |leaf| layer.tensor::<f32>(leaf, self.input[2]).into_owned();
        vec![tensor("weight"), tensor("bias")]
    }
}
