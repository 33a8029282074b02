//! Backward through squared distances; the prototypes are fixed.

use crate::cpu::sizes::Sizes;
use crate::cpu::{self, Real};
use crate::plan::{self, View};
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, Layout, TrainMem, backward};
use core::ops::Range;

/// Squared distances to prototypes, in training.
pub struct Rbf {
    d: plan::Rbf,
    prototypes: Range<usize>,
    sizes: Sizes,
    forward: cpu::Rbf,
}

impl Rbf {
    /// Prepares the step for the parameters of this layer.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layout has not the layer's parameters.
    #[must_use]
    pub fn new(d: plan::Rbf, layout: &Layout, layer: &str) -> Self {
        let sizes = Sizes::of(d);
        let len = d.classes * d.input.iter().product::<usize>();
        Self {
            d,
            sizes,
            prototypes: layout.range(layer, "prototypes", len),
            forward: cpu::Rbf::prepare(d),
        }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory.
    pub fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: View, y: View) {
        self.forward.pack(&mem.params[self.prototypes.clone()]);
        self.forward.run(&mut mem.mem, x, y);
    }

    backward!();

    /// From the gradient of the output to that of the input: `dx[i] = sum over k of dy[k] * 2 (x[i] - p[k, i])`.
    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { x, dy, dx, .. }: Backward) {
        let Some(dx) = dx else { return };
        let [h, w, c] = self.d.input;
        let prototypes = &mem.params[self.prototypes.clone()];
        let step = mem.mem.access(
            [self.sizes.input(x), self.sizes.output(dy)],
            [self.sizes.input(dx.view)],
        );
        step.for_images(prototypes.len(), |[x, dy], [mut dx_image], _| {
            let dy = dy.pixel(dx_image.number, 0, 0);
            for cell in 0..h * w {
                let x = x.pixel(dx_image.number, cell / w, cell % w);
                let to = dx_image.pixel(cell / w, cell % w);
                for (channel, (to, x)) in to.iter_mut().zip(x).enumerate() {
                    let column = prototypes[cell * c + channel..].iter().step_by(h * w * c);
                    let sum: f32 = dy.iter().zip(column).map(|(dy, p)| dy * (x - p)).sum();
                    *to = if dx.accumulate {
                        *to + 2.0 * sum
                    } else {
                        2.0 * sum
                    };
                }
            }
        });
    }
}

/// By the formula at [`Rbf::backward`], for dense images; adds to `dx`.
pub(crate) fn reference<T: Real>(d: &plan::Rbf, prototypes: &[T], x: &[T], dy: &[T], dx: &mut [T]) {
    let inputs = d.input.iter().product();
    let images = x.chunks_exact(inputs).zip(dy.chunks_exact(d.classes));
    for ((x, dy), dx) in images.zip(dx.chunks_exact_mut(inputs)) {
        for (prototype, &dy) in prototypes.chunks_exact(inputs).zip(dy) {
            for ((dx, &x), &p) in dx.iter_mut().zip(x).zip(prototype) {
                *dx += dy * T::of(2.0) * (x - p);
            }
        }
    }
}

impl PlainBackward for plan::Rbf {
    fn plain_backward<T: Real>(
        &self,
        given: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let len = self.classes * self.input.iter().product::<usize>();
        let prototypes = given.tensor("prototypes", len);
        reference(
            self,
            &prototypes,
            &pass.x[0],
            pass.dy,
            &mut gradients.inputs[0],
        );
    }
}
