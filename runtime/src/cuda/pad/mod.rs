//! Zeros around the picture.

use super::call::{Call, Kernels, Operand, per_input, per_output};
use crate::plan::Pad;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Pad {
    fn source(&self) -> &'static str {
        include_str!("pad.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y];
        vec![Call::new("pad", &operands, per_output(*self))]
    }

    fn backward(&self) -> Vec<Call> {
        let operands = [Operand::Dy, Operand::Dx(0)];
        vec![Call::new("pad_backward", &operands, per_input(*self))]
    }
}
