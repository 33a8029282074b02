//! Convolution in training.
//!
//! - forward: the kernels of inference, their weights packed anew for each step;
//! - the input's gradient: for stride 1 a convolution of the output's gradient with the kernels flipped, by the same
//!   kernels; else products scattered over the windows (`scatter.rs`);
//! - the weights' gradient: sums of outer products over all pixels (`weights.rs`), or per channel (`depthwise.rs`).

mod depthwise;
pub(crate) mod reference;
mod scatter;
mod weights;

use crate::Scratch;
use crate::cpu;
use crate::cpu::choice::Choice;
use crate::cpu::conv::{Strides, method};
use crate::cpu::machine::Machine;
use crate::cpu::sizes::{Shaped, Sizes};
use crate::cpu::sum;
use crate::plan::{self, Act, Op, View};
use crate::train::{Backward, Layout, TrainMem, backward, memory};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;
use scatter::Scatter;
pub(crate) use weights::WeightGradient;

/// Convolution, in training.
pub struct Conv {
    d: plan::Conv,
    sizes: Sizes,
    weight: Range<usize>,
    bias: Option<Range<usize>>,
    /// Weights that a connection table leaves out.
    unconnected: Vec<Range<usize>>,
    forward: cpu::Conv,
    back: Back,
    gradient: WeightGradient,
}

/// Ways to the input's gradient.
enum Back {
    Convolution(Box<cpu::Conv>),
    Scatter(Scatter),
    Depthwise,
}

impl Conv {
    /// Prepares the step for the parameters of this layer.
    ///
    /// # Panics
    /// If the descriptor's sizes cannot be computed, or the layout has not the layer's parameters.
    #[must_use]
    pub fn new(d: plan::Conv, layout: &Layout, layer: &str) -> Self {
        Self::chosen(
            d,
            layout,
            layer,
            Machine::here().choice_in_training(&d.into()),
        )
    }

    /// As [`new`](Self::new); `choice` is forward's. Where backward is a convolution, it takes
    /// the best method for that one; Winograd's only where the choice allows it. All products are computed at the same level.
    pub(crate) fn chosen(d: plan::Conv, layout: &Layout, layer: &str, choice: Choice) -> Self {
        let sizes = Sizes::of(d);
        let len = d.filters * (d.input[2] / d.groups) * d.kernel[0] * d.kernel[1];
        Self {
            d,
            sizes,
            weight: layout.range(layer, "weight", len),
            bias: d.bias.then(|| layout.range(layer, "bias", d.filters)),
            unconnected: layout.unconnected(layer),
            forward: cpu::Conv::prepare(d, Strides::file(&d), choice),
            back: match flipped(&d) {
                Some(flipped) => {
                    let choice = Choice {
                        method: method::back(&flipped, choice),
                        ..choice
                    };
                    let conv = cpu::Conv::prepare(flipped, flipped_strides(&d), choice);
                    Back::Convolution(Box::new(conv))
                }
                None if depthwise::fits(&d) => Back::Depthwise,
                None => Back::Scatter(Scatter::new(d, choice.level)),
            },
            gradient: WeightGradient::new(d, choice),
        }
    }

    /// Memory for a batch.
    #[must_use]
    pub fn scratch(&self, max_batch: usize) -> Scratch {
        let back = match &self.back {
            Back::Convolution(conv) => conv.scratch(max_batch),
            Back::Scatter(scatter) => scatter.scratch(),
            Back::Depthwise => Scratch::default(),
        };
        let bias = Scratch {
            shared: sum::scratch(self.d.filters),
            worker: 0,
        };
        let all = [back, bias, self.gradient.scratch(max_batch)];
        all.into_iter()
            .fold(self.forward.scratch(max_batch), Scratch::max)
    }

    /// Bytes of packed weights.
    pub(crate) fn bytes(&self) -> usize {
        self.forward.bytes()
            + match &self.back {
                Back::Convolution(conv) => conv.bytes(),
                Back::Scatter(_) | Back::Depthwise => 0,
            }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or the workspace has less scratch memory than
    /// [`scratch`](Self::scratch) says.
    pub fn forward(&mut self, mem: &mut TrainMem<'_, '_>, x: View, y: View) {
        let bias = self
            .bias
            .clone()
            .map_or(&[][..], |range| &mem.params[range]);
        self.forward
            .pack(&mem.params[self.weight.clone()], bias, mem.mem.threads());
        self.forward.run(&mut mem.mem, x, y);
    }

    backward!();

    fn back(&mut self, mem: &mut TrainMem<'_, '_>, step: Backward) {
        let dz = through_bias(mem, (self.sizes, self.d.act), step, self.bias.clone());
        let Backward { x, dy, dx, .. } = step;
        let from = self.sizes.input(x);
        let gradient = &mut mem.gradients[self.weight.clone()];
        self.gradient.run(mem.mem.access([from, dz], []), gradient);
        for range in self.unconnected.iter().cloned() {
            mem.gradients[range].fill(0.0);
        }

        let Some(dx) = dx else { return };
        let to = self.sizes.input(dx.view);
        let weight = &mem.params[self.weight.clone()];
        match &mut self.back {
            Back::Convolution(conv) if !dx.accumulate || conv.accumulates() => {
                conv.pack(weight, &[], mem.mem.threads());
                conv.run_into(&mut mem.mem, dy, dx.view, dx.accumulate);
            }
            Back::Scatter(scatter) => {
                scatter.run(mem.mem.access([dz], [to]), weight, dx.accumulate);
            }
            // Of convolutions only the depthwise one is left, whose kernel cannot add to what is there; this one can, and takes strides.
            Back::Convolution(_) | Back::Depthwise => {
                let step = mem.mem.access([dz], [to]);
                depthwise::input(&self.d, weight, step, dx.accumulate);
            }
        }
    }
}

/// From the gradient of the output to that of the sums before the activation, and to that of the bias.
pub(crate) fn through_bias(
    mem: &mut TrainMem<'_, '_>,
    (sizes, act): (Sizes, Act),
    Backward { y, dy, .. }: Backward,
    bias: Option<Range<usize>>,
) -> Shaped {
    let dz = sizes.output(dy);
    mem.through(act, sizes.output(y), dz);
    if let Some(bias) = bias {
        add_bias(mem, dz, bias);
    }
    dz
}

/// The bias' gradient: the sum of `dz` over all pixels.
fn add_bias(mem: &mut TrainMem<'_, '_>, dz: Shaped, bias: Range<usize>) {
    let step = mem.mem.access([dz], []);
    let [dz] = step.x;
    let [h, w, c] = dz.geometry.shape;
    let sizes = [dz.geometry.images * h, w * c, c];
    let sums = sum::over_rows(step.threads, step.shared, sizes, |row, sums| {
        (0..w).for_each(|ox| memory::add(sums, dz.pixel(row / h, row % h, ox)));
    });
    memory::add(&mut mem.gradients[bias], sums);
}

/// The convolution that leads from the output's gradient to the input's: kernels flipped, filters and channels exchanged.
/// With stride 1 only, and where no padding is wider than the kernel's reach.
fn flipped(d: &plan::Conv) -> Option<plan::Conv> {
    let reach = [0, 1].map(|axis| d.dilation[axis] * (d.kernel[axis] - 1));
    let mut pad = [0; 4];
    for (i, pad) in pad.iter_mut().enumerate() {
        *pad = reach[i / 2].checked_sub(d.pad[i])?;
    }
    (d.stride == [1, 1]).then(|| plan::Conv {
        input: Op::Conv(*d).output(),
        filters: d.input[2],
        pad,
        bias: false,
        act: Act::None,
        ..*d
    })
}

/// Where [`flipped`] finds its weights in `[filters, c / groups, kh, kw]`.
fn flipped_strides(d: &plan::Conv) -> Strides {
    let [kh, kw] = d.kernel;
    let file = Strides::file(d);
    Strides {
        first: kh * kw - 1,
        filter: file.channel,
        y: -file.y,
        x: -file.x,
        channel: file.filter,
        ..file
    }
}
