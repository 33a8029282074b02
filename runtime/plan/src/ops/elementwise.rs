//! Operations whose output has the shape of their inputs, pixel by pixel.

use super::descriptor::{descriptors, fused, in_place, same_shape, saves};
use super::{Operation, Rows, Saved};
use crate::Act;

descriptors! {
    /// An activation on its own. May run in place.
    Activation {
        /// Input shape.
        input: [usize; 3],
        /// Which.
        act: Act = Act::Relu,
    }
    /// `exp(x[c] - max) / sum` over the channels of each pixel. May run in place.
    Softmax {
        /// Input shape.
        input: [usize; 3],
    }
    /// Inverted dropout: `x / (1 - p)` where `random(seed, step, index, element) >= p`, else 0. Backward draws the same numbers again. May
    /// run in place.
    Dropout {
        /// Input shape.
        input: [usize; 3],
        /// Probability that an element is dropped.
        p: f32 = 0.5,
        /// Number of this layer among those that draw; part of the key of its random numbers.
        index: usize = 0,
    }
    /// Stochastic depth: the whole image is 0 where `random(seed, step, index, image) < p`, else `x / (1 - p)` (Huang et al. 2016, section 3;
    /// divided while training, so that inference does nothing). Backward draws the same numbers again. May run in place.
    DropPath {
        /// Input shape.
        input: [usize; 3],
        /// Probability that an image is dropped.
        p: f32 = 0.5,
        /// Number of this layer among those that draw; part of the key of its random numbers.
        index: usize = 0,
    }
    /// `act(a + b)`. May run in place on either.
    Add {
        /// Shape of both inputs.
        input: [usize; 3],
        /// Fused activation.
        act: Act = Act::None,
    }
    /// `act(a * b)`; `b` has the shape of `a`, or one pixel that is spread over it (squeeze and excite: Hu et al. 2018, section 3). May run in
    /// place on an input of the output's shape.
    Mul {
        /// Shape of `a`.
        input: [usize; 3],
        /// Whether `b` is one pixel: `[1, 1, c]`.
        spread: bool = false,
        /// Fused activation.
        act: Act = Act::None,
    }
    /// Copies a view: the part of a CONCAT that its producer could not write where it belongs.
    Copy {
        /// Input shape.
        input: [usize; 3],
    }
}

impl Operation for Activation {
    in_place!();

    fn saved(&self) -> Saved {
        if self.act.from_value() {
            Saved::OUTPUT
        } else {
            Saved::INPUTS
        }
    }
}

impl Operation for Softmax {
    in_place!();
    saves!(OUTPUT);
}

/// An operation that draws random numbers by probability and index.
macro_rules! draws {
    () => {
        in_place!();

        fn problem(&self) -> Option<&'static str> {
            let is_share = (0.0..1.0).contains(&self.p);
            (!is_share).then_some("a probability outside 0 <= p < 1")
        }

        fn index(&mut self) -> Option<&mut usize> {
            Some(&mut self.index)
        }
    };
}

impl Operation for Dropout {
    draws!();
}

impl Operation for DropPath {
    draws!();
}

impl Operation for Add {
    in_place!();
    fused!();
}

impl Operation for Mul {
    in_place!();

    fn operand(&self, index: usize) -> [usize; 3] {
        match self.spread && index == 1 {
            true => [1, 1, self.input[2]],
            false => self.input,
        }
    }

    fn with_operands(self, operands: &[[usize; 3]]) -> Self {
        let input = operands.first().copied().unwrap_or_default();
        let spread = operands.iter().any(|operand| *operand != input);
        Self {
            input,
            spread,
            ..self
        }
    }

    fn rows(&self) -> Option<Rows> {
        Some(Rows::same(self.input[0]))
    }

    fused!();
    saves!(INPUTS);
}

impl Operation for Copy {
    same_shape!();
}
