//! Memory for packed weights.

use alloc::vec::Vec;

/// A cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// Numbers that start on a cache line: a vector load across two lines costs two.
pub(crate) struct Aligned {
    lines: Vec<Line>,
}

impl Aligned {
    /// `len` zeros, rounded up to whole lines.
    pub(crate) fn zeros(len: usize) -> Self {
        Self {
            lines: alloc::vec![Line([0.0; 16]); len.div_ceil(16)],
        }
    }

    pub(crate) fn as_slice(&self) -> &[f32] {
        // SAFETY: `Line` is exactly sixteen f32 with no padding.
        unsafe { core::slice::from_raw_parts(self.lines.as_ptr().cast(), self.lines.len() * 16) }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [f32] {
        // SAFETY: `Line` is exactly sixteen f32 with no padding; the borrow is unique.
        unsafe {
            core::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.lines.len() * 16)
        }
    }
}
