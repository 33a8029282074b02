//! Every instruction set and every algorithm against the definition, over many shapes.

#[cfg(feature = "train")]
use super::method;
use super::{Conv, reference};
use crate::cpu::choice::{Choice, Method};
use crate::cpu::kernel::Bf16;
use crate::cpu::machine::Machine;
use crate::cpu::simd::{self, Level};
use crate::cpu::{Copy, Fc, activate, fc};
use crate::plan::random::SplitMix64 as Rng;
use crate::plan::{self, Act, Element, Op, View};
use crate::{Mem, Scratch, Workspace};
use alloc::vec::Vec;

const ACTS: [Act; 10] = [
    Act::None,
    Act::Relu,
    Act::Relu6,
    Act::LeakyRelu(0.1),
    Act::Elu(1.5),
    Act::Gelu,
    Act::Silu,
    Act::Sigmoid,
    Act::Tanh,
    Act::LecunTanh,
];

/// All ways to compute a convolution with these instructions.
fn choices(d: &plan::Conv, level: Level) -> impl Iterator<Item = Choice> {
    let machine = Machine::here()
        .with_level(level)
        .expect("a level of this CPU");
    let op = Op::from(*d);
    let chosen = machine.choice(&op);
    let methods = machine.methods(&op);
    methods.map(move |method| Choice { method, ..chosen })
}

/// Weights that keep a sum of `terms` products near the size of its terms.
fn weights(rng: &mut Rng, n: usize, terms: usize) -> Vec<f32> {
    let scale = 1.0 / (terms as f32).sqrt();
    rng.numbers(n).into_iter().map(|w| w * scale).collect()
}

/// Where a kernel reads and writes: pixels wider than the view, or dense.
#[derive(Clone, core::marker::Copy, Debug)]
struct Places {
    x: View,
    y: View,
    /// Of the output's shape.
    other: View,
    arena: usize,
}

impl Places {
    fn new(rng: &mut Rng, input: [usize; 3], output: [usize; 3]) -> Self {
        let mut end = 0;
        let mut place = |shape: [usize; 3]| {
            let before = rng.pick(&[0, 0, 3, 16]);
            let after = rng.pick(&[0, 0, 1]);
            let view = View::arena(end, shape).channels(before, before + shape[2] + after);
            end += view.bytes();
            view
        };
        let (x, y, other) = (place(input), place(output), place(output));
        Self {
            x,
            y,
            other,
            arena: end,
        }
    }

    /// Runs `kernel` on `images`, placed as `self` says.
    fn run(
        self,
        images: &[f32],
        scratch: impl Fn(usize) -> Scratch,
        threads: usize,
        kernel: impl Fn(&mut Mem<'_, '_>, View, View),
    ) -> Vec<f32> {
        let image = self.x.len();
        let batch = images.len() / image;
        let mut workspace =
            Workspace::new(image, self.arena, batch, [scratch(batch)]).with_threads(threads);
        let mut mem = workspace.begin(images).expect("whole images");
        let shape = self.x.shape;
        Copy::new(plan::Copy { input: shape }).run(&mut mem, View::input(shape), self.x);
        kernel(&mut mem, self.x, self.y);

        let [h, w, c] = self.y.shape;
        let whole = View {
            shape: [h, w, self.y.pixel],
            channel: 0,
            ..self.y
        };
        for pixel in workspace.read(whole).chunks_exact(self.y.pixel) {
            let (before, after) = (&pixel[..self.y.channel], &pixel[self.y.channel + c..]);
            assert!(
                before.iter().chain(after).all(|x| *x == 0.0),
                "written outside the view"
            );
        }
        workspace.read(self.y)
    }
}

/// All ways to compute a fully connected layer with these instructions.
fn fc_choices(level: Level) -> impl Iterator<Item = Choice> {
    let choice = move |precision| Choice {
        method: Method::Direct,
        level,
        precision,
        winograd: true,
    };
    [Element::F32, Element::Bf16].into_iter().map(choice)
}

/// What bf16 keeps of weights.
fn rounded(weights: &[f32]) -> Vec<f32> {
    let nearest = weights.iter().map(|w| Bf16::nearest(*w).single());
    nearest.collect()
}

#[track_caller]
fn expect_close(fast: &[f32], plain: &[f64], context: &str) {
    expect_within(3e-6, fast, plain, context);
}

#[track_caller]
fn expect_within(bound: f64, fast: &[f32], plain: &[f64], context: &str) {
    assert_eq!(fast.len(), plain.len(), "{context}");
    let scale = plain.iter().fold(1.0_f64, |max, y| max.max(y.abs()));
    for (i, (&fast, &plain)) in fast.iter().zip(plain).enumerate() {
        let error = (f64::from(fast) - plain).abs();
        assert!(
            error <= bound * scale,
            "{context}, element {i}: {fast}, exactly {plain}"
        );
    }
}

fn double(x: &[f32]) -> Vec<f64> {
    x.iter().copied().map(f64::from).collect()
}

/// The convolution added to what it gave before, in place and elsewhere: `plain` holds what it gives, and its sums before an activation.
fn check_onto(
    conv: &Conv,
    places: Places,
    images: &[f32],
    [plain, sums]: [&[f64]; 2],
    bound: f64,
    context: &str,
) {
    let scratch = |batch| conv.scratch(batch);
    let all = plain.iter().zip(sums);
    let all: Vec<f64> = all.map(|(y, sum)| activate(conv.d.act, y + sum)).collect();
    for added in [places.y, places.other] {
        let both = places.run(images, scratch, 2, |mem, x, y| {
            conv.run(mem, x, added);
            conv.run_onto(mem, x, added, y);
        });
        // The errors of both add up.
        let context = alloc::format!("onto {added:?}: {context}");
        expect_within(2.0 * bound, &both, &all, &context);
    }
}

/// All levels; one and three threads, and each image alone, must give the same bits.
fn check_conv(rng: &mut Rng, d: plan::Conv) {
    let output = Op::Conv(d).output();
    if output.contains(&0) {
        return;
    }
    let inputs = d.input[2] / d.groups * d.kernel[0] * d.kernel[1];
    let (weight, bias) = (
        weights(rng, d.filters * inputs, inputs),
        rng.numbers(d.filters),
    );
    let batch = rng.size(1, 5);
    let image = d.input.iter().product::<usize>();
    let images = rng.numbers(batch * image);
    let places = Places::new(rng, d.input, output);
    let (w, b, x) = (double(&weight), double(&bias), double(&images));
    let [plain, sums] = [d.act, Act::None].map(|act| {
        let mut plain = alloc::vec![0.0; batch * output.iter().product::<usize>()];
        reference::conv(&plan::Conv { act, ..d }, &w, &b, &x, &mut plain);
        plain
    });
    for choice in simd::levels().flat_map(|level| choices(&d, level)) {
        let context = alloc::format!("{choice}, batch {batch}, {d:?}, {places:?}");
        let conv = Conv::of(d, &weight, &bias, choice);
        let run = |images: &[f32], threads| {
            let scratch = |batch| conv.scratch(batch);
            places.run(images, scratch, threads, |mem, x, y| conv.run(mem, x, y))
        };
        let fast = run(&images, 1);
        let bound = match choice.method {
            Method::Winograd4 => 2e-5,
            Method::Winograd2 if d.kernel == [5, 5] => 2e-5,
            _ => 3e-6,
        };
        expect_within(bound, &fast, &plain, &context);
        #[cfg(feature = "train")]
        if conv.accumulates() {
            let scratch = |batch| conv.scratch(batch);
            let twice = places.run(&images, scratch, 1, |mem, x, y| {
                conv.run(mem, x, y);
                conv.run_into(mem, x, y, true);
            });
            let bias = double(&bias);
            let all = plain.iter().zip(bias.iter().cycle());
            let all: Vec<f64> = all.map(|(y, bias)| 2.0 * y - bias).collect();
            expect_within(bound, &twice, &all, &alloc::format!("twice: {context}"));
        }
        if choice.method != Method::Depthwise {
            check_onto(&conv, places, &images, [&plain, &sums], bound, &context);
        }
        assert!(fast == run(&images, 3), "threads matter: {context}");
        let alone: Vec<f32> = images.chunks_exact(image).flat_map(|i| run(i, 1)).collect();
        assert!(fast == alone, "the batch matters: {context}");
    }
}

/// Kernel, stride, padding and dilation.
fn window(rng: &mut Rng, input: [usize; 3]) -> plan::Conv {
    plan::Conv {
        input,
        kernel: [rng.size(1, 5), rng.size(1, 5)],
        stride: [rng.pick(&[1, 1, 2, 4]), rng.pick(&[1, 1, 2, 3])],
        pad: core::array::from_fn(|_| rng.pick(&[0, 0, 1, 2, 6])),
        dilation: [rng.pick(&[1, 1, 2]), rng.pick(&[1, 1, 3])],
        act: rng.pick(&ACTS),
        ..plan::Conv::DEFAULT
    }
}

#[test]
fn conv() {
    for round in 0..300 {
        let rng = &mut Rng(round);
        let groups = rng.pick(&[1, 1, 1, 2, 3]);
        let channels = groups * rng.size(1, 70 / groups);
        let input = [rng.size(1, 13), rng.size(1, 13), channels];
        let d = plan::Conv {
            filters: groups * rng.size(1, 70 / groups),
            groups,
            ..window(rng, input)
        };
        check_conv(rng, d);
    }
}

#[test]
fn depthwise() {
    for round in 0..150 {
        let rng = &mut Rng(1000 + round);
        let input = [rng.size(1, 13), rng.size(1, 13), rng.size(1, 70)];
        let d = plan::Conv {
            filters: input[2] * rng.pick(&[1, 1, 1, 2]),
            groups: input[2],
            ..window(rng, input)
        };
        check_conv(rng, d);
    }
}

/// Few filters: several pixels in a vector.
#[test]
fn abreast() {
    let mut count = 0;
    for round in 0..150 {
        let rng = &mut Rng(7000 + round);
        let input = [rng.size(1, 13), rng.size(2, 33), rng.size(1, 20)];
        let d = plan::Conv {
            filters: rng.size(1, 8),
            dilation: [rng.pick(&[1, 2]), 1],
            ..window(rng, input)
        };
        let ways = simd::levels().flat_map(|level| choices(&d, level));
        count += ways.filter(|way| way.method == Method::Abreast).count();
        check_conv(rng, d);
    }
    assert!(count > 20, "only {count}");
}

/// Groups of few filters: several in a vector, whose inputs lie in one or two.
#[test]
fn grouped() {
    let mut count = 0;
    for round in 0..200 {
        let rng = &mut Rng(8000 + round);
        let groups = rng.size(2, 40);
        let input = [rng.size(1, 13), rng.size(1, 13), groups * rng.size(1, 6)];
        let d = plan::Conv {
            filters: groups * rng.size(1, 8),
            groups,
            ..window(rng, input)
        };
        let ways = simd::levels().flat_map(|level| choices(&d, level));
        count += ways.filter(|way| way.method == Method::Grouped).count();
        check_conv(rng, d);
    }
    assert!(count > 100, "only {count}");
}

/// Tiles that the picture cuts, and pictures of many tiles, near and together.
#[test]
fn winograd() {
    for round in 0..100 {
        let rng = &mut Rng(5000 + round);
        let side = rng.pick(&[7, 14, 40]);
        let most = rng.pick(&[8, 70, 200]);
        let groups = rng.pick(&[1, 1, 2, 3]);
        let channels = groups * rng.size(1, most / groups);
        let input = [rng.size(1, side), rng.size(1, side), channels];
        let kernel = rng.pick(&[3, 5]);
        let d = plan::Conv {
            filters: groups * rng.size(1, 100 / groups),
            groups,
            kernel: [kernel; 2],
            stride: [1, 1],
            dilation: [1, 1],
            ..window(rng, input)
        };
        check_conv(rng, d);
    }
}

/// Blocks that a task takes through all steps, and blocks that all threads take through one step after the other.
#[test]
fn winograd_in_blocks() {
    for (size, channels, filters) in [([58, 57], 40, 36), ([50, 53], 160, 144)] {
        let d = plan::Conv {
            input: [size[0], size[1], channels],
            filters,
            kernel: [3, 3],
            pad: [1; 4],
            ..plan::Conv::DEFAULT
        };
        check_conv(&mut Rng(6000), d);
    }
}

/// Memory that is too small is refused before anything is written.
#[test]
#[cfg(feature = "std")]
fn winograd_without_its_memory() {
    for (channels, filters) in [(8, 8), (160, 144)] {
        let d = plan::Conv {
            input: [56, 56, channels],
            filters,
            kernel: [3, 3],
            pad: [1; 4],
            ..plan::Conv::DEFAULT
        };
        let weight = alloc::vec![0.0; filters * channels * 9];
        let bias = alloc::vec![0.0; filters];
        for method in [Method::Winograd2, Method::Winograd4] {
            let choice = Machine::here().choice(&d.into());
            let conv = Conv::of(d, &weight, &bias, Choice { method, ..choice });
            let places = Places::new(&mut Rng(0), d.input, [56, 56, filters]);
            let images = alloc::vec![0.0; 56 * 56 * channels];
            let run = || {
                places.run(
                    &images,
                    |_| Scratch::default(),
                    1,
                    |mem, x, y| conv.run(mem, x, y),
                )
            };
            let panic = std::panic::catch_unwind(core::panic::AssertUnwindSafe(run)).unwrap_err();
            let message = panic.downcast_ref::<alloc::string::String>().unwrap();
            assert!(message.contains("too little scratch memory"), "{message}");
        }
    }
}

/// Where it is turned off no step takes it, backward neither.
#[test]
#[cfg(feature = "train")]
fn winograd_turned_off() {
    // Forward is exact in any case, over 3x3 pixels; the flipped convolution would be Winograd's.
    let d = plan::Conv {
        input: [3, 3, 512],
        filters: 512,
        kernel: [3, 3],
        ..plan::Conv::DEFAULT
    };
    let back = plan::Conv {
        input: [1, 1, 512],
        pad: [2; 4],
        ..d
    };
    let on = Machine::here().choice_in_training(&d.into());
    let off = Machine::here()
        .without_winograd()
        .choice_in_training(&d.into());
    assert!(method::back(&back, on).is_winograd() && !on.method.is_winograd());
    assert!(!method::back(&back, off).is_winograd() && !off.method.is_winograd());
    let large = Op::from(plan::Conv {
        input: [28, 28, 64],
        ..d
    });
    assert!(Machine::here().choice(&large).method.is_winograd());
    assert!(
        !Machine::here()
            .without_winograd()
            .choice(&large)
            .method
            .is_winograd()
    );
}

/// Weights that would take much memory for one image are kept for the smaller tiles; more images pay for them.
#[test]
fn winograd_keeps_its_weights_small() {
    let of = |channels| plan::Conv {
        input: [28, 28, channels],
        filters: channels,
        kernel: [3, 3],
        pad: [1; 4],
        ..plan::Conv::DEFAULT
    };
    let level = Machine::here().level();
    for (channels, images, method) in [
        (128, 1, Method::Winograd4),
        (512, 1, Method::Winograd2),
        (512, 16, Method::Winograd4),
    ] {
        let best = method::best(&of(channels), level, images);
        assert_eq!(best, method, "{channels} channels, {images} images");
    }
}

/// Sums that are cut into blocks of rows, of cells and of channels, and kernels with more cells than a block has runs.
#[test]
fn long_sums() {
    let rng = &mut Rng(2000);
    for (input, kernel, pad) in [
        ([6, 7, 300], [3, 3], [1, 1, 1, 1]),
        ([5, 5, 150], [5, 5], [0, 2, 2, 0]),
        ([4, 3, 2500], [1, 1], [0; 4]),
        ([3, 3, 1500], [2, 2], [1, 0, 0, 1]),
        ([12, 80, 17], [11, 11], [5; 4]),
        ([2, 150, 1], [1, 130], [0, 0, 4, 4]),
        ([2, 150, 16], [2, 70], [0, 1, 4, 4]),
        ([13, 13, 2], [11, 13], [5, 5, 6, 6]),
    ] {
        let d = plan::Conv {
            input,
            filters: 50,
            kernel,
            pad,
            ..plan::Conv::DEFAULT
        };
        check_conv(rng, d);
    }
}

/// Pictures large enough for several tasks.
#[test]
fn many_pixels() {
    let rng = &mut Rng(3000);
    for (input, filters, kernel) in [([40, 41, 3], 100, [5, 5]), ([30, 31, 20], 129, [3, 3])] {
        let d = plan::Conv {
            input,
            filters,
            kernel,
            pad: [1, 2, 2, 1],
            act: Act::Relu,
            ..plan::Conv::DEFAULT
        };
        check_conv(rng, d);
    }
}

#[test]
fn fully_connected() {
    for round in 0..150 {
        let rng = &mut Rng(4000 + round);
        let input = rng.pick(&[[1, 1, 1], [1, 1, 3000], [3, 2, 5], [6, 6, 70], [1, 5, 16]]);
        let units = rng.size(1, 200);
        let act = rng.pick(&ACTS);
        let d = plan::Fc {
            input,
            units,
            act,
            ..plan::Fc::DEFAULT
        };
        let image = input.iter().product::<usize>();
        let (weight, bias) = (weights(rng, units * image, image), rng.numbers(units));
        let batch = rng.size(1, 20);
        let images = rng.numbers(batch * image);
        let places = Places::new(rng, input, [1, 1, units]);
        let mut plain = alloc::vec![0.0; batch * units];
        fc::reference(
            &d,
            &double(&weight),
            &double(&bias),
            &double(&images),
            &mut plain,
        );
        for choice in simd::levels().flat_map(fc_choices) {
            let context = alloc::format!("{choice}, batch {batch}, {d:?}, {places:?}");
            let fc = Fc::of(d, &weight, &bias, false, choice, &|_| {});
            let run = |images: &[f32], threads| {
                let scratch = |_| Scratch::default();
                places.run(images, scratch, threads, |mem, x, y| fc.run(mem, x, y))
            };
            let fast = run(&images, 1);
            match choice.precision {
                Element::Bf16 => {
                    let exact = Choice {
                        precision: Element::F32,
                        ..choice
                    };
                    let fc = Fc::of(d, &rounded(&weight), &bias, false, exact, &|_| {});
                    let scratch = |_| Scratch::default();
                    let same = places.run(&images, scratch, 1, |mem, x, y| fc.run(mem, x, y));
                    assert!(fast == same, "not the bits of rounded weights: {context}");
                }
                _ => expect_close(&fast, &plain, &context),
            }
            assert!(fast == run(&images, 3), "threads matter: {context}");
            let alone: Vec<f32> = images.chunks_exact(image).flat_map(|i| run(i, 1)).collect();
            assert!(fast == alone, "the batch matters: {context}");
        }
    }
}

/// Fused activations keep a NaN, as the definition does.
#[test]
fn a_nan_stays_a_nan() {
    for act in ACTS {
        assert!(activate(act, f32::NAN).is_nan());
        let d = plan::Conv {
            input: [1, 1, 20],
            filters: 40,
            act,
            ..plan::Conv::DEFAULT
        };
        let depthwise = plan::Conv {
            filters: 20,
            groups: 20,
            ..d
        };
        for d in [d, depthwise] {
            let places = Places::new(&mut Rng(0), d.input, [1, 1, d.filters]);
            let weight = alloc::vec![1.0; d.filters * 20 / d.groups];
            let bias = alloc::vec![0.0; d.filters];
            for choice in simd::levels().flat_map(|level| choices(&d, level)) {
                let conv = Conv::of(d, &weight, &bias, choice);
                let scratch = |batch| conv.scratch(batch);
                let y = places.run(&[f32::NAN; 20], scratch, 1, |mem, x, y| conv.run(mem, x, y));
                assert!(y.iter().all(|y| y.is_nan()), "{choice}, {act:?}");
            }
        }
    }
}
