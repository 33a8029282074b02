//! Group normalisation: over all pixels of an image and the channels of a group.

use super::call::{By, Call, Kernels, Operand, Work, per_column};
use crate::LayerWeights;
use crate::plan::GroupNorm;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for GroupNorm {
    fn source(&self) -> &'static str {
        include_str!("group_norm.cu")
    }

    fn forward(&self) -> Vec<Call> {
        vec![Call::new("group_norm", &Operand::FORWARD, groups(self))]
    }

    fn backward(&self) -> Vec<Call> {
        let [x, dy, dx, scratch] = [Operand::X(0), Operand::Dy, Operand::Dx(0), Operand::Scratch];
        let weight = Operand::Param(0);
        let input = [x, dy, dx, weight, scratch];
        let gradients = [scratch, Operand::Gradient(0), Operand::Gradient(1)];
        vec![
            Call::new("group_norm_sums", &[x, dy, weight, scratch], groups(self)),
            Call::new("group_norm_gradients", &gradients, per_column(self.input)),
            Call::new("group_norm_backward", &input, groups(self)).beside(),
        ]
    }

    fn scratch(&self, images: usize) -> usize {
        images * (4 * self.groups + 2 * self.input[2])
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        let tensor = |leaf| layer.tensor::<f32>(leaf, self.input[2]).into_owned();
        vec![tensor("weight"), tensor("bias")]
    }
}

/// A block for a group, or for as many small ones as have eight channels together.
fn groups(d: &GroupNorm) -> Work {
    let size = d.input[2] / d.groups;
    let together = (8 / size).clamp(1, d.groups);
    Work::each(By::Block, d.groups.div_ceil(together))
}
