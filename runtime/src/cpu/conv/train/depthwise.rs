//! Gradients of depthwise convolutions: products of pixels, channel by channel.

use crate::cpu::access::{Access, Image, Source};
use crate::cpu::simd::multiversion;
use crate::cpu::sizes::bounded;
use crate::cpu::sum;
use crate::plan;

/// Whether the convolution is of this kind.
pub(super) fn fits(d: &plan::Conv) -> bool {
    d.groups == d.input[2] && d.filters == d.groups
}

/// Scratch memory.
pub(super) fn scratch(d: &plan::Conv) -> usize {
    sum::scratch(bounded([d.input[2], d.kernel[0], d.kernel[1]]))
}

/// The input rows or columns under a cell of the kernel; none over the padding.
fn under(o: usize, k: usize, d: &plan::Conv, axis: usize) -> Option<usize> {
    (o * d.stride[axis] + k * d.dilation[axis])
        .checked_sub(d.pad[2 * axis])
        .filter(|&i| i < d.input[axis])
}

/// Adds to the weights' gradient `[c, 1, kh, kw]`.
pub(super) fn weights(d: &plan::Conv, step: Access<'_, 2, 0>, gradient: &mut [f32]) {
    let [x, dz] = step.x;
    let [oh, ow, c] = dz.geometry.shape;
    let taps = d.kernel[0] * d.kernel[1];
    let cost = bounded([ow, c, taps]);
    let sizes = [dz.geometry.images * oh, cost, c * taps];
    let sums = sum::over_rows(step.threads, step.shared, sizes, |row, sums| {
        for (tap, sums) in sums.chunks_exact_mut(c).enumerate() {
            add_tap(d, tap, &x, &dz, row, sums);
        }
    });
    for (tap, sums) in sums.chunks_exact(c).enumerate() {
        let to = gradient[tap..].iter_mut().step_by(taps);
        to.zip(sums).for_each(|(g, sum)| *g += sum);
    }
}

multiversion! {
    /// `sums[c] += x[c] dz[c]` over a row, for one cell of the kernel.
    fn add_tap(d: &plan::Conv, tap: usize, x: &Source<'_>, dz: &Source<'_>, row: usize, sums: &mut [f32]) {
        let [height, _, _] = dz.geometry.shape;
        let (image, oy) = (row / height, row % height);
        let (ky, kx) = (tap / d.kernel[1], tap % d.kernel[1]);
        let Some(iy) = under(oy, ky, d, 0) else {
            return;
        };
        for ox in 0..dz.geometry.shape[1] {
            let Some(ix) = under(ox, kx, d, 1) else {
                continue;
            };
            let (x, dz) = (x.pixel(image, iy, ix), dz.pixel(image, oy, ox));
            for ((sum, x), dz) in sums.iter_mut().zip(x).zip(dz) {
                *sum += x * dz;
            }
        }
    }
}

/// The input's gradient, window by window; for strides, and where it has other parts already.
pub(super) fn input(d: &plan::Conv, weight: &[f32], step: Access<'_, 1, 1>, accumulate: bool) {
    let [oh, ow, c] = step.x[0].geometry.shape;
    let taps = d.kernel[0] * d.kernel[1];
    // `[c, 1, kh, kw]` to `[kh, kw, c]`: pixels next to each other.
    let (packed, step) = step.take_shared(taps * c);
    for (tap, packed) in packed.chunks_exact_mut(c).enumerate() {
        let weights = weight[tap..].iter().step_by(taps);
        packed.iter_mut().zip(weights).for_each(|(p, w)| *p = *w);
    }
    let packed = &*packed;
    step.for_images(bounded([oh, ow, c, taps]), |[dz], [mut dx], _| {
        if !accumulate {
            dx.clear();
        }
        input_image(d, packed, dz, &mut dx);
    });
}

multiversion! {
    fn input_image(d: &plan::Conv, packed: &[f32], dz: &Source<'_>, dx: &mut Image<'_>) {
        let [oh, ow, c] = dz.geometry.shape;
        for oy in 0..oh {
            for ox in 0..ow {
                let dz = dz.pixel(dx.number, oy, ox);
                for (tap, weights) in packed.chunks_exact(c).enumerate() {
                    let y = under(oy, tap / d.kernel[1], d, 0);
                    let x = under(ox, tap % d.kernel[1], d, 1);
                    let (Some(iy), Some(ix)) = (y, x) else {
                        continue;
                    };
                    let all = dx.pixel(iy, ix).iter_mut().zip(dz).zip(weights);
                    all.for_each(|((dx, dz), w)| *dx += dz * w);
                }
            }
        }
    }
}
