//! The kernels, one operation a file: a prepared kernel with the operation's name, and its plain reference.
//!
//! A kernel is made once from its descriptor (and its layer's weights) and run on views of a [`Mem`](crate::Mem). Views are
//! checked in constant time when the kernel runs; what does not fit is a fault of the plan, and panics.
//!
//! References compute the same from the definition, slowly, for `f32` and `f64`, on dense pictures in NHWC order.

pub(crate) mod access;
// mod act;
mod conv;
mod fc;
mod real;
pub(crate) mod simd;

pub use conv::Conv;
pub use fc::Fc;
pub use real::{Real, activate};

/// Panics unless a step's views have the shapes of its operation.
#[track_caller]
fn expect_shape(what: &str, found: [usize; 3], expected: [usize; 3]) {
    assert!(
        found == expected,
        "the {what} is {found:?}, the operation's is {expected:?}"
    );
}
