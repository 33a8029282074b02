//! Backward through LeNet-5's trainable subsampling.

use crate::Scratch;
use crate::cpu::sizes::{Sizes, bounded};
use crate::cpu::sum;
use crate::cpu::window::under;
use crate::cpu::{self, Real};
use crate::plan::{self, Op, View};
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, Layout, TrainMem, backward, memory};
use alloc::vec;
use core::ops::Range;

/// LeNet-5's subsampling, in training.
pub struct Subsample {
    d: plan::Subsample,
    coefficient: Range<usize>,
    bias: Range<usize>,
    sizes: Sizes,
    forward: cpu::Subsample,
}

impl Subsample {
    /// Prepares the step for the parameters of this layer.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layout has not the layer's parameters.
    #[must_use]
    pub fn new(d: plan::Subsample, layout: &Layout, layer: &str) -> Self {
        let sizes = Sizes::of(d);
        Self {
            d,
            sizes,
            coefficient: layout.range(layer, "coefficient", d.input[2]),
            bias: layout.range(layer, "bias", d.input[2]),
            forward: cpu::Subsample::prepare(d),
        }
    }

    /// Memory for a batch.
    #[must_use]
    pub fn scratch(&self, _max_batch: usize) -> Scratch {
        Scratch {
            shared: sum::scratch(2 * self.d.input[2]),
            worker: 0,
        }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or the workspace has less scratch memory than
    /// [`scratch`](Self::scratch) says.
    pub fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: View, y: View) {
        let (coefficient, bias) = (self.coefficient.clone(), self.bias.clone());
        self.forward
            .pack(&mem.params[coefficient], &mem.params[bias]);
        self.forward.run(&mut mem.mem, x, y);
    }

    backward!();

    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { x, y, dy, dx }: Backward) {
        let d = &self.d;
        let [oh, ow, c] = y.shape;
        let [rows, columns] = windows(d);
        mem.through(d.act, self.sizes.output(y), self.sizes.output(dy));
        self.parameters(mem, x, dy);

        let Some(dx) = dx else { return };
        let coefficient = &mem.params[self.coefficient.clone()];
        let step = mem
            .mem
            .access([self.sizes.output(dy)], [self.sizes.input(dx.view)]);
        let area = d.window[0] * d.window[1];
        step.for_images(bounded([oh, ow, c, area]), |[dz], [mut to], _| {
            if !dx.accumulate {
                to.clear();
            }
            for oy in 0..oh {
                for ox in 0..ow {
                    let dz = dz.pixel(to.number, oy, ox);
                    for iy in rows(oy) {
                        for ix in columns(ox) {
                            let all = to.pixel(iy, ix).iter_mut().zip(coefficient).zip(dz);
                            all.for_each(|((to, k), dz)| *to += k * dz);
                        }
                    }
                }
            }
        });
    }

    /// Adds to the gradients of the parameters.
    fn parameters(&self, mem: &mut TrainMem<'_, '_>, x: View, dy: View) {
        let [oh, ow, c] = dy.shape;
        let [rows, columns] = windows(&self.d);
        let area = self.d.window[0] * self.d.window[1];
        let step = mem
            .mem
            .access([self.sizes.input(x), self.sizes.output(dy)], []);
        let [x, dz] = step.x;
        let cost = bounded([ow, c, area + 1]);
        let sizes = [dz.geometry.images * oh, cost, 2 * c];
        let sums = sum::over_rows(step.threads, step.shared, sizes, |row, sums| {
            let (coefficient, bias) = sums.split_at_mut(c);
            let (image, oy) = (row / oh, row % oh);
            for ox in 0..ow {
                let dz = dz.pixel(image, oy, ox);
                bias.iter_mut().zip(dz).for_each(|(b, dz)| *b += dz);
                for iy in rows(oy) {
                    for ix in columns(ox) {
                        let x = x.pixel(image, iy, ix);
                        let all = coefficient.iter_mut().zip(x).zip(dz);
                        all.for_each(|((g, x), dz)| *g += x * dz);
                    }
                }
            }
        });
        let (coefficient, bias) = sums.split_at(c);
        memory::add(&mut mem.gradients[self.coefficient.clone()], coefficient);
        memory::add(&mut mem.gradients[self.bias.clone()], bias);
    }
}

/// The rows and the columns under a window.
fn windows(d: &plan::Subsample) -> [impl Fn(usize) -> Range<usize> + Copy; 2] {
    let d = *d;
    [0, 1].map(|axis| move |o| under(o, d.window[axis], d.stride[axis], 0, d.input[axis]))
}

/// With `z = coefficient * (sum over the window) + bias`, for dense images: adds to all gradients.
pub(crate) fn reference<T: Real>(
    d: &plan::Subsample,
    coefficient: &[T],
    [x, dz]: [&[T]; 2],
    dx: &mut [T],
    [dcoefficient, dbias]: [&mut [T]; 2],
) {
    let [h, w, c] = d.input;
    let [oh, ow, _] = Op::Subsample(*d).output();
    let [rows, columns] = windows(d);
    for (i, &dz) in dz.iter().enumerate() {
        let (image, oy, ox, channel) = (i / (oh * ow * c), i / (ow * c) % oh, i / c % ow, i % c);
        dbias[channel] += dz;
        for iy in rows(oy) {
            for ix in columns(ox) {
                let at = ((image * h + iy) * w + ix) * c + channel;
                dcoefficient[channel] += x[at] * dz;
                dx[at] += coefficient[channel] * dz;
            }
        }
    }
}

impl PlainBackward for plan::Subsample {
    fn plain_backward<T: Real>(
        &self,
        given: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let c = self.input[2];
        let coefficient = given.tensor("coefficient", c);
        let [mut dk, mut db] = [vec![T::zero(); c], vec![T::zero(); c]];
        let dx = &mut gradients.inputs[0];
        reference(
            self,
            &coefficient,
            [&pass.x[0], pass.dy],
            dx,
            [&mut dk, &mut db],
        );
        gradients.params = vec![("coefficient", dk), ("bias", db)];
    }
}
