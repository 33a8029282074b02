//! The plain transposed convolution.

use super::sizes;
use crate::cpu::{Real, activate};
use crate::plan::{self, Op};
use crate::reference::{Given, Plain};
#[cfg(feature = "train")]
use crate::train::reference::{Gradients, Pass, PlainBackward};
use alloc::vec::Vec;

/// Calls `product` for each product of the definition in [`plan::Deconv`], with the indices of its output, its input and its weight.
fn products(d: &plan::Deconv, images: usize, mut product: impl FnMut(usize, usize, usize)) {
    let [h, w, c] = d.input;
    let [oh, ow, filters] = Op::Deconv(*d).output();
    let [kh, kw] = d.kernel;
    let (cin, cout) = (c / d.groups, filters / d.groups);
    let over = |i: usize, k: usize, axis: usize, size: usize| {
        (i * d.stride[axis] + k * d.dilation[axis])
            .checked_sub(d.pad[2 * axis])
            .filter(|&o| o < size)
    };
    for at in 0..images * h * w * c {
        let (image, iy, ix, channel) = (at / (h * w * c), at / (w * c) % h, at / c % w, at % c);
        for tap in 0..kh * kw {
            let (ky, kx) = (tap / kw, tap % kw);
            let (Some(oy), Some(ox)) = (over(iy, ky, 0, oh), over(ix, kx, 1, ow)) else {
                continue;
            };
            let pixel = ((image * oh + oy) * ow + ox) * filters;
            for f in 0..cout {
                let weight = (channel * cout + f) * kh * kw + tap;
                product(pixel + channel / cin * cout + f, at, weight);
            }
        }
    }
}

fn images(d: &plan::Deconv, x: usize) -> usize {
    x / d.input.iter().product::<usize>()
}

impl Plain for plan::Deconv {
    fn plain<T: Real>(&self, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let (weight, bias) = given.transposed(sizes(self), self.groups, self.bias);
        let x = &inputs[0];
        for pixel in y.chunks_exact_mut(self.filters) {
            pixel.copy_from_slice(&bias);
        }
        products(self, images(self, x.len()), |o, i, w| {
            y[o] += x[i] * weight[w]
        });
        y.iter_mut().for_each(|y| *y = activate(self.act, *y));
    }
}

#[cfg(feature = "train")]
impl PlainBackward for plan::Deconv {
    /// For each product: its share of the gradients, from `dz` before the activation.
    fn plain_backward<T: Real>(
        &self,
        given: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let (x, dz) = (&pass.x[0], pass.dy);
        let weight = given.tensor(
            "weight",
            sizes(self).iter().product::<usize>() / self.groups,
        );
        let mut dw = alloc::vec![T::zero(); weight.len()];
        let mut db = alloc::vec![T::zero(); self.filters];
        for pixel in dz.chunks_exact(self.filters) {
            db.iter_mut().zip(pixel).for_each(|(db, dz)| *db += *dz);
        }
        let dx = &mut gradients.inputs[0];
        products(self, images(self, x.len()), |o, i, w| {
            dx[i] += dz[o] * weight[w];
            dw[w] += dz[o] * x[i];
        });
        gradients.affine(dw, self.bias.then_some(db));
    }
}
