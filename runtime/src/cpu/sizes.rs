//! The sizes of an operation, checked before a kernel relies on them, and the views that it is called with.
//!
//! A kernel gets at memory by [`Mem::access`](crate::Mem::access) alone, which takes [`Shaped`] views: each with the shape that the
//! operation gives it. [`Sizes`] alone makes those, and only for an operation whose sizes can be computed. So the shape of a
//! view is always the one that a kernel computes from its descriptor, and neither overflows.

#[cfg(feature = "train")]
use crate::plan::Gradient;
use crate::plan::{Op, Operation, View};

/// A view, and the shape that the operation expects of it.
#[derive(Clone, Copy)]
pub(crate) struct Shaped {
    view: View,
    shape: [usize; 3],
}

impl Shaped {
    /// The view.
    ///
    /// # Panics
    /// If it has another shape.
    #[track_caller]
    pub(crate) fn view(self) -> View {
        let (found, expected) = (self.view.shape, self.shape);
        assert!(
            found == expected,
            "a view of {found:?} where the operation has {expected:?}"
        );
        self.view
    }

    /// Another view, of which the same shape is expected.
    #[cfg(feature = "train")]
    pub(crate) fn like(self, view: View) -> Self {
        Self { view, ..self }
    }
}

/// The shapes that an operation reads and writes.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    /// The most that an operation reads are two.
    inputs: [[usize; 3]; 2],
    output: [usize; 3],
}

impl Sizes {
    /// Those of this operation.
    ///
    /// # Panics
    /// If it cannot be computed: a size or a stride is 0, the groups do not divide the channels, no window fits, or a tensor exceeds
    /// the address space.
    #[track_caller]
    pub(crate) fn of(op: impl Into<Op>) -> Self {
        let op = op.into();
        if let Some(fault) = op.problem() {
            panic!("{fault}: {op:?}");
        }
        Self {
            inputs: [op.operand(0), op.operand(1)],
            output: op.output(),
        }
    }

    /// The output's shape.
    pub(crate) fn shape(self) -> [usize; 3] {
        self.output
    }

    /// One shape for all views.
    #[cfg(feature = "train")]
    pub(crate) fn same(shape: [usize; 3]) -> Self {
        Self {
            inputs: [shape; 2],
            output: shape,
        }
    }

    /// A view of the input, or of its gradient; of the first, where their shapes differ.
    pub(crate) fn input(self, view: View) -> Shaped {
        self.operand(0, view)
    }

    /// A view of the input of this number, or of its gradient.
    pub(crate) fn operand(self, index: usize, view: View) -> Shaped {
        let shape = self.inputs[index];
        Shaped { view, shape }
    }

    /// A view of the output, or of its gradient.
    pub(crate) fn output(self, view: View) -> Shaped {
        let shape = self.output;
        Shaped { view, shape }
    }

    /// Looks at all views of a step backward, also at those that the kernel does not read.
    ///
    /// # Panics
    /// If one has another shape than the operation.
    #[cfg(feature = "train")]
    #[track_caller]
    pub(crate) fn expect<const N: usize>(
        self,
        x: [View; N],
        outputs: [View; 2],
        dx: [Option<Gradient>; N],
    ) {
        for (i, (x, dx)) in x.into_iter().zip(dx).enumerate() {
            self.operand(i, x).view();
            dx.map(|dx| self.operand(i, dx.view).view());
        }
        for view in outputs {
            self.output(view).view();
        }
    }
}

/// `new` of a kernel that takes a descriptor alone: its sizes are checked and kept in the field `sizes`.
macro_rules! prepared {
    (|$d:ident: plan::$op:ident| Self { $($fields:tt)* }) => {
        /// Prepares the step.
        ///
        /// # Panics
        /// If the descriptor's sizes cannot be computed.
        #[must_use]
        pub fn new($d: $crate::plan::$op) -> Self {
            let sizes = $crate::cpu::sizes::Sizes::of($d);
            Self { sizes, $($fields)* }
        }
    };
}
pub(crate) use prepared;

/// How many numbers there are in a tensor of these sizes.
///
/// # Panics
/// If they exceed the address space.
#[track_caller]
pub(crate) fn elements<const N: usize>(sizes: [usize; N]) -> usize {
    count(sizes).unwrap_or_else(|| panic!("{sizes:?} exceeds the address space"))
}

/// The same where a bound does: for scratch memory, which a workspace is never made with then, and for the cost of a task.
pub(crate) fn bounded<const N: usize>(sizes: [usize; N]) -> usize {
    sizes.into_iter().fold(1, usize::saturating_mul)
}

fn count<const N: usize>(sizes: [usize; N]) -> Option<usize> {
    let count = (sizes.into_iter()).try_fold(1_usize, usize::checked_mul)?;
    (count <= isize::MAX as usize / size_of::<f32>()).then_some(count)
}
