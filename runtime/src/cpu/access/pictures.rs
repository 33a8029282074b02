//! Pictures that a step reads, and those that it writes.

use super::parts::{Image, Row};
use super::{Geometry, Shared};
use crate::plan::View;
use crate::threads::Threads;
use core::ops::Range;

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

/// Pictures that a step writes, of numbers or of bytes.
pub(crate) struct Target<'m, T = f32> {
    /// From the view's first element on.
    memory: Shared<'m, T>,
    pub(crate) geometry: Geometry,
}

impl<T> Clone for Target<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Target<'_, T> {}

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
