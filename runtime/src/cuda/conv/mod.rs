//! Convolutions.

use super::call::{Call, Kernels, Operand, per_output};
use super::params::Order;
use crate::LayerWeights;
use crate::plan::Conv;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Conv {
    fn source(&self) -> &'static str {
        include_str!("conv.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [
            Operand::X(0),
            Operand::Y,
            Operand::Param(0),
            Operand::Param(1),
        ];
        vec![Call::new("conv_plain", &operands, per_output(*self))]
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        let channels = self.input[2] / self.groups;
        let area = self.kernel[0] * self.kernel[1];
        let (weight, bias) = layer.affine::<f32>(self.filters, channels * area, self.bias);
        vec![self.order(0).to_device(&weight), bias]
    }

    fn order(&self, param: usize) -> Order {
        match param {
            0 => Order::ChannelsLast {
                channels: self.input[2] / self.groups,
                area: self.kernel[0] * self.kernel[1],
            },
            _ => Order::AsStored,
        }
    }
}
