//! Plain backward through a convolution.

use crate::cpu::Real;
use crate::plan::{self, Op};
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use alloc::vec;

/// For each product of the definition in [`plan::Conv`]: its share of the gradients, from `dz` before the activation. Dense images;
/// adds to all gradients.
pub(crate) fn conv<T: Real>(
    d: &plan::Conv,
    weight: &[T],
    [x, dz]: [&[T]; 2],
    dx: &mut [T],
    [dweight, dbias]: [&mut [T]; 2],
) {
    let [ih, iw, ic] = d.input;
    let [oh, ow, filters] = Op::Conv(*d).output();
    let ([kh, kw], [sh, sw], [dh, dw]) = (d.kernel, d.stride, d.dilation);
    let (cin, cout) = (ic / d.groups, filters / d.groups);
    let under = |o: usize, stride: usize, k: usize, dilation: usize, pad, size| {
        (o * stride + k * dilation)
            .checked_sub(pad)
            .filter(|&i| i < size)
    };
    for (i, &dz) in dz.iter().enumerate() {
        let (image, f) = (i / (oh * ow * filters), i % filters);
        let (oy, ox) = (i / (ow * filters) % oh, i / filters % ow);
        dbias[f] += dz;
        for ky in 0..kh {
            let Some(iy) = under(oy, sh, ky, dh, d.pad[0], ih) else {
                continue;
            };
            for kx in 0..kw {
                let Some(ix) = under(ox, sw, kx, dw, d.pad[2], iw) else {
                    continue;
                };
                for c in 0..cin {
                    let at = ((image * ih + iy) * iw + ix) * ic + f / cout * cin + c;
                    let w = ((f * cin + c) * kh + ky) * kw + kx;
                    dx[at] += dz * weight[w];
                    dweight[w] += dz * x[at];
                }
            }
        }
    }
}

impl PlainBackward for plan::Conv {
    fn plain_backward<T: Real>(
        &self,
        given: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let taps = self.input[2] / self.groups * self.kernel[0] * self.kernel[1];
        let weight = given.tensor("weight", self.filters * taps);
        let mut dw = vec![T::zero(); weight.len()];
        let mut db = vec![T::zero(); self.filters];
        let dx = &mut gradients.inputs[0];
        conv(self, &weight, [&pass.x[0], pass.dy], dx, [&mut dw, &mut db]);
        gradients.affine(dw, self.bias.then_some(db));
    }
}
