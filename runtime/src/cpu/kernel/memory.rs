//! Memory for packed weights.

use alloc::vec::Vec;
use bytemuck::Pod;
use core::marker::PhantomData;

/// From so many bytes on, memory comes from the system as pages of its own: they are zeros without being written, and large where the system
/// has large ones, so that weights that stream past miss fewer addresses.
#[cfg(feature = "mmap")]
const PAGES: usize = 1 << 20;

/// A cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; LINE]);

const LINE: usize = 64;

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
        Self::Heap(alloc::vec![Line([0; LINE]); count])
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
pub(crate) struct Aligned<T = f32> {
    lines: Lines,
    numbers: PhantomData<T>,
}

impl<T: Pod> Aligned<T> {
    /// `len` zeros, rounded up to whole lines.
    pub(crate) fn zeros(len: usize) -> Self {
        Self {
            lines: Lines::zeros(len.div_ceil(LINE / size_of::<T>())),
            numbers: PhantomData,
        }
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        let len = self.lines.len() * (LINE / size_of::<T>());
        // SAFETY: the lines lie one after the other, hold bytes that are set and are aligned for all numbers, as pages are; any bytes are a `T`.
        unsafe { core::slice::from_raw_parts(self.lines.as_ptr().cast(), len) }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        let len = self.lines.len() * (LINE / size_of::<T>());
        // SAFETY: as above; the borrow is unique.
        unsafe { core::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), len) }
    }
}
