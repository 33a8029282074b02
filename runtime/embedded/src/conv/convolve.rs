//! All filters of a convolution, some at a time.

use super::block::{BLOCK, Block};
use super::channels::channels;
use super::descriptor::Conv;
use super::filters::filters;
use crate::memory::Raw;

impl Conv {
    /// # Safety
    /// The memory is of the sizes that [`check`](Self::check) was called with.
    #[inline(always)]
    pub(crate) unsafe fn run(&self, memory: Raw) {
        // SAFETY: the caller's promise.
        unsafe { convolve(self, memory) }
    }
}

/// One function for all convolutions of a program.
///
/// # Safety
/// As for [`Conv::run`].
#[inline(never)]
unsafe fn convolve(conv: &Conv, memory: Raw) {
    // A copy of the function for each layer would be larger than faster.
    let conv = core::hint::black_box(conv);
    let mut block = Block::new();
    let depthwise = conv.is_depthwise();
    let (groups, of_group) = match depthwise {
        true => (1, conv.filters.len()),
        false => (conv.groups, conv.of_group()),
    };
    for group in 0..groups {
        let input = memory.at(&conv.input).wrapping_add(group * conv.depth());
        let mut done = 0;
        while done < of_group {
            let count = BLOCK.min(of_group - done);
            // SAFETY: these filters are the group's; for the rest the caller's promise.
            unsafe {
                block.prepare(conv, group * of_group + done, count);
                match depthwise {
                    true => channels(conv, memory, &block),
                    false => filters(conv, memory, &block, input),
                }
            }
            done += count;
        }
    }
}
