//! Transposed convolution.

mod phases;
pub(crate) mod reference;
#[cfg(feature = "train")]
pub(crate) mod train;

use super::access::{Shared, Views};
use super::act;
use super::choice::Choice;
use super::conv::direct::Direct;
use super::conv::{Pixels, Spread, Strides};
use super::kernel;
use super::sizes::{Sizes, bounded};
use crate::plan::{self, View};
use crate::threads::Threads;
use crate::{LayerWeights, Mem};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use phases::{Phase, along};

/// Pixels of the input that all parts pass over before the next ones.
const PIXELS: usize = 256;

/// See [`plan::Deconv`].
pub struct Deconv {
    d: plan::Deconv,
    sizes: Sizes,
    parts: Vec<PhaseConv>,
    /// What outputs hold that no tap reaches, where there are any.
    untouched: Option<Vec<f32>>,
}

/// The outputs of one remainder by the strides, and their convolution.
struct PhaseConv {
    rows: Phase,
    columns: Phase,
    /// Its weights, `[filters, c / groups, rows, columns]`: a part of the layer's.
    weight: Vec<f32>,
    direct: Direct,
}

impl Deconv {
    /// Packs the layer's weights for this machine.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layer has not its parameters.
    #[must_use]
    pub fn new(d: plan::Deconv, layer: LayerWeights<'_>) -> Self {
        Self::chosen(d, layer, layer.choice(&d.into()))
    }

    /// As [`new`](Self::new), by this choice.
    pub(crate) fn chosen(d: plan::Deconv, layer: LayerWeights<'_>, choice: Choice) -> Self {
        Sizes::of(d);
        layer.declare(&d);
        let (weight, bias) = layer.transposed::<f32>(sizes(&d), d.groups, d.bias);
        let mut deconv = Self::prepare(d, choice);
        deconv.pack(&weight, &bias, Threads::single());
        deconv
    }

    /// Makes the kernels of a choice; [`pack`](Self::pack) brings the weights.
    fn prepare(d: plan::Deconv, choice: Choice) -> Self {
        let (rows, columns) = (along(&d, 0), along(&d, 1));
        let all = |phases: &[Phase], axis: usize| phases.len() == d.stride[axis];
        let is_whole = all(&rows, 0) && all(&columns, 1);
        let kernels = kernel::kernels(choice.level);
        let pairs = rows
            .iter()
            .flat_map(|rows| columns.iter().map(move |columns| (rows, columns)));
        let part = |(rows, columns): (&Phase, &Phase)| {
            let conv = convolution(&d, rows, columns);
            let terms = d.input[2] / d.groups * rows.taps.len() * columns.taps.len();
            PhaseConv {
                weight: vec![0.0; d.filters * terms],
                direct: Direct::new(conv, Strides::file(&conv), kernels),
                rows: rows.clone(),
                columns: columns.clone(),
            }
        };
        Self {
            d,
            sizes: Sizes::of(d),
            parts: pairs.map(part).collect(),
            untouched: (!is_whole).then(|| vec![0.0; d.filters]),
        }
    }

    /// Takes weights in the file's layout, and biases; an empty `bias` stands for zeros.
    fn pack(&mut self, weight: &[f32], bias: &[f32], threads: Threads) {
        let d = &self.d;
        for part in &mut self.parts {
            part.take(d, weight);
            part.direct.pack(&part.weight, bias, threads);
        }
        if let Some(untouched) = &mut self.untouched {
            match bias {
                [] => untouched.fill(0.0),
                bias => untouched.copy_from_slice(bias),
            }
            act::apply(d.act, untouched);
        }
    }

    /// Bytes of packed weights.
    #[cfg(feature = "train")]
    pub(crate) fn bytes(&self) -> usize {
        let parts = self.parts.iter();
        let of = |part: &PhaseConv| part.direct.bytes() + size_of_val(&part.weight[..]);
        parts.map(of).sum()
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap.
    pub fn run(&self, mem: &mut Mem<'_, '_>, x: View, y: View) {
        if let Some(untouched) = &self.untouched {
            let step = mem.step([self.sizes.input(x)], self.sizes.output(y));
            step.for_rows(bounded([y.shape[1], y.shape[2]]), |_, mut row| {
                (0..row.width()).for_each(|ox| row.pixel(ox).copy_from_slice(untouched));
            });
        }
        let step = mem.step([self.sizes.input(x)], self.sizes.output(y));
        let rows = self.parts.iter().map(|part| part.rows.count);
        let (rows, images) = (rows.max().unwrap_or(0), step.y.geometry.images);
        // A few rows of inputs stay near the core while all parts pass over them.
        let block = (PIXELS / x.shape[1]).clamp(1, rows.max(1));
        let blocks = rows.div_ceil(block);
        let [channels, filters, cells] = sizes(&self.d);
        let cost = bounded([block, x.shape[1], channels, filters / self.d.groups, cells]);
        step.threads.for_ranges(images * blocks, cost, |tasks, _| {
            for task in tasks {
                let first = task % blocks * block;
                for part in &self.parts {
                    let rows = first.min(part.rows.count)..(first + block).min(part.rows.count);
                    self.part(part, &step, task / blocks, rows);
                }
            }
        });
    }

    /// Some rows of a part, of one image.
    fn part(&self, part: &PhaseConv, step: &Views<'_, 1>, image: usize, rows: Range<usize>) {
        let ([x], y) = (&step.x, step.y.geometry);
        let [_, width, _] = y.shape;
        let row = width * y.pixel;
        let output: Shared<'_, f32> = step.y.memory();
        let spread = Spread {
            first: part.rows.first * row + part.columns.first * y.pixel,
            pixel: self.d.stride[1] * y.pixel,
            row: self.d.stride[0] * row,
            image: y.image,
        };
        // SAFETY: `Mem::step` has checked that both views have the descriptor's shapes, lie in their memory and share no element, and
        // holds them for the time of this call. The last row and column of a phase are inside the output, and the ranges of tasks
        // cover each row of a part once.
        unsafe {
            part.direct
                .run_spread(image, rows, Pixels::of(x), output, spread);
        }
    }
}

impl PhaseConv {
    /// Its share of the layer's weights, transposed: from `[c, filters / groups, kh, kw]`.
    fn take(&mut self, d: &plan::Deconv, weight: &[f32]) {
        let [channels, filters, _] = sizes(d).map(|n| n / d.groups);
        let [kh, kw] = d.kernel;
        let cells = self.rows.taps.len() * self.columns.taps.len();
        for (i, to) in self.weight.chunks_exact_mut(cells).enumerate() {
            let (filter, channel) = (i / channels, i % channels);
            let channel = filter / filters * channels + channel;
            let from = &weight[(channel * filters + filter % filters) * kh * kw..][..kh * kw];
            let taps = (self.rows.taps.iter())
                .flat_map(|ky| self.columns.taps.iter().map(move |kx| ky.zip(*kx)));
            for (to, tap) in to.iter_mut().zip(taps) {
                *to = tap.map_or(0.0, |(ky, kx)| from[ky * kw + kx]);
            }
        }
    }
}

/// Channels, filters, cells of the kernel.
fn sizes(d: &plan::Deconv) -> [usize; 3] {
    [d.input[2], d.filters, d.kernel[0] * d.kernel[1]]
}

/// The convolution of a part.
fn convolution(d: &plan::Deconv, rows: &Phase, columns: &Phase) -> plan::Conv {
    plan::Conv {
        input: d.input,
        filters: d.filters,
        kernel: [rows.taps.len(), columns.taps.len()],
        pad: [rows.before, rows.after, columns.before, columns.after],
        dilation: [rows.dilation, columns.dilation],
        groups: d.groups,
        act: d.act,
        ..plan::Conv::DEFAULT
    }
}
