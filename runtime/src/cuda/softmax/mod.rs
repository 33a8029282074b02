//! Softmax over the channels of each pixel.

use super::call::{Call, Kernels, Operand, per_pixel};
use crate::plan::Softmax;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Softmax {
    fn source(&self) -> &'static str {
        include_str!("softmax.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y];
        vec![Call::new("softmax", &operands, per_pixel(self.input))]
    }

    fn backward(&self) -> Vec<Call> {
        let operands = [Operand::Y, Operand::Dy, Operand::Dx(0)];
        vec![Call::new(
            "softmax_backward",
            &operands,
            per_pixel(self.input),
        )]
    }
}
