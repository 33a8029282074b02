//! Maximum over windows.

use super::call::{Call, Kernels, Operand, per_input, per_output};
use crate::plan::{MaxPool, Op};
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for MaxPool {
    fn source(&self) -> &'static str {
        include_str!("max_pool.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y];
        vec![Call::new("max_pool", &operands, per_output(*self))]
    }

    fn backward(&self) -> Vec<Call> {
        let [x, dy, dx, scratch] = [Operand::X(0), Operand::Dy, Operand::Dx(0), Operand::Scratch];
        if !overlap(self) {
            let work = per_input(*self);
            return vec![Call::new("max_pool_backward", &[x, dy, dx], work)];
        }
        vec![
            Call::new("max_pool_winners", &[x, scratch], per_output(*self)),
            Call::new("max_pool_gather", &[dy, dx, scratch], per_input(*self)),
        ]
    }

    fn scratch(&self, images: usize) -> usize {
        let outputs: usize = Op::from(*self).output().iter().product();
        // A winner is a number of 16 bits where that is enough.
        match overlap(self) {
            true if self.window[0] * self.window[1] < 1 << 15 => (images * outputs).div_ceil(2),
            true => images * outputs,
            false => 0,
        }
    }
}

/// Whether a cell may be in several windows.
fn overlap(d: &MaxPool) -> bool {
    d.window[0] > d.stride[0] || d.window[1] > d.stride[1]
}
