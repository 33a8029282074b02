//! How kernels reach memory: views whose shapes, bounds and overlaps `Mem::access` has checked, as pointers.
//!
//! The output of a step may lie between channels that the same step reads (a CONCAT buffer), so a kernel must not make a slice
//! that spans more than one pixel of a view, unless the view is dense.

use super::act::apply_inline;
use super::sizes::elements;
use crate::plan::{Act, View};
use crate::threads::Threads;
use core::marker::PhantomData;
use core::ops::Range;

/// The views that one step reads and writes.
pub(crate) struct Views<'m, const N: usize> {
    pub(crate) x: [Source<'m>; N],
    pub(crate) y: Target<'m>,
    pub(crate) threads: Threads,
}

/// The same for steps that write several views, as those of training do, and the memory beside them.
pub(crate) struct Access<'m, const R: usize, const W: usize> {
    pub(crate) x: [Source<'m>; R],
    pub(crate) y: [Target<'m>; W],
    /// `Scratch::shared` elements, or some more; what they hold is left from other steps.
    pub(crate) shared: &'m mut [f32],
    pub(crate) workers: Workers<'m>,
    pub(crate) threads: Threads,
}

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
    unsafe fn read(&self, first: usize, len: usize) -> &'m [T] {
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
    unsafe fn part_at(&self, first: usize, len: usize) -> &'m mut [T] {
        debug_assert!(first <= self.len && len <= self.len - first);
        // SAFETY: the caller's promise is the same.
        unsafe { core::slice::from_raw_parts_mut(self.at(first), len) }
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

/// Pictures that a step reads, of numbers or of bytes.
pub(crate) struct Source<'m, T = f32> {
    /// From the view's first element on.
    memory: Shared<'m, T>,
    pub(crate) geometry: Geometry,
}

impl<T> Clone for Source<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Source<'_, T> {}

impl<T> Clone for Target<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Target<'_, T> {}

/// Pictures that a step writes, of numbers or of bytes.
pub(crate) struct Target<'m, T = f32> {
    /// From the view's first element on.
    memory: Shared<'m, T>,
    pub(crate) geometry: Geometry,
}

/// What a step reads, whatever its elements are.
#[derive(Clone, Copy)]
pub(crate) enum AnySource<'m> {
    F32(Source<'m>),
    U8(Source<'m, u8>),
}

/// What a step writes, whatever its elements are.
#[derive(Clone, Copy)]
pub(crate) enum AnyTarget<'m> {
    F32(Target<'m>),
    U8(Target<'m, u8>),
}

/// The views of a step on numbers and bytes, and the memory beside them.
pub(crate) struct Mixed<'m, const R: usize, const W: usize = 1> {
    pub(crate) x: [AnySource<'m>; R],
    pub(crate) y: [AnyTarget<'m>; W],
    /// `Scratch::shared` elements, or some more; what they hold is left from other steps.
    pub(crate) shared: &'m mut [f32],
    pub(crate) workers: Workers<'m>,
    pub(crate) threads: Threads,
}

impl<'m> AnySource<'m> {
    pub(crate) fn images(&self) -> usize {
        match self {
            AnySource::F32(x) => x.geometry.images,
            AnySource::U8(x) => x.geometry.images,
        }
    }

    /// A picture of floats.
    ///
    /// # Panics
    /// If it is one of bytes.
    pub(crate) fn floats(self) -> Source<'m> {
        match self {
            AnySource::F32(x) => x,
            AnySource::U8(_) => panic!("a view of U8 in place of F32"),
        }
    }

    /// A picture of bytes.
    ///
    /// # Panics
    /// If it is one of floats.
    pub(crate) fn bytes(self) -> Source<'m, u8> {
        match self {
            AnySource::U8(x) => x,
            AnySource::F32(_) => panic!("a view of F32 in place of U8"),
        }
    }
}

impl<'m> AnyTarget<'m> {
    /// A picture of floats.
    ///
    /// # Panics
    /// If it is one of bytes.
    pub(crate) fn floats(self) -> Target<'m> {
        match self {
            AnyTarget::F32(y) => y,
            AnyTarget::U8(_) => panic!("a view of U8 in place of F32"),
        }
    }

    /// A picture of bytes.
    ///
    /// # Panics
    /// If it is one of floats.
    pub(crate) fn bytes(self) -> Target<'m, u8> {
        match self {
            AnyTarget::U8(y) => y,
            AnyTarget::F32(_) => panic!("a view of F32 in place of U8"),
        }
    }

    pub(crate) fn geometry(&self) -> Geometry {
        match self {
            AnyTarget::F32(y) => y.geometry,
            AnyTarget::U8(y) => y.geometry,
        }
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

/// Sizes and strides, in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) images: usize,
    /// `[h, w, c]`
    pub(crate) shape: [usize; 3],
    /// From one image to the next.
    pub(crate) image: usize,
    /// From one pixel to the next.
    pub(crate) pixel: usize,
}

impl Geometry {
    fn new(view: View, images: usize) -> Self {
        Self {
            images,
            shape: view.shape,
            image: view.image(),
            pixel: view.pixel,
        }
    }

    /// Of dense pictures, one after the other.
    fn dense(shape: [usize; 3], images: usize) -> Self {
        Self {
            images,
            shape,
            image: shape[0] * shape[1] * shape[2],
            pixel: shape[2],
        }
    }

    pub(crate) fn is_dense(self) -> bool {
        self.pixel == self.shape[2]
    }

    /// From the view's first element to the first of this pixel.
    fn offset(self, image: usize, y: usize, x: usize) -> usize {
        let [h, w, _] = self.shape;
        assert!(image < self.images && y < h && x < w);
        image * self.image + (y * w + x) * self.pixel
    }

    /// The same memory with each row as one long pixel.
    fn flat(self) -> Self {
        let [h, w, c] = self.shape;
        Self {
            shape: [h, 1, w * c],
            pixel: w * c,
            ..self
        }
    }
}

impl<'m, T> Source<'m, T> {
    /// `memory` begins with the view's first element; the whole view is readable for `'m` (checked by `Mem::access`).
    pub(crate) fn new(memory: Shared<'m, T>, view: View, images: usize) -> Self {
        Self {
            memory,
            geometry: Geometry::new(view, images),
        }
    }

    /// Dense pictures from this element on.
    ///
    /// # Safety
    /// Whoever reads rows of them knows that these rows are in memory, and that nobody writes them for `'m`.
    pub(crate) unsafe fn dense(memory: Shared<'m, T>, shape: [usize; 3], images: usize) -> Self {
        Self {
            memory,
            geometry: Geometry::dense(shape, images),
        }
    }

    /// The channels of a pixel.
    #[inline]
    pub(crate) fn pixel(&self, image: usize, y: usize, x: usize) -> &'m [T] {
        let at = self.geometry.offset(image, y, x);
        // SAFETY: the pixel is inside the view (`offset` checks it), and the view inside its memory (`Mem::access`), where
        // nothing writes to this view's elements for `'m`.
        unsafe { self.memory.read(at, self.geometry.shape[2]) }
    }

    /// The address of a pixel, for kernels that find their way from there themselves.
    #[inline]
    pub(crate) fn address(&self, image: usize, y: usize, x: usize) -> *const T {
        self.memory.at(self.geometry.offset(image, y, x))
    }

    /// The channels of the pixels of a row, one after the other: checked once for all.
    #[inline]
    pub(crate) fn pixels(
        &self,
        image: usize,
        y: usize,
        x: Range<usize>,
    ) -> impl Iterator<Item = &'m [T]> + use<'m, T> {
        let Geometry { shape, pixel, .. } = self.geometry;
        let first = match x.is_empty() {
            true => 0,
            false => {
                assert!(x.end <= shape[1]);
                self.geometry.offset(image, y, x.start)
            }
        };
        let memory = self.memory;
        // SAFETY: as for `pixel`: the first pixel and the last are inside the view.
        (0..x.len()).map(move |i| unsafe { memory.read(first + i * pixel, shape[2]) })
    }

    /// Whether the pixels lie side by side.
    pub(crate) fn is_dense(&self) -> bool {
        self.geometry.is_dense()
    }

    /// Of dense pictures the rows as single long pixels.
    pub(crate) fn flat(self) -> Self {
        Self {
            geometry: self.geometry.flat(),
            ..self
        }
    }

    /// A whole row, where its pixels lie side by side.
    pub(crate) fn dense_row(&self, image: usize, y: usize) -> Option<&'m [T]> {
        let flat = Self {
            geometry: self.geometry.flat(),
            ..*self
        };
        self.geometry.is_dense().then(|| flat.pixel(image, y, 0))
    }

    /// From the first element on.
    pub(crate) fn memory(&self) -> Shared<'m, T> {
        self.memory
    }
}

impl<'m, T> Target<'m, T> {
    /// `memory` begins with the view's first element; the whole view is writable for `'m` (checked by `Mem::access`).
    pub(crate) fn new(memory: Shared<'m, T>, view: View, images: usize) -> Self {
        Self {
            memory,
            geometry: Geometry::new(view, images),
        }
    }

    /// Dense pictures from this element on.
    ///
    /// # Safety
    /// Whoever writes rows of them knows that these rows are in memory, and the caller's alone for `'m`.
    pub(crate) unsafe fn dense(memory: Shared<'m, T>, shape: [usize; 3], images: usize) -> Self {
        Self {
            memory,
            geometry: Geometry::dense(shape, images),
        }
    }

    /// From the first element on.
    pub(crate) fn memory(&self) -> Shared<'m, T> {
        self.memory
    }

    /// One image.
    ///
    /// # Safety
    /// No two images of the same number, or rows of such an image, live at the same time.
    unsafe fn image(&self, image: usize) -> Image<'m, T> {
        Image {
            number: image,
            memory: self.memory.skip(self.geometry.offset(image, 0, 0)),
            geometry: self.geometry,
        }
    }

    /// A row of one image.
    ///
    /// # Safety
    /// No two rows of the same place live at the same time.
    pub(super) unsafe fn row(&self, image: usize, y: usize) -> Row<'m, T> {
        Row {
            image,
            y,
            memory: self.memory.skip(self.geometry.offset(image, y, 0)),
            geometry: self.geometry,
        }
    }

    /// Whether the pixels lie side by side.
    pub(crate) fn is_dense(&self) -> bool {
        self.geometry.is_dense()
    }

    /// Of dense pictures the rows as single long pixels.
    pub(crate) fn flat(self) -> Self {
        Self {
            geometry: self.geometry.flat(),
            ..self
        }
    }

    /// Calls `body` for every row, on several threads; a row costs about `cost` elementary operations.
    pub(crate) fn for_rows(self, threads: Threads, cost: usize, body: impl Fn(Row<'m, T>) + Sync)
    where
        T: Send + Sync,
    {
        let height = self.geometry.shape[0];
        threads.for_ranges(
            self.geometry.images * height,
            cost,
            |rows: Range<usize>, _| {
                for row in rows {
                    // SAFETY: the ranges cover each row once, so each row is made once.
                    body(unsafe { self.row(row / height, row % height) });
                }
            },
        );
    }
}

/// A row of the output, owned by one task.
pub(crate) struct Row<'m, T = f32> {
    pub(crate) image: usize,
    pub(crate) y: usize,
    memory: Shared<'m, T>,
    geometry: Geometry,
}

impl Row<'_> {
    /// Elements from one pixel to the next.
    pub(crate) fn step(&self) -> usize {
        self.geometry.pixel
    }

    /// The address of a pixel, for kernels that find their way in the row from there themselves.
    pub(crate) fn address(&mut self, x: usize) -> *mut f32 {
        assert!(x < self.width());
        self.memory.at(x * self.geometry.pixel)
    }
}

impl<T> Row<'_, T> {
    /// Pixels.
    pub(crate) fn width(&self) -> usize {
        self.geometry.shape[1]
    }

    /// The channels of a pixel.
    #[inline]
    pub(crate) fn pixel(&mut self, x: usize) -> &mut [T] {
        let [_, w, c] = self.geometry.shape;
        assert!(x < w);
        // SAFETY: the pixel is inside the row, which is this task's alone, and the borrow is unique through `&mut self`.
        unsafe { self.memory.part_at(x * self.geometry.pixel, c) }
    }
}

impl Row<'_> {
    /// Applies an activation to all pixels, at once where they lie side by side: few channels would not fill a vector.
    #[inline(always)]
    pub(crate) fn activate(&mut self, act: Act) {
        let [_, w, c] = self.geometry.shape;
        match self.geometry.is_dense() {
            // SAFETY: as for `pixel`: the row is its pixels, one after the other.
            true => apply_inline(act, unsafe { self.memory.part_at(0, w * c) }),
            false => (0..w).for_each(|x| apply_inline(act, self.pixel(x))),
        }
    }
}

impl<'m, const N: usize> Views<'m, N> {
    /// For operations on elements: where all views are dense, their rows become single long pixels.
    pub(crate) fn flat(mut self) -> Self {
        let dense = self.x.iter().all(|x| x.geometry.is_dense()) && self.y.geometry.is_dense();
        if dense {
            self.x
                .iter_mut()
                .for_each(|x| x.geometry = x.geometry.flat());
            self.y.geometry = self.y.geometry.flat();
        }
        self
    }

    /// Calls `body` for every row of the output, on several threads; a row costs about `cost` elementary operations.
    pub(crate) fn for_rows(self, cost: usize, body: impl Fn(&[Source<'m>; N], Row<'m>) + Sync) {
        let Self { x, y, threads, .. } = self;
        let height = y.geometry.shape[0];
        threads.for_ranges(y.geometry.images * height, cost, |rows: Range<usize>, _| {
            for row in rows {
                // SAFETY: the ranges cover each row once, so each row is made once.
                body(&x, unsafe { y.row(row / height, row % height) });
            }
        });
    }
}

/// An image of the output, owned by one task.
pub(crate) struct Image<'m, T = f32> {
    pub(crate) number: usize,
    memory: Shared<'m, T>,
    geometry: Geometry,
}

impl Image<'_> {
    /// The channels of a pixel.
    #[inline]
    pub(crate) fn pixel(&mut self, y: usize, x: usize) -> &mut [f32] {
        let at = self.geometry.offset(0, y, x);
        // SAFETY: the pixel is inside the image, which is this task's alone, and the borrow is unique through `&mut self`.
        unsafe { self.memory.part_at(at, self.geometry.shape[2]) }
    }
}

#[cfg(feature = "train")]
impl Image<'_> {
    /// Elements from one pixel to the next.
    pub(crate) fn step(&self) -> usize {
        self.geometry.pixel
    }

    /// The address of a pixel, for kernels that find their way in the image from there themselves.
    pub(crate) fn address(&mut self, y: usize, x: usize) -> *mut f32 {
        self.memory.at(self.geometry.offset(0, y, x))
    }

    /// The channels of the pixels of a row, one after the other: checked once for all.
    #[inline]
    pub(crate) fn pixels(&mut self, y: usize, x: Range<usize>) -> impl Iterator<Item = &mut [f32]> {
        let Geometry { shape, pixel, .. } = self.geometry;
        let first = match x.is_empty() {
            true => 0,
            false => {
                assert!(x.end <= shape[1]);
                self.geometry.offset(0, y, x.start)
            }
        };
        let memory = self.memory;
        // SAFETY: as for `pixel`: the first pixel and the last are inside the image, and no two of them overlap.
        (0..x.len()).map(move |i| unsafe { memory.part_at(first + i * pixel, shape[2]) })
    }

    /// Sets all elements to zero.
    pub(crate) fn clear(&mut self) {
        self.clear_rows(0..self.geometry.shape[0]);
    }

    /// Sets the elements of these rows to zero.
    pub(crate) fn clear_rows(&mut self, rows: Range<usize>) {
        let [_, w, _] = self.geometry.shape;
        for y in rows {
            self.pixels(y, 0..w).for_each(|pixel| pixel.fill(0.0));
        }
    }
}

#[cfg(feature = "train")]
impl<'m, const R: usize, const W: usize> Access<'m, R, W> {
    /// For operations on elements: where all views are dense, their rows become single long pixels.
    pub(crate) fn flat(mut self) -> Self {
        let dense = self.x.iter().all(|x| x.geometry.is_dense())
            && self.y.iter().all(|y| y.geometry.is_dense());
        if dense {
            (self.x.iter_mut()).for_each(|x| x.geometry = x.geometry.flat());
            (self.y.iter_mut()).for_each(|y| y.geometry = y.geometry.flat());
        }
        self
    }

    /// Keeps the first `len` elements of the shared memory apart.
    ///
    /// # Panics
    /// If there are fewer.
    #[track_caller]
    pub(crate) fn take_shared(self, len: usize) -> (&'m mut [f32], Self) {
        let (taken, shared) = scratch(self.shared, len);
        (taken, Self { shared, ..self })
    }

    /// Calls `body` for every row of the outputs, which are of equal height, on several threads; a row costs about `cost`
    /// elementary operations.
    pub(crate) fn for_rows(
        self,
        cost: usize,
        body: impl Fn(&[Source<'m>; R], [Row<'m>; W]) + Sync,
    ) {
        let Self { x, y, threads, .. } = self;
        let [height, images] = [y[0].geometry.shape[0], y[0].geometry.images];
        threads.for_ranges(images * height, cost, |rows: Range<usize>, _| {
            for row in rows {
                // SAFETY: the ranges cover each row once, so each row of each target is made once.
                let out = y
                    .each_ref()
                    .map(|y| unsafe { y.row(row / height, row % height) });
                body(&x, out);
            }
        });
    }
}

impl<'m, const R: usize, const W: usize> Access<'m, R, W> {
    /// Calls `body` with every image of the outputs, and the memory of the worker; an image costs about `cost` elementary operations.
    pub(crate) fn for_images(
        self,
        cost: usize,
        body: impl Fn(&[Source<'m>; R], [Image<'m>; W], &mut [f32]) + Sync,
    ) {
        let Self {
            x,
            y,
            threads,
            workers,
            ..
        } = self;
        threads.for_ranges(
            y[0].geometry.images,
            cost,
            |images: Range<usize>, worker| {
                // SAFETY: the worker runs this task alone, and asks once.
                let part = unsafe { workers.part(worker) };
                for image in images {
                    // SAFETY: the ranges cover each image once, so each image of each target is made once.
                    let out = y.each_ref().map(|y| unsafe { y.image(image) });
                    body(&x, out, part);
                }
            },
        );
    }
    /// The same, and each image has `size` numbers of the shared memory for itself, which are given back together. `body` gets the images read,
    /// the number of its image, the images written, the memory of the worker, and those numbers, which are left from other steps.
    ///
    /// # Panics
    /// If there is less shared memory.
    #[cfg(feature = "train")]
    #[track_caller]
    pub(crate) fn for_images_keeping(
        self,
        cost: usize,
        size: usize,
        body: impl Fn(&[Source<'m>; R], usize, [Image<'m>; W], &mut [f32], &mut [f32]) + Sync,
    ) -> &'m [f32] {
        let Self {
            x,
            y,
            shared,
            threads,
            workers,
        } = self;
        let images = x[0].geometry.images;
        let (kept, _) = scratch(shared, elements([images, size]));
        let own = Workers::new(&mut *kept, size, images);
        threads.for_ranges(images, cost, |images: Range<usize>, worker| {
            // SAFETY: the worker runs this task alone, and asks once.
            let part = unsafe { workers.part(worker) };
            for image in images {
                // SAFETY: the ranges cover each image once, so each image of each target is made once.
                let out = y.each_ref().map(|y| unsafe { y.image(image) });
                // SAFETY: as above.
                body(&x, image, out, &mut *part, unsafe { own.part(image) });
            }
        });
        kept
    }
}
