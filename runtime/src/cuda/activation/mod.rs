//! Activations on their own.

use super::call::{Call, Kernels, Operand, per_input, per_output};
use crate::plan::Activation;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Activation {
    fn source(&self) -> &'static str {
        include_str!("activation.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y];
        vec![Call::new("activation", &operands, per_output(*self))]
    }

    fn backward(&self) -> Vec<Call> {
        let (function, saved) = match self.act.from_value() {
            true => ("activation_backward_by_value", Operand::Y),
            false => ("activation_backward_by_input", Operand::X(0)),
        };
        let operands = [saved, Operand::Dy, Operand::Dx(0)];
        vec![Call::new(function, &operands, per_input(*self))]
    }
}
