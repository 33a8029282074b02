//! Copies of a view.

use super::call::{Call, Kernels, Operand, per_input, per_output};
use crate::plan::Copy;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Copy {
    fn source(&self) -> &'static str {
        include_str!("copy.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y];
        vec![Call::new("copy", &operands, per_output(*self))]
    }

    fn backward(&self) -> Vec<Call> {
        let operands = [Operand::Dy, Operand::Dx(0)];
        vec![Call::new("copy_backward", &operands, per_input(*self))]
    }
}
