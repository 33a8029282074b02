//! Enlargement.

use super::call::{Call, Kernels, Operand, per_input, per_output};
use crate::plan::Upsample;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Upsample {
    fn source(&self) -> &'static str {
        include_str!("upsample.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y];
        vec![Call::new("upsample", &operands, per_output(*self))]
    }

    fn backward(&self) -> Vec<Call> {
        let operands = [Operand::Dy, Operand::Dx(0)];
        vec![Call::new("upsample_backward", &operands, per_input(*self))]
    }
}
