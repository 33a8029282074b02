//! Vectors of i32 sums over bytes: the little that int8 kernels ask of an instruction set. All of them compute the same bits.

use super::vector::{Portable, Vector};

/// As many sums of 32 bits as [`Float`](Self::Float) has lanes.
///
/// Every function is `#[inline(always)]`, so that it takes on the instruction set of the kernel that calls it.
///
/// # Safety
/// All functions of these traits need a CPU that has the instruction set of the implementing type, and memory that may be read or
/// written: `LANES` elements where nothing else is said.
pub(super) trait Sums: Copy {
    /// The sums as numbers.
    type Float: Vector;
    /// Four weights for each lane.
    type Weight: Copy;
    /// Four inputs for each lane.
    type Input: Copy;
    /// Lanes.
    const LANES: usize = <Self::Float as Vector>::LANES;
    /// Bytes of a [`Weight`](Self::Weight) in memory.
    const BYTES: usize;
    /// Whether weights lie in memory as pairs of 16 bits: in each lane the first and the third, after all lanes the second and the fourth.
    const PAIRS: bool;
    unsafe fn load(p: *const i32) -> Self;
    /// `BYTES` bytes.
    unsafe fn weight(p: *const u8) -> Self::Weight;
    /// To each lane the sum of the products of four unsigned inputs and four signed weights: exact while the lane does not overflow.
    unsafe fn add_products(self, x: Self::Input, w: Self::Weight) -> Self;
    /// Rounded to the nearest number.
    unsafe fn float(self) -> Self::Float;
}

/// Sums of dot products: all lanes have the same inputs.
pub(super) trait Dots: Sums {
    /// 4 bytes, for each lane.
    unsafe fn input(p: *const u8) -> Self::Input;
    /// The first `n` bytes as numbers, each in a lane of its own; zero in the others.
    unsafe fn bytes(p: *const u8, n: usize) -> Self::Float;
    /// The lanes of several vectors, side by side, as bytes: rounded half to even, then no smaller than the first bound, no larger than the
    /// second. `n` bytes in all, more than all vectors but the last hold. The numbers fit into 32 bits.
    unsafe fn store_bytes<const NV: usize>(
        x: [Self::Float; NV],
        bounds: [u8; 2],
        p: *mut u8,
        n: usize,
    );
}

/// Sums of rows: each lane has inputs of its own, a channel's bytes of four rows of a picture.
///
/// `4 * LANES` channels are taken at once, and their order is what the instructions of x86 make of it: [`channel`] tells it.
pub(super) trait Columns: Sums {
    /// The same of half as many lanes, where there are such registers, for channels that would not fill half of these.
    type Half: Columns;
    /// The first `n` channels of four rows; zero for the others.
    unsafe fn columns(rows: [*const u8; 4], n: usize) -> [Self::Input; 4];
    /// As [`Dots::store_bytes`], in order again: the first `n` channels.
    unsafe fn store_columns(x: [Self::Float; 4], bounds: [u8; 2], p: *mut u8, n: usize);
}

/// The channel that this lane of the vector `v` of four has in [`Columns`].
#[inline(always)]
pub(super) const fn channel(v: usize, lane: usize) -> usize {
    16 * (lane / 4) + 4 * v + lane % 4
}

/// Four lanes that every compiler back end can turn into whatever the target has.
#[derive(Clone, Copy)]
pub(super) struct PortableSums([i32; 4]);

impl PortableSums {
    /// The nearest byte, between the bounds.
    #[inline(always)]
    fn byte(x: f32, [low, high]: [u8; 2]) -> u8 {
        let x = if x > 0.0 { x } else { 0.0 };
        round(if x < 255.0 { x } else { 255.0 }).max(low).min(high)
    }
}

impl Sums for PortableSums {
    type Float = Portable;
    type Weight = [[i8; 4]; 4];
    type Input = [[u8; 4]; 4];
    const BYTES: usize = 16;
    const PAIRS: bool = false;

    #[inline(always)]
    unsafe fn load(p: *const i32) -> Self {
        // SAFETY: the caller vouches for LANES elements; the read is unaligned.
        Self(unsafe { p.cast::<[i32; 4]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn weight(p: *const u8) -> Self::Weight {
        // SAFETY: the caller vouches for BYTES bytes.
        unsafe { p.cast::<[[i8; 4]; 4]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn add_products(self, x: Self::Input, w: Self::Weight) -> Self {
        Self(core::array::from_fn(|lane| {
            let products = x[lane].iter().zip(w[lane]);
            let sum: i32 = products.map(|(&x, w)| i32::from(x) * i32::from(w)).sum();
            self.0[lane].wrapping_add(sum)
        }))
    }
    #[inline(always)]
    unsafe fn float(self) -> Portable {
        Portable(self.0.map(|sum| sum as f32))
    }
}

impl Dots for PortableSums {
    #[inline(always)]
    unsafe fn input(p: *const u8) -> Self::Input {
        // SAFETY: the caller vouches for 4 bytes.
        [unsafe { p.cast::<[u8; 4]>().read_unaligned() }; 4]
    }
    #[inline(always)]
    unsafe fn bytes(p: *const u8, n: usize) -> Portable {
        let mut all = [0; 4];
        // SAFETY: the caller vouches for `n` bytes.
        unsafe { core::ptr::copy_nonoverlapping(p, all.as_mut_ptr(), n.min(4)) }
        Portable(all.map(f32::from))
    }
    #[inline(always)]
    unsafe fn store_bytes<const NV: usize>(
        x: [Portable; NV],
        bounds: [u8; 2],
        p: *mut u8,
        n: usize,
    ) {
        for (i, x) in x.iter().flat_map(|x| x.0).enumerate().take(n) {
            // SAFETY: the caller vouches for `n` bytes.
            unsafe { p.add(i).write(Self::byte(x, bounds)) }
        }
    }
}

impl Columns for PortableSums {
    type Half = Self;

    #[inline(always)]
    unsafe fn columns(rows: [*const u8; 4], n: usize) -> [Self::Input; 4] {
        let byte = |row: *const u8, c: usize| match c < n {
            // SAFETY: the caller vouches for `n` bytes of each row.
            true => unsafe { row.add(c).read() },
            false => 0,
        };
        let lane = |v, lane| rows.map(|row| byte(row, channel(v, lane)));
        core::array::from_fn(|v| core::array::from_fn(|l| lane(v, l)))
    }
    #[inline(always)]
    unsafe fn store_columns(x: [Portable; 4], bounds: [u8; 2], p: *mut u8, n: usize) {
        // SAFETY: the caller's promise. Four lanes are in order as they are.
        unsafe { Self::store_bytes(x, bounds, p, n) }
    }
}

/// The nearest integer of a number between 0 and 255; the even one of two.
#[inline(always)]
pub(crate) fn round(x: f32) -> u8 {
    // Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    (x + ROUND).to_bits() as u8
}

#[cfg(target_arch = "x86_64")]
mod x86;
#[cfg(target_arch = "x86_64")]
pub(super) use x86::VnniSums;
/// AVX2 over pairs of 16 bits.
#[cfg(target_arch = "x86_64")]
pub(super) type Avx2Words = x86::Avx2Sums<false>;
/// AVX2 over bytes: for weights of which no pair saturates.
#[cfg(target_arch = "x86_64")]
pub(super) type Avx2Bytes = x86::Avx2Sums<true>;
