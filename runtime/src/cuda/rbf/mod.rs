//! Squared distances to prototypes, which are fixed.

use super::call::{By, Call, Kernels, Operand, Work, per_input};
use crate::LayerWeights;
use crate::plan::Rbf;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Rbf {
    fn source(&self) -> &'static str {
        include_str!("rbf.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y, Operand::Param(0)];
        let work = Work::each(By::Warp, self.classes);
        vec![Call::new("rbf", &operands, work)]
    }

    fn backward(&self) -> Vec<Call> {
        let operands = [
            Operand::X(0),
            Operand::Dy,
            Operand::Dx(0),
            Operand::Param(0),
        ];
        vec![Call::new("rbf_backward", &operands, per_input(*self))]
    }

    fn pack(&self, layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        let len = self.classes * self.input.iter().product::<usize>();
        vec![layer.tensor::<f32>("prototypes", len).into_owned()]
    }
}
