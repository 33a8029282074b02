//! Mean over windows.

use super::call::{Call, Kernels, Operand, per_input, per_output};
use crate::plan::AvgPool;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for AvgPool {
    fn source(&self) -> &'static str {
        include_str!("avg_pool.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y];
        vec![Call::new("avg_pool", &operands, per_output(*self))]
    }

    fn backward(&self) -> Vec<Call> {
        let operands = [Operand::Dy, Operand::Dx(0)];
        vec![Call::new("avg_pool_backward", &operands, per_input(*self))]
    }
}
