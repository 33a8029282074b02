//! What host and kernels hand each other: structs that update.cu has under the same names.

use cudarc::driver::{DeviceRepr, ValidAsZeroBits};

/// Consecutive numbers of one tensor: `netc::Piece` of update.cu.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) first: u64,
    pub(super) count: u32,
    pub(super) l2: f32,
    pub(super) trained: u32,
    pub(super) unused: u32,
}

/// What changes from step to step: `netc::Rates` of update.cu, and behind it what kernels that prepare pictures read.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    pub(super) seed: u64,
    pub(super) number: u64,
    /// The first image.
    pub(super) first: u64,
    pub(super) lr: f32,
    pub(super) coupled: f32,
    pub(super) keep: f32,
    pub(super) clip: f32,
    /// Of a step that learns from held pictures.
    pub(super) chosen: Chosen,
}

/// Which pictures a step takes: `netc::Chosen` of pictures.cu.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chosen {
    /// Of the epoch's random numbers.
    pub(super) key: u64,
    /// Of the first picture, in the orders.
    pub(super) place: u64,
}

/// What a step tells: `netc::Outcome` of update.cu.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    pub(super) loss: f64,
    pub(super) l2: f64,
    pub(super) norm: f64,
    pub(super) correct: u32,
    pub(super) finite: u32,
    /// Not 0 from a step that failed until the host says otherwise: no step moves anything meanwhile.
    pub(super) stopped: u32,
    pub(super) unused: u32,
}

// SAFETY: plain numbers, laid out as the struct of the same name in update.cu.
unsafe impl DeviceRepr for Piece {}
// SAFETY: as above.
unsafe impl DeviceRepr for Rates {}
// SAFETY: as above.
unsafe impl DeviceRepr for Outcome {}
// SAFETY: all numbers, and 0 is one.
unsafe impl ValidAsZeroBits for Rates {}
// SAFETY: as above.
unsafe impl ValidAsZeroBits for Outcome {}
