//! Operations with one learnt number a channel.

use super::descriptor::{descriptors, fused, in_place, saves};
use super::{Operation, Role, Tensor};
use crate::Act;
use alloc::vec;
use alloc::vec::Vec;

descriptors! {
    /// A learnt factor per channel, `y = act(x * w[c])`: layer scale (Touvron et al. 2021, CaiT, section 2). Parameter `weight` (w) `[c]`. May
    /// run in place.
    Scale {
        /// Input shape.
        input: [usize; 3],
        /// What the factors start as.
        init: f32 = 1.0,
        /// Fused activation.
        act: Act = Act::None,
    }
    /// `x` above 0, `w[c] * x` elsewhere (He et al. 2015, Delving Deep into Rectifiers, section 2.1). Parameter `weight` (w) `[c]`, or
    /// `[1]` where all channels share it; starts as 0.25. May run in place.
    Prelu {
        /// Input shape.
        input: [usize; 3],
        /// Whether there is one slope for all channels.
        shared: bool = false,
    }
}

fn weight(c: usize, start: f32) -> Vec<Tensor> {
    vec![Tensor {
        leaf: "weight",
        shape: vec![c],
        role: Role::Gain(start),
    }]
}

impl Operation for Scale {
    in_place!();
    fused!();
    saves!(INPUTS);

    fn tensors(&self) -> Vec<Tensor> {
        weight(self.input[2], self.init)
    }
}

impl Operation for Prelu {
    in_place!();
    saves!(INPUTS);

    fn tensors(&self) -> Vec<Tensor> {
        weight(if self.shared { 1 } else { self.input[2] }, 0.25)
    }
}
