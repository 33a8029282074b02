//! Pictures that a step reads, and those that it writes.

use super::parts::{Image, Row};
use super::{Geometry, Shared};
use crate::plan::View;
use crate::threads::Threads;
use core::marker::PhantomData;
use core::ops::Range;

/// That a step reads pictures.
#[derive(Clone, Copy)]
pub(crate) struct Reads;

/// That a step writes pictures.
#[derive(Clone, Copy)]
pub(crate) struct Writes;

/// Pictures of numbers or of bytes that a step uses in one way, [`Reads`] or [`Writes`].
pub(crate) struct Pictures<'m, T, Use> {
    /// From the view's first element on.
    memory: Shared<'m, T>,
    pub(crate) geometry: Geometry,
    used: PhantomData<Use>,
}

/// Pictures that a step reads, of numbers or of bytes.
pub(crate) type Source<'m, T = f32> = Pictures<'m, T, Reads>;

/// Pictures that a step writes, of numbers or of bytes.
pub(crate) type Target<'m, T = f32> = Pictures<'m, T, Writes>;

impl<T, Use> Clone for Pictures<'_, T, Use> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, Use> Copy for Pictures<'_, T, Use> {}

impl<'m, T, Use> Pictures<'m, T, Use> {
    /// `memory` begins with the view's first element; the whole view may be used so for `'m` (checked by `Mem::access`).
    pub(crate) fn new(memory: Shared<'m, T>, view: View, images: usize) -> Self {
        Self {
            memory,
            geometry: Geometry::new(view, images),
            used: PhantomData,
        }
    }

    /// Dense pictures from this element on.
    ///
    /// # Safety
    /// Whoever reads or writes rows of them knows that these rows are in memory; that nobody writes those that it reads for `'m`, and
    /// that those that it writes are the caller's alone.
    pub(crate) unsafe fn dense(memory: Shared<'m, T>, shape: [usize; 3], images: usize) -> Self {
        Self {
            memory,
            geometry: Geometry::dense(shape, images),
            used: PhantomData,
        }
    }

    /// From the first element on.
    pub(crate) fn memory(&self) -> Shared<'m, T> {
        self.memory
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
}

impl<'m, T> Source<'m, T> {
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

    /// A whole row, where its pixels lie side by side.
    pub(crate) fn dense_row(&self, image: usize, y: usize) -> Option<&'m [T]> {
        self.is_dense().then(|| self.flat().pixel(image, y, 0))
    }
}

impl<'m, T> Target<'m, T> {
    /// One image.
    ///
    /// # Safety
    /// No two images of the same number, or rows of such an image, live at the same time.
    pub(super) unsafe fn image(&self, image: usize) -> Image<'m, T> {
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
    pub(in crate::cpu) unsafe fn row(&self, image: usize, y: usize) -> Row<'m, T> {
        Row {
            image,
            y,
            memory: self.memory.skip(self.geometry.offset(image, y, 0)),
            geometry: self.geometry,
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

/// Pictures that a step uses, whatever their elements are.
#[derive(Clone, Copy)]
pub(crate) enum Any<'m, Use> {
    F32(Pictures<'m, f32, Use>),
    U8(Pictures<'m, u8, Use>),
}

/// What a step reads, whatever its elements are.
pub(crate) type AnySource<'m> = Any<'m, Reads>;

/// What a step writes, whatever its elements are.
pub(crate) type AnyTarget<'m> = Any<'m, Writes>;

impl<'m, Use> Any<'m, Use> {
    /// Pictures of floats.
    ///
    /// # Panics
    /// If they are of bytes.
    pub(crate) fn floats(self) -> Pictures<'m, f32, Use> {
        match self {
            Any::F32(pictures) => pictures,
            Any::U8(_) => panic!("a view of U8 in place of F32"),
        }
    }

    /// Pictures of bytes.
    ///
    /// # Panics
    /// If they are of floats.
    pub(crate) fn bytes(self) -> Pictures<'m, u8, Use> {
        match self {
            Any::U8(pictures) => pictures,
            Any::F32(_) => panic!("a view of F32 in place of U8"),
        }
    }

    pub(crate) fn geometry(&self) -> Geometry {
        match self {
            Any::F32(pictures) => pictures.geometry,
            Any::U8(pictures) => pictures.geometry,
        }
    }
}
