//! Convolutions onto a picture: those of `conv/`, whose blocks add a number to each that they store.

use super::call::{Call, Kernels, Operand, per_output};
use super::params::Order;
use super::product;
use crate::LayerWeights;
use crate::plan::ConvAdd;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for ConvAdd {
    fn source(&self) -> &'static str {
        super::conv::TEXT
    }

    fn shared(&self) -> &'static [&'static str] {
        product::TEXTS
    }

    fn forward(&self) -> Vec<Call> {
        let conv = self.conv();
        let patches = product::patches(&conv, "conv_add_patch");
        let mut call = patches.unwrap_or_else(|| product::forward(&conv, "conv_add"));
        call.operands.push(Operand::X(1));
        // Groups copy their few channels one by one; with the place of what is added that takes more registers than `RESIDENT` leaves.
        if self.groups > 1 {
            call.resident = Some(product::AT_LEAST_ONE);
        }
        vec![call]
    }

    fn forward_alone(&self) -> Vec<Call> {
        let operands = [&Operand::FORWARD[..], &[Operand::X(1)]].concat();
        vec![Call::new("conv_add_plain", &operands, per_output(*self))]
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        self.conv().pack(layer)
    }

    fn order(&self, param: usize) -> Order {
        self.conv().order(param)
    }

    fn scratch(&self, images: usize) -> usize {
        self.conv().scratch(images)
    }
}
