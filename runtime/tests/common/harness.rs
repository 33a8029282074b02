//! Every kernel of the table of operations behind one interface, and descriptors of every kind.
//!
//! An operation that is added to the table does not compile here until it says what its descriptors look like.

use super::common::{Rng, params, tensors};
use netc_runtime::plan::{
    self, Act, Gradient, Interpolation, Op, Param, Reduction, View, for_each_op,
};
use netc_runtime::train::{Layout, TrainMem};
use netc_runtime::{Mem, Scratch, Weights, cpu};
use std::fmt::Debug;

/// Numbers that a test case is made of: the smaller, the simpler.
pub(crate) struct Draw<'n> {
    numbers: &'n [u32],
    /// Whether sizes may be anything.
    hostile: bool,
}

impl<'n> Draw<'n> {
    pub(crate) fn new(numbers: &'n [u32], hostile: bool) -> Self {
        Self { numbers, hostile }
    }

    fn next(&mut self) -> usize {
        let (first, rest) = self.numbers.split_first().unwrap_or((&0, &[]));
        self.numbers = rest;
        *first as usize
    }

    /// In `low..=high`.
    pub(crate) fn within(&mut self, low: usize, high: usize) -> usize {
        low + self.next() % (high - low + 1)
    }

    pub(crate) fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.within(0, all.len() - 1)].clone()
    }

    /// Any number: small, or one with which sums and products overflow.
    pub(crate) fn any(&mut self) -> usize {
        let large = [
            usize::MAX,
            usize::MAX - 1,
            usize::MAX / 2,
            usize::MAX / 2 + 1,
            usize::MAX / 3,
            usize::MAX / 16,
            1 << (usize::BITS / 2),
            (1 << (usize::BITS / 2)) - 1,
            1 << (usize::BITS / 2 + 2),
        ];
        match self.within(0, 2) {
            0 => self.within(0, 4),
            1 => self.within(0, 70),
            _ => self.pick(&large),
        }
    }

    /// In `low..=high`; of a hostile descriptor sometimes any.
    fn size(&mut self, low: usize, high: usize) -> usize {
        match self.hostile && self.within(0, 5) == 5 {
            true => self.any(),
            false => self.within(low, high),
        }
    }

    fn pair(&mut self, low: usize, high: usize) -> [usize; 2] {
        [(); 2].map(|()| self.size(low, high))
    }

    fn pad(&mut self) -> [usize; 4] {
        [(); 4].map(|()| self.size(0, 2))
    }

    fn channels(&mut self) -> usize {
        match self.within(0, 2) {
            0 => self.size(1, 4),
            1 => self.size(5, 20),
            _ => self.size(31, 70),
        }
    }

    /// As large as the windows that [`pair`](Self::pair) gives, at least.
    fn picture(&mut self) -> [usize; 3] {
        [self.size(3, 7), self.size(3, 9), self.channels()]
    }

    fn act(&mut self) -> Act {
        self.pick(&[
            Act::None,
            Act::Relu,
            Act::Relu6,
            Act::LeakyRelu(0.1),
            Act::Elu(1.5),
            Act::Sigmoid,
            Act::Tanh,
            Act::LecunTanh,
        ])
    }
}

/// An operation and its kernels.
pub(crate) trait Kernels: Copy + Debug + Into<Op> {
    fn draw(draw: &mut Draw<'_>) -> Self;
    /// None where the operation is one of training alone.
    fn infer(self, weights: &Weights) -> Option<Box<dyn Infer>>;
    /// None where the operation is one of inference alone.
    fn train(self, layout: &Layout) -> Option<Box<dyn Train>>;
}

/// A kernel of inference.
pub(crate) trait Infer {
    fn memory(&self, max_batch: usize) -> Scratch;
    fn run(&self, mem: &mut Mem<'_, '_>, x: &[View], y: View);
}

/// A kernel of training.
pub(crate) trait Train {
    fn memory(&self, max_batch: usize) -> Scratch;
    fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: &[View], y: View);
    fn backward(
        &mut self,
        mem: &mut TrainMem<'_, '_>,
        x: &[View],
        outputs: [View; 2],
        dx: &[Option<Gradient>],
    );
}

/// For kernels that need no scratch memory and have no such method.
trait NoScratch {
    fn scratch(&self, _max_batch: usize) -> Scratch {
        Scratch::default()
    }
}

impl<T> NoScratch for T {}

macro_rules! inputs {
    ($all:expr, 1) => {
        $all[0]
    };
    ($all:expr, 2) => {
        [$all[0], $all[1]]
    };
}

macro_rules! training {
    ($kernel:ty, $arity:tt) => {
        impl Train for $kernel {
            fn memory(&self, max_batch: usize) -> Scratch {
                self.scratch(max_batch)
            }

            fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: &[View], y: View) {
                <$kernel>::forward(self, mem, inputs!(x, $arity), y);
            }

            fn backward(
                &mut self,
                mem: &mut TrainMem<'_, '_>,
                x: &[View],
                [y, dy]: [View; 2],
                dx: &[Option<Gradient>],
            ) {
                <$kernel>::backward(self, mem, inputs!(x, $arity), y, dy, inputs!(dx, $arity));
            }
        }
    };
}

macro_rules! make {
    ($d:expr, $kernel:ty, true, $($from:expr),*) => {
        <$kernel>::new($d, $($from),*)
    };
    ($d:expr, $kernel:ty, false, $($from:expr),*) => {
        <$kernel>::new($d)
    };
}

/// The kernel of an operation in the plans that it occurs in.
macro_rules! to_infer {
    ($d:expr, $op:ident, $params:tt, train, $weights:expr) => {
        None
    };
    ($d:expr, $op:ident, $params:tt, $parts:ident, $weights:expr) => {
        Some(Box::new(make!(
            $d,
            cpu::$op,
            $params,
            $weights.layer(LAYER)
        )))
    };
}

macro_rules! to_train {
    ($d:expr, $op:ident, $params:tt, infer, $layout:expr) => {
        None
    };
    ($d:expr, $op:ident, $params:tt, $parts:ident, $layout:expr) => {
        Some(Box::new(make!(
            $d,
            cpu::train::$op,
            $params,
            $layout,
            LAYER
        )))
    };
}

macro_rules! kernels {
    ($({ $op:ident, $arity:tt, $params:tt, $parts:ident, $scratch:tt })*) => {$(
        impl Kernels for plan::$op {
            fn draw(draw: &mut Draw<'_>) -> Self {
                <plan::$op as Descriptor>::draw(draw)
            }

            #[allow(unused_variables, reason = "some operations have no weights")]
            fn infer(self, weights: &Weights) -> Option<Box<dyn Infer>> {
                to_infer!(self, $op, $params, $parts, weights)
            }

            #[allow(unused_variables, reason = "some operations have no weights")]
            fn train(self, layout: &Layout) -> Option<Box<dyn Train>> {
                to_train!(self, $op, $params, $parts, layout)
            }
        }
    )*};
}
for_each_op!(kernels);

macro_rules! inferring {
    ($({ $op:ident, $arity:tt, $($rest:tt)* })*) => {$(
        impl Infer for cpu::$op {
            fn memory(&self, max_batch: usize) -> Scratch {
                self.scratch(max_batch)
            }

            fn run(&self, mem: &mut Mem<'_, '_>, x: &[View], y: View) {
                <cpu::$op>::run(self, mem, inputs!(x, $arity), y);
            }
        }
    )*};
}
for_each_op!(inferring, infer);

macro_rules! all_training {
    ($({ $op:ident, $arity:tt, $($rest:tt)* })*) => {$(
        training!(cpu::train::$op, $arity);
    )*};
}
for_each_op!(all_training, train);

/// What `params` calls the layer.
pub(crate) const LAYER: &str = "layer";

/// A descriptor of any kind.
pub(crate) trait Descriptor {
    fn draw(draw: &mut Draw<'_>) -> Self;
}

macro_rules! draws {
    ($($op:ident: $draw:ident => { $($field:ident: $value:expr),* $(,)? })*) => {$(
        impl Descriptor for plan::$op {
            fn draw($draw: &mut Draw<'_>) -> Self {
                plan::$op { $($field: $value),* }
            }
        }
    )*};
}
draws! {
    Fc: d => { input: d.picture(), units: d.channels(), bias: d.pick(&[true, false]), act: d.act() }
    MaxPool: d => { input: d.picture(), window: d.pair(1, 3), stride: d.pair(1, 3), pad: d.pad(), act: d.act() }
    AdaptiveAvgPool: d => { input: d.picture(), size: d.pair(1, 9) }
    GlobalPool: d => { input: d.picture(), kind: d.pick(&[Reduction::Mean, Reduction::Max]) }
    BatchNorm: d => { input: d.picture(), eps: 1e-3, act: d.act() }
    BatchNormTraining: d => { input: d.picture(), eps: 1e-3, momentum: 0.9, act: d.act() }
    BatchNormFrozen: d => { input: d.picture(), eps: 1e-3, act: d.act() }
    Dropout: d => { input: d.picture(), p: d.pick(&[0.5, 0.0]), index: 1 }
    Lrn: d => { input: d.picture(), n: d.size(1, 7), k: 2.0, alpha: 1e-4, beta: d.pick(&[0.75, 0.5]) }
    Activation: d => { input: d.picture(), act: { let act = d.act(); d.pick(&[act, Act::Gelu, Act::Silu, Act::HardSwish, Act::HardSigmoid]) } }
    Softmax: d => { input: d.picture() }
    Transpose: d => { input: d.picture() }
    Pad: d => { input: d.picture(), pad: d.pad() }
    Crop: d => { input: d.picture(), crop: [(); 4].map(|()| d.size(0, 1)) }
    Upsample: d => { input: d.picture(), factor: d.pair(1, 4), mode: d.pick(&[Interpolation::Nearest, Interpolation::Bilinear]) }
    Add: d => { input: d.picture(), act: d.act() }
    Mul: d => { input: d.picture(), spread: d.pick(&[true, false]), act: d.act() }
    Copy: d => { input: d.picture() }
    Scale: d => { input: d.picture(), init: 1.0, act: d.act() }
    LayerNorm: d => { input: d.picture(), eps: 1e-5 }
    DropPath: d => { input: d.picture(), p: d.pick(&[0.5, 0.0]), index: 1 }
    Subsample: d => { input: d.picture(), window: d.pair(1, 3), stride: d.pair(1, 3), act: d.act() }
    Rbf: d => { input: d.picture(), classes: d.size(1, 12) }
}

impl Descriptor for plan::Prelu {
    fn draw(d: &mut Draw<'_>) -> Self {
        let input = d.picture();
        // A kernel has a slope for each channel, also where they share one: as much memory as channels are asked for.
        let shared = d.pick(&[true, false]) && input[2] < 1 << 16;
        Self { input, shared }
    }
}

impl Descriptor for plan::AvgPool {
    fn draw(d: &mut Draw<'_>) -> Self {
        let pad = d.pad();
        let counted = pad.map(|cells| d.size(0, cells.min(2)));
        Self {
            input: d.picture(),
            window: d.pair(1, 3),
            stride: d.pair(1, 3),
            counted: d.pick(&[[0; 4], counted]),
            pad,
            act: d.act(),
        }
    }
}

impl Descriptor for plan::Slice {
    fn draw(d: &mut Draw<'_>) -> Self {
        let ([h, w, from], count, after) = (d.picture(), d.channels(), d.size(0, 3));
        let from = from.saturating_sub(1);
        let to = from.saturating_add(count);
        Self {
            input: [h, w, to.saturating_add(after)],
            from,
            to: if d.hostile { d.size(to, to) } else { to },
        }
    }
}

impl Descriptor for plan::Shuffle {
    fn draw(d: &mut Draw<'_>) -> Self {
        let ([h, w, c], groups) = (d.picture(), d.within(1, 3));
        Self {
            input: [h, w, c.saturating_mul(groups)],
            groups: if d.hostile { d.size(1, 3) } else { groups },
        }
    }
}

impl Descriptor for plan::GroupNorm {
    fn draw(d: &mut Draw<'_>) -> Self {
        let plan::Shuffle { input, groups } = Descriptor::draw(d);
        Self {
            input,
            groups,
            eps: 1e-5,
            act: d.act(),
        }
    }
}

impl Descriptor for plan::Conv {
    fn draw(d: &mut Draw<'_>) -> Self {
        let [h, w, c] = d.picture();
        let is_hostile = d.hostile && d.pick(&[false, false, true]);
        let (channels, filters, groups) = match d.within(0, 3) {
            _ if is_hostile => (c, d.channels(), d.any()),
            0 => (c, c, c),
            1 => (c.saturating_mul(2), d.channels().saturating_mul(2), 2),
            _ => (c, d.channels(), 1),
        };
        Self {
            // As large as a window with gaps.
            input: [h.saturating_add(2), w.saturating_add(2), channels],
            filters,
            kernel: d.pair(1, 3),
            stride: d.pair(1, 2),
            pad: d.pad(),
            dilation: d.pair(1, 2),
            groups,
            bias: d.pick(&[true, false]),
            act: d.act(),
        }
    }
}

impl Descriptor for plan::ConvAdd {
    fn draw(d: &mut Draw<'_>) -> Self {
        let mut conv = <plan::Conv as Descriptor>::draw(d);
        // None has a filter a channel.
        if conv.groups == conv.input[2] && conv.filters == conv.groups {
            conv = plan::Conv {
                filters: conv.filters.saturating_add(1),
                groups: 1,
                ..conv
            };
        }
        Self::of(conv)
    }
}

impl Descriptor for plan::Deconv {
    fn draw(d: &mut Draw<'_>) -> Self {
        let [h, w, c] = d.picture();
        let groups = d.pick(&[1, 1, 2, 3]);
        let (kernel, stride, dilation) = (d.pair(1, 4), d.pair(1, 4), d.pair(1, 2));
        let pad = [0, 0, 1, 1].map(|axis: usize| {
            let reach = dilation[axis].wrapping_mul(kernel[axis].wrapping_sub(1));
            d.size(0, reach.min(3))
        });
        Self {
            // Large enough for all that is cut off.
            input: [
                h.saturating_add(4),
                w.saturating_add(4),
                c.saturating_mul(groups),
            ],
            filters: d.channels().saturating_mul(groups),
            kernel,
            stride,
            pad,
            output_pad: stride.map(|stride| d.size(0, stride.wrapping_sub(1).min(3))),
            dilation,
            groups: if d.hostile { d.size(1, 3) } else { groups },
            bias: d.pick(&[true, false]),
            act: d.act(),
        }
    }
}

/// Parameters of the layer, with random numbers; of another operation where these would be too many.
pub(crate) fn weights(op: Op, other: Op) -> (Vec<Param>, Weights) {
    let count = |param: &Param| {
        param
            .shape
            .iter()
            .try_fold(1_usize, |n, &size| n.checked_mul(size))
    };
    let is_small = |op: &Op| {
        let divides = match op {
            Op::Conv(d) => d.groups > 0,
            Op::ConvAdd(d) => d.groups > 0,
            Op::Deconv(d) => d.groups > 0,
            _ => true,
        };
        let inputs = op.input().into_iter().fold(1, usize::saturating_mul);
        divides
            && inputs < 1 << 16
            && params(op)
                .iter()
                .all(|param| count(param).is_some_and(|n| (1..1 << 16).contains(&n)))
    };
    let params = params(if is_small(&op) { &op } else { &other });
    let tensors = tensors(&mut Rng(7), &params);
    let weights = Weights::from_tensors(tensors, &params).expect("finite numbers");
    (params, weights)
}
