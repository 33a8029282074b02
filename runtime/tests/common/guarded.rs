//! An allocator that ends each block of memory at a page that nobody may touch: what reads or writes beyond it ends the process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

struct Guarded;

/// Smaller blocks are no buffers of numbers.
const SMALLEST: usize = 128;
const PAGE: usize = 4096;

/// Whether there are guards: not with `NETC_NO_GUARDS=1`, where a tool looks after the system's allocator.
fn is_on() -> bool {
    /// 0: not asked yet; 1: no; 2: yes.
    static STATE: AtomicU8 = AtomicU8::new(0);
    if STATE.load(Relaxed) == 0 {
        // SAFETY: nothing changes the environment while this asks, in `main`'s first allocation.
        let is_off = unsafe { !libc::getenv(c"NETC_NO_GUARDS".as_ptr()).is_null() };
        STATE.store(2 - u8::from(is_off), Relaxed);
    }
    STATE.load(Relaxed) == 2
}

/// The pages of a block, the last of them the guard's; none where it has no guard.
fn pages(layout: Layout) -> Option<usize> {
    let is_guarded = layout.size() >= SMALLEST && layout.align() <= PAGE && is_on();
    is_guarded.then(|| layout.size().next_multiple_of(PAGE) + PAGE)
}

/// Where the block begins in its pages: as near to the guard as its alignment allows.
fn start(layout: Layout, pages: usize) -> usize {
    (pages - PAGE - layout.size()) / layout.align() * layout.align()
}

// SAFETY: a block is a mapping of its own, large enough and aligned, or the system's.
unsafe impl GlobalAlloc for Guarded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(pages) = pages(layout) else {
            // SAFETY: the caller's promise.
            return unsafe { System.alloc(layout) };
        };
        let (access, kind) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
        );
        // SAFETY: a new mapping, of which the last page is closed.
        unsafe {
            let first = libc::mmap(std::ptr::null_mut(), pages, access, kind, -1, 0);
            if first == libc::MAP_FAILED {
                return std::ptr::null_mut();
            }
            let first = first.cast::<u8>();
            if libc::mprotect(first.add(pages - PAGE).cast(), PAGE, libc::PROT_NONE) != 0 {
                return std::ptr::null_mut();
            }
            first.add(start(layout, pages))
        }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise: `alloc` has made the block for this layout.
        unsafe {
            match pages(layout) {
                Some(pages) => {
                    libc::munmap(ptr.sub(start(layout, pages)).cast(), pages);
                }
                None => System.dealloc(ptr, layout),
            }
        }
    }
}

#[global_allocator]
static ALLOCATOR: Guarded = Guarded;
