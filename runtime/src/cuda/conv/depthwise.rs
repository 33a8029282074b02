//! Depthwise convolutions: how their work is shared.

use super::super::call::{By, COUNTERS, Call, Operand, Work};
use crate::plan::{Conv, Operation};
use alloc::vec;

/// Channels of a block, and its shared memory in numbers.
const CHANNELS: usize = 32;
const SHARED: usize = 10 << 10;

/// Blocks that are to share the gradients of the weights.
const BLOCKS: usize = 512;

/// The cells of the largest kernel whose gradient a thread holds.
const CELLS: usize = 64;

/// A depthwise convolution with a filter a channel.
pub(super) struct Depthwise<'c> {
    conv: &'c Conv,
    /// Pixels of the output, and of the input, that a block computes.
    forward: [usize; 2],
    backward: [usize; 2],
}

impl<'c> Depthwise<'c> {
    /// The convolution, if it is one, and small enough.
    pub(super) fn of(conv: &'c Conv) -> Option<Self> {
        let channels = conv.input[2];
        let [h, w, filters] = conv.output();
        let cells = conv.kernel[0] * conv.kernel[1];
        let is_one = conv.groups == channels && filters == channels;
        if !is_one || cells > CELLS || channels.div_ceil(CHANNELS) > COUNTERS {
            return None;
        }
        let reach = [0, 1].map(|axis| (conv.kernel[axis] - 1) * conv.dilation[axis]);
        let fits = |tile: &[usize; 2]| {
            let size = |axis: usize| {
                let forward = (tile[axis] - 1) * conv.stride[axis] + reach[axis] + 1;
                forward.max((tile[axis] - 1 + reach[axis]) / conv.stride[axis] + 2)
            };
            size(0).saturating_mul(size(1)).saturating_add(cells) * CHANNELS <= SHARED
        };
        let tile = |[h, w]: [usize; 2]| {
            let all = [[8, 8], [4, 8], [4, 4], [2, 4], [1, 4], [1, 1]];
            let even = |[high, wide]: [usize; 2]| [even(h, high), even(w, wide)];
            all.map(even).into_iter().find(fits)
        };
        Some(Self {
            conv,
            forward: tile([h, w])?,
            backward: tile([conv.input[0], conv.input[1]])?,
        })
    }

    fn parts(&self) -> usize {
        self.conv.input[2].div_ceil(CHANNELS)
    }

    /// Blocks that share a group of channels.
    fn shares(&self) -> usize {
        BLOCKS.div_ceil(self.parts())
    }

    /// `function(x, y, weight, bias)`
    pub(super) fn forward(&self, operands: &[Operand]) -> Call {
        let [h, w, _] = self.conv.output();
        let mut call = Call::new("depthwise", operands, self.tiles([h, w], self.forward));
        call.constants = self.forward.to_vec();
        call
    }

    /// `function(dy, dx, weight)`
    pub(super) fn input(&self, operands: &[Operand]) -> Call {
        let [h, w, _] = self.conv.input;
        let work = self.tiles([h, w], self.backward);
        let mut call = Call::new("depthwise_input", operands, work);
        call.constants = self.backward.to_vec();
        call
    }

    /// `function(x, dy, gradient of the weight, gradient of the bias, scratch, counters)`
    pub(super) fn weights(&self, operands: &[Operand]) -> Call {
        let work = Work::once(By::Block, self.parts() * self.shares());
        let mut call = Call::new("depthwise_weights", operands, work);
        let [high, wide] = self.forward;
        call.constants = vec![high, wide, self.shares()];
        call
    }

    /// Numbers that blocks keep for each other.
    pub(super) fn scratch(&self) -> usize {
        let cells = self.conv.kernel[0] * self.conv.kernel[1];
        self.parts() * self.shares() * (cells + 1) * CHANNELS
    }

    fn tiles(&self, [h, w]: [usize; 2], [high, wide]: [usize; 2]) -> Work {
        let tiles = h.div_ceil(high) * w.div_ceil(wide);
        Work::each(By::Block, tiles * self.parts())
    }
}

/// The most, no more than this, of which a size takes as few as of this.
fn even(size: usize, most: usize) -> usize {
    size.div_ceil(size.div_ceil(most).max(1)).max(1)
}
