//! Stochastic depth.

use super::call::{Call, Kernels, Operand, per_input, per_output};
use crate::plan::DropPath;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for DropPath {
    fn source(&self) -> &'static str {
        include_str!("drop_path.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y, Operand::Step];
        vec![Call::new("drop_path", &operands, per_output(*self))]
    }

    fn backward(&self) -> Vec<Call> {
        let operands = [Operand::Dy, Operand::Dx(0), Operand::Step];
        vec![Call::new("drop_path_backward", &operands, per_input(*self))]
    }
}
