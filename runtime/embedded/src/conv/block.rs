//! What is computed together: some filters, at some pixels.

use super::descriptor::Conv;
use crate::ending::{Ending, Prepared};
use crate::memory::Raw;

/// Filters that are computed at each pixel before the next one: as many as are prepared at once.
pub(super) const BLOCK: usize = 16;

/// Some filters of one group.
pub(super) struct Block {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) prepared: [Prepared; BLOCK],
}

impl Block {
    /// No filters yet.
    pub(super) const fn new() -> Self {
        Self {
            first: 0,
            count: 0,
            prepared: [Prepared::NONE; BLOCK],
        }
    }

    /// # Safety
    /// There are these filters, no more than [`BLOCK`].
    pub(super) unsafe fn prepare(&mut self, conv: &Conv, first: usize, count: usize) {
        (self.first, self.count) = (first, count);
        if let Ending::Bytes(..) = conv.ending {
            for (f, prepared) in self.prepared.iter_mut().enumerate().take(count) {
                // SAFETY: the caller's promise.
                *prepared = Prepared::of(unsafe { conv.filters.get_unchecked(first + f) });
            }
        }
    }
}

/// A pixel of the output, and of what is added.
#[derive(Clone, Copy)]
pub(super) struct Pixel {
    pub(super) y: usize,
    pub(super) x: usize,
    pub(super) output: *mut u8,
    pub(super) added: *const u8,
}

impl Pixel {
    pub(super) fn first(conv: &Conv, memory: Raw) -> Self {
        let added = conv.added.as_ref();
        Self {
            y: 0,
            x: 0,
            output: memory.at_mut(&conv.output),
            added: added.map_or(core::ptr::null(), |added| memory.at(&added.place)),
        }
    }

    /// The pixel behind it.
    #[inline(always)]
    pub(super) fn next(self, conv: &Conv) -> Self {
        let added = conv.added.as_ref().map_or(0, |added| added.place.pixel);
        let is_last = self.x + 1 == conv.output.shape[1];
        Self {
            y: self.y + usize::from(is_last),
            x: if is_last { 0 } else { self.x + 1 },
            output: self
                .output
                .wrapping_add(conv.output.pixel * conv.output.element),
            added: self.added.wrapping_add(added),
        }
    }
}
