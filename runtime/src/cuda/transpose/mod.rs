//! From HWC to CHW order.

use super::call::{By, Call, Kernels, Operand, Work};
use crate::plan::Transpose;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Transpose {
    fn source(&self) -> &'static str {
        include_str!("transpose.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y];
        vec![Call::new("transpose", &operands, tiles(self.input))]
    }

    fn backward(&self) -> Vec<Call> {
        let operands = [Operand::Dy, Operand::Dx(0)];
        vec![Call::new(
            "transpose_backward",
            &operands,
            tiles(self.input),
        )]
    }
}

/// A block for 32 pixels by 32 channels.
fn tiles([h, w, c]: [usize; 3]) -> Work {
    Work::each(By::Block, (h * w).div_ceil(32) * c.div_ceil(32))
}
