//! Maximum over windows.

use super::call::{By, Call, Kernels, Operand, Work, per_input, per_output};
use crate::plan::{MaxPool, Op};
use alloc::vec;
use alloc::vec::Vec;

impl Kernels for MaxPool {
    fn source(&self) -> &'static str {
        include_str!("max_pool.cu")
    }

    fn forward(&self) -> Vec<Call> {
        let operands = [Operand::X(0), Operand::Y];
        vec![Call::new("max_pool", &operands, per_output(*self))]
    }

    fn backward(&self) -> Vec<Call> {
        let [x, dy, dx, scratch] = [Operand::X(0), Operand::Dy, Operand::Dx(0), Operand::Scratch];
        match Way::of(self) {
            Way::Apart => vec![Call::new(
                "max_pool_backward",
                &[x, dy, dx],
                per_input(*self),
            )],
            Way::Tiles([high, wide]) => {
                let [h, w, c] = self.input;
                let channels = c.min(CHANNELS);
                let tiles = h.div_ceil(high) * w.div_ceil(wide) * c.div_ceil(channels);
                let work = Work::each(By::Block, tiles);
                let mut call = Call::new("max_pool_tiles", &[x, dy, dx], work);
                call.constants = vec![high, wide, channels];
                vec![call]
            }
            Way::Wide => vec![
                Call::new("max_pool_winners", &[x, scratch], per_output(*self)),
                Call::new("max_pool_gather", &[dy, dx, scratch], per_input(*self)),
            ],
        }
    }

    fn scratch(&self, images: usize) -> usize {
        let outputs: usize = Op::from(*self).output().iter().product();
        // A winner is a number of 16 bits where that is enough.
        match Way::of(self) {
            Way::Wide if self.window[0] * self.window[1] < 1 << 15 => {
                (images * outputs).div_ceil(2)
            }
            Way::Wide => images * outputs,
            _ => 0,
        }
    }
}

/// Channels of a block that goes back, and the windows that it keeps the winners of.
const CHANNELS: usize = 32;
const WINDOWS: usize = 80;

/// How the gradient finds its way.
enum Way {
    /// No cell is in two windows.
    Apart,
    /// Blocks of so many cells.
    Tiles([usize; 2]),
    /// Windows overlap so far that all winners are found first.
    Wide,
}

impl Way {
    fn of(d: &MaxPool) -> Self {
        if [0, 1].iter().all(|&axis| d.window[axis] <= d.stride[axis]) {
            return Self::Apart;
        }
        // A tile keeps the numbers of winners in 16 bits.
        if d.window[0].saturating_mul(d.window[1]) >= 1 << 15 {
            return Self::Wide;
        }
        let fits = |edge: &usize| {
            let windows = [0, 1].map(|axis| (edge + d.window[axis] - 2) / d.stride[axis] + 1);
            windows[0].saturating_mul(windows[1]) <= WINDOWS
        };
        let tile = |edge| Self::Tiles([0, 1].map(|axis| d.input[axis].min(edge)));
        (4..=8).rev().find(fits).map_or(Self::Wide, tile)
    }
}
