//! Convolutions and fully connected layers against sums of integers.

use super::*;
use crate::cpu::int8::bounds;

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
            let (bounds, late) = bounds(d.act);
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
        let given = |mem: &mut Mem<'_, '_>| match reads {
            true => {
                fill(mem, from);
                from
            }
            false => View::input(input),
        };
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
                    let from = given(mem);
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
                        let from = given(mem);
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
