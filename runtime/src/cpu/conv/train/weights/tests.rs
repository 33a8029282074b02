//! Every way to the weights' gradient against the definition, over many shapes.

use super::{Direct, Sums, Way, WeightGradient, Winograd};
use crate::Workspace;
use crate::cpu::conv::train::reference;
use crate::cpu::simd::{self, Level};
use crate::cpu::sizes::Sizes;
use crate::plan::random::SplitMix64 as Rng;
use crate::plan::{self, Op, View};
use alloc::boxed::Box;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

/// The ways that fit, and how near to the largest gradient they come.
fn ways(d: plan::Conv, level: Level) -> Vec<(&'static str, WeightGradient, f64)> {
    let sums = Sums::new(d, level);
    let make = |way| WeightGradient { d, sums, way };
    let mut ways = vec![(
        "direct",
        make(Way::Direct(Box::new(Direct::new(d, sums)))),
        3e-6,
    )];
    if Winograd::fits(&d) {
        let way = Way::Winograd(Box::new(Winograd::new(d, sums, level)));
        ways.push(("winograd", make(way), 2e-5));
    }
    ways
}

/// Adds to `gradient`, from pixels that are wider than the views.
fn run(way: &WeightGradient, [x, dz]: [&[f32]; 2], threads: usize, gradient: &mut [f32]) {
    let d = way.d;
    let wide = |at, shape: [usize; 3]| View::arena(at, shape).channels(3, shape[2] + 4);
    let from = wide(0, d.input);
    let to = wide(from.bytes(), Op::Conv(d).output());
    let (image, arena) = (from.len(), from.bytes() + to.bytes());
    let batch = x.len() / image;
    let workspace = Workspace::new(image, arena, batch, [way.scratch(batch)]);
    let mut workspace = workspace.with_threads(threads);
    workspace.write(from, batch, x);
    workspace.write(to, batch, dz);
    let mut mem = workspace.begin(x).expect("whole images");
    let sizes = Sizes::of(d);
    let step = mem.access([sizes.input(from), sizes.output(to)], []);
    way.run(step, gradient);
}

fn check(rng: &mut Rng, d: plan::Conv, batch: usize) {
    let output = Op::Conv(d).output();
    if output.contains(&0) {
        return;
    }
    let numbers =
        |rng: &mut Rng, shape: [usize; 3]| rng.numbers(batch * shape.iter().product::<usize>());
    let (x, dz) = (numbers(rng, d.input), numbers(rng, output));
    let double = |x: &[f32]| x.iter().copied().map(f64::from).collect::<Vec<f64>>();
    let len = d.filters * d.input[2] / d.groups * d.kernel[0] * d.kernel[1];
    let (weight, mut dx) = (vec![0.0; len], vec![0.0; x.len()]);
    let (mut plain, mut bias) = (vec![1.0; len], vec![0.0; d.filters]);
    let values = [&double(&x)[..], &double(&dz)];
    reference::conv(&d, &weight, values, &mut dx, [&mut plain, &mut bias]);
    let scale = plain.iter().fold(1.0_f64, |max, g| max.max(g.abs()));
    for (name, way, bound) in simd::levels().flat_map(|level| ways(d, level)) {
        let gradients = [1, 3].map(|threads| {
            let mut gradient = vec![1.0; len];
            run(&way, [&x, &dz], threads, &mut gradient);
            gradient
        });
        let context = format!("{name}, batch {batch}, {d:?}");
        assert!(gradients[0] == gradients[1], "threads matter: {context}");
        for (i, (found, exact)) in gradients[0].iter().zip(&plain).enumerate() {
            let error = (f64::from(*found) - exact).abs();
            assert!(
                error <= bound * scale,
                "{context}, element {i}: {found}, exactly {exact}"
            );
        }
    }
}

#[test]
fn every_way_is_the_definition() {
    for round in 0..60 {
        let rng = &mut Rng(round);
        let side = rng.pick(&[5, 14, 30]);
        let groups = rng.pick(&[1, 1, 2]);
        let kernel = rng.pick(&[3, 5]);
        let channels = groups * rng.size(1, 80 / groups);
        let d = plan::Conv {
            input: [rng.size(1, side), rng.size(1, side), channels],
            filters: groups * rng.size(1, 150 / groups),
            kernel: [kernel; 2],
            pad: core::array::from_fn(|_| rng.size(0, kernel)),
            groups,
            ..plan::Conv::DEFAULT
        };
        let batch = rng.size(1, 5);
        check(rng, d, batch);
    }
}

/// More tiles than one chunk takes.
#[test]
fn tiles_in_chunks() {
    for (size, channels, filters, kernel) in [(33, 40, 36, 3), (17, 150, 140, 5)] {
        let d = plan::Conv {
            input: [size, size + 1, channels],
            filters,
            kernel: [kernel; 2],
            pad: [1; 4],
            ..plan::Conv::DEFAULT
        };
        check(&mut Rng(1), d, 9);
    }
}

/// Memory that is too small is refused before anything is written.
#[test]
fn without_its_memory() {
    let d = plan::Conv {
        input: [28, 28, 32],
        filters: 40,
        kernel: [3, 3],
        ..plan::Conv::DEFAULT
    };
    let sums = Sums::new(d, simd::level());
    let way = Winograd::new(d, sums, simd::level());
    let view = View::arena(0, d.input);
    let to = View::arena(view.bytes(), Op::Conv(d).output());
    let images = vec![0.0; view.len()];
    for short in [
        crate::Scratch {
            shared: 0,
            ..way.scratch(1)
        },
        crate::Scratch {
            worker: 0,
            ..way.scratch(1)
        },
    ] {
        let run = || {
            let mut workspace = Workspace::new(view.len(), view.bytes() + to.bytes(), 1, [short]);
            let mut mem = workspace.begin(&images).expect("whole images");
            let sizes = Sizes::of(d);
            way.run(mem.access([sizes.input(view), sizes.output(to)], []))
                .len()
        };
        let panic = std::panic::catch_unwind(core::panic::AssertUnwindSafe(run)).unwrap_err();
        let message = panic.downcast_ref::<alloc::string::String>().unwrap();
        assert!(message.contains("too little scratch memory"), "{message}");
    }
}
