//! Products of two pictures, or of a picture and one pixel that is spread over it.

use super::call::{Call, Kernels, Operand, per_image, per_input, per_output};
use super::task::Back;
use crate::plan::Mul;
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for Mul {
    fn source(&self) -> &'static str {
        include_str!("mul.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::X(1), Operand::Y];
        vec![Call::new("mul", &operands, per_output(*self))]
    }

    fn backward_to(&self, back: &Back) -> Vec<Call> {
        let wanted = |i: usize| back.input_gradients.get(i).is_some_and(Option::is_some);
        let [a, b] = [Operand::X(0), Operand::X(1)];
        let [dy, da, db] = [Operand::Dy, Operand::Dx(0), Operand::Dx(1)];
        let by_a = Call::new("mul_backward_a", &[dy, b, da], per_input(*self));
        if self.spread {
            // The sum comes first: the other gradient may take the place of the output's.
            let pixel = Call::new("mul_backward_pixel", &[dy, a, db], per_image(self.input));
            return vec![pixel, by_a];
        }
        if wanted(0) && wanted(1) {
            let operands = [dy, a, b, da, db];
            return vec![Call::new("mul_backward", &operands, per_input(*self))];
        }
        let by_b = Call::new("mul_backward_b", &[dy, a, db], per_input(*self));
        vec![by_a, by_b]
    }
}
