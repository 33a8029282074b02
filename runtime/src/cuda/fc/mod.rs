//! Fully connected layers.

use super::call::{By, Call, Kernels, Operand, Work, per_input};
use super::product;
use super::task::Back;
use crate::LayerWeights;
use crate::plan::{Act, Conv, Fc};
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Fc {
    fn source(&self) -> &'static str {
        include_str!("fc.cu")
    }

    fn shared(&self) -> &'static [&'static str] {
        product::TEXTS
    }

    fn forward(&self) -> Vec<Call> {
        let mut call = product::forward(&convolution(self), "fc");
        let [warps, rows] = shares(self, call.threads as usize / 32);
        call.constants.extend([warps, rows]);
        // With the way of few images beside the product, the registers of several blocks would not do.
        call.resident = Some(product::AT_LEAST_ONE);
        let units = call.threads as usize / 32 / warps * rows;
        call.work.tiles.floor = self.units.div_ceil(units);
        vec![call]
    }

    fn forward_alone(&self) -> Vec<Call> {
        let work = Work::each(By::Warp, self.units);
        vec![Call::new("fc_plain", &Operand::FORWARD, work)]
    }

    fn backward_to(&self, back: &Back) -> Vec<Call> {
        let functions = ["fc_weights", "fc_input"];
        product::gradients(&convolution(self), functions, back.wants(0))
    }

    fn values_alone(&self, _back: &Back) -> Vec<Call> {
        let operands = &Operand::INPUT_GRADIENT[..3];
        vec![Call::new("fc_input_plain", operands, per_input(*self))]
    }

    fn gradients_together(&self) -> Option<Call> {
        let conv = convolution(self);
        Some(product::together(&conv, "fc_weights"))
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        let inputs = self.input.iter().product();
        let (weight, bias) = layer.affine::<f32>(self.units, inputs, self.bias);
        vec![weight.into_owned(), bias]
    }

    fn scratch(&self, _images: usize) -> usize {
        product::scratch(&convolution(self))
    }
}

/// The convolution over a picture of one pixel that the layer is.
fn convolution(fc: &Fc) -> Conv {
    Conv {
        input: [1, 1, fc.input.iter().product()],
        filters: fc.units,
        kernel: [1, 1],
        stride: [1, 1],
        pad: [0; 4],
        dilation: [1, 1],
        groups: 1,
        bias: fc.bias,
        act: Act::None,
    }
}

/// How few images are computed by a block of so many warps: the warps that share units, and these units. As many as leave every lane
/// something to do and a GPU enough blocks.
fn shares(fc: &Fc, warps: usize) -> [usize; 2] {
    let inputs: usize = fc.input.iter().product();
    let mut sharing = 1;
    while sharing < warps && sharing * 2 * 128 <= inputs {
        sharing *= 2;
    }
    let enough = |rows: &usize| fc.units / (warps / sharing * rows) >= 128;
    let rows = [4, 2].into_iter().find(enough).unwrap_or(1);
    [sharing, rows]
}
