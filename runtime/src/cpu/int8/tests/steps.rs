//! What passes bytes on, or adds them, against the same in numbers.

use super::*;
use crate::cpu::int8::{bounds, byte};

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

/// A sum, and what the bytes of both pictures and of the result stand for.
fn sum(rng: &mut Rng) -> (plan::Add, [Quantisation; 3]) {
    let d = plan::Add {
        input: [rng.size(1, 5), rng.size(1, 5), rng.size(1, 70)],
        act: rng.pick(&[Act::None, Act::Relu, Act::Relu6]),
    };
    (d, core::array::from_fn(|_| quantisation(rng)))
}

#[test]
fn sums_of_pictures_in_place_or_not() {
    for round in 0..60 {
        let rng = &mut Rng(round);
        let (d, [qa, qb, qy]) = sum(rng);
        let input = d.input;
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
            .zip(core::iter::repeat(bounds(d.act).0))
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
        let (d, [qa, qb, qy]) = sum(rng);
        let input = d.input;
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
                let [low, high] = bounds(d.act).0;
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
    let byte = |x| byte(x, scale, zero);
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
