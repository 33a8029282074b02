//! Sums of products of bytes and weights: portable, and with the instructions of ARMv7E-M that multiply two pairs of 16 bits.

/// What a run of bytes gives for two filters: the sums of `(x[i] - zero) * w[i]`.
///
/// # Safety
/// `n` bytes can be read from each.
#[cfg(not(all(target_arch = "arm", netc_dsp)))]
#[inline(always)]
pub(crate) unsafe fn dot<const F: usize>(
    sums: [i32; F],
    x: *const u8,
    weights: [*const i8; F],
    n: usize,
    zero: u8,
) -> [i32; F] {
    // SAFETY: the caller's promise.
    unsafe { plain(sums, x, weights, (0, n), zero) }
}

/// As [`dot`], from one element to another, one by one.
#[inline(always)]
unsafe fn plain<const F: usize>(
    mut sums: [i32; F],
    x: *const u8,
    weights: [*const i8; F],
    (from, to): (usize, usize),
    zero: u8,
) -> [i32; F] {
    for i in from..to {
        // SAFETY: the caller of `dot` promises so many elements.
        let x = i32::from(unsafe { x.add(i).read() }) - i32::from(zero);
        for (sum, weights) in sums.iter_mut().zip(weights) {
            // SAFETY: as above.
            *sum += x * i32::from(unsafe { weights.add(i).read() });
        }
    }
    sums
}

#[cfg(all(target_arch = "arm", netc_dsp))]
pub(crate) use dsp::dot;

#[cfg(all(target_arch = "arm", netc_dsp))]
pub(crate) mod dsp {
    use core::arch::asm;

    /// As `super::dot`, four elements at a time.
    ///
    /// # Safety
    /// `n` bytes can be read from each.
    #[inline(always)]
    pub(crate) unsafe fn dot<const F: usize>(
        mut sums: [i32; F],
        x: *const u8,
        weights: [*const i8; F],
        n: usize,
        zero: u8,
    ) -> [i32; F] {
        let zeros = minus(zero);
        let fours = n & !3;
        let mut i = 0;
        while i < fours {
            // SAFETY: the caller promises so many bytes; these processors read words at any address.
            unsafe {
                let [even, odd] = bytes(x.add(i).cast::<u32>().read_unaligned(), zeros);
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    let word = weights.add(i).cast::<u32>().read_unaligned();
                    *sum = pairs(even, signed_even(word), *sum);
                    *sum = pairs(odd, signed_odd(word), *sum);
                }
            }
            i += 4;
        }
        // SAFETY: the caller's promise.
        unsafe { super::plain(sums, x, weights, (fours, n), zero) }
    }

    /// `-zero`, twice.
    #[inline(always)]
    pub(crate) fn minus(zero: u8) -> u32 {
        u32::from((-i16::from(zero)) as u16) * 0x1_0001
    }

    /// The bytes 0 and 2, and 1 and 3, less the zero point: two numbers of 16 bits each.
    #[inline(always)]
    pub(crate) fn bytes(word: u32, zeros: u32) -> [u32; 2] {
        let (even, odd): (u32, u32);
        // SAFETY: arithmetic on registers.
        unsafe {
            asm!("uxtab16 {0}, {1}, {2}", out(reg) even, in(reg) zeros, in(reg) word,
                options(pure, nomem, nostack, preserves_flags));
            asm!("uxtab16 {0}, {1}, {2}, ror #8", out(reg) odd, in(reg) zeros, in(reg) word,
                options(pure, nomem, nostack, preserves_flags));
        }
        [even, odd]
    }

    /// The signed bytes 0 and 2.
    #[inline(always)]
    pub(crate) fn signed_even(word: u32) -> u32 {
        let pair: u32;
        // SAFETY: arithmetic on registers.
        unsafe {
            asm!("sxtb16 {0}, {1}", out(reg) pair, in(reg) word,
                options(pure, nomem, nostack, preserves_flags));
        }
        pair
    }

    /// The signed bytes 1 and 3.
    #[inline(always)]
    pub(crate) fn signed_odd(word: u32) -> u32 {
        let pair: u32;
        // SAFETY: arithmetic on registers.
        unsafe {
            asm!("sxtb16 {0}, {1}, ror #8", out(reg) pair, in(reg) word,
                options(pure, nomem, nostack, preserves_flags));
        }
        pair
    }

    /// `sum` and both products of two pairs.
    #[inline(always)]
    fn pairs(a: u32, b: u32, sum: i32) -> i32 {
        let all: i32;
        // SAFETY: arithmetic on registers; sums of 32 bits do not overflow, which the layer's size sees to.
        unsafe {
            asm!("smlad {0}, {1}, {2}, {3}", out(reg) all, in(reg) a, in(reg) b, in(reg) sum,
                options(pure, nomem, nostack));
        }
        all
    }

    /// `sum` and the product of the lower halves.
    #[inline(always)]
    pub(crate) fn low(a: u32, b: u32, sum: i32) -> i32 {
        let all: i32;
        // SAFETY: as for `pairs`.
        unsafe {
            asm!("smlabb {0}, {1}, {2}, {3}", out(reg) all, in(reg) a, in(reg) b, in(reg) sum,
                options(pure, nomem, nostack));
        }
        all
    }

    /// `sum` and the product of the upper halves.
    #[inline(always)]
    pub(crate) fn high(a: u32, b: u32, sum: i32) -> i32 {
        let all: i32;
        // SAFETY: as for `pairs`.
        unsafe {
            asm!("smlatt {0}, {1}, {2}, {3}", out(reg) all, in(reg) a, in(reg) b, in(reg) sum,
                options(pure, nomem, nostack));
        }
        all
    }
}

/// Adds to the sums of `C` channels the products of their bytes and weights.
///
/// # Safety
/// `C` bytes can be read from each.
#[inline(always)]
pub(crate) unsafe fn channels<const C: usize>(
    sums: &mut [i32; C],
    x: *const u8,
    weights: *const i8,
    zero: u8,
) {
    #[cfg(all(target_arch = "arm", netc_dsp))]
    if let Some(fours) = sums.first_chunk_mut::<4>().filter(|_| C == 4) {
        // SAFETY: four bytes are there, by the caller's promise.
        let (x, w) = unsafe {
            (
                x.cast::<u32>().read_unaligned(),
                weights.cast::<u32>().read_unaligned(),
            )
        };
        let [even, odd] = dsp::bytes(x, dsp::minus(zero));
        let (weven, wodd) = (dsp::signed_even(w), dsp::signed_odd(w));
        fours[0] = dsp::low(even, weven, fours[0]);
        fours[2] = dsp::high(even, weven, fours[2]);
        fours[1] = dsp::low(odd, wodd, fours[1]);
        fours[3] = dsp::high(odd, wodd, fours[3]);
        return;
    }
    for (c, sum) in sums.iter_mut().enumerate() {
        // SAFETY: the caller's promise.
        let (x, w) = unsafe { (x.add(c).read(), weights.add(c).read()) };
        *sum += (i32::from(x) - i32::from(zero)) * i32::from(w);
    }
}
