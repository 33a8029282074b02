//! How kernels reach memory: views whose shapes, bounds and overlaps `Mem::access` has checked, as pointers.
//!
//! The output of a step may lie between channels that the same step reads (a CONCAT buffer), so a kernel must not make a slice
//! that spans more than one pixel of a view, unless the view is dense.

mod geometry;
mod parts;
mod pictures;
mod shared;

#[cfg(feature = "train")]
use super::sizes::elements;
use crate::threads::Threads;
use core::ops::Range;
pub(crate) use geometry::Geometry;
pub(crate) use parts::{Image, Row};
pub(crate) use pictures::{AnySource, AnyTarget, Source, Target};
pub(crate) use shared::{Shared, Workers, scratch};

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

/// The views of a step on numbers and bytes, and the memory beside them.
pub(crate) struct Mixed<'m, const R: usize, const W: usize = 1> {
    pub(crate) x: [AnySource<'m>; R],
    pub(crate) y: [AnyTarget<'m>; W],
    /// `Scratch::shared` elements, or some more; what they hold is left from other steps.
    pub(crate) shared: &'m mut [f32],
    pub(crate) workers: Workers<'m>,
    pub(crate) threads: Threads,
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
