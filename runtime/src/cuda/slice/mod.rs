//! Some channels of a picture.

use super::call::{Call, Kernels, Operand, per_input, per_output};
use crate::plan::Slice;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Slice {
    fn source(&self) -> &'static str {
        include_str!("slice.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y];
        vec![Call::new("slice", &operands, per_output(*self))]
    }

    fn backward(&self) -> Vec<Call> {
        let operands = [Operand::Dy, Operand::Dx(0)];
        vec![Call::new("slice_backward", &operands, per_input(*self))]
    }
}
