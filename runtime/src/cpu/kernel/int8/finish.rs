//! What becomes of sums.

use crate::cpu::kernel::bytes::{Columns, Dots, Sums, channel};
use crate::cpu::kernel::vector::Vector;

/// What becomes of sums: `min(max(sum * scale[f] + bias[f] + added[f] * added_scale, low), high)`, as numbers, or rounded to bytes: `low` and
/// `high` are whole numbers between 0 and 255 then, and what they bound fits into 32 bits.
#[derive(Clone, Copy)]
pub(crate) struct Finish {
    /// What each sum starts with, padded to whole vectors; as are the next two.
    pub(crate) first: *const i32,
    pub(crate) scale: *const f32,
    pub(crate) bias: *const f32,
    /// Nothing where channels are stored in columns.
    pub(crate) added: Added,
    /// Elements between what is added to two pixels.
    pub(crate) added_stride: usize,
    pub(crate) added_scale: f32,
    pub(crate) low: f32,
    pub(crate) high: f32,
    pub(crate) out: Out,
    /// Elements between two pixels' outputs.
    pub(crate) stride: usize,
    /// Filters to store.
    pub(crate) width: usize,
}

/// The first pixel's outputs.
#[derive(Clone, Copy)]
pub(crate) enum Out {
    F32(*mut f32),
    U8(*mut u8),
}

impl Out {
    /// So many elements further.
    pub(crate) fn skip(self, elements: usize) -> Self {
        match self {
            Out::F32(out) => Out::F32(out.wrapping_add(elements)),
            Out::U8(out) => Out::U8(out.wrapping_add(elements)),
        }
    }
}

/// What is added to the first pixel's outputs, of which it may be the place.
#[derive(Clone, Copy)]
pub(crate) enum Added {
    Nothing,
    F32(*const f32),
    U8(*const u8),
}

impl Added {
    /// A vector of numbers from this element on, of which `n` are there; zeros where nothing is added.
    #[inline(always)]
    unsafe fn load<V: Dots>(self, element: usize, n: usize) -> V::Float {
        // SAFETY: the caller vouches for so many elements.
        unsafe {
            match self {
                Added::Nothing => V::Float::splat(0.0),
                Added::F32(from) if n >= V::LANES => V::Float::load(from.add(element)),
                Added::F32(from) => V::Float::load_partial(from.add(element), n),
                Added::U8(from) => V::bytes(from.add(element), n),
            }
        }
    }
}

impl Finish {
    /// What the sums of some vectors of filters start with.
    #[inline(always)]
    pub(super) unsafe fn first<V: Sums, const NV: usize>(&self) -> [V; NV] {
        // SAFETY: the caller vouches for the kernel's promises: there is a number for each filter of each vector.
        core::array::from_fn(|v| unsafe { V::load(self.first.add(v * V::LANES)) })
    }

    /// The sums of some pixels as numbers, without their bounds.
    #[inline(always)]
    unsafe fn numbers<V: Sums, const MR: usize, const NV: usize>(
        &self,
        acc: [[V; NV]; MR],
    ) -> [[V::Float; NV]; MR] {
        // SAFETY: as above.
        unsafe {
            let mut y = [[V::Float::splat(0.0); NV]; MR];
            for v in 0..NV {
                let scale = V::Float::load(self.scale.add(v * V::LANES));
                let bias = V::Float::load(self.bias.add(v * V::LANES));
                for (y, acc) in y.iter_mut().zip(&acc) {
                    y[v] = acc[v].float().mul(scale).add(bias);
                }
            }
            y
        }
    }

    /// Adds what is added to some vectors of filters of some pixels.
    #[inline(always)]
    unsafe fn add<V: Dots, const MR: usize, const NV: usize>(&self, y: &mut [[V::Float; NV]; MR]) {
        // SAFETY: as above; so many elements are there.
        unsafe {
            let scale = V::Float::splat(self.added_scale);
            for (r, y) in y.iter_mut().enumerate() {
                for (v, y) in y.iter_mut().enumerate() {
                    let first = v * V::LANES;
                    let left = self.width.saturating_sub(first).min(V::LANES);
                    let added = self.added.load::<V>(r * self.added_stride + first, left);
                    *y = y.add(added.mul(scale));
                }
            }
        }
    }

    /// A vector between the bounds.
    #[inline(always)]
    unsafe fn bounded<F: Vector>(&self, y: F) -> F {
        // SAFETY: as above.
        unsafe { F::splat(self.high).min(F::splat(self.low).max(y)) }
    }

    /// Stores the sums of `NV` vectors of filters, of `MR` pixels.
    ///
    /// Its loops are short, so that the compiler unrolls them: sums would go through memory otherwise.
    #[inline(always)]
    pub(super) unsafe fn store<V: Dots, const MR: usize, const NV: usize>(
        &self,
        acc: [[V; NV]; MR],
    ) {
        // SAFETY: the caller vouches for the kernel's promises: vectors of scales and biases, and outputs of which `width` are touched.
        unsafe {
            let mut y = self.numbers(acc);
            if !matches!(self.added, Added::Nothing) {
                self.add::<V, MR, NV>(&mut y);
            }
            let all = NV * V::LANES;
            match self.out {
                Out::U8(out) => {
                    let bounds = [self.low as u8, self.high as u8];
                    if self.width >= all {
                        for (r, y) in y.iter().enumerate() {
                            V::store_bytes(*y, bounds, out.add(r * self.stride), all);
                        }
                    } else {
                        for (r, y) in y.iter().enumerate() {
                            V::store_bytes(*y, bounds, out.add(r * self.stride), self.width);
                        }
                    }
                }
                Out::F32(out) => {
                    for (r, y) in y.iter().enumerate() {
                        self.store_numbers(y, out.add(r * self.stride));
                    }
                }
            }
        }
    }

    /// Vectors side by side as numbers between the bounds.
    #[inline(always)]
    unsafe fn store_numbers<F: Vector>(&self, y: &[F], out: *mut f32) {
        // SAFETY: as above.
        unsafe {
            for (v, y) in y.iter().enumerate() {
                let (y, first) = (self.bounded(*y), v * F::LANES);
                let left = self.width.saturating_sub(first);
                match left >= F::LANES {
                    true => y.store(out.add(first)),
                    false => y.store_partial(out.add(first), left),
                }
            }
        }
    }

    /// Stores the sums of four vectors of channels, in the order of [`Columns`], of pixels at these places, the first `count` of them: as
    /// `NUMBERS`, or as bytes.
    ///
    /// Which is a constant, as the sums of other pixels are in registers meanwhile.
    #[inline(always)]
    pub(super) unsafe fn store_columns<V: Columns, const MR: usize, const NUMBERS: bool>(
        &self,
        acc: [[V; 4]; MR],
        at: [usize; MR],
        count: usize,
    ) {
        // SAFETY: as above.
        unsafe {
            let y = self.numbers(acc);
            for r in 0..MR {
                if r >= count {
                    break;
                }
                match self.out {
                    Out::U8(out) if !NUMBERS => {
                        let bounds = [self.low as u8, self.high as u8];
                        V::store_columns(y[r], bounds, out.add(at[r]), self.width);
                    }
                    Out::F32(out) if NUMBERS => {
                        let y = y[r].map(|y| self.bounded(y));
                        store_fours::<V>(y, out.add(at[r]), self.width);
                    }
                    // The driver takes the kernel for its outputs.
                    _ => debug_assert!(false, "outputs of the other kind"),
                }
            }
        }
    }
}

/// Four vectors as numbers, in order again: the first `n`.
#[inline(always)]
unsafe fn store_fours<V: Columns>(x: [V::Float; 4], p: *mut f32, n: usize) {
    // SAFETY: the caller vouches for `n` elements.
    unsafe {
        for (v, x) in x.into_iter().enumerate() {
            // No vector has more lanes.
            let mut lanes = [0.0; 16];
            x.store(lanes.as_mut_ptr());
            for (i, four) in lanes[..V::LANES].as_chunks::<4>().0.iter().enumerate() {
                let first = channel(v, 4 * i);
                if first + 4 <= n {
                    p.add(first).cast::<[f32; 4]>().write_unaligned(*four);
                } else if first < n {
                    core::ptr::copy_nonoverlapping(four.as_ptr(), p.add(first), n - first);
                }
            }
        }
    }
}
