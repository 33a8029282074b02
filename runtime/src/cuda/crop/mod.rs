//! The picture without some of its rows and columns.

use super::call::{Call, Kernels, Operand, per_input, per_output};
use crate::plan::Crop;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Crop {
    fn source(&self) -> &'static str {
        include_str!("crop.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y];
        vec![Call::new("crop", &operands, per_output(*self))]
    }

    fn backward(&self) -> Vec<Call> {
        let operands = [Operand::Dy, Operand::Dx(0)];
        vec![Call::new("crop_backward", &operands, per_input(*self))]
    }
}
