//! Mean or maximum over the whole picture.

use super::call::{Call, Kernels, Operand, per_image, per_input};
use crate::plan::{GlobalPool, Reduction};
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for GlobalPool {
    fn source(&self) -> &'static str {
        include_str!("global_pool.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y];
        vec![Call::new("global_pool", &operands, per_image(self.input))]
    }

    fn backward(&self) -> Vec<Call> {
        let [x, dy, dx] = [Operand::X(0), Operand::Dy, Operand::Dx(0)];
        vec![match self.kind {
            Reduction::Mean => Call::new("global_mean_backward", &[dy, dx], per_input(*self)),
            Reduction::Max => Call::new("global_max_backward", &[x, dy, dx], per_image(self.input)),
        }]
    }
}
