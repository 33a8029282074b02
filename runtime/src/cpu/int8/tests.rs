//! Every instruction set against the definition, bit for bit, over many shapes.

use super::{Add, Conv, Layer, Map, MaxPool, Mean, Quantisation};
use crate::cpu::act;
use crate::cpu::simd::{self, Level};
use crate::plan::random::SplitMix64 as Rng;
use crate::plan::{self, Act, Element, Op, Operation, View};
use crate::{Mem, Scratch, Workspace};
use alloc::vec;
use alloc::vec::Vec;

const ACTS: [Act; 5] = [
    Act::None,
    Act::Relu,
    Act::Relu6,
    Act::Sigmoid,
    Act::LeakyRelu(0.1),
];

/// Bytes as they are: what images of bytes hold, and views that they are copied to.
const PLAIN: Quantisation = Quantisation {
    scale: 1.0,
    zero_point: 0,
};

fn quantisation(rng: &mut Rng) -> Quantisation {
    Quantisation::of([-rng.number().abs(), 0.01 + rng.number().abs()])
}

fn bytes(rng: &mut Rng, n: usize) -> Vec<u8> {
    (0..n).map(|_| rng.below(256) as u8).collect()
}

/// A view of floats or of bytes in a buffer of its own, which may be wider.
fn place(rng: &mut Rng, end: &mut usize, shape: [usize; 3], element: Element, dense: bool) -> View {
    let (before, after) = match dense {
        true => (0, 0),
        false => (rng.pick(&[0, 0, 3, 16]), rng.pick(&[0, 0, 1])),
    };
    let view = View::arena(*end, shape).channels(before, before + shape[2] + after);
    let view = View { element, ..view };
    *end = (*end + view.bytes()).next_multiple_of(4);
    view
}

/// Writes bytes, one image after the other, into a view of bytes: the images of the pass hold them as numbers.
fn fill(mem: &mut Mem<'_, '_>, view: View) {
    let [_, _, c] = view.shape;
    let op = plan::Conv {
        input: view.shape,
        filters: c,
        groups: c,
        ..plan::Conv::DEFAULT
    };
    let layer = Layer {
        weight: vec![1; c],
        scale: vec![1.0; c],
        bias: vec![0.0; c],
    };
    let copy = Conv::new(
        op.into(),
        &layer,
        PLAIN,
        false,
        [None, Some(PLAIN)],
        Level::Portable,
    );
    copy.run(mem, &[View::input(view.shape)], view);
}

/// The elements of a view after a pass as bits, and nothing written beside them in its buffer.
fn read(workspace: &Workspace, view: View, batch: usize) -> Vec<u32> {
    let all: Vec<u32> = match view.element {
        Element::U8 => {
            let words = View::arena(offset(view), [1, 1, view.image().div_ceil(4)]);
            let words = workspace.read(words);
            let all = words.iter().flat_map(|word| word.to_le_bytes());
            all.map(u32::from).take(view.image() * batch).collect()
        }
        _ => {
            let [h, w, _] = view.shape;
            let numbers = workspace.read(View::arena(offset(view), [h, w, view.pixel]));
            numbers.iter().map(|x| x.to_bits()).collect()
        }
    };
    let mut kept = Vec::new();
    for pixel in all.chunks_exact(view.pixel) {
        let (before, rest) = pixel.split_at(view.channel);
        let (inside, after) = rest.split_at(view.shape[2]);
        assert!(
            before.iter().chain(after).all(|x| *x == 0),
            "written outside the view"
        );
        kept.extend(inside);
    }
    kept
}

fn offset(view: View) -> usize {
    match view.slot {
        plan::Slot::Arena(offset) => offset,
        plan::Slot::Input => 0,
    }
}

fn run(
    images: &[f32],
    batch: usize,
    arena: usize,
    scratch: Scratch,
    threads: usize,
    y: View,
    body: impl Fn(&mut Mem<'_, '_>),
) -> Vec<u32> {
    let image = images.len() / batch;
    let mut workspace = Workspace::new(
        image,
        arena,
        batch,
        [
            scratch,
            Scratch {
                shared: image * batch + 64,
                worker: 0,
            },
        ],
    )
    .with_threads(threads);
    body(&mut workspace.begin(images).expect("whole images"));
    read(&workspace, y, batch)
}

/// A number as the output has it, as bits.
fn output(number: f32, y: Option<Quantisation>) -> u32 {
    match y {
        None => number.to_bits(),
        Some(y) => {
            let [scale, zero] = y.to_bytes();
            super::byte(number, scale, zero).into()
        }
    }
}

/// The definition: sums of integers, one product and one sum of floats, rounding. What is added are numbers, or the bytes of a quantisation.
fn plain(
    d: &plan::Conv,
    layer: &Layer,
    x: &[u8],
    [qx, qy]: [Option<Quantisation>; 2],
    added: Option<(&[u32], Option<Quantisation>)>,
) -> Vec<u32> {
    let [ih, iw, ic] = d.input;
    let [oh, ow, filters] = d.output();
    let (cin, cout) = (ic / d.groups, filters / d.groups);
    let qx = qx.expect("an input");
    let mut y = Vec::new();
    for image in x.chunks_exact(ih * iw * ic) {
        for (cell, f) in (0..oh * ow).flat_map(|cell| (0..filters).map(move |f| (cell, f))) {
            let mut sum = 0_i32;
            for tap in 0..d.kernel[0] * d.kernel[1] {
                let (ky, kx) = (tap / d.kernel[1], tap % d.kernel[1]);
                let y = (cell / ow * d.stride[0] + ky * d.dilation[0]).wrapping_sub(d.pad[0]);
                let x = (cell % ow * d.stride[1] + kx * d.dilation[1]).wrapping_sub(d.pad[2]);
                if y >= ih || x >= iw {
                    continue;
                }
                for c in 0..cin {
                    let byte = image[(y * iw + x) * ic + f / cout * cin + c];
                    let weight = layer.weight[(f * cin + c) * d.kernel[0] * d.kernel[1] + tap];
                    sum += (i32::from(byte) - i32::from(qx.zero_point)) * i32::from(weight);
                }
            }
            let scale = f64::from(qx.scale) * f64::from(layer.scale[f]);
            let (bounds, late) = super::bounds(d.act);
            // Any number may be added: it has to be bounded before it is rounded.
            let adds_numbers = matches!(added, Some((_, None)));
            let folded = qy.filter(|_| late == Act::None && !adds_numbers);
            let (unit, zero) = folded.map_or((1.0, 0.0), |y| {
                (f64::from(y.scale), f64::from(y.zero_point))
            });
            let mut bias = f64::from(layer.bias[f]) / unit + zero;
            let mut more = 0.0;
            if let Some((bits, q)) = added {
                let [scale, zero] = q.map_or([1.0, 0.0], |q| [q.scale.into(), q.zero_point.into()]);
                let factor: f64 = scale / unit;
                bias -= factor * zero;
                let bits = bits[y.len()];
                let number = match q {
                    Some(_) => bits as f32,
                    None => f32::from_bits(bits),
                };
                more = number * factor as f32;
            }
            let number = sum as f32 * ((scale / unit) as f32) + bias as f32 + more;
            y.push(match folded {
                Some(_) => {
                    let [low, high] = bounds
                        .map(|bound| ((f64::from(bound) / unit + zero) as f32).clamp(0.0, 255.0));
                    number.max(low).min(high).round_ties_even() as u32
                }
                None => {
                    let mut number = [number.max(bounds[0]).min(bounds[1])];
                    act::apply(late, &mut number);
                    output(number[0], qy)
                }
            });
        }
    }
    y
}

/// All levels, from floats and from bytes, to floats and to bytes, with one and with three threads.
fn check(rng: &mut Rng, op: Op) {
    let d = match op {
        Op::Conv(d) => d,
        Op::Fc(d) => plan::Conv {
            input: [1, 1, d.input.iter().product()],
            filters: d.units,
            act: d.act,
            ..plan::Conv::DEFAULT
        },
        _ => unreachable!("no other has weights"),
    };
    let dense = matches!(op, Op::Fc(_));
    if op.problem().is_some() {
        return;
    }
    let terms = d.input[2] / d.groups * d.kernel[0] * d.kernel[1];
    // Two of the smaller ones fit into 16 bits.
    let largest = rng.pick(&[127, 64]);
    let layer = Layer {
        weight: bytes(rng, d.filters * terms)
            .iter()
            .map(|byte| (*byte as i8).clamp(-largest, largest))
            .collect(),
        scale: rng
            .numbers(d.filters)
            .iter()
            .map(|x| x.abs() / 500.0 + 1e-5)
            .collect(),
        bias: rng.numbers(d.filters),
    };
    let batch = rng.size(1, 4);
    let input = op.operand(0);
    let x = bytes(rng, batch * input.iter().product::<usize>());
    let (qx, qy, qb) = (quantisation(rng), quantisation(rng), quantisation(rng));
    for (reads, writes) in [(false, false), (false, true), (true, false), (true, true)] {
        let written = writes.then_some(qy);
        let expected = plain(&d, &layer, &x, [Some(qx), written], None);
        // What is added: what the convolution gave, for other numbers where it is bytes.
        let added = rng.pick(&[None, Some(qb)]);
        let numbers = plain(&d, &layer, &x, [Some(qx), added], None);
        let expected_onto = plain(&d, &layer, &x, [Some(qx), written], Some((&numbers, added)));
        let mut end = 0;
        let from = place(rng, &mut end, input, Element::U8, dense);
        let element = |bytes| if bytes { Element::U8 } else { Element::F32 };
        let to = place(rng, &mut end, op.output(), element(writes), false);
        let other = place(rng, &mut end, op.output(), element(added.is_some()), false);
        // Bytes as numbers, to be copied; or the numbers that they stand for.
        let images: Vec<f32> = x
            .iter()
            .map(|byte| match reads {
                true => f32::from(*byte),
                false => qx.number(*byte),
            })
            .collect();
        for level in simd::levels() {
            let conv = Conv::new(op, &layer, qx, reads, [None, written], level);
            let both = Op::ConvAdd(plan::ConvAdd::of(d));
            let both = (both.problem().is_none() && !dense).then(|| {
                let first = Conv::new(op, &layer, qx, reads, [None, added], level);
                let both = Conv::new(both, &layer, qx, reads, [added, written], level);
                (first, both)
            });
            for threads in [1, 3] {
                let scratch = conv.scratch(batch);
                let found = run(&images, batch, end + 64, scratch, threads, to, |mem| {
                    let from = match reads {
                        true => {
                            fill(mem, from);
                            from
                        }
                        false => View::input(input),
                    };
                    conv.run(mem, &[from], to);
                });
                assert!(
                    found == expected,
                    "{level}, bytes {reads} to {writes}, {threads} threads, batch {batch}, {op:?}, {from:?}, {to:?}"
                );
                let Some((first, both)) = &both else {
                    continue;
                };
                let in_place = (to.element == other.element).then_some(to);
                for added in in_place.into_iter().chain([other]) {
                    let found = run(&images, batch, end + 64, scratch, threads, to, |mem| {
                        let from = match reads {
                            true => {
                                fill(mem, from);
                                from
                            }
                            false => View::input(input),
                        };
                        first.run(mem, &[from], added);
                        both.run(mem, &[from, added], to);
                    });
                    assert!(
                        found == expected_onto,
                        "onto {added:?}, {level}, bytes {reads} to {writes}, {threads} threads, batch {batch}, {op:?}, {from:?}, {to:?}"
                    );
                }
            }
        }
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
    for round in 0..200 {
        let rng = &mut Rng(round);
        let groups = rng.pick(&[1, 1, 1, 2, 3]);
        let of_group = rng.pick(&[1, 3, 4, 6, 8, 16, 20, 33]);
        let input = [rng.size(1, 13), rng.size(1, 13), groups * of_group];
        let d = plan::Conv {
            filters: groups * rng.size(1, 140 / groups),
            groups,
            ..window(rng, input)
        };
        check(rng, d.into());
    }
}

#[test]
fn pointwise() {
    for round in 0..60 {
        let rng = &mut Rng(3000 + round);
        let input = [rng.size(1, 13), rng.size(1, 13), rng.size(1, 80)];
        let d = plan::Conv {
            input,
            filters: rng.size(1, 140),
            act: rng.pick(&ACTS),
            ..plan::Conv::DEFAULT
        };
        check(rng, d.into());
    }
}

#[test]
fn depthwise() {
    for round in 0..150 {
        let rng = &mut Rng(1000 + round);
        let input = [rng.size(1, 13), rng.size(1, 17), rng.size(1, 70)];
        let d = plan::Conv {
            filters: input[2] * rng.pick(&[1, 1, 1, 2]),
            groups: input[2],
            ..window(rng, input)
        };
        check(rng, d.into());
    }
}

#[test]
fn fc() {
    for round in 0..80 {
        let rng = &mut Rng(2000 + round);
        let d = plan::Fc {
            input: [rng.size(1, 6), rng.size(1, 6), rng.size(1, 40)],
            units: rng.size(1, 300),
            act: rng.pick(&ACTS),
            ..plan::Fc::DEFAULT
        };
        check(rng, d.into());
    }
}

/// Sums at their ends: 16 bits would not hold two of these products.
#[test]
fn largest_sums() {
    for (byte, weight) in [(255_u8, 127_i8), (255, -127), (0, -127)] {
        let d = plan::Fc {
            input: [1, 1, 1 << 16],
            units: 3,
            ..plan::Fc::DEFAULT
        };
        let layer = Layer {
            weight: vec![weight; 3 << 16],
            scale: vec![1.0; 3],
            bias: vec![0.0; 3],
        };
        let images = vec![f32::from(byte); 1 << 16];
        let to = View::arena(0, [1, 1, 3]);
        for level in simd::levels() {
            let fc = Conv::new(d.into(), &layer, PLAIN, false, [None; 2], level);
            let found = run(&images, 1, 64, fc.scratch(1), 1, to, |mem| {
                fc.run(mem, &[View::input([1, 1, 1 << 16])], to);
            });
            let sum = (i32::from(byte) * i32::from(weight)) << 16;
            assert_eq!(found, [(sum as f32).to_bits(); 3], "{level}");
        }
    }
}

/// Runs a step from bytes to bytes or floats, on all levels.
fn step(
    rng: &mut Rng,
    [input, result]: [[usize; 3]; 2],
    element: Element,
    body: impl Fn(&mut Mem<'_, '_>, View, View),
) -> (Vec<u8>, Vec<u32>) {
    let batch = rng.size(1, 3);
    let x = bytes(rng, batch * input.iter().product::<usize>());
    let images: Vec<f32> = x.iter().map(|byte| f32::from(*byte)).collect();
    let mut end = 0;
    let from = place(rng, &mut end, input, Element::U8, false);
    let to = place(rng, &mut end, result, element, false);
    let mut found = Vec::new();
    for level in simd::levels() {
        simd::limited(level, || {
            found.push(run(
                &images,
                batch,
                end + 64,
                Scratch::default(),
                2,
                to,
                |mem| {
                    fill(mem, from);
                    body(mem, from, to);
                },
            ));
        });
    }
    assert!(
        found.iter().all(|y| *y == found[0]),
        "levels differ: {from:?}, {to:?}"
    );
    (x, found.remove(0))
}

#[test]
fn max_pool() {
    for round in 0..60 {
        let rng = &mut Rng(round);
        let d = plan::MaxPool {
            input: [rng.size(1, 9), rng.size(1, 9), rng.size(1, 70)],
            window: [rng.size(1, 3), rng.size(1, 3)],
            stride: [rng.size(1, 2), rng.size(1, 2)],
            pad: [rng.size(0, 1), 0, 0, rng.size(0, 1)],
            act: rng.pick(&ACTS),
        };
        if Op::from(d).problem().is_some() {
            continue;
        }
        let (qx, qy) = (quantisation(rng), quantisation(rng));
        let pool = MaxPool::new(d, [qx, qy]);
        let (x, found) = step(rng, [d.input, d.output()], Element::U8, |mem, x, y| {
            pool.run(mem, x, y)
        });
        let one: usize = d.input.iter().product();
        let expected = x.chunks_exact(one).flat_map(|x| {
            let numbers: Vec<f32> = x.iter().map(|byte| qx.number(*byte)).collect();
            let mut y = vec![0.0; d.output().iter().product()];
            let plain = plan::MaxPool {
                act: Act::None,
                ..d
            };
            crate::cpu::max_pool::reference(&plain, &numbers, &mut y);
            act::apply(d.act, &mut y);
            y.into_iter()
                .map(|y| output(y, Some(qy)))
                .collect::<Vec<_>>()
        });
        assert_eq!(found, expected.collect::<Vec<_>>(), "{d:?}");
    }
}

#[test]
fn sums_of_pictures_in_place_or_not() {
    for round in 0..60 {
        let rng = &mut Rng(round);
        let input = [rng.size(1, 5), rng.size(1, 5), rng.size(1, 70)];
        let d = plan::Add {
            input,
            act: rng.pick(&[Act::None, Act::Relu, Act::Relu6]),
        };
        let [qa, qb, qy] = [quantisation(rng), quantisation(rng), quantisation(rng)];
        let add = Add::new(d, [Some(qa), Some(qb)], Some(qy));
        let (x, found) = step(rng, [input; 2], Element::U8, |mem, x, y| {
            add.run(mem, [x, x], y)
        });
        let (same, twice) = step(&mut rng.clone(), [input; 2], Element::U8, |mem, x, y| {
            fill(mem, y);
            add.run(mem, [x, y], y);
        });
        for ((a, y), bound) in x
            .iter()
            .zip(&found)
            .zip(core::iter::repeat(super::bounds(d.act).0))
        {
            let sum = f64::from(qa.number(*a)) + f64::from(qb.number(*a));
            let sum = sum.clamp(bound[0].into(), bound[1].into());
            let byte = (sum / f64::from(qy.scale) + f64::from(qy.zero_point)).clamp(0.0, 255.0);
            assert!((byte - f64::from(*y)).abs() < 0.501, "{byte} {y}, {d:?}");
        }
        let again = step_twice(&add, &same, input);
        assert_eq!(twice, again, "in place: {d:?}");
    }
}

/// Floats stand for themselves, wherever they are.
#[test]
fn sums_of_bytes_and_floats() {
    for round in 0..60 {
        let rng = &mut Rng(round);
        let input = [rng.size(1, 5), rng.size(1, 5), rng.size(1, 70)];
        let d = plan::Add {
            input,
            act: rng.pick(&[Act::None, Act::Relu, Act::Relu6]),
        };
        let [qa, qb, qy] = [quantisation(rng), quantisation(rng), quantisation(rng)];
        for kinds in 1..8 {
            let [a, b, y] =
                [(1, qa), (2, qb), (4, qy)].map(|(bit, q)| (kinds & bit == 0).then_some(q));
            let element = |q: Option<Quantisation>| q.map_or(Element::F32, |_| Element::U8);
            let add = Add::new(d, [a, b], y);
            // Bytes are there, which are those numbers where floats are asked for.
            let (x, found) = step(rng, [input; 2], element(y), |mem, x, y| {
                let other = View {
                    element: Element::F32,
                    ..View::input(input)
                };
                let views = [a, b].map(|q| if q.is_some() { x } else { other });
                add.run(mem, views, y);
            });
            for (i, (byte, y_bits)) in x.iter().zip(&found).enumerate() {
                let value = |q: Option<Quantisation>| match q {
                    Some(q) => q.number(*byte),
                    None => f32::from(*byte),
                };
                let [low, high] = super::bounds(d.act).0;
                let sum = (value(a) + value(b)).clamp(low, high);
                let near = match y {
                    Some(q) => {
                        let byte = (sum / q.scale + f32::from(q.zero_point)).clamp(0.0, 255.0);
                        (byte - *y_bits as f32).abs() < 0.51
                    }
                    None => (f32::from_bits(*y_bits) - sum).abs() <= 1e-4 * sum.abs().max(1.0),
                };
                assert!(near, "{i}: {kinds:b} {sum} {y_bits}, {d:?}");
            }
        }
    }
}

/// Sums that do not fit into 32 bits in the output's units are cut at its ends all the same.
#[test]
fn numbers_far_outside_the_output() {
    let input = [3, 4, 40];
    for (groups, weight, expected) in [(40, 127, 255), (40, -127, 0), (1, 127, 255), (1, -127, 0)] {
        let d = plan::Conv {
            input,
            filters: 40,
            groups,
            ..plan::Conv::DEFAULT
        };
        let layer = Layer {
            weight: vec![weight; 40 * 40 / groups],
            scale: vec![1e9; 40],
            bias: vec![0.0; 40],
        };
        let fine = Quantisation {
            scale: 1e-3,
            zero_point: 7,
        };
        let images = vec![200.0; 3 * 4 * 40];
        let y = View {
            element: Element::U8,
            ..View::arena(0, input)
        };
        for level in simd::levels() {
            let conv = Conv::new(d.into(), &layer, PLAIN, false, [None, Some(fine)], level);
            let found = run(&images, 1, y.bytes() + 64, conv.scratch(1), 1, y, |mem| {
                conv.run(mem, &[View::input(input)], y);
            });
            assert!(found.iter().all(|y| *y == expected), "{level} {weight}");
        }
    }
}

/// The same sum of one picture and itself, at another place.
fn step_twice(add: &Add, x: &[u8], input: [usize; 3]) -> Vec<u32> {
    let images: Vec<f32> = x.iter().map(|byte| f32::from(*byte)).collect();
    let batch = x.len() / input.iter().product::<usize>();
    let y = View {
        element: Element::U8,
        ..View::arena(0, input)
    };
    run(
        &images,
        batch,
        y.bytes() + 64,
        Scratch::default(),
        1,
        y,
        |mem| {
            fill(mem, y);
            add.run(mem, [y, y], y);
        },
    )
}

#[test]
fn tables_and_scales() {
    for round in 0..60 {
        let rng = &mut Rng(round);
        let input = [rng.size(1, 5), rng.size(1, 5), rng.size(1, 40)];
        let (qx, qy) = (quantisation(rng), quantisation(rng));
        let act = rng.pick(&ACTS);
        let op: Op = plan::Activation { input, act }.into();
        let map = Map::activation(op, act, [qx, qy]);
        let (x, found) = step(rng, [input; 2], Element::U8, |mem, x, y| map.run(mem, x, y));
        let expected = x.iter().map(|byte| {
            let mut number = [qx.number(*byte)];
            act::apply(act, &mut number);
            output(number[0], Some(qy))
        });
        assert_eq!(found, expected.collect::<Vec<_>>(), "{act:?}");

        let numbers = |rng: &mut Rng| {
            rng.numbers(input[2])
                .into_iter()
                .map(f64::from)
                .collect::<Vec<f64>>()
        };
        let (scale, shift) = (numbers(rng), numbers(rng));
        let op: Op = plan::BatchNorm {
            input,
            act,
            ..plan::BatchNorm::DEFAULT
        }
        .into();
        let map = Map::affine(op, [&scale, &shift], act, [qx, qy]);
        let (x, found) = step(rng, [input; 2], Element::U8, |mem, x, y| {
            fill(mem, y);
            map.run(mem, y, y);
            let _ = x;
        });
        for (i, (byte, y)) in x.iter().zip(found).enumerate() {
            let c = i % input[2];
            let mut number = [(f64::from(qx.number(*byte)) * scale[c] + shift[c]) as f32];
            act::apply(act, &mut number);
            let byte = (number[0] / qy.scale + f32::from(qy.zero_point)).clamp(0.0, 255.0);
            assert!((byte - y as f32).abs() < 0.51, "{byte} {y}, {act:?}");
        }
    }
}

#[test]
fn means() {
    for round in 0..40 {
        let rng = &mut Rng(round);
        let input = [rng.size(1, 9), rng.size(1, 9), rng.size(1, 150)];
        let d = plan::GlobalPool {
            input,
            ..plan::GlobalPool::DEFAULT
        };
        let q = quantisation(rng);
        let mean = Mean::new(d, q);
        let (x, found) = step(rng, [input, [1, 1, input[2]]], Element::F32, |mem, x, y| {
            mean.run(mem, x, y)
        });
        let c = input[2];
        for (i, y) in found.iter().enumerate() {
            let image = &x[i / c * input.iter().product::<usize>()..][..input.iter().product()];
            let all = image
                .iter()
                .skip(i % c)
                .step_by(c)
                .map(|byte| f64::from(q.number(*byte)));
            let exact = all.sum::<f64>() / (input[0] * input[1]) as f64;
            assert!(
                (f64::from(f32::from_bits(*y)) - exact).abs() < 1e-5,
                "{d:?}"
            );
        }
    }
}

#[test]
fn numbers_and_bytes() {
    let q = Quantisation::of([-1.0, 3.0]);
    assert_eq!(q.number(q.zero_point), 0.0);
    let [scale, zero] = q.to_bytes();
    let byte = |x| super::byte(x, scale, zero);
    assert_eq!(
        [byte(-5.0), byte(f32::NEG_INFINITY), byte(f32::NAN)],
        [0; 3]
    );
    assert_eq!([byte(3.0), byte(1e9), byte(f32::INFINITY)], [255; 3]);
    for i in 0..=255 {
        assert_eq!(byte(q.number(i)), i);
    }
    // A range of nothing, and of one sign.
    assert_eq!(Quantisation::of([0.0; 2]).zero_point, 0);
    assert_eq!(Quantisation::of([1.0, 2.0]).zero_point, 0);
    assert_eq!(Quantisation::of([-2.0, -1.0]).zero_point, 255);
}
