//! Backward through a softmax that is not the network's last layer.

use crate::cpu::sizes::{Sizes, bounded, prepared};
use crate::cpu::{self, Real, simd::multiversion};
use crate::plan;
use crate::reference::Given;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, TrainMem, backward, simple};

/// Softmax over the channels of each pixel, in training.
pub struct Softmax {
    sizes: Sizes,
    forward: cpu::Softmax,
}

impl Softmax {
    prepared!(|d: plan::Softmax| Self {
        forward: cpu::Softmax::new(d)
    });

    simple!(forward);

    backward!();

    fn back(&mut self, mem: &mut TrainMem<'_, '_>, Backward { y, dy, dx, .. }: Backward) {
        let cost = bounded([dy.shape[1], dy.shape[2], 4]);
        let step = mem
            .mem
            .access([self.sizes.output(y)], [self.sizes.output(dy)]);
        step.for_rows(cost, |[y], [mut dy]| {
            for ox in 0..dy.width() {
                pixel(y.pixel(dy.image, dy.y, ox), dy.pixel(ox));
            }
        });
        mem.hand_on(self.sizes.output(dy), dx);
    }
}

multiversion! {
    /// `dx[c] = y[c] * (dy[c] - sum of y[k] dy[k])`
    fn pixel(y: &[f32], dy: &mut [f32]) {
        let mean: f32 = y.iter().zip(&*dy).map(|(y, dy)| y * dy).sum();
        dy.iter_mut().zip(y).for_each(|(dy, y)| *dy = y * (*dy - mean));
    }
}

/// `dx[c] += y[c] * (dy[c] - sum of y[k] dy[k])` for dense pixels of `c` channels.
pub(crate) fn reference<T: Real>(c: usize, y: &[T], dy: &[T], dx: &mut [T]) {
    let pixels = y.chunks_exact(c).zip(dy.chunks_exact(c));
    for ((y, dy), dx) in pixels.zip(dx.chunks_exact_mut(c)) {
        let mean: T = y.iter().zip(dy).map(|(&y, &dy)| y * dy).sum();
        for ((dx, &y), &dy) in dx.iter_mut().zip(y).zip(dy) {
            *dx += y * (dy - mean);
        }
    }
}

impl PlainBackward for plan::Softmax {
    fn plain_backward<T: Real>(
        &self,
        _: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        reference(self.input[2], pass.y, pass.dy, &mut gradients.inputs[0]);
    }
}
