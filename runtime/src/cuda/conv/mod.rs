//! Convolutions.

mod depthwise;

use self::depthwise::Depthwise;
use super::call::{Call, Kernels, Operand, per_input, per_output};
use super::params::Order;
use super::product;
use super::task::Back;
use crate::LayerWeights;
use crate::plan::Conv;
use alloc::vec;
use alloc::vec::Vec;

const OPERANDS: [Operand; 4] = [
    Operand::X(0),
    Operand::Y,
    Operand::Param(0),
    Operand::Param(1),
];

const GRADIENTS: [Operand; 4] = [
    Operand::X(0),
    Operand::Dy,
    Operand::Gradient(0),
    Operand::Gradient(1),
];

impl Kernels for Conv {
    fn source(&self) -> &'static str {
        concat!(include_str!("conv.cu"), include_str!("depthwise.cu"))
    }

    fn shared(&self) -> &'static [&'static str] {
        product::TEXTS
    }

    fn forward(&self) -> Vec<Call> {
        vec![match Depthwise::of(self) {
            Some(depthwise) => depthwise.forward(&OPERANDS),
            None => product::forward(self, "conv", OPERANDS),
        }]
    }

    fn forward_alone(&self) -> Vec<Call> {
        let mut call = Call::new("conv_plain", &OPERANDS, per_output(*self));
        call.constants = vec![usize::from(Depthwise::of(self).is_some())];
        vec![call]
    }

    fn backward(&self) -> Vec<Call> {
        let input = [
            Operand::Dy,
            Operand::Dx(0),
            Operand::Param(0),
            Operand::Nothing,
        ];
        if let Some(depthwise) = Depthwise::of(self) {
            let shared = [Operand::Scratch, Operand::Counters];
            return vec![
                depthwise.weights(&[&GRADIENTS[..], &shared].concat()),
                depthwise.input(&input[..3]),
            ];
        }
        vec![
            product::weights(self, "conv_weights", GRADIENTS),
            product::backward(self, "conv_input", input),
        ]
    }

    fn values_alone(&self, _back: &Back) -> Vec<Call> {
        let operands = [Operand::Dy, Operand::Dx(0), Operand::Param(0)];
        vec![Call::new("conv_input_plain", &operands, per_input(*self))]
    }

    fn gradients_together(&self) -> Option<Call> {
        let dense = Depthwise::of(self).is_none();
        dense.then(|| product::together(self, "conv_weights", GRADIENTS))
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        let channels = self.input[2] / self.groups;
        let area = self.kernel[0] * self.kernel[1];
        let (weight, bias) = layer.affine::<f32>(self.filters, channels * area, self.bias);
        vec![self.order(0).to_device(&weight), bias]
    }

    fn order(&self, param: usize) -> Order {
        let area = self.kernel[0] * self.kernel[1];
        let channels = match Depthwise::of(self) {
            Some(_) => self.filters,
            None => self.input[2] / self.groups,
        };
        match param {
            0 => Order::ChannelsLast { channels, area },
            _ => Order::AsStored,
        }
    }

    fn scratch(&self, _images: usize) -> usize {
        match Depthwise::of(self) {
            Some(depthwise) => depthwise.scratch(),
            None => product::scratch(self),
        }
    }
}
