//! Convolution.

#[cfg(feature = "train")]
pub(crate) mod train;

mod abreast;
mod depthwise;
pub(crate) mod direct;
mod grouped;
pub(crate) mod method;
mod onto;
mod panels;
mod pixels;
pub(crate) mod reference;
mod tasks;
#[cfg(test)]
mod tests;
mod winograd;

use crate::cpu::access::{Access, AnySource, Shared, Source, scratch};
use crate::cpu::choice::{Choice, Method};
use crate::cpu::kernel::{self, Kernels};
use crate::cpu::rows::{RowKernel, Rows};
use crate::cpu::sizes::{Sizes, bounded, elements};
use crate::plan::{self, Op, View};
use crate::threads::Threads;
use crate::{LayerWeights, Mem, Scratch};
use abreast::Abreast;
use alloc::boxed::Box;
use core::ops::Range;
use depthwise::Depthwise;
use direct::Direct;
pub(crate) use direct::Spread;
use grouped::Grouped;
pub(crate) use onto::Onto;
pub(crate) use panels::Strides;
pub(crate) use pixels::{Origin, Pixels, Strip, Strips, origins, rows_fill};
pub(crate) use tasks::{MAX_PIXELS, Tasks, Work};
use winograd::Winograd;
#[cfg(feature = "train")]
use winograd::of_a_group;

/// See [`plan::Conv`].
pub struct Conv {
    d: plan::Conv,
    sizes: Sizes,
    algorithm: Algorithm,
}

/// A way to compute the layer, with its packed weights.
enum Algorithm {
    /// The kernels read the picture where it lies.
    Direct(Direct),
    /// The same on a padded copy.
    Padded(Direct),
    /// One filter a channel.
    Depthwise(Depthwise),
    /// Filters of several groups in a vector.
    Grouped(Grouped),
    /// Several pixels in a vector.
    Abreast(Box<Abreast>),
    /// Fewer products of transformed tiles.
    Winograd(Winograd),
}

impl Conv {
    /// Packs the layer's weights for this machine.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layer has not its parameters.
    #[must_use]
    pub fn new(d: plan::Conv, layer: LayerWeights<'_>) -> Self {
        Sizes::of(d);
        Self::chosen(d, layer, layer.choice(&d.into()))
    }

    /// As [`new`](Self::new), by this choice.
    pub(crate) fn chosen(d: plan::Conv, layer: LayerWeights<'_>, choice: Choice) -> Self {
        layer.declare(&d);
        let inputs = d.input[2] / d.groups * d.kernel[0] * d.kernel[1];
        let (weight, bias) = layer.affine::<f32>(d.filters, inputs, d.bias);
        let conv = Self::of(d, &weight, &bias, choice);
        layer.release(0..weight.len());
        conv
    }

    pub(super) fn of(d: plan::Conv, weight: &[f32], bias: &[f32], choice: Choice) -> Self {
        let mut conv = Self::prepare(d, Strides::file(&d), choice);
        conv.pack(weight, bias, Threads::to_prepare(weight.len()));
        conv
    }

    /// Makes the kernel of a choice; [`pack`](Self::pack) brings the weights.
    ///
    /// # Panics
    /// If the choice cannot serve.
    pub(crate) fn prepare(d: plan::Conv, strides: Strides, choice: Choice) -> Self {
        let sizes = Sizes::of(d);
        assert!(
            method::can(&d, choice.method, choice.level),
            "{} for {d:?}",
            choice.method
        );
        let kernels: &Kernels = kernel::kernels(choice.level);
        let direct = |d| Direct::new(d, strides, kernels);
        let algorithm = match choice.method {
            Method::Depthwise => Algorithm::Depthwise(Depthwise::new(d, strides, kernels)),
            Method::Grouped => Algorithm::Grouped(Grouped::new(d, strides, kernels)),
            Method::Winograd2 => Algorithm::Winograd(Winograd::new(d, strides, kernels, 2)),
            Method::Winograd4 => Algorithm::Winograd(Winograd::new(d, strides, kernels, 4)),
            Method::Abreast => {
                let pixels = Abreast::pixels(&d, kernels.lanes).expect("of this kind");
                Algorithm::Abreast(Box::new(Abreast::new(d, strides, kernels, pixels)))
            }
            Method::Padded => Algorithm::Padded(direct(padded(d))),
            Method::Direct | Method::Only | Method::Int8 => Algorithm::Direct(direct(d)),
        };
        Self {
            d,
            sizes,
            algorithm,
        }
    }

    /// Takes these weights, laid out as `prepare` was told, and biases; an empty `bias` stands for zeros.
    pub(crate) fn pack(&mut self, weight: &[f32], bias: &[f32], threads: Threads) {
        match &mut self.algorithm {
            Algorithm::Direct(direct) | Algorithm::Padded(direct) => {
                direct.pack(weight, bias, threads);
            }
            Algorithm::Depthwise(depthwise) => depthwise.pack(weight, bias),
            Algorithm::Grouped(grouped) => grouped.pack(weight, bias),
            Algorithm::Abreast(abreast) => abreast.pack(weight, bias, threads),
            Algorithm::Winograd(winograd) => winograd.pack(weight, bias, threads),
        }
    }

    /// Bytes of packed weights.
    #[cfg(feature = "train")]
    pub(crate) fn bytes(&self) -> usize {
        match &self.algorithm {
            Algorithm::Direct(direct) | Algorithm::Padded(direct) => direct.bytes(),
            Algorithm::Abreast(abreast) => abreast.bytes(),
            Algorithm::Winograd(winograd) => winograd.bytes(),
            Algorithm::Grouped(grouped) => grouped.bytes(),
            Algorithm::Depthwise(_) => 0, // a few numbers a channel
        }
    }

    /// Whether [`run_into`](Self::run_into) can add to what the output holds.
    #[cfg(feature = "train")]
    pub(crate) fn accumulates(&self) -> bool {
        !matches!(self.algorithm, Algorithm::Depthwise(_)) && self.d.act == plan::Act::None
    }

    /// Memory for a batch.
    #[must_use]
    pub fn scratch(&self, max_batch: usize) -> Scratch {
        let shared = match &self.algorithm {
            Algorithm::Padded(_) => {
                let [h, w, c] = padded(self.d).input;
                bounded([max_batch.max(1), h, w, c])
            }
            Algorithm::Winograd(winograd) => return winograd.scratch(max_batch),
            Algorithm::Direct(_)
            | Algorithm::Depthwise(_)
            | Algorithm::Grouped(_)
            | Algorithm::Abreast(_) => 0,
        };
        Scratch { shared, worker: 0 }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap; or the workspace has less scratch memory than
    /// [`scratch`](Self::scratch) says.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        let step = mem.access([self.sizes.input(x)], [self.sizes.output(y)]);
        self.compute(step, Onto::Biases);
    }

    /// As [`run`](Self::run), and adds a picture before the activation. It may be the output itself.
    pub(crate) fn run_onto(&self, mem: &mut Mem<'_, '_>, x: View, added: View, y: View) {
        let (read, output) = (self.sizes.input(x), self.sizes.output(y));
        if added == y {
            let step = mem.access([read], [output]);
            let added = Pixels::into(&step.y[0]);
            return self.compute(step, Onto::Picture(added));
        }
        let Access {
            x: [x, added],
            y,
            shared,
            workers,
            threads,
        } = mem.access([read, self.sizes.output(added)], [output]);
        let step = Access {
            x: [x],
            y,
            shared,
            workers,
            threads,
        };
        self.compute(step, Onto::Picture(Pixels::of(&added)));
    }

    /// As [`run`](Self::run); `accumulate` adds the sums, without biases, to what the output holds.
    #[cfg(feature = "train")]
    pub(crate) fn run_into(&self, mem: &mut Mem<'_, '_>, x: View, y: View, accumulate: bool) {
        let step = mem.access([self.sizes.input(x)], [self.sizes.output(y)]);
        let onto = match accumulate {
            true => Onto::Output,
            false => Onto::Biases,
        };
        self.compute(step, onto);
    }

    fn compute(&self, step: Access<'_, 1, 1>, onto: Onto<'_>) {
        let Access {
            x: [x],
            y: [y],
            shared,
            workers,
            threads,
        } = step;
        let images = x.geometry.images;
        let (input, output) = (Pixels::of(&x), Pixels::into(&y));
        match &self.algorithm {
            Algorithm::Direct(direct) => {
                // SAFETY: `Mem::access` has checked that both views have the descriptor's shapes, lie in their memory and share no
                // element, and holds them for the time of this call; so it has for what is added, unless that is the output.
                unsafe { direct.run(images, [input, output], onto, threads) }
            }
            Algorithm::Padded(direct) => {
                let input = copy_padded(&self.d, x, shared, threads);
                // SAFETY: as above; the copy is scratch memory of this step.
                unsafe { direct.run(images, [input, output], onto, threads) }
            }
            Algorithm::Depthwise(depthwise) => {
                threads.for_each(depthwise.tasks(images), |task, _| {
                    // SAFETY: as above; the tasks write different pixels.
                    unsafe { depthwise.run(images, task, input, output) }
                });
            }
            Algorithm::Grouped(grouped) => {
                threads.for_each(grouped.tasks(images), |task, _| {
                    // SAFETY: as above; the tasks write different pixels.
                    unsafe { grouped.run(images, task, [input, output], onto) }
                });
            }
            Algorithm::Abreast(abreast) => {
                // SAFETY: as above.
                unsafe { abreast.run(images, [input, output], onto, threads) }
            }
            Algorithm::Winograd(winograd) => {
                let memory = (shared, &workers);
                // SAFETY: as above.
                unsafe { winograd.run(images, [input, output], onto, memory, threads) }
            }
        }
    }
}

impl RowKernel for Conv {
    fn op(&self) -> Op {
        self.d.into()
    }

    fn is_able(&self, first: bool) -> bool {
        match &self.algorithm {
            Algorithm::Direct(_) | Algorithm::Depthwise(_) => true,
            Algorithm::Padded(_) => first,
            Algorithm::Winograd(winograd) => winograd.is_near(),
            Algorithm::Grouped(_) | Algorithm::Abreast(_) => false,
        }
    }

    fn copied<'m>(
        &self,
        x: AnySource<'m>,
        shared: &'m mut [f32],
        threads: Threads,
    ) -> Option<AnySource<'m>> {
        let Algorithm::Padded(_) = self.algorithm else {
            return None;
        };
        let (shape, images) = (padded(self.d).input, x.geometry().images);
        let copy = copy_padded(&self.d, x.floats(), shared, threads).memory;
        // SAFETY: the copy holds all pictures, and is borrowed as scratch memory.
        let copy = unsafe { Source::dense(copy, shape, images) };
        Some(AnySource::F32(copy))
    }

    fn weight_bytes(&self) -> usize {
        match &self.algorithm {
            Algorithm::Direct(direct) | Algorithm::Padded(direct) => direct.weight_bytes(),
            // Few, or as often as without rows.
            _ => 0,
        }
    }

    fn grain(&self) -> usize {
        match &self.algorithm {
            Algorithm::Winograd(winograd) => winograd.side(),
            _ => 1,
        }
    }

    fn worker(&self, rows: usize) -> usize {
        match &self.algorithm {
            Algorithm::Winograd(winograd) => winograd.worker(rows),
            _ => 0,
        }
    }

    unsafe fn rows(&self, image: usize, rows: Range<usize>, of: &Rows<'_>) {
        let (input, output) = (Pixels::of(&of.x[0].floats()), Pixels::into(&of.y.floats()));
        let [height, width, _] = self.sizes.shape();
        let pixels = (image * height + rows.start) * width..(image * height + rows.end) * width;
        // SAFETY: the caller's promise is the same.
        unsafe {
            match &self.algorithm {
                Algorithm::Direct(direct) | Algorithm::Padded(direct) => {
                    direct.pixels(pixels, input, output);
                }
                Algorithm::Depthwise(depthwise) => depthwise.pixels(pixels, input, output),
                Algorithm::Winograd(winograd) => {
                    winograd.rows(image, rows, [input, output], of.worker);
                }
                Algorithm::Grouped(_) | Algorithm::Abreast(_) => {
                    unreachable!("asked before whether it is able")
                }
            }
        }
    }
}

/// The same convolution over a picture that holds its padding.
pub(crate) fn padded(d: plan::Conv) -> plan::Conv {
    let [top, bottom, left, right] = d.pad;
    let [h, w, c] = d.input;
    plan::Conv {
        input: [top + h + bottom, left + w + right, c],
        pad: [0; 4],
        ..d
    }
}

/// Copies the pictures to the start of this memory, with zeros around them.
///
/// # Panics
/// If the memory is too small.
pub(crate) fn copy_padded<'m>(
    d: &plan::Conv,
    x: Source<'_>,
    memory: &'m mut [f32],
    threads: Threads,
) -> Pixels<'m> {
    let [h, w, c] = d.input;
    let [top, _, left, _] = d.pad;
    let [height, width, _] = padded(*d).input;
    let images = x.geometry.images;
    let row_size = width * c;
    let (copy, _) = scratch(memory, elements([images, height, row_size]));
    let rows = Shared::new(copy);
    threads.for_ranges(images * height, row_size, |range, _| {
        for row in range {
            // SAFETY: the ranges cover each row once.
            let to = unsafe { rows.part(row * row_size..(row + 1) * row_size) };
            let Some(y) = (row % height).checked_sub(top).filter(|&y| y < h) else {
                to.fill(0.0);
                continue;
            };
            to[..left * c].fill(0.0);
            to[(left + w) * c..].fill(0.0);
            let to = &mut to[left * c..][..w * c];
            match x.dense_row(row / height, y) {
                Some(row) => to.copy_from_slice(row),
                None => {
                    let pixels = x.pixels(row / height, y, 0..w);
                    let pairs = to.chunks_exact_mut(c).zip(pixels);
                    pairs.for_each(|(to, pixel)| to.copy_from_slice(pixel));
                }
            }
        }
    });
    Pixels {
        memory: rows,
        pixel: c,
    }
}
