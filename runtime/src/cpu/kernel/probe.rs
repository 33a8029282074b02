//! Loops that do nothing but products, or nothing but reads: what a core can do at most.

use super::vector::Vector;
use super::{Kernels, MAX_LANES};

/// Sums that do not wait for each other: more than the latency of a product times the products that start in a cycle, and with two
/// operands still inside 16 registers.
const CHAINS: usize = 12;

/// A probe of an instruction set: a number that comes of its work, so that none of it can be left out.
///
/// # Safety
/// The CPU has the instruction set.
pub(super) type ProductsKernel = unsafe fn(rounds: usize) -> f32;

/// As [`ProductsKernel`], over numbers in memory.
///
/// # Safety
/// As there.
pub(super) type ReadKernel = unsafe fn(numbers: &[f32]) -> f32;

impl Kernels {
    /// Multiplies and adds in registers; gives the number of multiply-accumulates, and their sum.
    pub(crate) fn products(&self, rounds: usize) -> (usize, f32) {
        // SAFETY: whoever has the table has found its instructions on this CPU.
        let sum = unsafe { (self.products)(rounds) };
        (rounds * CHAINS * self.lanes, sum)
    }

    /// Reads all numbers in order; gives their sum.
    pub(crate) fn read(&self, numbers: &[f32]) -> f32 {
        // SAFETY: as above.
        unsafe { (self.read)(numbers) }
    }
}

#[inline(always)]
pub(super) unsafe fn products<V: Vector>(rounds: usize) -> f32 {
    // SAFETY: see `ProductsKernel`.
    unsafe {
        let (factor, term) = (V::splat(0.5), V::splat(0.25));
        let mut sums: [V; CHAINS] = core::array::from_fn(|i| V::splat(i as f32));
        for _ in 0..rounds {
            // What is multiplied comes from the round before, so that no round can be left out.
            sums.iter_mut()
                .for_each(|sum| *sum = term.add_product(*sum, factor));
        }
        total(sums)
    }
}

#[inline(always)]
pub(super) unsafe fn read<V: Vector>(numbers: &[f32]) -> f32 {
    // SAFETY: see `ReadKernel`; whole vectors of each chunk are read.
    unsafe {
        let mut sums = [V::splat(0.0); CHAINS];
        for chunk in numbers.chunks_exact(CHAINS * V::LANES) {
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = sum.add(V::load(chunk.as_ptr().add(i * V::LANES)));
            }
        }
        total(sums)
    }
}

/// # Safety
/// The CPU has the instruction set.
#[inline(always)]
unsafe fn total<V: Vector>(sums: [V; CHAINS]) -> f32 {
    let mut lanes = [0.0; MAX_LANES];
    // SAFETY: no vector is wider than `MAX_LANES`.
    unsafe {
        let [first, rest @ ..] = sums;
        let sum = rest.into_iter().fold(first, |sum, next| sum.add(next));
        sum.store(lanes.as_mut_ptr());
    }
    lanes[..V::LANES].iter().sum()
}
