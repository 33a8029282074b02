//! Memory that several tasks use at the same time.

use crate::cpu::sizes::elements;
use core::marker::PhantomData;
use core::ops::Range;

/// Memory that the tasks of a step use at the same time: the one place where an address goes from thread to thread.
pub(crate) struct Shared<'m, T> {
    start: *mut T,
    len: usize,
    _memory: PhantomData<&'m mut [T]>,
}

impl<T> Clone for Shared<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shared<'_, T> {}

// SAFETY: an address and a length, which anybody may know. Elements are touched in `unsafe` blocks only, each of which says why
// no other task writes what it reads or touches what it writes, while the borrow that this was made of lasts. So an element is
// used by one thread at a time, which is what `T: Send` allows, or read by several, which is what `T: Sync` allows.
unsafe impl<T: Send + Sync> Send for Shared<'_, T> {}
// SAFETY: as above; it is `Copy`, so that sharing it is the same as sending it.
unsafe impl<T: Send + Sync> Sync for Shared<'_, T> {}

impl<'m, T> Shared<'m, T> {
    pub(crate) fn new(memory: &'m mut [T]) -> Self {
        Self {
            start: memory.as_mut_ptr(),
            len: memory.len(),
            _memory: PhantomData,
        }
    }

    /// Memory that nobody may write, through this neither.
    pub(crate) fn read_only(memory: &'m [T]) -> Self {
        Self {
            start: memory.as_ptr().cast_mut(),
            len: memory.len(),
            _memory: PhantomData,
        }
    }

    /// From this element on.
    pub(crate) fn skip(self, count: usize) -> Self {
        assert!(count <= self.len);
        Self {
            start: self.start.wrapping_add(count),
            len: self.len - count,
            ..self
        }
    }

    /// The same addresses, counted from another element, inside or outside: for those who know which elements are inside, as that is not checked
    /// any more.
    pub(crate) fn counted_from(self, element: isize) -> Self {
        Self {
            start: self.start.wrapping_offset(element),
            len: usize::MAX,
            ..self
        }
    }

    /// The address of an element, or one outside, where nothing may be read or written.
    #[inline]
    pub(crate) fn at(&self, index: usize) -> *mut T {
        self.start.wrapping_add(index)
    }

    /// Some elements.
    ///
    /// # Safety
    /// The memory may be written, and nobody else touches these elements while the slice lives.
    #[allow(clippy::mut_from_ref, reason = "each task has its own part")]
    pub(crate) unsafe fn part(&self, range: Range<usize>) -> &'m mut [T] {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: in bounds, and the caller's alone.
        unsafe { core::slice::from_raw_parts_mut(self.at(range.start), range.len()) }
    }

    /// Some elements, to be read; not checked again.
    ///
    /// # Safety
    /// They are inside, and nobody writes them while the slice lives.
    #[inline(always)]
    pub(super) unsafe fn read(&self, first: usize, len: usize) -> &'m [T] {
        debug_assert!(first <= self.len && len <= self.len - first);
        // SAFETY: the caller's promise is the same.
        unsafe { core::slice::from_raw_parts(self.at(first), len) }
    }

    /// As [`part`](Self::part), not checked again.
    ///
    /// # Safety
    /// They are inside, the memory may be written, and nobody else touches them while the slice lives.
    #[inline(always)]
    #[allow(clippy::mut_from_ref, reason = "each task has its own part")]
    pub(super) unsafe fn part_at(&self, first: usize, len: usize) -> &'m mut [T] {
        debug_assert!(first <= self.len && len <= self.len - first);
        // SAFETY: the caller's promise is the same.
        unsafe { core::slice::from_raw_parts_mut(self.at(first), len) }
    }
}

impl<'m> Shared<'m, f32> {
    /// The same memory as bytes.
    pub(crate) fn bytes(self) -> Shared<'m, u8> {
        Shared {
            start: self.start.cast(),
            len: self.len * size_of::<f32>(),
            _memory: PhantomData,
        }
    }
}

/// The first `len` elements of scratch memory.
///
/// # Panics
/// If there are fewer.
#[track_caller]
pub(crate) fn scratch(memory: &mut [f32], len: usize) -> (&mut [f32], &mut [f32]) {
    let found = memory.len();
    let parts = memory.split_at_mut_checked(len);
    parts.unwrap_or_else(|| {
        panic!("a workspace with too little scratch memory: {found} of {len} numbers")
    })
}

/// Memory in parts of equal size, for tasks or for threads.
pub(crate) struct Workers<'m> {
    memory: Shared<'m, f32>,
    size: usize,
    count: usize,
}

impl<'m> Workers<'m> {
    /// `size` elements for each of `count` threads.
    ///
    /// # Panics
    /// If the memory has fewer.
    #[track_caller]
    pub(crate) fn new(memory: &'m mut [f32], size: usize, count: usize) -> Self {
        let (memory, _) = scratch(memory, elements([size, count]));
        Self {
            memory: Shared::new(memory),
            size,
            count,
        }
    }

    /// Refuses a step whose tasks need more: here, as a panic inside of a task would only say that there was one.
    ///
    /// # Panics
    /// If each thread has fewer elements.
    #[track_caller]
    pub(crate) fn require(&self, len: usize) {
        assert!(
            len <= self.size,
            "a workspace with too little scratch memory: {} of {len} numbers a thread",
            self.size
        );
    }

    /// Elements for each thread.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// `Scratch::worker` elements, or some more; what they hold is left from other tasks.
    ///
    /// # Safety
    /// No other part of the same worker is alive. (`Threads::for_each` never runs two tasks with the same worker at once.)
    #[allow(clippy::mut_from_ref, reason = "each worker has its own part")]
    pub(crate) unsafe fn part(&self, worker: usize) -> &mut [f32] {
        assert!(worker < self.count);
        // SAFETY: the parts of workers do not overlap; this one is the caller's alone.
        unsafe {
            self.memory
                .part(worker * self.size..(worker + 1) * self.size)
        }
    }
}
