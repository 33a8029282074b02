//! The kernels that generated code and the executor call: those of the device that the weights are for, or that a training run is on. Those of training
//! are the CPU's own types without the feature `cuda`.

mod either;

pub use either::*;

#[cfg(all(feature = "train", not(feature = "cuda")))]
pub use crate::cpu::train;

use crate::Mem;
use crate::plan::View;

/// Computes steps that follow on each other, each with the place of its output: by rows where that is faster, else one by one, to the same
/// numbers. The first reads `x`, each other what the one before it writes. Where they are computed by rows, what lies in the places between
/// them is not what the steps gave: nobody else reads it.
///
/// # Panics
/// As [`Conv::run`]; it may, if the places overlap.
pub fn by_rows<const R: usize, const N: usize>(
    mem: &mut Mem<'_, '_>,
    x: [View; R],
    steps: [(&dyn ByRows, View); N],
) {
    if together(mem, x, steps) {
        return;
    }
    let mut before = None;
    for (step, y) in steps {
        match before {
            None => step.run_alone(mem, &x, y),
            Some(before) => step.run_alone(mem, &[before], y),
        }
        before = Some(y);
    }
}
