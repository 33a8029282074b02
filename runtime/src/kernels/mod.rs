//! The kernels that generated code and the executor call: those of the device that the weights are for, or that a training run is on. Those of training
//! are the CPU's own types without the feature `cuda`.

mod either;

pub use either::*;

#[cfg(all(feature = "train", not(feature = "cuda")))]
pub use crate::cpu::train;

use crate::Mem;
use crate::plan::View;

/// Computes convolutions that follow on each other, each with the place of its output: by rows where that is faster, else one by one,
/// with the same sums. One of them is depthwise, those beside it are pointwise. Where they are computed by rows, what lies in the places
/// between them is not what the convolutions gave: nobody else reads it.
///
/// # Panics
/// As [`Conv::run`]; it may, if the places overlap.
pub fn by_rows<const N: usize>(mem: &mut Mem<'_, '_>, x: View, convs: [(&Conv, View); N]) {
    if !together(mem, x, convs) {
        convs.iter().fold(x, |x, (conv, y)| {
            conv.run(mem, x, *y);
            *y
        });
    }
}
