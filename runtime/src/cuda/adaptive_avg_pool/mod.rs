//! Mean over as many windows as are asked for.

use super::call::{Call, Kernels, Operand, per_input, per_output};
use crate::plan::AdaptiveAvgPool;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for AdaptiveAvgPool {
    fn source(&self) -> &'static str {
        include_str!("adaptive_avg_pool.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y];
        vec![Call::new("adaptive_avg_pool", &operands, per_output(*self))]
    }

    fn backward(&self) -> Vec<Call> {
        let operands = [Operand::Dy, Operand::Dx(0)];
        vec![Call::new(
            "adaptive_avg_pool_backward",
            &operands,
            per_input(*self),
        )]
    }
}
