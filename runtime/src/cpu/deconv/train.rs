//! Transposed convolution in training: backward through it is a convolution, whose backward it is.
//!
//! - the input's gradient: that convolution of the output's gradient;
//! - the weights' gradient: that of the convolution, which reads the output's gradient, for the input as its output's gradient.

use super::sizes;
use crate::Scratch;
use crate::cpu;
use crate::cpu::choice::{Choice, Method};
use crate::cpu::conv::Strides;
use crate::cpu::conv::train::{WeightGradient, through_bias};
use crate::cpu::machine::Machine;
use crate::cpu::sizes::Sizes;
use crate::cpu::sum;
use crate::plan::{self, View};
use crate::train::{Backward, Layout, TrainMem, backward};
use core::ops::Range;

/// Transposed convolution, in training.
pub struct Deconv {
    d: plan::Deconv,
    sizes: Sizes,
    weight: Range<usize>,
    bias: Option<Range<usize>>,
    forward: cpu::Deconv,
    back: cpu::Conv,
    gradient: WeightGradient,
}

impl Deconv {
    /// Prepares the step for the parameters of this layer.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layout has not the layer's parameters.
    #[must_use]
    pub fn new(d: plan::Deconv, layout: &Layout, layer: &str) -> Self {
        Self::chosen(
            d,
            layout,
            layer,
            Machine::here().choice_in_training(&d.into()),
        )
    }

    /// As [`new`](Self::new), by this choice.
    pub(crate) fn chosen(d: plan::Deconv, layout: &Layout, layer: &str, choice: Choice) -> Self {
        let all = Sizes::of(d);
        let len = sizes(&d).iter().product::<usize>() / d.groups;
        let weight = layout.range(layer, "weight", len);
        let bias = d.bias.then(|| layout.range(layer, "bias", d.filters));
        let conv = d.convolution();
        // The method that can add to what is there.
        let direct = Choice {
            method: Method::Direct,
            ..choice
        };
        Self {
            d,
            sizes: all,
            weight,
            bias,
            forward: cpu::Deconv::prepare(d, choice),
            back: cpu::Conv::prepare(conv, Strides::file(&conv), direct),
            gradient: WeightGradient::new(conv, choice),
        }
    }

    /// Memory for a batch.
    #[must_use]
    pub fn scratch(&self, max_batch: usize) -> Scratch {
        let bias = Scratch {
            shared: sum::scratch(self.d.filters),
            worker: 0,
        };
        let back = self.back.scratch(max_batch);
        self.gradient.scratch(max_batch).max(bias).max(back)
    }

    /// Bytes of packed weights.
    pub(crate) fn bytes(&self) -> usize {
        self.forward.bytes() + self.back.bytes()
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory.
    pub fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: View, y: View) {
        let bias = self.bias.clone();
        let bias = bias.map_or(&[][..], |range| &mem.params[range]);
        let weight = &mem.params[self.weight.clone()];
        self.forward.pack(weight, bias, mem.mem.threads());
        self.forward.run(&mut mem.mem, x, y);
    }

    backward!();

    fn back(&mut self, mem: &mut TrainMem<'_, '_>, step: Backward) {
        let dz = through_bias(mem, (self.sizes, self.d.act), step, self.bias.clone());
        let Backward { x, dy, dx, .. } = step;
        let from = self.sizes.input(x);
        let gradient = &mut mem.gradients[self.weight.clone()];
        self.gradient.run(mem.mem.access([dz, from], []), gradient);
        let Some(dx) = dx else { return };
        let weight = &mem.params[self.weight.clone()];
        self.back.pack(weight, &[], mem.mem.threads());
        self.back.run_into(&mut mem.mem, dy, dx.view, dx.accumulate);
    }
}
