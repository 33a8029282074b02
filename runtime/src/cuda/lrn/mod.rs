//! Local response normalisation across channels.

use super::call::{Call, Kernels, Operand, per_pixel};
use crate::plan::Lrn;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Lrn {
    fn source(&self) -> &'static str {
        include_str!("lrn.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y];
        vec![Call::new("lrn", &operands, per_pixel(self.input))]
    }

    fn backward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Dy, Operand::Dx(0)];
        vec![Call::new("lrn_backward", &operands, per_pixel(self.input))]
    }
}
