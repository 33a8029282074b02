//! Convolutions and fully connected layers.

use super::depthwise::Depthwise;
use super::ending::{Addend, Bytes, Numbers, Onto, Output};
use super::product::Product;
use super::{Layer, Quantisation, quantise};
use crate::cpu::access::{AnySource, AnyTarget, Mixed, Shared, Source, scratch};
use crate::cpu::conv::padded;
use crate::cpu::rows::{RowKernel, Rows};
use crate::cpu::simd::Level;
use crate::cpu::sizes::{Sizes, bounded, elements};
use crate::plan::{self, Op, View};
use crate::threads::Threads;
use crate::{Mem, Scratch};
use alloc::vec::Vec;
use core::ops::Range;

/// Bytes behind a copied picture that a kernel may read: a run of inputs is read in fours.
const SLACK: usize = 64;

/// A convolution of bytes, or of floats that it quantises; a fully connected layer is one of a single pixel.
pub(crate) struct Conv {
    op: Op,
    /// What the views fit.
    sizes: Sizes,
    /// The convolution that is computed: over a copy with padding, where the input is copied.
    d: plan::Conv,
    /// The convolution as the plan has it.
    whole: plan::Conv,
    input: Quantisation,
    copies: bool,
    /// Whether what is added is bytes, where something is.
    adds_bytes: Option<bool>,
    algorithm: Algorithm,
}

enum Algorithm {
    Product(Product),
    Depthwise(Depthwise),
}

impl RowKernel for Conv {
    fn op(&self) -> Op {
        self.op
    }

    fn is_able(&self, first: bool) -> bool {
        self.adds_bytes.is_none() && (first || !self.copies)
    }

    fn weight_bytes(&self) -> usize {
        match &self.algorithm {
            Algorithm::Product(product) => product.weight_bytes(),
            Algorithm::Depthwise(_) => 0, // few
        }
    }

    fn grain(&self) -> usize {
        match &self.algorithm {
            Algorithm::Product(_) => 1,
            Algorithm::Depthwise(depthwise) => depthwise.together(),
        }
    }

    fn copied<'m>(
        &self,
        x: AnySource<'m>,
        shared: &'m mut [f32],
        threads: Threads,
    ) -> Option<AnySource<'m>> {
        let images = x.geometry().images;
        let copy = self
            .copies
            .then(|| self.copy(images, &x, shared, threads))?;
        // SAFETY: the copy holds all pictures, and is borrowed as scratch memory.
        let copy = unsafe { Source::dense(copy.memory, self.d.input, images) };
        Some(AnySource::U8(copy))
    }

    unsafe fn rows(&self, image: usize, rows: Range<usize>, of: &Rows<'_>) {
        let x = of.x[0].bytes();
        let input = Bytes {
            memory: x.memory(),
            pixel: x.geometry.pixel,
        };
        let output = Output::of(&of.y);
        // SAFETY: the caller's promise is the same.
        unsafe {
            match &self.algorithm {
                Algorithm::Product(product) => product.rows(image, rows, input, output),
                Algorithm::Depthwise(depthwise) => depthwise.strip(image, rows, input, output),
            }
        }
    }
}

/// A fully connected layer as a convolution of a single pixel.
fn single(d: plan::Fc) -> plan::Conv {
    plan::Conv {
        input: [1, 1, d.input.iter().product()],
        filters: d.units,
        act: d.act,
        ..plan::Conv::DEFAULT
    }
}

/// The convolution that an operation computes, if it does.
fn of(op: &Op) -> Option<plan::Conv> {
    match op {
        Op::Fc(d) => Some(single(*d)),
        _ => op.convolution(),
    }
}

/// How that is quantised which an operation adds, if it adds anything.
fn addend(op: &Op, added: Option<Quantisation>) -> Option<Addend> {
    (op.arity() > 1).then(|| added.map_or(Addend::F32, Addend::U8))
}

impl Conv {
    /// Whether the operation can be computed: sums fit into 32 bits, and windows into tables.
    pub(crate) fn fits(op: &Op) -> bool {
        let Some(d) = of(op) else {
            return false;
        };
        let terms = bounded([d.kernel[0], d.kernel[1], d.input[2] / d.groups.max(1)]);
        terms <= 1 << 16 && (Depthwise::fits(&d) || Product::fits(&d))
    }

    /// Weights of a filter, by their places, that are added up by one instruction of 16 bits on some machines: fast where no two are larger
    /// together than one alone may be.
    pub(crate) fn pairs(op: &Op) -> Vec<[usize; 2]> {
        let dense = of(op).filter(|d| !Depthwise::fits(d));
        dense.map_or_else(Vec::new, |d| Product::pairs(&d))
    }

    /// The convolution that the operation computes, if it does, and what becomes of its sums; the arguments are those of [`new`](Self::new).
    pub(crate) fn numbers(
        op: Op,
        layer: &Layer,
        input: Quantisation,
        [added, output]: [Option<Quantisation>; 2],
    ) -> Option<(plan::Conv, Numbers)> {
        let d = of(&op)?;
        let numbers = Numbers::of(layer, [Some(input), output], addend(&op, added), d.act);
        Some((d, numbers))
    }

    /// A convolution, or a fully connected layer.
    ///
    /// # Panics
    /// If it does not [fit](Self::fits), or the layer has other sizes. `input` is how the input is quantised, where it is floats by this
    /// step itself; `bytes` whether it is bytes already; `output` how the output is, unless it is floats, and `added` how that is which an
    /// operation adds, in the same way.
    pub(crate) fn new(
        op: Op,
        layer: &Layer,
        input: Quantisation,
        bytes: bool,
        [added, output]: [Option<Quantisation>; 2],
        level: Level,
    ) -> Self {
        assert!(Self::fits(&op), "int8 for {op:?}");
        let sizes = Sizes::of(op);
        let whole = of(&op).expect("`fits` has looked at it");
        let addend = addend(&op, added);
        let is_depthwise = Depthwise::fits(&whole);
        let in_place = bytes && (is_depthwise || (whole.input[2] / whole.groups).is_multiple_of(4));
        let d = match in_place {
            true => whole,
            false => padded(whole),
        };
        let algorithm = match is_depthwise {
            true => Algorithm::Depthwise(Depthwise::new(d, layer, [Some(input), output], level)),
            false => Algorithm::Product(Product::new(
                d,
                layer,
                [Some(input), output],
                addend,
                !in_place,
                level,
            )),
        };
        Self {
            op,
            sizes,
            d,
            whole,
            input,
            copies: !in_place,
            adds_bytes: addend.map(|_| added.is_some()),
            algorithm,
        }
    }

    /// Memory for a batch.
    pub(crate) fn scratch(&self, max_batch: usize) -> Scratch {
        let [h, w, c] = self.d.input;
        let bytes = bounded([max_batch.max(1), h, w, c]).saturating_add(SLACK);
        Scratch {
            shared: if self.copies { bytes.div_ceil(4) } else { 0 },
            worker: 0,
        }
    }

    /// Computes the step.
    ///
    /// # Panics
    /// If the views do not fit the operation or the memory, or overlap; or the workspace has less scratch memory than
    /// [`scratch`](Self::scratch) says.
    pub(crate) fn run(&self, mem: &mut Mem<'_, '_>, x: &[View], y: View) {
        let (read, output) = (self.sizes.input(x[0]), self.sizes.output(y));
        match x.get(1).copied() {
            None => self.compute(mem.mixed([read], [output]), Onto::Nothing),
            Some(added) if added == y => {
                let step = mem.mixed([read], [output]);
                let added = match &step.y[0] {
                    AnyTarget::F32(y) => Onto::F32(y.memory(), y.geometry.pixel),
                    AnyTarget::U8(y) => Onto::U8(y.memory(), y.geometry.pixel),
                };
                self.compute(step, added);
            }
            Some(added) => {
                let Mixed {
                    x: [x, added],
                    y,
                    shared,
                    workers,
                    threads,
                } = mem.mixed([read, self.sizes.operand(1, added)], [output]);
                let added = match &added {
                    AnySource::F32(b) => Onto::F32(b.memory(), b.geometry.pixel),
                    AnySource::U8(b) => Onto::U8(b.memory(), b.geometry.pixel),
                };
                let step = Mixed {
                    x: [x],
                    y,
                    shared,
                    workers,
                    threads,
                };
                self.compute(step, added);
            }
        }
    }

    fn compute(&self, step: Mixed<'_, 1>, onto: Onto<'_>) {
        let Mixed {
            x: [x],
            y: [y],
            shared,
            threads,
            ..
        } = step;
        let images = x.geometry().images;
        let input = match &x {
            AnySource::U8(x) if !self.copies => self.in_place(x),
            _ => self.copy(images, &x, shared, threads),
        };
        let output = Output::of(&y);
        let adds_bytes = match onto {
            Onto::Nothing => None,
            Onto::F32(..) => Some(false),
            Onto::U8(..) => Some(true),
        };
        assert!(
            self.adds_bytes == adds_bytes,
            "what is added has other elements"
        );
        // SAFETY: `Mem::mixed` has checked that the views have the descriptor's shapes, lie in their memory and share no element, unless what
        // is added is the output, and holds them for the time of this call; a copy is scratch memory of this step.
        unsafe {
            match &self.algorithm {
                Algorithm::Product(product) => {
                    assert!(
                        product.writes_bytes() == output.is_bytes(),
                        "a view of other elements"
                    );
                    product.run(images, input, onto, output, threads);
                }
                Algorithm::Depthwise(depthwise) => {
                    assert!(
                        depthwise.writes_bytes() == output.is_bytes(),
                        "a view of other elements"
                    );
                    depthwise.run(images, input, output, threads);
                }
            }
        }
    }

    /// The pictures where they lie.
    fn in_place<'m>(&self, x: &Source<'m, u8>) -> Bytes<'m> {
        // A fully connected layer sees a picture as one pixel.
        let as_they_are = x.geometry.shape == self.whole.input;
        assert!(as_they_are || x.is_dense(), "a picture that is not dense");
        Bytes {
            memory: x.memory(),
            pixel: match as_they_are {
                true => x.geometry.pixel,
                false => x.geometry.image,
            },
        }
    }

    /// Copies the pictures to the start of this memory as bytes, with padding around them.
    ///
    /// # Panics
    /// If the memory is too small.
    fn copy<'m>(
        &self,
        images: usize,
        x: &AnySource<'_>,
        memory: &'m mut [f32],
        threads: Threads,
    ) -> Bytes<'m> {
        let [h, w, c] = self.whole.input;
        let [height, width, _] = self.d.input;
        let [top, _, left, _] = self.whole.pad;
        let row_size = width * c;
        let len = elements([images, height, row_size]) + SLACK;
        let (copy, _) = scratch(memory, len.div_ceil(4));
        let rows = Shared::new(copy).bytes();
        let (zero, to_bytes) = (self.input.zero_point, self.input.to_bytes());
        threads.for_ranges(images * height, row_size, |range, _| {
            for row in range {
                // SAFETY: the ranges cover each row once.
                let to = unsafe { rows.part(row * row_size..(row + 1) * row_size) };
                let Some(y) = (row % height).checked_sub(top).filter(|&y| y < h) else {
                    to.fill(zero);
                    continue;
                };
                to[..left * c].fill(zero);
                to[(left + w) * c..].fill(zero);
                let to = &mut to[left * c..][..w * c];
                match x {
                    // A fully connected layer sees a picture, dense as it is, as one pixel.
                    AnySource::F32(x) => {
                        self.lines(x, row / height, y, to, |x, to| quantise(x, to_bytes, to))
                    }
                    AnySource::U8(x) => {
                        self.lines(x, row / height, y, to, |x, to| to.copy_from_slice(x))
                    }
                }
            }
        });
        Bytes {
            memory: rows,
            pixel: c,
        }
    }

    /// Converts a row of an image, at once where its pixels lie side by side.
    fn lines<T: Copy>(
        &self,
        x: &Source<'_, T>,
        image: usize,
        y: usize,
        to: &mut [u8],
        convert: impl Fn(&[T], &mut [u8]),
    ) {
        let [h, w, c] = x.geometry.shape;
        let rows = match [h, w, c] == self.whole.input {
            true => y..y + 1,
            false => 0..h,
        };
        let mut rest = to;
        for y in rows {
            let (to, next) = core::mem::take(&mut rest).split_at_mut(w * c);
            rest = next;
            match x.dense_row(image, y) {
                Some(row) => convert(row, to),
                None => {
                    let pixels = x.pixels(image, y, 0..w);
                    let pairs = to.chunks_exact_mut(c).zip(pixels);
                    pairs.for_each(|(to, pixel)| convert(pixel, to));
                }
            }
        }
    }
}
