//! The sizes of an operation, checked before a kernel relies on them, and the views that it is called with.
//!
//! A kernel gets at memory by [`Mem::access`](crate::Mem::access) alone, which takes [`Shaped`] views: each with the shape that the
//! operation gives it. [`Sizes`] alone makes those, and only for an operation whose sizes can be computed. So the shape of a
//! view is always the one that a kernel computes from its descriptor, and neither overflows.

#[cfg(feature = "train")]
use crate::plan::Gradient;
use crate::plan::{Op, View};

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
    input: [usize; 3],
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
        match check(&op) {
            Ok(output) => Self {
                input: op.input(),
                output,
            },
            Err(fault) => panic!("{fault}: {op:?}"),
        }
    }

    /// One shape for all views.
    #[cfg(feature = "train")]
    pub(crate) fn same(shape: [usize; 3]) -> Self {
        Self {
            input: shape,
            output: shape,
        }
    }

    /// A view of the input, or of its gradient.
    pub(crate) fn input(self, view: View) -> Shaped {
        let shape = self.input;
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
        let gradients = dx.iter().flatten().map(|dx| dx.view);
        for view in x.into_iter().chain(gradients) {
            self.input(view).view();
        }
        for view in outputs {
            self.output(view).view();
        }
    }
}

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

/// The most that one number of a descriptor may be: sums of a few do not overflow.
const LARGEST: usize = usize::MAX / 16;

/// The numbers of a descriptor beside the shape of its input.
struct Numbers {
    /// Channels of the output, where weights decide them.
    outputs: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    groups: usize,
    factor: [usize; 2],
    pad: [usize; 4],
}

impl Numbers {
    /// Those of an operation that works pixel by pixel.
    const PLAIN: Self = Self {
        outputs: 1,
        kernel: [1, 1],
        stride: [1, 1],
        dilation: [1, 1],
        groups: 1,
        factor: [1, 1],
        pad: [0; 4],
    };

    fn of(op: &Op) -> Self {
        let [h, w, _] = op.input();
        let pool = |kernel, stride, pad| Self {
            kernel,
            stride,
            pad,
            ..Self::PLAIN
        };
        let whole = |outputs| Self {
            outputs,
            kernel: [h, w],
            ..Self::PLAIN
        };
        match *op {
            Op::Conv(d) => Self {
                outputs: d.filters,
                dilation: d.dilation,
                groups: d.groups,
                ..pool(d.kernel, d.stride, d.pad)
            },
            Op::Fc(d) => whole(d.units),
            Op::Rbf(d) => whole(d.classes),
            Op::MaxPool(d) => pool(d.window, d.stride, d.pad),
            Op::AvgPool(d) => pool(d.window, d.stride, d.pad),
            Op::Subsample(d) => pool(d.window, d.stride, [0; 4]),
            Op::Pad(d) => pool([1, 1], [1, 1], d.pad),
            Op::Upsample(d) => Self {
                factor: d.factor,
                ..Self::PLAIN
            },
            Op::GlobalPool(_)
            | Op::BatchNorm(_)
            | Op::Lrn(_)
            | Op::Activation(_)
            | Op::Softmax(_)
            | Op::Transpose(_)
            | Op::Add(_)
            | Op::Copy(_) => Self::PLAIN,
        }
    }
}

/// The output's shape, or why there is none.
fn check(op: &Op) -> Result<[usize; 3], &'static str> {
    const TOO_LARGE: &str = "sizes that exceed the address space";
    let [h, w, c] = op.input();
    let d = Numbers::of(op);
    let [kh, kw] = d.kernel;
    let pairs = [d.kernel, d.stride, d.dilation, d.factor];
    let sizes = || {
        [h, w, c, d.outputs, d.groups]
            .into_iter()
            .chain(pairs.into_iter().flatten())
    };
    if sizes().any(|size| size == 0) {
        return Err("a size, stride or number of groups that is 0");
    }
    if sizes().chain(d.pad).any(|size| size > LARGEST) {
        return Err(TOO_LARGE);
    }
    if matches!(op, Op::Conv(_))
        && !(c.is_multiple_of(d.groups) && d.outputs.is_multiple_of(d.groups))
    {
        return Err("groups that do not divide the channels");
    }
    let padded = [h + d.pad[0] + d.pad[1], w + d.pad[2] + d.pad[3]];
    let fits = |axis: usize| {
        let reach = d.dilation[axis].checked_mul(d.kernel[axis] - 1);
        reach.is_some_and(|reach| reach < padded[axis])
    };
    if !(fits(0) && fits(1)) {
        return Err("a window that does not fit the picture");
    }
    let tensors = [
        count([padded[0], padded[1], c]),
        count([d.outputs, c / d.groups, kh, kw]),
        count([h, d.factor[0], w, d.factor[1], c]),
    ];
    if tensors.contains(&None) {
        return Err(TOO_LARGE);
    }
    // What it multiplies and adds up is bounded now.
    let output = op.output();
    count(output).map(|_| output).ok_or(TOO_LARGE)
}
