//! Operations by rows against the same one by one, to the bit.

use super::{Chain, RowKernel};
use crate::cpu::conv::method::can;
use crate::cpu::machine::Machine;
use crate::cpu::simd::{self, Level};
use crate::cpu::sizes::bounded;
use crate::cpu::tuning::Tuning;
use crate::cpu::{
    AvgPool, BatchNorm, Choice, Conv, Copy, MaxPool, Method, Mul, Quantisation, int8,
};
use crate::plan::random::SplitMix64 as Rng;
use crate::plan::{self, Act, Element, Op, Operation, Source, View};
use crate::{LayerWeights, Mem, Scratch, Weights, Workspace};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// A kernel that can also run alone.
trait Both: RowKernel {
    fn alone(&self, mem: &mut Mem<'_, '_>, x: &[View], y: View);

    fn memory(&self, _batch: usize) -> Scratch {
        Scratch::default()
    }
}

macro_rules! both {
    ($($kernel:ident),*) => {$(
        impl Both for $kernel {
            fn alone(&self, mem: &mut Mem<'_, '_>, x: &[View], y: View) {
                self.run(mem, x[0], y);
            }
        }
    )*};
}
both!(MaxPool, AvgPool, BatchNorm);

impl Both for Conv {
    fn alone(&self, mem: &mut Mem<'_, '_>, x: &[View], y: View) {
        self.run(mem, x[0], y);
    }

    fn memory(&self, batch: usize) -> Scratch {
        self.scratch(batch)
    }
}

impl Both for int8::MaxPool {
    fn alone(&self, mem: &mut Mem<'_, '_>, x: &[View], y: View) {
        self.run(mem, x[0], y);
    }
}

impl Both for int8::Conv {
    fn alone(&self, mem: &mut Mem<'_, '_>, x: &[View], y: View) {
        self.run(mem, x, y);
    }

    fn memory(&self, batch: usize) -> Scratch {
        self.scratch(batch)
    }
}

impl Both for Mul {
    fn alone(&self, mem: &mut Mem<'_, '_>, x: &[View], y: View) {
        self.run(mem, [x[0], x[1]], y);
    }
}

/// Operations that follow on each other, and their places.
struct Drawn {
    x: Vec<View>,
    steps: Vec<(Box<dyn Both>, View)>,
    arena: usize,
}

impl Drawn {
    /// Two or three operations of any kinds.
    fn new(rng: &mut Rng, level: Level) -> Self {
        let mut shape = [rng.size(1, 29), rng.size(1, 29), rng.size(1, 39)];
        let mut arena = 0;
        let mut place = |shape: [usize; 3], gaps: usize| {
            let view = View::arena(arena, shape).channels(gaps, shape[2] + 2 * gaps);
            arena += view.bytes();
            view
        };
        let (mut x, mut steps) = (Vec::new(), Vec::<(Box<dyn Both>, View)>::new());
        let count = rng.size(2, 3);
        for step in 0..count {
            let kernel = kernel(rng, shape, step == 0, level);
            let op = kernel.op();
            if step == 0 {
                x.push(place(shape, rng.pick(&[0, 3])));
                // Other inputs are parts of the image itself.
                let all = bounded(shape);
                let operands = (1..op.arity()).map(|operand| match op.operand(operand) {
                    whole if whole == shape => View::input(shape),
                    part => View::input(part).channels(0, all),
                });
                x.extend(operands);
            }
            shape = op.output();
            let gaps = if step + 1 == count {
                rng.pick(&[0, 5])
            } else {
                0
            };
            steps.push((kernel, place(shape, gaps)));
        }
        Self { x, steps, arena }
    }

    /// Two or three operations on bytes, from floats to floats.
    fn bytes(rng: &mut Rng, level: Level) -> Self {
        let mut shape = [rng.size(1, 29), rng.size(1, 29), 4 * rng.size(1, 9)];
        let mut arena = 0;
        let mut place = |shape: [usize; 3], element: Element| {
            let view = View {
                element,
                ..View::arena(arena, shape)
            };
            arena += view.bytes().next_multiple_of(4);
            view
        };
        let x = vec![place(shape, Element::F32)];
        let mut steps = Vec::<(Box<dyn Both>, View)>::new();
        let count = rng.size(2, 3);
        for step in 0..count {
            let ends = [step == 0, step + 1 == count];
            let kernel = kernel_of_bytes(rng, shape, ends, level);
            shape = kernel.op().output();
            let element = match ends[1] {
                true => Element::F32,
                false => Element::U8,
            };
            steps.push((kernel, place(shape, element)));
        }
        Self { x, steps, arena }
    }

    /// Computes them one by one, or by rows with windows and strips of such sizes; whether by rows.
    fn run<const R: usize, const N: usize>(
        &self,
        images: &[f32],
        by_rows: Option<[usize; 2]>,
        threads: usize,
    ) -> (Vec<f32>, bool) {
        let image = self.x[0].len();
        let batch = images.len() / image;
        let scratch = self.steps.iter().map(|(kernel, _)| kernel.memory(batch));
        let mut workspace = Workspace::new(image, self.arena, batch, scratch).with_threads(threads);
        let mut mem = workspace.begin(images).expect("whole images");
        let input = self.x[0].shape;
        Copy::new(plan::Copy { input }).run(&mut mem, View::input(input), self.x[0]);
        let steps: [_; N] = core::array::from_fn(|i| (&*self.steps[i].0, self.steps[i].1));
        let chain = by_rows.and_then(|[window, strip]| {
            let kernels = steps.map(|(kernel, _)| kernel as &dyn RowKernel);
            let chain = Chain::of(kernels, Tuning::of(simd::level()))?;
            Some(Chain {
                window,
                strip,
                ..chain
            })
        });
        let x: [View; R] = core::array::from_fn(|i| self.x[i]);
        let done = chain.is_some_and(|chain| chain.run(&mut mem, x, steps.map(|(_, y)| y)));
        if !done {
            steps.iter().fold(self.x.clone(), |x, (kernel, y)| {
                kernel.alone(&mut mem, &x, *y);
                vec![*y]
            });
        }
        let last = steps[N - 1].1;
        let whole = View {
            shape: [last.shape[0], last.shape[1], last.pixel],
            channel: 0,
            ..last
        };
        (workspace.read(whole), done)
    }
}

/// A kernel of any kind; only the first of a chain reads two values.
fn kernel(rng: &mut Rng, input: [usize; 3], first: bool, level: Level) -> Box<dyn Both> {
    let act = rng.pick(&[Act::None, Act::Relu6, Act::Silu]);
    match rng.size(0, if first { 6 } else { 5 }) {
        kind @ 0..=2 => {
            let d = match kind {
                0 => pointwise(rng, input),
                1 => depthwise(rng, input),
                _ => convolution(rng, input),
            };
            Box::new(conv(rng, d, level))
        }
        3 => Box::new(normalisation(
            rng,
            plan::BatchNorm {
                input,
                act,
                ..plan::BatchNorm::DEFAULT
            },
        )),
        4 => {
            let (window, pad) = window(rng, input);
            let stride = [rng.size(1, 3), rng.size(1, 3)];
            Box::new(MaxPool::new(plan::MaxPool {
                input,
                window,
                stride,
                pad,
                act,
            }))
        }
        5 => {
            let (window, pad) = window(rng, input);
            let stride = [rng.size(1, 3), rng.size(1, 3)];
            let counted = rng.pick(&[pad, [0; 4]]);
            Box::new(AvgPool::new(plan::AvgPool {
                input,
                window,
                stride,
                pad,
                counted,
                act,
            }))
        }
        _ => Box::new(Mul::new(plan::Mul {
            input,
            spread: rng.pick(&[true, false]),
            act,
        })),
    }
}

/// How all bytes of a chain stand for numbers.
const BYTES: Quantisation = Quantisation {
    scale: 0.05,
    zero_point: 77,
};

/// A kernel on bytes; the first reads floats, the last writes them.
fn kernel_of_bytes(
    rng: &mut Rng,
    input: [usize; 3],
    [first, last]: [bool; 2],
    level: Level,
) -> Box<dyn Both> {
    let d = match rng.size(0, 3) {
        0 => pointwise(rng, input),
        1 => depthwise(rng, input),
        2 => convolution(rng, input),
        _ if first || last => pointwise(rng, input),
        _ => {
            let (window, pad) = window(rng, input);
            let stride = [rng.size(1, 3), rng.size(1, 3)];
            let act = Act::None;
            let d = plan::MaxPool {
                input,
                window,
                stride,
                pad,
                act,
            };
            return Box::new(int8::MaxPool::new(d, [BYTES; 2]));
        }
    };
    // What follows reads channels in fours.
    let filters = if d.groups > 1 {
        d.filters
    } else {
        d.filters.next_multiple_of(4)
    };
    let d = plan::Conv { filters, ..d };
    let terms = d.input[2] / d.groups * d.kernel[0] * d.kernel[1];
    let layer = int8::Layer {
        weight: rng
            .numbers(filters * terms)
            .iter()
            .map(|x| (x * 100.0) as i8)
            .collect(),
        scale: rng
            .numbers(filters)
            .iter()
            .map(|x| x.abs() * 1e-3 + 1e-4)
            .collect(),
        bias: rng.numbers(filters),
    };
    let output = (!last).then_some(BYTES);
    Box::new(int8::Conv::new(
        d.into(),
        &layer,
        BYTES,
        !first,
        [None, output],
        level,
    ))
}

/// By any method that can serve.
fn conv(rng: &mut Rng, d: plan::Conv, level: Level) -> Conv {
    let machine = Machine::here()
        .with_level(level)
        .expect("a level of this CPU");
    let terms = d.input[2] / d.groups * d.kernel[0] * d.kernel[1];
    let weights = rng.numbers(bounded([d.filters, terms]));
    let bias = rng.numbers(if d.bias { d.filters } else { 0 });
    let methods = Method::ALL.iter().filter(|method| can(&d, **method, level));
    let methods: Vec<Method> = methods.copied().collect();
    let choice = Choice {
        method: rng.pick(&methods),
        ..machine.choice(&d.into())
    };
    Conv::of(d, &weights, &bias, choice)
}

fn normalisation(rng: &mut Rng, d: plan::BatchNorm) -> BatchNorm {
    let params = d
        .tensors()
        .into_iter()
        .map(|tensor| tensor.param("bn", None));
    let params: Vec<_> = params.collect();
    let tensors = params.iter().map(|param| {
        let numbers = rng.numbers(param.len()).into_iter();
        (param.name.clone(), numbers.map(|x| x.abs() + 0.1).collect())
    });
    let tensors: Vec<_> = tensors.collect();
    let weights = Weights::from_tensors(tensors, &params).expect("its tensors");
    BatchNorm::new(d, LayerWeights::of(&weights, &Source::of("bn")))
}

fn pointwise(rng: &mut Rng, input: [usize; 3]) -> plan::Conv {
    plan::Conv {
        input,
        filters: rng.size(1, 69),
        act: rng.pick(&[Act::None, Act::Relu6, Act::Silu]),
        bias: rng.pick(&[true, false]),
        ..plan::Conv::DEFAULT
    }
}

fn depthwise(rng: &mut Rng, input: [usize; 3]) -> plan::Conv {
    let d = strided(rng, input);
    plan::Conv {
        filters: input[2],
        groups: input[2],
        ..d
    }
}

/// Half of them of the kind that Winograd's method can do.
fn convolution(rng: &mut Rng, input: [usize; 3]) -> plan::Conv {
    let d = plan::Conv {
        filters: rng.size(1, 40),
        ..strided(rng, input)
    };
    match rng.pick(&[true, false]) {
        true => plan::Conv {
            kernel: [3, 3],
            stride: [1, 1],
            dilation: [1, 1],
            pad: d.pad.map(|pad| pad.max(1)),
            ..d
        },
        false => d,
    }
}

fn strided(rng: &mut Rng, input: [usize; 3]) -> plan::Conv {
    let (kernel, pad) = window(rng, input);
    let room = |axis: usize| input[axis] + pad[2 * axis] + pad[2 * axis + 1];
    let dilation = [0, 1].map(|axis| match room(axis) > 2 * (kernel[axis] - 1) {
        true => rng.pick(&[1, 2]),
        false => 1,
    });
    plan::Conv {
        input,
        kernel,
        stride: [rng.size(1, 3), rng.size(1, 3)],
        pad,
        dilation,
        act: rng.pick(&[Act::None, Act::Relu6, Act::HardSwish]),
        bias: rng.pick(&[true, false]),
        ..plan::Conv::DEFAULT
    }
}

/// Height and width of a window that fits, and padding.
fn window(rng: &mut Rng, [h, w, _]: [usize; 3]) -> ([usize; 2], [usize; 4]) {
    let pad = [0; 4].map(|_: usize| rng.size(0, 3));
    let window = [
        rng.size(1, (h + pad[0] + pad[1]).min(5)),
        rng.size(1, (w + pad[2] + pad[3]).min(5)),
    ];
    (window, pad)
}

#[test]
fn rows_give_the_bits_of_one_by_one() {
    for level in simd::levels() {
        simd::limited(level, || check(level, Drawn::new, [200, 5, 50, 20, 20]));
    }
}

#[test]
fn bytes_by_rows_are_those_of_one_by_one() {
    for level in simd::levels() {
        // None reads two values; with some instructions depthwise convolutions compute two rows at once.
        simd::limited(level, || check(level, Drawn::bytes, [200, 5, 50, 0, 0]));
    }
}

fn check(level: Level, new: fn(&mut Rng, Level) -> Drawn, least: [usize; 5]) {
    let mut rng = Rng(7);
    // By rows; with windows that slide; with fewer pictures than threads; of two inputs; with rows in grains.
    let mut counts = [0; 5];
    for draw in 0..800 {
        let drawn = new(&mut rng, level);
        let batch = rng.size(1, 3);
        let images = rng.numbers(batch * drawn.x[0].len());
        let threads = rng.size(1, 3);
        // From a row at a time to whole pictures.
        let sizes = [rng.pick(&[1, 4 << 10, 384 << 10]), rng.pick(&[1, 7, 112])];
        let run = |by_rows| match (drawn.x.len(), drawn.steps.len()) {
            (1, 2) => drawn.run::<1, 2>(&images, by_rows, threads),
            (1, _) => drawn.run::<1, 3>(&images, by_rows, threads),
            (_, 2) => drawn.run::<2, 2>(&images, by_rows, threads),
            _ => drawn.run::<2, 3>(&images, by_rows, threads),
        };
        let ((expected, _), (found, done)) = (run(None), run(Some(sizes)));
        let mut pairs = expected.iter().zip(&found);
        let same = pairs.all(|(a, b)| a.to_bits() == b.to_bits());
        let ops: Vec<Op> = drawn.steps.iter().map(|(kernel, _)| kernel.op()).collect();
        assert!(same, "{level} {draw}, {sizes:?}, {batch} images: {ops:?}");
        let window = ops[1].rows().expect("by rows");
        let here = [
            true,
            window.reach > window.stride && sizes == [1, 1] && window.height > 10,
            batch < threads,
            drawn.x.len() > 1,
            drawn.steps.iter().any(|(kernel, _)| kernel.grain() > 1),
        ];
        for (count, here) in counts.iter_mut().zip(here) {
            *count += usize::from(done && here);
        }
    }
    let enough = counts.iter().zip(least);
    assert!(
        enough.clone().all(|(count, least)| *count >= least),
        "{level}: {counts:?}"
    );
}
