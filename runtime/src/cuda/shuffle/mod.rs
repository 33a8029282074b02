//! The shuffle of channels.

use super::call::{Call, Kernels, Operand, per_input, per_output};
use crate::plan::Shuffle;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Shuffle {
    fn source(&self) -> &'static str {
        include_str!("shuffle.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y];
        vec![Call::new("shuffle", &operands, per_output(*self))]
    }

    fn backward(&self) -> Vec<Call> {
        let operands = [Operand::Dy, Operand::Dx(0)];
        vec![Call::new("shuffle_backward", &operands, per_input(*self))]
    }
}
