//! The way back through operations that only move numbers: each gradient goes where its number came from.

use super::memory::put;
use super::{TrainMem, simple};
use crate::cpu::{self, Real};
use crate::plan::{self, Gradient, Op, View};

/// From HWC to CHW order, in training.
pub struct Transpose {
    d: plan::Transpose,
    forward: cpu::Transpose,
}

impl Transpose {
    /// Prepares the step.
    #[must_use]
    pub fn new(d: plan::Transpose) -> Self {
        Self {
            d,
            forward: cpu::Transpose::new(d),
        }
    }

    simple!(forward);

    /// From the gradient of the output to that of the input.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory.
    pub fn backward(
        &mut self,
        mem: &mut TrainMem<'_, '_>,
        _: View,
        _: View,
        dy: View,
        dx: Option<Gradient>,
    ) {
        let Some(dx) = dx else { return };
        let [h, w, c] = self.d.input;
        let step = mem.mem.access([dy], [dx.view]);
        step.for_rows(w * c * 2, |[dy], [mut row]| {
            let dy = dy.pixel(row.image, 0, 0);
            for ox in 0..w {
                let plane = dy[row.y * w + ox..].iter().step_by(h * w);
                for (to, dy) in row.pixel(ox).iter_mut().zip(plane) {
                    *to = if dx.accumulate { *to + dy } else { *dy };
                }
            }
        });
    }
}

/// Zeros around the picture, in training.
pub struct Pad {
    d: plan::Pad,
    forward: cpu::Pad,
}

impl Pad {
    /// Prepares the step.
    #[must_use]
    pub fn new(d: plan::Pad) -> Self {
        Self {
            d,
            forward: cpu::Pad::new(d),
        }
    }

    simple!(forward);

    /// From the gradient of the output to that of the input.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory.
    pub fn backward(
        &mut self,
        mem: &mut TrainMem<'_, '_>,
        _: View,
        _: View,
        dy: View,
        dx: Option<Gradient>,
    ) {
        let Some(dx) = dx else { return };
        let [top, _, left, _] = self.d.pad;
        let step = mem.mem.access([dy], [dx.view]);
        step.for_rows(dx.view.shape[1] * dx.view.shape[2], |[dy], [mut row]| {
            for ox in 0..row.width() {
                let dy = dy.pixel(row.image, row.y + top, ox + left);
                put(dx.accumulate, row.pixel(ox), dy);
            }
        });
    }
}

/// Nearest-neighbour enlargement, in training.
pub struct Upsample {
    d: plan::Upsample,
    forward: cpu::Upsample,
}

impl Upsample {
    /// Prepares the step.
    #[must_use]
    pub fn new(d: plan::Upsample) -> Self {
        Self {
            d,
            forward: cpu::Upsample::new(d),
        }
    }

    simple!(forward);

    /// From the gradient of the output to that of the input: the sum over the copies.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory.
    pub fn backward(
        &mut self,
        mem: &mut TrainMem<'_, '_>,
        _: View,
        _: View,
        dy: View,
        dx: Option<Gradient>,
    ) {
        let Some(dx) = dx else { return };
        let [fh, fw] = self.d.factor;
        let step = mem.mem.access([dy], [dx.view]);
        let cost = dx.view.shape[1] * dx.view.shape[2] * fh * fw;
        step.for_rows(cost, |[dy], [mut row]| {
            for ox in 0..row.width() {
                for copy in 0..fh * fw {
                    let (oy, ix) = (row.y * fh + copy / fw, ox * fw + copy % fw);
                    let dy = dy.pixel(row.image, oy, ix);
                    put(dx.accumulate || copy > 0, row.pixel(ox), dy);
                }
            }
        });
    }
}

/// Adds each gradient where its number came from, for dense images: `from(y, x, c)` of the output is a place in the input.
fn gather<T: Real>(
    [input, output]: [[usize; 3]; 2],
    dz: &[T],
    dx: &mut [T],
    from: impl Fn([usize; 3]) -> Option<usize>,
) {
    let [_, w, c] = output;
    let images = dz.chunks_exact(output.iter().product());
    for (dz, dx) in images.zip(dx.chunks_exact_mut(input.iter().product())) {
        for (i, &dz) in dz.iter().enumerate() {
            if let Some(at) = from([i / (w * c), i / c % w, i % c]) {
                dx[at] += dz;
            }
        }
    }
}

/// The plain way back of [`Transpose`].
pub(crate) fn transpose_reference<T: Real>(d: &plan::Transpose, dz: &[T], dx: &mut [T]) {
    let [h, w, c] = d.input;
    let output = Op::Transpose(*d).output();
    gather([d.input, output], dz, dx, |[_, _, i]| {
        Some(i % (h * w) * c + i / (h * w))
    });
}

/// The plain way back of [`Pad`].
pub(crate) fn pad_reference<T: Real>(d: &plan::Pad, dz: &[T], dx: &mut [T]) {
    let [h, w, c] = d.input;
    let output = Op::Pad(*d).output();
    gather([d.input, output], dz, dx, |[y, x, channel]| {
        let y = y.checked_sub(d.pad[0]).filter(|&y| y < h)?;
        let x = x.checked_sub(d.pad[2]).filter(|&x| x < w)?;
        Some((y * w + x) * c + channel)
    });
}

/// The plain way back of [`Upsample`].
pub(crate) fn upsample_reference<T: Real>(d: &plan::Upsample, dz: &[T], dx: &mut [T]) {
    let [_, w, c] = d.input;
    let output = Op::Upsample(*d).output();
    gather([d.input, output], dz, dx, |[y, x, channel]| {
        Some((y / d.factor[0] * w + x / d.factor[1]) * c + channel)
    });
}
