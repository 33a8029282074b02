//! The fast backward kernels against the plain ones: every instruction set, over random shapes and options, for several threads.

use super::Setting;
use crate::common::Rng;
use crate::cpu::simd::{self, Level};
use crate::operations::{Example, near, widen};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[test]
fn the_fast_way_back_is_the_plain_one() {
    for level in simd::levels() {
        simd::limited(level, || check(level));
    }
}

fn check(level: Level) {
    let mut rng = Rng(21);
    for number in 0..500 {
        let Some(example) = Example::new(&mut rng, number % 3 > 0) else {
            continue;
        };
        let setting = Setting {
            around: rng.pick(&[0, 0, 1, 5]),
            accumulate: rng.pick(&[None, None, Some(0.25)]),
            in_place: rng.pick(&[true, false]),
            threads: 1,
        };
        let Example {
            op,
            params,
            values,
            inputs,
            dy,
        } = &example;
        let what = format!("{level:?} {number}: {op:?}, {setting:?}");
        let expected = example.plain();
        let run = |setting| {
            let run = || super::fast(op, params, values, inputs, dy, setting);
            catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| panic!("{what}"))
        };
        let found = run(setting);
        near(&what, &widen(&found.output), &expected.output, 2e-5);
        let before = f64::from(setting.accumulate.unwrap_or(0.0));
        for (found, expected) in found.inputs.iter().zip(&expected.inputs) {
            let found: Vec<f64> = widen(found).into_iter().map(|dx| dx - before).collect();
            near(&format!("{what} dx"), &found, expected, 3e-5);
        }
        for ((param, found), expected) in
            params.iter().zip(&found.gradients).zip(&expected.gradients)
        {
            near(
                &format!("{what} {}", param.name),
                &widen(found),
                expected,
                3e-5,
            );
        }
        for (found, expected) in found.params.iter().zip(&expected.params) {
            near(&format!("{what} after"), &widen(found), expected, 1e-5);
        }
        for threads in [2, 3, 5] {
            let several = run(Setting { threads, ..setting });
            let parts = [
                (&found.inputs, &several.inputs),
                (&found.gradients, &several.gradients),
                (&found.params, &several.params),
            ];
            let same = parts.iter().all(|(one, other)| one == other);
            assert!(
                same && found.output == several.output,
                "{what}: {threads} threads make a difference"
            );
        }
    }
}
