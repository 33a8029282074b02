//! Convolutions by rows against the same one by one, to the bit.

use super::{Chain, Depthwise};
use crate::Workspace;
use crate::cpu::conv::Conv;
use crate::cpu::machine::Machine;
use crate::cpu::simd::{self, Level};
use crate::cpu::{Copy, conv::bounded};
use crate::plan::random::SplitMix64 as Rng;
use crate::plan::{self, Act, Op, View};
use alloc::vec::Vec;

/// Convolutions that follow on each other, and their places.
struct Drawn {
    x: View,
    convs: Vec<(Conv, View)>,
    arena: usize,
}

impl Drawn {
    /// A depthwise convolution with a pointwise one before it, behind it or both.
    fn new(rng: &mut Rng, level: Level) -> Self {
        let (before, after) = rng.pick(&[(true, false), (false, true), (true, true)]);
        let mut shape = [rng.size(1, 29), rng.size(1, 29), rng.size(1, 39)];
        let mut arena = 0;
        let mut place = |shape: [usize; 3], gaps: usize| {
            let view = View::arena(arena, shape).channels(gaps, shape[2] + 2 * gaps);
            arena += view.bytes();
            view
        };
        let x = place(shape, rng.pick(&[0, 3]));
        let mut descriptors = Vec::new();
        let mut push = |d: plan::Conv| {
            descriptors.push(d);
            Op::Conv(d).output()
        };
        if before {
            shape = push(pointwise(rng, shape));
        }
        shape = push(depthwise(rng, shape));
        if after {
            push(pointwise(rng, shape));
        }
        let count = descriptors.len();
        let convs = descriptors.into_iter().enumerate().map(|(i, d)| {
            let gaps = if i + 1 == count { rng.pick(&[0, 5]) } else { 0 };
            (conv(rng, d, level), place(Op::Conv(d).output(), gaps))
        });
        let convs = convs.collect();
        Self { x, convs, arena }
    }

    /// Computes them one by one, or by rows with a window and strips of such sizes; whether by rows.
    fn run<const N: usize>(
        &self,
        images: &[f32],
        by_rows: Option<[usize; 2]>,
        threads: usize,
    ) -> (Vec<f32>, bool) {
        let batch = images.len() / self.x.len();
        let scratch = self.convs.iter().map(|(conv, _)| conv.scratch(batch));
        let mut workspace =
            Workspace::new(self.x.len(), self.arena, batch, scratch).with_threads(threads);
        let mut mem = workspace.begin(images).expect("whole images");
        let input = self.x.shape;
        Copy::new(plan::Copy { input }).run(&mut mem, View::input(input), self.x);
        let convs: [_; N] = core::array::from_fn(|i| (&self.convs[i].0, self.convs[i].1));
        let chain = by_rows.map(|[window, strip]| Chain {
            window,
            strip,
            ..Chain::of(&convs).expect("of this kind")
        });
        let done = chain.is_some_and(|chain| chain.run(&mut mem, self.x, convs));
        if !done {
            convs.iter().fold(self.x, |x, (conv, y)| {
                conv.run(&mut mem, x, *y);
                *y
            });
        }
        let last = convs[N - 1].1;
        let whole = View {
            shape: [last.shape[0], last.shape[1], last.pixel],
            channel: 0,
            ..last
        };
        (workspace.read(whole), done)
    }
}

fn conv(rng: &mut Rng, d: plan::Conv, level: Level) -> Conv {
    let machine = Machine::here()
        .with_level(level)
        .expect("a level of this CPU");
    let terms = d.input[2] / d.groups * d.kernel[0] * d.kernel[1];
    let weights = rng.numbers(bounded([d.filters, terms]));
    let bias = rng.numbers(if d.bias { d.filters } else { 0 });
    Conv::of(d, &weights, &bias, machine.choice(&d.into()))
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
    let [h, w, channels] = input;
    let pad = [0; 4].map(|_: usize| rng.size(0, 3));
    let kernel = [
        rng.size(1, (h + pad[0] + pad[1]).min(5)),
        rng.size(1, (w + pad[2] + pad[3]).min(5)),
    ];
    let room = |axis: usize| input[axis] + pad[2 * axis] + pad[2 * axis + 1];
    let dilation = [0, 1].map(|axis| match room(axis) > 2 * (kernel[axis] - 1) {
        true => rng.pick(&[1, 2]),
        false => 1,
    });
    plan::Conv {
        input,
        filters: channels,
        groups: channels,
        kernel,
        stride: [rng.size(1, 3), rng.size(1, 3)],
        pad,
        dilation,
        act: rng.pick(&[Act::None, Act::Relu6, Act::HardSwish]),
        bias: rng.pick(&[true, false]),
    }
}

#[test]
fn rows_give_the_bits_of_one_by_one() {
    for level in simd::levels() {
        let mut rng = Rng(7);
        // By rows; with a window that slides; with fewer pictures than threads.
        let mut counts = [0; 3];
        for draw in 0..300 {
            let drawn = Drawn::new(&mut rng, level);
            let batch = rng.size(1, 3);
            let images = rng.numbers(batch * drawn.x.len());
            let threads = rng.size(1, 3);
            // From a row at a time to whole pictures.
            let sizes = [rng.pick(&[1, 4 << 10, 384 << 10]), rng.pick(&[1, 7, 112])];
            let run = |by_rows| match drawn.convs.len() {
                2 => drawn.run::<2>(&images, by_rows, threads),
                _ => drawn.run::<3>(&images, by_rows, threads),
            };
            let ((expected, _), (found, done)) = (run(None), run(Some(sizes)));
            let mut pairs = expected.iter().zip(&found);
            let same = pairs.all(|(a, b)| a.to_bits() == b.to_bits());
            let ds: Vec<_> = drawn.convs.iter().map(|(conv, _)| conv.d).collect();
            assert!(same, "{level} {draw}, {sizes:?}: {ds:?}");
            let slides = !Depthwise::fits(&ds[0]) && sizes == [1, 1] && ds[0].input[0] > 10;
            for (count, counts_here) in counts.iter_mut().zip([true, slides, batch < threads]) {
                *count += usize::from(done && counts_here);
            }
        }
        assert!(
            counts[0] > 150 && counts[1] > 5 && counts[2] > 30,
            "{level}: {counts:?}"
        );
    }
}
