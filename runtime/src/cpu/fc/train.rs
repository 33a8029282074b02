//! Fully connected layers in training: three matrix products, each over the weights as the file stores them, `[units, inputs]`.
//!
//! - forward: rows are units, whose weights are read once, in order; columns the images, transposed (they are the small operand);
//! - the input's gradient: rows are images, columns inputs, terms units;
//! - the weights' gradient: rows are units, columns inputs, terms images.

use crate::Scratch;
use crate::cpu::Real;
use crate::cpu::access::{Access, Shared, Source, Workers, scratch};
use crate::cpu::act;
use crate::cpu::choice::Choice;
use crate::cpu::conv::train::through_bias;
use crate::cpu::gemm::Panels;
use crate::cpu::kernel::Outer;
use crate::cpu::machine::Machine;
use crate::cpu::simd::Level;
use crate::cpu::sizes::{Sizes, bounded};
use crate::cpu::sum;
use crate::plan::{self, View};
use crate::reference::Given;
use crate::threads::Threads;
use crate::train::reference::{Gradients, Pass, PlainBackward};
use crate::train::{Backward, Layout, TrainMem, backward, memory};
use alloc::vec;
use core::ops::Range;

/// Panels of inputs in a task: what is read of a row of weights at once.
const BLOCK: usize = 4;

/// Fully connected, in training.
pub struct Fc {
    d: plan::Fc,
    sizes: Sizes,
    weight: Range<usize>,
    bias: Option<Range<usize>>,
    inputs: usize,
    level: Level,
}

impl Fc {
    /// Prepares the step for the parameters of this layer.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layout has not the layer's parameters.
    #[must_use]
    pub fn new(d: plan::Fc, layout: &Layout, layer: &str) -> Self {
        Self::chosen(
            d,
            layout,
            layer,
            Machine::here().choice_in_training(&d.into()),
        )
    }

    /// As [`new`](Self::new), by this choice: its level, of all three products.
    pub(crate) fn chosen(d: plan::Fc, layout: &Layout, layer: &str, choice: Choice) -> Self {
        let sizes = Sizes::of(d);
        let inputs = d.input.iter().product();
        Self {
            d,
            sizes,
            weight: layout.range(layer, "weight", d.units * inputs),
            bias: d.bias.then(|| layout.range(layer, "bias", d.units)),
            inputs,
            level: choice.level,
        }
    }

    /// Memory for a batch.
    #[must_use]
    pub fn scratch(&self, max_batch: usize) -> Scratch {
        // Images, dense or in panels, and transposed, and the transposed output.
        let wide = max_batch.checked_next_multiple_of(16);
        let wide = wide.unwrap_or(usize::MAX);
        let numbers = self.inputs.saturating_add(self.d.units);
        let forward = bounded([max_batch, self.inputs])
            .saturating_add(bounded([wide, numbers]).saturating_add(32));
        let panels = Panels::new(self.level, self.inputs);
        Scratch {
            shared: forward.max(sum::scratch(self.d.units)),
            worker: near(&panels),
        }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or the workspace has less scratch memory than
    /// [`scratch`](Self::scratch) says.
    pub fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: View, y: View) {
        let weight = &mem.params[self.weight.clone()];
        let bias = self
            .bias
            .clone()
            .map_or(&[][..], |range| &mem.params[range]);
        let step = mem
            .mem
            .access([self.sizes.input(x)], [self.sizes.output(y)]);
        let images = step.x[0].geometry.images;
        let panels = Panels::new(self.level, images);
        let wide = images.next_multiple_of(panels.lanes());
        let (columns, step) = step.take_shared(self.inputs * wide);
        let (sums, step) = step.take_shared(self.d.units * wide);
        transpose(&step.x[0], wide, columns, step.threads);
        self.products(weight, columns, sums, wide, step.threads);

        let act = self.d.act;
        let sums = &*sums;
        step.for_rows(bounded([self.d.units, 8]), |_, [mut row]| {
            let image = row.image;
            let y = row.pixel(0);
            let column = sums[image..].iter().step_by(wide);
            y.iter_mut().zip(column).for_each(|(y, sum)| *y = *sum);
            memory::add(y, bias);
            act::apply(act, y);
        });
    }

    /// `sums[unit][image] = sum over inputs of weight[unit][input] * columns[input][image]`
    fn products(
        &self,
        weight: &[f32],
        columns: &[f32],
        sums: &mut [f32],
        wide: usize,
        threads: Threads,
    ) {
        let panels = Panels::new(self.level, wide);
        let tuning = &panels.tuning().product;
        let terms = (tuning.near / panels.width()).clamp(1, tuning.terms);
        let out = Shared::new(sums);
        threads.for_each(self.d.units.div_ceil(tuning.units), |task, _| {
            let first = task * tuning.units;
            let count = tuning.units.min(self.d.units - first);
            for start in (0..self.inputs).step_by(terms) {
                for panel in 0..panels.count() {
                    let units = first..first + count;
                    let rows = units.map(|unit| weight[unit * self.inputs + start..].as_ptr());
                    let (column, width) = panels.range(panel);
                    let sum = Outer {
                        rows: core::ptr::null(),
                        row_steps: [0, 0, 1],
                        columns: columns[start * wide + column..].as_ptr(),
                        column_steps: [0, 0, wide],
                        counts: [1, 1, terms.min(self.inputs - start)],
                        out: out.at(first * wide + column),
                        stride: wide,
                        width,
                        accumulate: start > 0,
                    };
                    // SAFETY: rows are units' weights, columns those of whole transposed images; the units' sums are this
                    // task's own.
                    unsafe { panels.run(count, rows, &sum) }
                }
            }
        });
    }

    backward!();

    fn back(&mut self, mem: &mut TrainMem<'_, '_>, step: Backward) {
        let dz = through_bias(mem, (self.sizes, self.d.act), step, self.bias.clone());
        let Backward { x, dx, .. } = step;
        let x = self.sizes.input(x);
        let gradient = &mut mem.gradients[self.weight.clone()];
        self.weight_gradient(mem.mem.access([x, dz], []), gradient);
        if let Some(dx) = dx {
            let weight = &mem.params[self.weight.clone()];
            let step = mem.mem.access([dz], [self.sizes.input(dx.view)]);
            self.input_gradient(step, weight, dx.accumulate);
        }
    }

    /// `g[unit][input] += sum over images of dz[image][unit] * x[image][input]`
    fn weight_gradient(&self, step: Access<'_, 2, 0>, gradient: &mut [f32]) {
        let [x, dz] = step.x;
        let images = x.geometry.images;
        let panels = Panels::new(self.level, self.inputs);
        let (packed, step) = step.take_shared(images * self.inputs);
        pack_images(&x, &panels, packed, step.threads);
        let (rows, step) = step.take_shared(images * self.d.units);
        transpose(&dz, images, rows, step.threads);
        let (packed, rows) = (&*packed, &*rows);
        let units = panels.rows();
        let out = Shared::new(gradient);
        let tasks = self.d.units.div_ceil(units);
        step.threads.for_each(tasks, |task, _| {
            let first = task * units;
            let count = units.min(self.d.units - first);
            for panel in 0..panels.count() {
                let rows = rows[first * images..].chunks_exact(images);
                let (column, width) = panels.range(panel);
                let sum = Outer {
                    rows: core::ptr::null(),
                    row_steps: [0, 0, 1],
                    columns: packed[column * images..].as_ptr(),
                    column_steps: [0, 0, width],
                    counts: [1, 1, images],
                    out: out.at(first * self.inputs + column),
                    stride: self.inputs,
                    width,
                    accumulate: true,
                };
                // SAFETY: rows are units' gradients of all images, columns a panel of all images; the units' gradients are this task's own.
                unsafe { panels.run(count, rows.map(<[f32]>::as_ptr), &sum) }
            }
        });
    }

    /// `dx[image][input] = sum over units of dz[image][unit] * weight[unit][input]`
    fn input_gradient(&self, step: Access<'_, 1, 1>, weight: &[f32], accumulate: bool) {
        let images = step.x[0].geometry.images;
        let is_dense = step.y[0].geometry.pixel == step.y[0].geometry.shape[2];
        let (copy, step) = step.take_shared(if is_dense { 0 } else { images * self.inputs });
        let out = if is_dense {
            step.y[0].memory()
        } else {
            Shared::new(copy)
        };
        let dz = step.x[0];
        let panels = Panels::new(self.level, self.inputs);
        let block = panels.width() * BLOCK;
        let terms = near(&panels) / block;
        let (threads, workers) = (step.threads, &step.workers);
        workers.require(terms.min(self.d.units) * block.min(self.inputs));
        threads.for_each(self.inputs.div_ceil(block), |task, worker| {
            // SAFETY: the worker runs this task alone, and asks once.
            let memory = unsafe { workers.part(worker) };
            let columns = task * block..self.inputs.min((task + 1) * block);
            for first in (0..self.d.units).step_by(terms) {
                let count = terms.min(self.d.units - first);
                let (packed, _) = scratch(memory, count * columns.len());
                let rows = weight[first * self.inputs..].chunks_exact(self.inputs);
                pack_weights(
                    rows.map(|row| &row[columns.clone()]),
                    panels.width(),
                    packed,
                );
                for panel in task * BLOCK..panels.count().min((task + 1) * BLOCK) {
                    let rows = (0..images).map(|image| dz.pixel(image, 0, 0)[first..].as_ptr());
                    let (column, width) = panels.range(panel);
                    let sum = Outer {
                        rows: core::ptr::null(),
                        row_steps: [0, 0, 1],
                        columns: packed[(column - columns.start) * count..].as_ptr(),
                        column_steps: [0, 0, width],
                        counts: [1, 1, count],
                        out: out.at(column),
                        stride: self.inputs,
                        width,
                        accumulate: first > 0 || (accumulate && is_dense),
                    };
                    // SAFETY: `Mem::access` has checked both views; `out` is the dense output or as large a copy, whose columns are
                    // this task's own.
                    unsafe { panels.run(images, rows, &sum) }
                }
            }
        });
        if !is_dense {
            let copy = &*copy;
            let [_, w, c] = self.d.input;
            step.for_rows(w * c, |_, [mut row]| {
                let from = row.image * self.inputs + row.y * w * c;
                for ox in 0..w {
                    let from = &copy[from + ox * c..][..c];
                    memory::put(accumulate, row.pixel(ox), from);
                }
            });
        }
    }
}

/// Weights of a block of inputs that stay near the core while images pass by, in numbers.
fn near(panels: &Panels) -> usize {
    panels.tuning().product.near / 2
}

/// `to[panel][image][input]`: what an image has for a panel side by side with what the next one has.
fn pack_images(x: &Source<'_>, panels: &Panels, to: &mut [f32], threads: Threads) {
    let [_, w, c] = x.geometry.shape;
    let images = x.geometry.images;
    let to = Shared::new(to);
    threads.for_ranges(panels.count(), images * panels.width(), |range, _| {
        for panel in range {
            let (first, width) = panels.range(panel);
            // SAFETY: the panels lie one after the other, and each is one task's alone.
            let to = unsafe { to.part(first * images..(first + width) * images) };
            for (image, to) in to.chunks_exact_mut(width).enumerate() {
                let mut done = 0;
                while done < width {
                    // A row where its pixels lie side by side, else a pixel.
                    let at = first + done;
                    let run = match x.dense_row(image, at / (w * c)) {
                        Some(row) => &row[at % (w * c)..],
                        None => &x.pixel(image, at / (w * c), at / c % w)[at % c..],
                    };
                    let len = run.len().min(width - done);
                    to[done..done + len].copy_from_slice(&run[..len]);
                    done += len;
                }
            }
        }
    });
}

/// `to[panel][unit][input]`, from as many rows as fit.
fn pack_weights<'w>(rows: impl Iterator<Item = &'w [f32]>, width: usize, to: &mut [f32]) {
    let mut rows = rows.enumerate().peekable();
    let Some((_, first)) = rows.peek() else {
        return;
    };
    let count = to.len() / first.len();
    for (unit, row) in rows.take(count) {
        let mut start = 0;
        for part in row.chunks(width) {
            to[start + unit * part.len()..][..part.len()].copy_from_slice(part);
            start += count * part.len();
        }
    }
}

/// `to[input][image]`, rows of `wide` numbers; zeros after the last image.
fn transpose(x: &Source<'_>, wide: usize, to: &mut [f32], threads: Threads) {
    let [h, w, c] = x.geometry.shape;
    let images = x.geometry.images;
    let rows = Workers::new(to, c * wide, h * w);
    threads.for_ranges(h * w, c * wide * 2, |cells, _| {
        for cell in cells {
            // SAFETY: each cell belongs to one task, and the borrow ends with it.
            let to = unsafe { rows.part(cell) };
            for image in 0..images {
                let x = x.pixel(image, cell / w, cell % w);
                let column = to[image..].iter_mut().step_by(wide);
                column.zip(x).for_each(|(to, x)| *to = *x);
            }
            for row in to.chunks_exact_mut(wide) {
                row[images..].fill(0.0);
            }
        }
    });
}

/// Plain backward, from `dz` before the activation, for dense images; adds to all gradients.
pub(crate) fn reference<T: Real>(
    d: &plan::Fc,
    weight: &[T],
    [x, dz]: [&[T]; 2],
    dx: &mut [T],
    [dweight, dbias]: [&mut [T]; 2],
) {
    let inputs = d.input.iter().product();
    let images = x.chunks_exact(inputs).zip(dz.chunks_exact(d.units));
    for ((x, dz), dx) in images.zip(dx.chunks_exact_mut(inputs)) {
        for (unit, &dz) in dz.iter().enumerate() {
            dbias[unit] += dz;
            for i in 0..inputs {
                dx[i] += dz * weight[unit * inputs + i];
                dweight[unit * inputs + i] += dz * x[i];
            }
        }
    }
}

impl PlainBackward for plan::Fc {
    fn plain_backward<T: Real>(
        &self,
        given: &Given<'_, T>,
        pass: &Pass<'_, T>,
        gradients: &mut Gradients<T>,
    ) {
        let inputs: usize = self.input.iter().product();
        let weight = given.tensor("weight", self.units * inputs);
        let mut dw = vec![T::zero(); weight.len()];
        let mut db = vec![T::zero(); self.units];
        let dx = &mut gradients.inputs[0];
        reference(self, &weight, [&pass.x[0], pass.dy], dx, [&mut dw, &mut db]);
        gradients.affine(dw, self.bias.then_some(db));
    }
}
