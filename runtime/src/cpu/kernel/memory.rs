//! Memory for packed weights.

use alloc::vec::Vec;

/// From so many bytes on, memory comes from the system as pages of its own: they are zeros without being written, and large where the system
/// has large ones, so that weights that stream past miss fewer addresses.
#[cfg(feature = "mmap")]
const PAGES: usize = 1 << 20;

/// A cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// Cache lines, zeros at first.
enum Lines {
    Heap(Vec<Line>),
    #[cfg(feature = "mmap")]
    Pages(memmap2::MmapMut),
}

impl Lines {
    fn zeros(count: usize) -> Self {
        #[cfg(feature = "mmap")]
        if let Some(bytes) = count.checked_mul(size_of::<Line>())
            && bytes >= PAGES
            && let Ok(pages) = memmap2::MmapMut::map_anon(bytes)
        {
            // Where the system has none, small ones serve.
            #[cfg(target_os = "linux")]
            let _ = pages.advise(memmap2::Advice::HugePage);
            return Self::Pages(pages);
        }
        Self::Heap(alloc::vec![Line([0.0; 16]); count])
    }

    fn len(&self) -> usize {
        match self {
            Self::Heap(lines) => lines.len(),
            #[cfg(feature = "mmap")]
            Self::Pages(pages) => pages.len() / size_of::<Line>(),
        }
    }

    fn as_ptr(&self) -> *const Line {
        match self {
            Self::Heap(lines) => lines.as_ptr(),
            #[cfg(feature = "mmap")]
            Self::Pages(pages) => pages.as_ptr().cast(),
        }
    }

    fn as_mut_ptr(&mut self) -> *mut Line {
        match self {
            Self::Heap(lines) => lines.as_mut_ptr(),
            #[cfg(feature = "mmap")]
            Self::Pages(pages) => pages.as_mut_ptr().cast(),
        }
    }
}

/// Numbers that start on a cache line: a vector load across two lines costs two.
pub(crate) struct Aligned {
    lines: Lines,
}

impl Aligned {
    /// `len` zeros, rounded up to whole lines.
    pub(crate) fn zeros(len: usize) -> Self {
        Self {
            lines: Lines::zeros(len.div_ceil(16)),
        }
    }

    pub(crate) fn as_slice(&self) -> &[f32] {
        // SAFETY: `Line` is exactly sixteen f32 with no padding, and pages start on a line.
        unsafe { core::slice::from_raw_parts(self.lines.as_ptr().cast(), self.lines.len() * 16) }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [f32] {
        // SAFETY: as above; the borrow is unique.
        unsafe {
            core::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.lines.len() * 16)
        }
    }
}
