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

/// The device functions of all convolutions.
pub(super) const TEXT: &str = concat!(include_str!("conv.cu"), include_str!("depthwise.cu"));

impl Kernels for Conv {
    fn source(&self) -> &'static str {
        TEXT
    }

    fn shared(&self) -> &'static [&'static str] {
        product::TEXTS
    }

    fn forward(&self) -> Vec<Call> {
        vec![match Depthwise::of(self) {
            Some(depthwise) => depthwise.forward(&Operand::FORWARD),
            None => product::patches(self, "conv_patch")
                .unwrap_or_else(|| product::forward(self, "conv")),
        }]
    }

    fn forward_alone(&self) -> Vec<Call> {
        let mut call = Call::new("conv_plain", &Operand::FORWARD, per_output(*self));
        call.constants = vec![usize::from(Depthwise::of(self).is_some())];
        vec![call]
    }

    fn backward_to(&self, back: &Back) -> Vec<Call> {
        if let Some(depthwise) = Depthwise::of(self) {
            return vec![
                depthwise.weights(&[&Operand::GRADIENTS[..], &Operand::SHARED].concat()),
                depthwise.input(&Operand::INPUT_GRADIENT[..3]),
            ];
        }
        let functions = ["conv_weights", "conv_input"];
        product::gradients(self, functions, back.wants(0))
    }

    fn values_alone(&self, _back: &Back) -> Vec<Call> {
        let operands = &Operand::INPUT_GRADIENT[..3];
        vec![Call::new("conv_input_plain", operands, per_input(*self))]
    }

    fn gradients_together(&self) -> Option<Call> {
        let dense = Depthwise::of(self).is_none();
        dense.then(|| product::together(self, "conv_weights"))
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        let channels = self.input[2] / self.groups;
        let area = self.kernel[0] * self.kernel[1];
        let (weight, bias) = layer.affine::<f32>(self.filters, channels * area, self.bias);
        let mut weight = self.order(0).to_device(&weight);
        if Depthwise::of(self).is_none() {
            weight = whole_sectors(&weight, channels * area);
        }
        vec![weight, bias]
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

/// Rows of so many numbers, each with zeros up to a whole number of sectors: `filters_apart` of window.cu.
fn whole_sectors(numbers: &[f32], row: usize) -> Vec<f32> {
    const SECTOR: usize = 32 / size_of::<f32>();
    let zeros = row.next_multiple_of(SECTOR) - row;
    let rows = numbers.chunks_exact(row.max(1));
    rows.flat_map(|row| row.iter().copied().chain(core::iter::repeat_n(0.0, zeros)))
        .collect()
}
