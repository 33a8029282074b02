//! How work is cut for caches and threads: numbers that were measured, for each level of machines.
//!
//! Some of them decide in which order sums are taken. Results are the same on every machine of a level, whatever its caches.

use super::simd::Level;

/// The numbers of one level.
pub(crate) struct Tuning {
    /// Convolution: below this many channels a picture may be padded in scratch memory (`conv::method::exact`), so that each row of a window is
    /// one run of inputs: runs of one cell would be too short.
    pub(crate) few_channels: usize,
    /// Convolution: bytes of a panel that one block may take, a part of L2 next to the pixels of a task.
    pub(crate) panel_bytes: usize,
    /// The same where few pixels share the panel, so that keeping it buys nothing; bounded for the accuracy of the sum.
    pub(crate) stream_bytes: usize,
    /// Convolution: bytes of input that the pixels of one task may span, a part of L2.
    pub(crate) input_bytes: usize,
    /// Convolution: bytes of all packed weights above which all pixels pass over a panel before the next one is read.
    pub(crate) resident_bytes: usize,
    /// Convolution: multiplications that make a task worth its start.
    pub(crate) task_macs: usize,
    /// Convolution: multiplications below which one thread is as fast as several that have to be woken.
    pub(crate) fork_macs: usize,
    /// Convolution: tasks enough to keep all threads busy to the end.
    pub(crate) tasks: usize,
    /// Winograd: bytes of inputs and products of a task's tiles, a part of L2.
    pub(crate) winograd_near: usize,
    /// Winograd: bytes of weights that each task may read again.
    pub(crate) winograd_weights: usize,
    /// Winograd: bytes of inputs and products that all threads work on together, a part of L3.
    pub(crate) winograd_shared: usize,
    /// Winograd: bytes of transformed weights for each image of a batch that tiles of 4x4 may take: they are four times the file's, those of
    /// 2x2 less than twice, and for few images memory is worth more than the third of a layer's time.
    pub(crate) winograd_kept: usize,
    /// Winograd: products in the time that a number of a tile takes through its transform, and there and back.
    pub(crate) winograd_transform: f64,
    /// Fully connected layers: so many weights come from beyond the near caches, where half the bytes are half the time.
    pub(crate) streamed_weights: usize,
    /// Convolution: products in the time that a weight takes from memory.
    pub(crate) weight: f64,
    /// Depthwise convolution: elementary operations that make a task worth its start.
    pub(crate) depthwise_task: usize,
    /// Convolution in groups: products that make a task worth its start.
    pub(crate) grouped_task: usize,
    /// Operations by rows: bytes of a batch of pictures between them above which it pays.
    pub(crate) rows_picture: usize,
    /// Operations by rows: the most bytes of their weights, a part of L2.
    pub(crate) rows_weights: usize,
    /// Operations by rows: bytes of a window that slides over a picture, a part of L2.
    pub(crate) rows_window: usize,
    /// Operations by rows: output pixels that are computed at once, about.
    pub(crate) rows_strip: usize,
    /// The weights' gradient.
    #[cfg(feature = "train")]
    pub(crate) gradient: GradientTuning,
    /// Fully connected layers in training.
    #[cfg(feature = "train")]
    pub(crate) product: ProductTuning,
}

/// The gradient of a convolution's weights.
#[cfg(feature = "train")]
pub(crate) struct GradientTuning {
    /// Tasks enough to keep all threads busy to the end.
    pub(crate) tasks: usize,
    /// Cells of the window in a task, at least.
    pub(crate) cells: usize,
    /// Pixels in a chunk, about: with a panel of filters a part of L2, and enough terms to be worth the sums' way to memory and back.
    pub(crate) terms: usize,
    /// The most numbers that the sums of all parts may take together, unless one part takes more.
    pub(crate) sums: usize,
    /// Winograd: numbers of the sums that a task keeps near, a part of L2.
    pub(crate) near: usize,
    /// Winograd: products in the time that a sum of a place takes to its cells.
    pub(crate) place: f64,
}

/// The matrix products of fully connected layers.
#[cfg(feature = "train")]
pub(crate) struct ProductTuning {
    /// Numbers of the transposed images that stay near the core while weights pass by: a part of L2.
    pub(crate) near: usize,
    /// The most terms of a sum at a time, for its accuracy.
    pub(crate) terms: usize,
    /// Units in a task.
    pub(crate) units: usize,
}

impl Tuning {
    /// The numbers of a level. So far one set serves all: measured with 512 KiB to 2 MiB of L2 a core.
    pub(crate) const fn of(level: Level) -> &'static Tuning {
        match level {
            Level::Portable => &LARGE_L2,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 | Level::Avx512 => &LARGE_L2,
            #[cfg(all(
                target_arch = "aarch64",
                target_feature = "neon",
                target_endian = "little"
            ))]
            Level::Neon => &LARGE_L2,
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Level::Simd128 => &LARGE_L2,
        }
    }
}

static LARGE_L2: Tuning = Tuning {
    few_channels: 16,
    panel_bytes: 128 << 10,
    stream_bytes: 256 << 10,
    input_bytes: 384 << 10,
    resident_bytes: 512 << 10,
    task_macs: 1 << 20,
    fork_macs: 1 << 19,
    tasks: 32,
    winograd_near: 512 << 10,
    winograd_weights: 3 << 20,
    winograd_shared: 6 << 20,
    winograd_kept: 16 << 20,
    winograd_transform: 12.0,
    streamed_weights: 1 << 18,
    weight: 12.0,
    depthwise_task: 1 << 16,
    grouped_task: 1 << 18,
    rows_picture: 4 << 20,
    rows_weights: 512 << 10,
    rows_window: 384 << 10,
    rows_strip: 112,
    #[cfg(feature = "train")]
    gradient: GradientTuning {
        tasks: 16,
        cells: 48,
        terms: 320,
        sums: 2 << 20,
        near: 48 << 10,
        place: 12.0,
    },
    #[cfg(feature = "train")]
    product: ProductTuning {
        near: (256 << 10) / 4,
        terms: 2048,
        units: 24,
    },
};
