//! Fully connected layers: convolutions whose window is the whole picture.

#[cfg(feature = "train")]
pub(crate) mod train;

use crate::cpu::choice::Choice;
use crate::cpu::conv::direct::Direct;
use crate::cpu::conv::{Onto, Pixels, Strides};
use crate::cpu::sizes::Sizes;
use crate::cpu::{Real, activate, kernel};
use crate::plan::{self, Element, View};
use crate::reference::{Given, Plain};
use crate::threads::Threads;
use crate::{LayerWeights, Mem};
use alloc::vec::Vec;
use core::ops::Range;

/// See [`plan::Fc`].
pub struct Fc {
    sizes: Sizes,
    direct: Direct,
}

impl Fc {
    /// Packs the layer's weights for this machine.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layer has not its parameters.
    #[must_use]
    pub fn new(d: plan::Fc, layer: LayerWeights<'_>) -> Self {
        Self::chosen(d, layer, layer.choice(&d.into()))
    }

    /// As [`new`](Self::new), by this choice.
    pub(crate) fn chosen(d: plan::Fc, layer: LayerWeights<'_>, choice: Choice) -> Self {
        Sizes::of(d);
        layer.declare(&d);
        let inputs = d.input.iter().product();
        let (layer, chw) = layer.in_its_order(d.input);
        let (weight, bias) = layer.affine::<f32>(d.units, inputs, d.bias);
        Self::of(d, &weight, &bias, chw, choice, &|units| {
            layer.release(units.start * inputs..units.end * inputs);
        })
    }

    /// Packs weights whose columns are in HWC order, or in CHW order; tells which units are packed.
    pub(super) fn of(
        d: plan::Fc,
        weight: &[f32],
        bias: &[f32],
        chw: bool,
        choice: Choice,
        packed: &dyn Fn(Range<usize>),
    ) -> Self {
        let [h, w, c] = d.input;
        let conv = plan::Conv {
            input: d.input,
            filters: d.units,
            kernel: [h, w],
            act: d.act,
            ..plan::Conv::DEFAULT
        };
        let [y, x, channel] = match chw {
            true => [w, 1, h * w],
            false => [w * c, c, 1],
        };
        let strides = Strides {
            first: 0,
            group: 0,
            filter: (h * w * c) as isize,
            y: y as isize,
            x: x as isize,
            channel: channel as isize,
        };
        let kernels = kernel::kernels(choice.level);
        let mut direct = match choice.precision {
            Element::Bf16 => Direct::of_bf16(conv, strides, kernels),
            _ => Direct::new(conv, strides, kernels),
        };
        let threads = Threads::to_prepare(weight.len());
        direct.pack_by_parts(weight, bias, threads, packed);
        Self {
            sizes: Sizes::of(d),
            direct,
        }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let step = mem.step([self.sizes.input(x)], self.sizes.output(y));
        let [x] = step.x;
        let (input, output) = (Pixels::of(&x), Pixels::into(&step.y));
        // SAFETY: `step` has checked that both views have the descriptor's shapes, lie in their memory and share no element,
        // and holds them for the time of this call.
        unsafe {
            self.direct.run(
                x.geometry.images,
                [input, output],
                Onto::Biases,
                step.threads,
            );
        }
    }
}

/// The definition in [`plan::Fc`], for any number of dense images; `weight` is `[units, h * w * c]`.
pub(crate) fn reference<T: Real>(d: &plan::Fc, weight: &[T], bias: &[T], x: &[T], y: &mut [T]) {
    let inputs = d.input.iter().product();
    for (x, y) in x.chunks_exact(inputs).zip(y.chunks_exact_mut(d.units)) {
        for (unit, y) in y.iter_mut().enumerate() {
            let row = &weight[unit * inputs..][..inputs];
            let mut sum = bias[unit];
            x.iter().zip(row).for_each(|(&x, &w)| sum += x * w);
            *y = activate(d.act, sum);
        }
    }
}

impl Plain for plan::Fc {
    fn plain<T: Real>(&self, given: &Given<'_, T>, inputs: &[Vec<T>], y: &mut [T]) {
        let (weight, bias) = given.affine(self.units, self.input.iter().product(), self.bias);
        reference(self, &weight, &bias, &inputs[0], y);
    }
}
