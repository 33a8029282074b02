//! What an operation says of its kernels: which device functions compute it, and how their work is shared.

use super::params::Order;
use super::task::Back;
use crate::LayerWeights;
use crate::plan::Op;
use alloc::vec::Vec;

/// The kernels of an operation; implemented by its descriptor, in the folder of its name.
pub(crate) trait Kernels {
    /// The text of its device functions.
    fn source(&self) -> &'static str;

    /// Texts that those of several operations build on, in order.
    fn shared(&self) -> &'static [&'static str] {
        &[]
    }

    /// Computes the output.
    fn forward(&self) -> Vec<Call>;

    /// The same for one block that computes an image alone: functions that take any team and little shared memory.
    fn forward_alone(&self) -> Vec<Call> {
        self.forward()
    }

    /// Turns the gradient of the output, before a fused activation, into those of inputs and parameters. A call that writes the gradient of an
    /// input is left out where nobody needs it.
    fn backward(&self) -> Vec<Call> {
        Vec::new()
    }

    /// As [`backward`](Self::backward), for operations whose calls depend on where the gradients lie.
    fn backward_to(&self, _back: &Back) -> Vec<Call> {
        self.backward()
    }

    /// The gradients of values alone, for one block that computes an image: as [`backward_to`](Self::backward_to) without those of parameters.
    fn values_alone(&self, back: &Back) -> Vec<Call> {
        let mut calls = self.backward_to(back);
        calls.retain(|call| !call.operands.iter().any(is_gradient));
        calls
    }

    /// The gradients of all parameters, complete, over images that blocks computed alone: it shares a launch with those of other steps. The
    /// function takes what `product/complete.cu` says for a gradient, and blocks of [`product::TOGETHER`](super::product::TOGETHER) threads.
    fn gradients_together(&self) -> Option<Call> {
        None
    }

    /// The parameters as the kernels take them to infer: a batch normalisation folded in, in the order of [`Operand::Param`].
    fn pack(&self, _layer: &LayerWeights<'_>) -> Vec<Vec<f32>> {
        Vec::new()
    }

    /// How the numbers of a parameter lie on the device while training.
    fn order(&self, _param: usize) -> Order {
        Order::AsStored
    }

    /// Numbers that the calls need beside the arena, for this many images; forward or backward.
    fn scratch(&self, _images: usize) -> usize {
        0
    }
}

/// A call of a device function `template <class D, class V, constants..., class T> void function(T team, Index images, operands...)`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// The function's name.
    pub(crate) function: &'static str,
    /// Whole numbers among its template arguments, after descriptor and views.
    pub(crate) constants: Vec<usize>,
    /// The pointers that it takes, in order.
    pub(crate) operands: Vec<Operand>,
    /// How the work is shared.
    pub(crate) work: Work,
    /// Threads of a block.
    pub(crate) threads: u32,
    /// A constant function of the text: how many blocks of so many threads a processor is to hold at least, where the compiler is not to weigh
    /// that against registers by itself.
    pub(crate) resident: Option<&'static str>,
    /// Whether it may share a launch with the call before it: it neither reads nor writes memory of the step that the other writes, apart from
    /// the gradient that it may leave in the place of the output's.
    pub(crate) beside: bool,
}

/// Whether it is the gradient of a parameter.
pub(crate) fn is_gradient(operand: &Operand) -> bool {
    matches!(operand, Operand::Gradient(_))
}

/// A pointer that a device function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    /// The input of this number: view `V::X0`, `V::X1`.
    X(usize),
    /// The output: `V::Y`.
    Y,
    /// The gradient of the output, which may be overwritten: `V::DY`.
    Dy,
    /// The gradient of the input of this number: `V::DX0`, `V::DX1`, added to what stands there where `V::add0`, `V::add1`.
    Dx(usize),
    /// The parameter of this number; null where there is none.
    Param(usize),
    /// The gradient of the parameter of this number; null where there is none.
    Gradient(usize),
    /// Memory for this step alone.
    Scratch,
    /// The same from this number on, for a call that shares a launch with another.
    ScratchFrom(usize),
    /// [`COUNTERS`] whole numbers that are 0 before and after every call.
    Counters,
    /// The same from this one on, for a call that shares a launch with another.
    CountersFrom(usize),
    /// What the parameter of this number was before the step, to be taken back if it fails; null where nobody takes it back.
    Before(usize),
    /// A null pointer.
    Nothing,
    /// `Step`: the seed and the number of the training step.
    Step,
}

impl Operand {
    /// From what a layer reads to what it gives.
    pub(crate) const FORWARD: [Self; 4] = [Self::X(0), Self::Y, Self::Param(0), Self::Param(1)];

    /// From what a layer reads and the gradient of what it gives to those of its parameters.
    pub(crate) const GRADIENTS: [Self; 4] =
        [Self::X(0), Self::Dy, Self::Gradient(0), Self::Gradient(1)];

    /// From the gradient of what a layer gives to that of what it reads.
    pub(crate) const INPUT_GRADIENT: [Self; 4] =
        [Self::Dy, Self::Dx(0), Self::Param(0), Self::Nothing];

    /// What blocks leave for each other.
    pub(crate) const SHARED: [Self; 2] = [Self::Scratch, Self::Counters];
}

/// What is shared among threads: items that a thread, a warp or a whole block computes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    /// Who computes an item.
    pub(crate) by: By,
    /// Items for each image.
    pub(crate) each: usize,
    /// Items that are there but once.
    pub(crate) once: usize,
    /// What blocks of items do beside.
    pub(crate) tiles: Tiles,
}

/// How blocks share a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tiles {
    /// Blocks for the same items.
    pub(crate) times: usize,
    /// Where there are fewer blocks than half of this, several share a block's terms, until there are so many ...
    pub(crate) least: usize,
    /// ... and no more than this for each.
    pub(crate) parts: usize,
    /// Blocks in any case.
    pub(crate) floor: usize,
    /// Numbers of the input that a block asks for, where that is known.
    pub(crate) inputs: usize,
}

impl Tiles {
    /// A block for its items.
    const ONE: Self = Self {
        times: 1,
        least: 1,
        parts: 1,
        floor: 1,
        inputs: 0,
    };
}

/// Whole numbers by which blocks count each other.
pub(crate) const COUNTERS: usize = 512;

/// Who computes an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Thread,
    Warp,
    Block,
    /// A block computes so many.
    Items(usize),
}

impl Work {
    /// So many items for each image.
    pub(crate) const fn each(by: By, each: usize) -> Self {
        Self {
            by,
            each,
            once: 0,
            tiles: Tiles::ONE,
        }
    }

    /// So many items, whatever the number of images.
    pub(crate) const fn once(by: By, once: usize) -> Self {
        Self {
            by,
            each: 0,
            once,
            tiles: Tiles::ONE,
        }
    }

    /// Blocks of `threads` threads for this many images, no more than `most`: functions go on where their team ends.
    pub(crate) fn blocks(self, images: usize, threads: u32, most: u32) -> u32 {
        let items = self.each.saturating_mul(images).saturating_add(self.once);
        let by_block = match self.by {
            By::Thread => threads as usize,
            By::Warp => (threads / 32) as usize,
            By::Block => 1,
            By::Items(items) => items,
        };
        let Tiles {
            times,
            least,
            parts,
            floor,
            ..
        } = self.tiles;
        let tiles = items.div_ceil(by_block.max(1)).saturating_mul(times).max(1);
        let parts = (least / tiles).min(parts).max(1);
        let blocks = tiles.saturating_mul(parts).max(floor);
        u32::try_from(blocks).unwrap_or(u32::MAX).min(most)
    }
}

impl Call {
    /// A call by blocks of 256 threads.
    pub(crate) fn new(function: &'static str, operands: &[Operand], work: Work) -> Self {
        Self {
            function,
            constants: Vec::new(),
            operands: operands.into(),
            work,
            threads: 256,
            resident: None,
            beside: false,
        }
    }

    /// A call that may share a launch with the one before it.
    pub(crate) fn beside(mut self) -> Self {
        self.beside = true;
        self
    }
}

/// One thread for every four elements of the output, which is what it loads and stores at a time.
pub(crate) fn per_output(op: impl Into<Op>) -> Work {
    let len: usize = op.into().output().iter().product();
    Work::each(By::Thread, len.div_ceil(4))
}

/// One thread for every four elements of the first input.
pub(crate) fn per_input(op: impl Into<Op>) -> Work {
    let len: usize = op.into().input().iter().product();
    Work::each(By::Thread, len.div_ceil(4))
}

/// Threads that keep to their channels, for four pixels or more (`map_channels`).
pub(crate) fn per_channel([h, w, c]: [usize; 3]) -> Work {
    Work::each(By::Thread, (h * w).div_ceil(4) * c.div_ceil(pack(c)))
}

/// Warps whose lanes share the channels of pixels (`Lanes`).
pub(crate) fn per_pixel([h, w, c]: [usize; 3]) -> Work {
    let lanes = c.div_ceil(pack(c)).next_power_of_two().min(32);
    Work::each(By::Warp, (h * w).div_ceil(32 / lanes))
}

/// Blocks that take some channels of an image (`Columns` with as many threads below each other as `down_for` says).
pub(crate) fn per_image([h, w, c]: [usize; 3]) -> Work {
    let down = match h * w {
        1024.. => 64,
        ..=128 => 8,
        pixels => (pixels / 16).next_power_of_two(),
    };
    Work::each(By::Block, Columns::new(c, pack(c), down).tiles)
}

/// Blocks that take parts of all pixels (`over_pixels`).
pub(crate) fn over_pixels([h, w, c]: [usize; 3]) -> Work {
    let columns = Columns::new(c, pack(c), 8);
    let parts = (h * w).div_ceil(8 * columns.down);
    Work::each(By::Block, columns.tiles * parts)
}

/// Blocks that take channels of what is there once.
pub(crate) fn per_column([_, _, c]: [usize; 3]) -> Work {
    Work::once(By::Block, Columns::new(c, 1, 32).tiles)
}

/// Numbers of memory that parts of so many values a channel take.
pub(crate) fn parts_of_pixels(values: usize, [_, _, c]: [usize; 3]) -> usize {
    // Of packs of four there are at most 512 blocks, each with up to 128 channels.
    values * c.max(512 * 128)
}

/// Neighbouring channels that a thread takes at a time, where the views allow it.
fn pack(channels: usize) -> usize {
    if channels.is_multiple_of(4) { 4 } else { 1 }
}

/// As `Columns` in columns.cuh.
struct Columns {
    down: usize,
    tiles: usize,
}

impl Columns {
    fn new(channels: usize, pack: usize, down: usize) -> Self {
        const BLOCK: usize = 256;
        let packs = channels / pack;
        let across = packs.next_power_of_two().min(BLOCK / down);
        Self {
            down: BLOCK / across,
            tiles: packs.div_ceil(across),
        }
    }
}
