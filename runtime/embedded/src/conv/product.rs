//! Products of columns and filters: sums of numbers of 16 bits and weights of 8.
//!
//! A column is what a filter sees of a picture, less the zero point, widened to 16 bits: of each four numbers the first and the third make a
//! word, then the second and the fourth, as the instructions of ARMv7E-M take weights apart. Where there are two columns, their pairs
//! of words alternate.

use core::mem::MaybeUninit;

/// Numbers of a column that are widened at once.
pub(crate) const CHUNK: usize = 256;

/// One column, or two.
#[repr(C, align(8))]
pub(crate) struct Columns {
    words: MaybeUninit<[u32; CHUNK]>,
}

impl Columns {
    pub(crate) const fn new() -> Self {
        Self {
            words: MaybeUninit::uninit(),
        }
    }

    /// Widens `fours` times four bytes to column `which` of `of`.
    ///
    /// # Safety
    /// So many bytes can be read, no more than [`CHUNK`]; `which` is less than `of`, and that no more than 2.
    #[inline(always)]
    pub(crate) unsafe fn widen(
        &mut self,
        x: *const u8,
        fours: usize,
        zero: u8,
        (which, of): (usize, usize),
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let words = self.words.as_mut_ptr().cast::<u32>().add(2 * which);
            target::widen(x, fours, zero, words, 2 * of);
        }
    }

    /// Adds to the sums of four filters with the one column: `sums[f]`.
    ///
    /// # Safety
    /// `4 * fours` numbers of the column have been widened.
    /// `weights` points to `4 * fours` weights of a filter, and so do three more each `next` bytes further; `fours` is above 0.
    #[inline(always)]
    pub(crate) unsafe fn one(
        &self,
        weights: *const i8,
        next: usize,
        fours: usize,
        sums: &mut [i32; 4],
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            target::one(
                self.words.as_ptr().cast(),
                weights,
                next,
                fours,
                sums.as_mut_ptr(),
            )
        }
    }

    /// Adds to the sums of two filters with both columns: `sums[2 * f + column]`.
    ///
    /// # Safety
    /// As for [`one`](Self::one), of two filters.
    #[inline(always)]
    pub(crate) unsafe fn two(
        &self,
        weights: *const i8,
        next: usize,
        fours: usize,
        sums: &mut [i32; 4],
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            target::two(
                self.words.as_ptr().cast(),
                weights,
                next,
                fours,
                sums.as_mut_ptr(),
            )
        }
    }
}

#[cfg(not(all(target_arch = "arm", netc_dsp)))]
mod target {
    /// # Safety
    /// See `Columns::widen`; every `step` words two are written.
    pub(super) unsafe fn widen(x: *const u8, fours: usize, zero: u8, words: *mut u32, step: usize) {
        for i in 0..fours {
            // SAFETY: the caller's promise.
            let four = unsafe { x.add(4 * i).cast::<[u8; 4]>().read() };
            let four = four.map(|x| (i16::from(x) - i16::from(zero)) as u16);
            let pair = |low: u16, high: u16| u32::from(low) | u32::from(high) << 16;
            // SAFETY: as above.
            unsafe {
                let words = words.add(i * step);
                words.write(pair(four[0], four[2]));
                words.add(1).write(pair(four[1], four[3]));
            }
        }
    }

    /// The sum of the products of a pair of words and four weights.
    ///
    /// # Safety
    /// Two words and four weights can be read.
    #[inline(always)]
    unsafe fn four(words: *const u32, weights: *const i8) -> i32 {
        // SAFETY: the caller's promise.
        let (pairs, w) = unsafe {
            (
                [words.read(), words.add(1).read()],
                weights.cast::<[i8; 4]>().read(),
            )
        };
        let low = |word: u32| i32::from(word as i16);
        let high = |word: u32| (word as i32) >> 16;
        let w = w.map(i32::from);
        low(pairs[0]) * w[0] + low(pairs[1]) * w[1] + high(pairs[0]) * w[2] + high(pairs[1]) * w[3]
    }

    /// # Safety
    /// See `Columns::one`.
    pub(super) unsafe fn one(
        words: *const u32,
        weights: *const i8,
        next: usize,
        fours: usize,
        sums: *mut i32,
    ) {
        for f in 0..4 {
            for i in 0..fours {
                // SAFETY: the caller's promise.
                unsafe {
                    *sums.add(f) += four(words.add(2 * i), weights.add(f * next + 4 * i));
                }
            }
        }
    }

    /// # Safety
    /// See `Columns::two`.
    pub(super) unsafe fn two(
        words: *const u32,
        weights: *const i8,
        next: usize,
        fours: usize,
        sums: *mut i32,
    ) {
        for (f, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            for i in 0..fours {
                // SAFETY: the caller's promise.
                unsafe {
                    let words = words.add(4 * i + 2 * column);
                    *sums.add(2 * f + column) += four(words, weights.add(f * next + 4 * i));
                }
            }
        }
    }
}

#[cfg(all(target_arch = "arm", netc_dsp))]
mod target {
    use core::arch::global_asm;

    // Registers are the point: a loop holds four sums, all pointers and what it reads.
    global_asm!(
        ".syntax unified",
        ".thumb",
        // r0: bytes, r1: fours, r2: minus the zero point, twice; r3: words; [sp]: bytes from a pair of words to the next.
        ".section .text.netc_widen, \"ax\", %progbits",
        ".global netc_widen",
        ".type netc_widen, %function",
        ".thumb_func",
        "netc_widen:",
        "push {{r4, r5, r6, lr}}",
        "ldr r6, [sp, #16]",
        "cbz r1, 2f",
        "1:",
        "ldr r4, [r0], #4",
        "uxtab16 r5, r2, r4, ror #8",
        "uxtab16 r4, r2, r4",
        "strd r4, r5, [r3]",
        "add r3, r6",
        "subs r1, #1",
        "bne 1b",
        "2:",
        "pop {{r4, r5, r6, pc}}",
        ".size netc_widen, . - netc_widen",
        // r0: words, r1: weights, r2: bytes from a filter to the next, r3: fours, [sp]: four sums.
        ".section .text.netc_two, \"ax\", %progbits",
        ".global netc_two",
        ".type netc_two, %function",
        ".thumb_func",
        "netc_two:",
        "push {{r4, r5, r6, r7, r8, r9, r10, r11, lr}}",
        "ldr r12, [sp, #36]",
        "ldm r12, {{r4, r5, r6, r7}}",
        "add r2, r1",
        "1:",
        "ldm r0!, {{r8, r9, r10, r11}}",
        "ldr r12, [r1], #4",
        "sxtb16 lr, r12",
        "smlad r4, lr, r8, r4",
        "smlad r5, lr, r10, r5",
        "sxtb16 lr, r12, ror #8",
        "smlad r4, lr, r9, r4",
        "smlad r5, lr, r11, r5",
        "ldr r12, [r2], #4",
        "sxtb16 lr, r12",
        "smlad r6, lr, r8, r6",
        "smlad r7, lr, r10, r7",
        "sxtb16 lr, r12, ror #8",
        "smlad r6, lr, r9, r6",
        "smlad r7, lr, r11, r7",
        "subs r3, #1",
        "bne 1b",
        "ldr r12, [sp, #36]",
        "stm r12, {{r4, r5, r6, r7}}",
        "pop {{r4, r5, r6, r7, r8, r9, r10, r11, pc}}",
        ".size netc_two, . - netc_two",
        // As netc_two.
        ".section .text.netc_one, \"ax\", %progbits",
        ".global netc_one",
        ".type netc_one, %function",
        ".thumb_func",
        "netc_one:",
        "push {{r4, r5, r6, r7, r8, r9, r10, r11, lr}}",
        "mov lr, r3",
        "ldr r12, [sp, #36]",
        "ldm r12, {{r4, r5, r6, r7}}",
        "add r3, r1, r2",
        "add r12, r3, r2",
        "add r2, r12, r2",
        "1:",
        "ldrd r8, r9, [r0], #8",
        "ldr r10, [r1], #4",
        "sxtb16 r11, r10",
        "smlad r4, r11, r8, r4",
        "sxtb16 r11, r10, ror #8",
        "smlad r4, r11, r9, r4",
        "ldr r10, [r3], #4",
        "sxtb16 r11, r10",
        "smlad r5, r11, r8, r5",
        "sxtb16 r11, r10, ror #8",
        "smlad r5, r11, r9, r5",
        "ldr r10, [r12], #4",
        "sxtb16 r11, r10",
        "smlad r6, r11, r8, r6",
        "sxtb16 r11, r10, ror #8",
        "smlad r6, r11, r9, r6",
        "ldr r10, [r2], #4",
        "sxtb16 r11, r10",
        "smlad r7, r11, r8, r7",
        "sxtb16 r11, r10, ror #8",
        "smlad r7, r11, r9, r7",
        "subs lr, #1",
        "bne 1b",
        "ldr r12, [sp, #36]",
        "stm r12, {{r4, r5, r6, r7}}",
        "pop {{r4, r5, r6, r7, r8, r9, r10, r11, pc}}",
        ".size netc_one, . - netc_one",
        ".text",
    );

    unsafe extern "C" {
        fn netc_widen(x: *const u8, fours: usize, zeros: u32, words: *mut u32, step: usize);
        #[link_name = "netc_one"]
        pub(super) fn one(
            words: *const u32,
            weights: *const i8,
            next: usize,
            fours: usize,
            sums: *mut i32,
        );
        #[link_name = "netc_two"]
        pub(super) fn two(
            words: *const u32,
            weights: *const i8,
            next: usize,
            fours: usize,
            sums: *mut i32,
        );
    }

    /// # Safety
    /// See `Columns::widen`; every `step` words two are written.
    #[inline(always)]
    pub(super) unsafe fn widen(x: *const u8, fours: usize, zero: u8, words: *mut u32, step: usize) {
        let zeros = u32::from((-i16::from(zero)) as u16) * 0x1_0001;
        // SAFETY: the caller's promise.
        unsafe { netc_widen(x, fours, zeros, words, 4 * step) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_one_column_and_of_two() {
        for fours in [1, 2, 7, CHUNK / 8] {
            let n = 4 * fours;
            let bytes: [Vec<u8>; 2] =
                [3, 5].map(|k| (0..n).map(|i| (i * k * 37 % 256) as u8).collect());
            let weights: Vec<i8> = (0..4 * n).map(|i| (i * 91 % 255) as u8 as i8).collect();
            let sum = |x: &[u8], f: usize, zero: u8| -> i32 {
                let products = x.iter().zip(&weights[f * n..]);
                products
                    .map(|(x, w)| (i32::from(*x) - i32::from(zero)) * i32::from(*w))
                    .sum()
            };
            for zero in [0, 3, 255] {
                let mut columns = Columns::new();
                let mut sums = [1, 2, 3, 4];
                // SAFETY: there are so many bytes and weights.
                unsafe {
                    columns.widen(bytes[0].as_ptr(), fours, zero, (0, 1));
                    columns.one(weights.as_ptr(), n, fours, &mut sums);
                }
                let expected = [0, 1, 2, 3].map(|f| f as i32 + 1 + sum(&bytes[0], f, zero));
                assert_eq!(sums, expected, "{n} {zero}");
                let mut sums = [0; 4];
                // SAFETY: as above.
                unsafe {
                    columns.widen(bytes[0].as_ptr(), fours, zero, (0, 2));
                    columns.widen(bytes[1].as_ptr(), fours, zero, (1, 2));
                    columns.two(weights.as_ptr(), n, fours, &mut sums);
                }
                let expected =
                    [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(f, x)| sum(&bytes[x], f, zero));
                assert_eq!(sums, expected, "{n} {zero}");
            }
        }
    }
}
