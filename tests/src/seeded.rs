//! Deterministic tensors that any language can make again, so that a reference value needs no weight file.
//!
//! `z = splitmix64(fnv1a64(name) + (i + 1) * 0x9E3779B97F4A7C15)`, `u = (z >> 40) / 2^23 - 1`, in [-1, 1); `i` counts the
//! elements in row-major order: OIHW for convolution weights, `[out, in]` for FC weights, NHWC for inputs. The same formula
//! stands in `tests/reference/seeded.py`, which made the reference values.

use netc_plan::Param;
use netc_plan::random::{GOLDEN, fnv1a, mix};
use netc_runtime::Weights;

/// `n` numbers in [-1, 1) for this name.
pub fn uniform(name: &str, n: usize) -> impl Iterator<Item = f64> {
    let key = fnv1a(name);
    (1..=n as u64).map(move |i| {
        let z = mix(key.wrapping_add(i.wrapping_mul(GOLDEN)));
        (z >> 40) as f64 / f64::from(1 << 23) - 1.0
    })
}

/// The input of a network, `n` images.
pub fn input(elements: usize, scale: f64) -> Vec<f32> {
    uniform("input", elements)
        .map(|u| (u * scale) as f32)
        .collect()
}

/// The seeded values of one tensor of a weights file.
pub fn tensor(param: &Param) -> Vec<f32> {
    let name = &*param.name;
    let n = param.shape.iter().product();
    let fan_in: usize = param.shape.iter().skip(1).product();
    let leaf = name.rsplit('.').next().unwrap_or(name);
    let gain = (3.0 / fan_in as f64).sqrt();
    let is_factor = ["bn", "ln", "scale"]
        .iter()
        .any(|kind| name.starts_with(kind));
    let scale = |u: f64| match leaf {
        "running_mean" => 0.1 * u,
        "running_var" => 1.0 + 0.5 * u,
        "weight" if is_factor => 1.0 + 0.1 * u,
        "coefficient" => 1.0 + 0.1 * u,
        "prototypes" => {
            if u >= 0.0 {
                1.0
            } else {
                -1.0
            }
        }
        "weight" => u * gain,
        _ => 0.1 * u,
    };
    let mut values: Vec<f32> = uniform(name, n).map(|u| scale(u) as f32).collect();
    keep_connected(&mut values, param);
    values
}

/// Zeroes the weights of input maps that an output map does not see, where the tensor has a connection table.
pub fn keep_connected(values: &mut [f32], param: &Param) {
    let Some(connect) = &param.connect else {
        return;
    };
    let area = param.shape[2] * param.shape[3];
    for (filter, seen) in values.chunks_mut(param.shape[1] * area).zip(connect) {
        for (map, kernel) in filter.chunks_mut(area).enumerate() {
            if !seen.contains(&map) {
                kernel.fill(0.0);
            }
        }
    }
}

/// Seeded weights for every tensor of a network.
///
/// # Panics
/// If the tensors do not make a valid weights file, which is a defect of the code under test.
pub fn weights(params: &[Param]) -> Weights {
    let tensors = params.iter().map(|p| (p.name.clone(), tensor(p)));
    match Weights::from_tensors(tensors, params) {
        Ok(weights) => weights,
        Err(e) => panic!("{e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netc_plan::Init;

    /// The figures that `seeded.py` prints when it is run.
    #[test]
    fn agrees_with_python() {
        let first: Vec<f32> = input(3, 1.0);
        let var = Param::new("bn1.running_var", &[4], Init::Constant(1.0));
        assert_eq!(
            tensor(&var),
            [1.142_307_5, 1.286_753_4, 1.470_778_8, 0.943_851_23]
        );
        let conv = Param::new("conv1.weight", &[2, 1, 2, 2], Init::Constant(0.0));
        assert_eq!(
            tensor(&conv),
            [
                0.078_072_086,
                0.424_632_55,
                -0.826_323_87,
                0.409_106_52,
                -0.226_292_21,
                0.804_144_4,
                0.693_369_6,
                -0.723_395_65
            ]
        );
        assert_eq!(first, [-0.804_363_37, 0.304_720_76, -0.592_751_5]);
    }
}
