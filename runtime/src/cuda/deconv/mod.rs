//! Transposed convolutions.

use super::call::{By, Call, Kernels, Operand, Work, per_output};
use super::params::Order;
use super::product;
use crate::LayerWeights;
use crate::plan::Deconv;
use alloc::vec;
use alloc::vec::Vec;

const OPERANDS: [Operand; 4] = [
    Operand::X(0),
    Operand::Y,
    Operand::Param(0),
    Operand::Param(1),
];

impl Kernels for Deconv {
    fn source(&self) -> &'static str {
        include_str!("deconv.cu")
    }

    fn shared(&self) -> &'static [&'static str] {
        product::TEXTS
    }

    fn forward(&self) -> Vec<Call> {
        vec![product::backward(&self.convolution(), "deconv", OPERANDS)]
    }

    fn forward_alone(&self) -> Vec<Call> {
        vec![Call::new("deconv_plain", &OPERANDS, per_output(*self))]
    }

    fn backward(&self) -> Vec<Call> {
        let conv = self.convolution();
        let gradient = [
            Operand::X(0),
            Operand::Dy,
            Operand::Gradient(0),
            Operand::Nothing,
        ];
        let input = [
            Operand::Dy,
            Operand::Dx(0),
            Operand::Param(0),
            Operand::Nothing,
        ];
        let bias = [Operand::Dy, Operand::Gradient(1)];
        let mut calls = vec![
            product::weights(&conv, "deconv_weights", gradient),
            product::forward(&conv, "deconv_input", input),
        ];
        if self.bias {
            let work = Work::once(By::Warp, self.filters);
            calls.push(Call::new("deconv_bias", &bias, work));
        }
        calls
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        let [inputs, outputs] = [self.input[2], self.filters];
        let area = self.kernel[0] * self.kernel[1];
        let sizes = [inputs, outputs, area];
        let (weight, bias) = layer.transposed::<f32>(sizes, self.groups, self.bias);
        vec![self.order(0).to_device(&weight), bias]
    }

    fn order(&self, param: usize) -> Order {
        match param {
            0 => Order::ChannelsLast {
                channels: self.filters / self.groups,
                area: self.kernel[0] * self.kernel[1],
            },
            _ => Order::AsStored,
        }
    }

    fn scratch(&self, _images: usize) -> usize {
        product::scratch(&self.convolution())
    }
}
