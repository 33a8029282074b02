//! The plain convolution.

use crate::cpu::{Real, activate};
use crate::plan::{self, Op};
use crate::reference::{Given, Plain};
use alloc::vec::Vec;

/// The definition in [`plan::Conv`], for any number of dense images; `weight` is `[filters, c / groups, kh, kw]`.
pub(crate) fn conv<T: Real>(d: &plan::Conv, weight: &[T], bias: &[T], x: &[T], y: &mut [T]) {
    let [ih, iw, ic] = d.input;
    let [oh, ow, filters] = Op::Conv(*d).output();
    let ([kh, kw], [sh, sw], [dh, dw]) = (d.kernel, d.stride, d.dilation);
    let [top, _, left, _] = d.pad;
    let (cin, cout) = (ic / d.groups, filters / d.groups);
    // The input row or column under a cell of the kernel; none over the padding.
    let under = |o: usize, stride: usize, k: usize, dilation: usize, pad, size| {
        (o * stride + k * dilation)
            .checked_sub(pad)
            .filter(|&i| i < size)
    };
    let images = x
        .chunks_exact(ih * iw * ic)
        .zip(y.chunks_exact_mut(oh * ow * filters));
    for (x, y) in images {
        for (cell, y) in y.chunks_exact_mut(filters).enumerate() {
            let (oy, ox) = (cell / ow, cell % ow);
            for (f, y) in y.iter_mut().enumerate() {
                let first = f / cout * cin;
                let mut sum = bias[f];
                for ky in 0..kh {
                    let Some(iy) = under(oy, sh, ky, dh, top, ih) else {
                        continue;
                    };
                    for kx in 0..kw {
                        let Some(ix) = under(ox, sw, kx, dw, left, iw) else {
                            continue;
                        };
                        let pixel = &x[(iy * iw + ix) * ic + first..][..cin];
                        for (c, &x) in pixel.iter().enumerate() {
                            sum += x * weight[((f * cin + c) * kh + ky) * kw + kx];
                        }
                    }
                }
                *y = activate(d.act, sum);
            }
        }
    }
}

impl Plain for plan::Conv {
    fn plain<T: Real>(&self, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let taps = self.input[2] / self.groups * self.kernel[0] * self.kernel[1];
        let (weight, bias) = given.affine(self.filters, taps, self.bias);
        conv(self, &weight, &bias, &inputs[0], y);
    }
}
