//! The weights' gradient: `g[f, c, ky, kx] += sum over all output pixels of dz[p, f] * x[window of p at (ky, kx), c]`.
//!
//! A sum of outer products, by the definition (`direct.rs`) or of transformed tiles (`winograd.rs`); the sums come in the kernels' layout,
//! and are brought into the file's at the end (`sums.rs`). Depthwise convolutions have a way of their own (`../depthwise.rs`).

mod direct;
mod sums;
#[cfg(all(test, feature = "std"))]
mod tests;
mod winograd;

use super::depthwise;
use crate::Scratch;
use crate::cpu::access::Access;
use crate::cpu::choice::Choice;
use crate::plan;
use alloc::boxed::Box;
use direct::Direct;
use sums::Sums;
use winograd::Winograd;

pub(crate) struct WeightGradient {
    d: plan::Conv,
    sums: Sums,
    way: Way,
}

enum Way {
    Depthwise,
    Direct(Box<Direct>),
    Winograd(Box<Winograd>),
}

impl WeightGradient {
    /// By the level of the choice, and by Winograd's method where it allows it and where that is faster.
    pub(crate) fn new(d: plan::Conv, choice: Choice) -> Self {
        let sums = Sums::new(d, choice.level);
        let way = if depthwise::fits(&d) {
            Way::Depthwise
        } else if choice.winograd && Winograd::wins(&d, choice.level) {
            Way::Winograd(Box::new(Winograd::new(d, sums, choice.level)))
        } else {
            Way::Direct(Box::new(Direct::new(d, sums)))
        };
        Self { d, sums, way }
    }

    pub(crate) fn scratch(&self, max_batch: usize) -> Scratch {
        match &self.way {
            Way::Depthwise => Scratch {
                shared: depthwise::scratch(&self.d),
                worker: 0,
            },
            Way::Direct(direct) => direct.scratch(max_batch),
            Way::Winograd(winograd) => winograd.scratch(max_batch),
        }
    }

    /// Adds to the gradient, `[filters, c / groups, kh, kw]`.
    pub(crate) fn run(&self, step: Access<'_, 2, 0>, gradient: &mut [f32]) {
        let threads = step.threads;
        let sums = match &self.way {
            Way::Depthwise => return depthwise::weights(&self.d, step, gradient),
            Way::Direct(direct) => direct.run(step),
            Way::Winograd(winograd) => winograd.run(step),
        };
        self.sums.collect(sums, gradient, threads);
    }
}
