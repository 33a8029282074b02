//! Transposed convolutions.

use super::call::{By, Call, Kernels, Operand, Work, per_output};
use super::params::Order;
use super::product;
use crate::LayerWeights;
use crate::plan::Deconv;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Deconv {
    fn source(&self) -> &'static str {
        include_str!("deconv.cu")
    }

    fn shared(&self) -> &'static [&'static str] {
        product::TEXTS
    }

    fn forward(&self) -> Vec<Call> {
        vec![product::transposed(&self.convolution(), "deconv")]
    }

    fn forward_alone(&self) -> Vec<Call> {
        vec![Call::new(
            "deconv_plain",
            &Operand::FORWARD,
            per_output(*self),
        )]
    }

    fn backward(&self) -> Vec<Call> {
        let functions = ["deconv_weights", "deconv_input"];
        let mut calls = product::transposed_gradients(&self.convolution(), functions);
        if self.bias {
            let bias = [Operand::Dy, Operand::Gradient(1)];
            let work = Work::once(By::Warp, self.filters);
            let threads = calls[0].threads;
            let bias = Call::new("deconv_bias", &bias, work).beside();
            calls.push(Call { threads, ..bias });
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
