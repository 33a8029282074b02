//! What a network may ask for. Each limit has its own diagnostic, so that no input overflows, hangs or exhausts the stack.

/// Stages after blocks and repeats are expanded.
pub const MAX_STAGES: usize = 100_000;

/// Blocks, groups and branches inside each other, after blocks are expanded.
pub const MAX_DEPTH: usize = 96;

/// Files that one network uses, directly and indirectly.
pub const MAX_FILES: usize = 256;

/// Files that use each other in a row.
pub const MAX_USE_DEPTH: usize = 32;

/// One size: a kernel's height, a number of filters.
pub const MAX_SIZE: u64 = 1 << 30;

/// Elements of one value of one image: 4 GiB of f32.
pub const MAX_ELEMENTS: u64 = 1 << 30;

/// Weights of one layer: 8 GiB of f32.
pub const MAX_LAYER_WEIGHTS: u64 = 1 << 31;

/// Weights of a network: 64 GiB of f32.
pub const MAX_WEIGHTS: u64 = 1 << 34;
