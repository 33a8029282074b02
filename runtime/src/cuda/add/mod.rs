//! Sums of two pictures.

use super::call::{Call, Kernels, Operand, per_input, per_output};
use super::task::Back;
use crate::plan::Add;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Add {
    fn source(&self) -> &'static str {
        include_str!("add.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::X(1), Operand::Y];
        vec![Call::new("add", &operands, per_output(*self))]
    }

    fn backward_to(&self, back: &Back) -> Vec<Call> {
        // In the place of the output's gradient nothing is left to do.
        let gradient = |i: usize| back.input_gradients.get(i).copied().flatten();
        let moves =
            |i| gradient(i).is_some_and(|dx| dx.accumulate || dx.view != back.output_gradient);
        let call =
            |function, operands: &[Operand]| vec![Call::new(function, operands, per_input(*self))];
        let [dy, a, b] = [Operand::Dy, Operand::Dx(0), Operand::Dx(1)];
        match (moves(0), moves(1)) {
            (true, true) => call("add_backward", &[dy, a, b]),
            (true, false) => call("add_backward_a", &[dy, a]),
            (false, true) => call("add_backward_b", &[dy, b]),
            (false, false) => Vec::new(),
        }
    }
}
