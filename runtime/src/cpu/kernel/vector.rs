//! Vectors of f32: the little that the kernels ask of an instruction set.

/// A vector register of `LANES` numbers.
///
/// Every function is `#[inline(always)]`, so that it takes on the instruction set of the kernel that calls it.
///
/// # Safety
/// All functions need a CPU that has the instruction set of the implementing type. Loads and stores need `LANES` (partial
/// ones: `n`, at most `LANES`) readable or writable elements at `p`.
pub(crate) trait Vector: Copy {
    const LANES: usize;
    unsafe fn splat(x: f32) -> Self;
    unsafe fn load(p: *const f32) -> Self;
    unsafe fn store(self, p: *mut f32);
    /// The first `n` elements; the other lanes are zero.
    unsafe fn load_partial(p: *const f32, n: usize) -> Self;
    /// The first `n` lanes.
    unsafe fn store_partial(self, p: *mut f32, n: usize);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    /// `self + a * b`; fused where the instruction set has it.
    unsafe fn add_product(self, a: Self, b: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    /// The larger of each pair of lanes; a NaN is larger than all; of zeros either.
    unsafe fn larger(self, other: Self) -> Self;
    unsafe fn min(self, other: Self) -> Self;
    /// The first choice where this is larger than `other` or a NaN, else the second.
    #[cfg(feature = "train")]
    unsafe fn where_larger(self, other: Self, choices: [Self; 2]) -> Self;
    /// `yes` where the bits of both are the same, else zero.
    #[cfg(feature = "train")]
    unsafe fn where_same(self, other: Self, yes: Self) -> Self;
    /// In each lane the lane of this vector that `lanes` names: `LANES` readable numbers below `LANES`.
    unsafe fn pick(self, lanes: *const u32) -> Self;
    /// As [`pick`](Self::pick) of two vectors: from `LANES` on, `lanes` names those of `other`.
    unsafe fn pick_of_two(self, other: Self, lanes: *const u32) -> Self;
    /// Two vectors of bf16, lane by lane: the first of each lane, and the second. `2 * LANES` readable numbers.
    unsafe fn widen_pair(p: *const u16) -> [Self; 2];
    /// A vector of bf16 in order: `LANES` readable numbers.
    unsafe fn widen(p: *const u16) -> Self;
    /// A hint that the cache line at `p` will be read; any address is allowed.
    unsafe fn prefetch(p: *const u8);
}

/// Four lanes that every compiler back end can turn into whatever the target has.
#[derive(Clone, Copy)]
pub(super) struct Portable(pub(super) [f32; 4]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(core::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

/// The number whose upper half this is.
#[inline(always)]
fn single(upper: u16) -> f32 {
    f32::from_bits(u32::from(upper) << 16)
}

impl Vector for Portable {
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self([x; 4])
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller vouches for LANES elements; the read is unaligned.
        Self(unsafe { p.cast::<[f32; 4]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: as above.
        unsafe { p.cast::<[f32; 4]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn load_partial(p: *const f32, n: usize) -> Self {
        let mut lanes = [0.0; 4];
        for (i, lane) in lanes.iter_mut().enumerate().take(n) {
            // SAFETY: the caller vouches for `n` elements.
            *lane = unsafe { p.add(i).read() };
        }
        Self(lanes)
    }
    #[inline(always)]
    unsafe fn store_partial(self, p: *mut f32, n: usize) {
        for (i, lane) in self.0.into_iter().enumerate().take(n) {
            // SAFETY: the caller vouches for `n` elements.
            unsafe { p.add(i).write(lane) }
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        // Not `mul_add`: without hardware support that is a call per element.
        Self(core::array::from_fn(|i| self.0[i] + a.0[i] * b.0[i]))
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        self.zip(other, |a, b| if b > a || b.is_nan() { b } else { a })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }
    #[cfg(feature = "train")]
    #[inline(always)]
    unsafe fn where_larger(self, other: Self, [yes, no]: [Self; 2]) -> Self {
        let wins = |i: usize| self.0[i] > other.0[i] || self.0[i].is_nan();
        Self(core::array::from_fn(|i| {
            if wins(i) { yes.0[i] } else { no.0[i] }
        }))
    }
    #[cfg(feature = "train")]
    #[inline(always)]
    unsafe fn where_same(self, other: Self, yes: Self) -> Self {
        let mask = |i: usize| u32::from(self.0[i].to_bits() == other.0[i].to_bits()).wrapping_neg();
        Self(core::array::from_fn(|i| {
            f32::from_bits(yes.0[i].to_bits() & mask(i))
        }))
    }
    #[inline(always)]
    unsafe fn pick(self, lanes: *const u32) -> Self {
        Self(core::array::from_fn(|i| {
            // SAFETY: the caller vouches for LANES numbers.
            let lane = unsafe { lanes.add(i).read() };
            self.0[lane as usize]
        }))
    }
    #[inline(always)]
    unsafe fn pick_of_two(self, other: Self, lanes: *const u32) -> Self {
        Self(core::array::from_fn(|i| {
            // SAFETY: the caller vouches for LANES numbers.
            match unsafe { lanes.add(i).read() } as usize {
                lane @ 0..4 => self.0[lane],
                lane => other.0[lane - 4],
            }
        }))
    }
    #[inline(always)]
    unsafe fn widen_pair(p: *const u16) -> [Self; 2] {
        // SAFETY: the caller vouches for two vectors; the read is unaligned.
        let both = unsafe { p.cast::<[u16; 8]>().read_unaligned() };
        let half = |first| Self(core::array::from_fn(|i| single(both[2 * i + first])));
        [half(0), half(1)]
    }
    #[inline(always)]
    unsafe fn widen(p: *const u16) -> Self {
        // SAFETY: the caller vouches for LANES elements; the read is unaligned.
        Self(unsafe { p.cast::<[u16; 4]>().read_unaligned() }.map(single))
    }
    #[inline(always)]
    unsafe fn prefetch(_: *const u8) {}
}

#[cfg(all(
    target_arch = "aarch64",
    target_feature = "neon",
    target_endian = "little"
))]
mod neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;

#[cfg(all(
    target_arch = "aarch64",
    target_feature = "neon",
    target_endian = "little"
))]
pub(super) use neon::Neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) use simd128::Simd128;
#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Vector;
    use core::arch::x86_64::*;

    /// AVX2 and FMA: eight lanes.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx2(pub(in super::super) __m256);

    impl Avx2 {
        /// All ones in the first `n` lanes.
        #[inline(always)]
        unsafe fn mask(n: usize) -> __m256i {
            // SAFETY: the caller of the trait's functions vouches for AVX2.
            unsafe {
                let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
                _mm256_cmpgt_epi32(_mm256_set1_epi32(n as i32), lane)
            }
        }
    }

    impl Vector for Avx2 {
        const LANES: usize = 8;

        #[inline(always)]
        unsafe fn splat(x: f32) -> Self {
            // SAFETY: the caller vouches for AVX2; so too below.
            Self(unsafe { _mm256_set1_ps(x) })
        }
        #[inline(always)]
        unsafe fn load(p: *const f32) -> Self {
            // SAFETY: the caller vouches for AVX2 and LANES elements.
            Self(unsafe { _mm256_loadu_ps(p) })
        }
        #[inline(always)]
        unsafe fn store(self, p: *mut f32) {
            // SAFETY: the caller vouches for AVX2 and LANES elements.
            unsafe { _mm256_storeu_ps(p, self.0) }
        }
        #[inline(always)]
        unsafe fn load_partial(p: *const f32, n: usize) -> Self {
            // SAFETY: the caller vouches for AVX2 and `n` elements; masked lanes are not touched.
            Self(unsafe { _mm256_maskload_ps(p, Self::mask(n)) })
        }
        #[inline(always)]
        unsafe fn store_partial(self, p: *mut f32, n: usize) {
            // SAFETY: the caller vouches for AVX2 and `n` elements; masked lanes are not touched.
            unsafe { _mm256_maskstore_ps(p, Self::mask(n), self.0) }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            // SAFETY: the caller vouches for AVX2.
            Self(unsafe { _mm256_add_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            // SAFETY: the caller vouches for AVX2.
            Self(unsafe { _mm256_sub_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            // SAFETY: the caller vouches for AVX2.
            Self(unsafe { _mm256_mul_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn add_product(self, a: Self, b: Self) -> Self {
            // SAFETY: the caller vouches for FMA.
            Self(unsafe { _mm256_fmadd_ps(a.0, b.0, self.0) })
        }
        #[inline(always)]
        unsafe fn max(self, other: Self) -> Self {
            // SAFETY: the caller vouches for AVX2.
            Self(unsafe { _mm256_max_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn larger(self, other: Self) -> Self {
            // SAFETY: the caller vouches for AVX2. `max` gives its second operand where one is a NaN.
            Self(unsafe {
                let nan = _mm256_cmp_ps::<_CMP_UNORD_Q>(self.0, self.0);
                _mm256_blendv_ps(_mm256_max_ps(self.0, other.0), self.0, nan)
            })
        }
        #[inline(always)]
        unsafe fn min(self, other: Self) -> Self {
            // SAFETY: the caller vouches for AVX2.
            Self(unsafe { _mm256_min_ps(self.0, other.0) })
        }
        #[cfg(feature = "train")]
        #[inline(always)]
        unsafe fn where_larger(self, other: Self, [yes, no]: [Self; 2]) -> Self {
            // SAFETY: the caller vouches for AVX2.
            Self(unsafe {
                let larger = _mm256_cmp_ps::<_CMP_GT_OQ>(self.0, other.0);
                let nan = _mm256_cmp_ps::<_CMP_UNORD_Q>(self.0, self.0);
                _mm256_blendv_ps(no.0, yes.0, _mm256_or_ps(larger, nan))
            })
        }
        #[cfg(feature = "train")]
        #[inline(always)]
        unsafe fn where_same(self, other: Self, yes: Self) -> Self {
            // SAFETY: the caller vouches for AVX2.
            Self(unsafe {
                let [a, b] = [_mm256_castps_si256(self.0), _mm256_castps_si256(other.0)];
                _mm256_and_ps(yes.0, _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b)))
            })
        }
        #[inline(always)]
        unsafe fn pick(self, lanes: *const u32) -> Self {
            // SAFETY: the caller vouches for AVX2 and LANES numbers.
            Self(unsafe { _mm256_permutevar8x32_ps(self.0, _mm256_loadu_si256(lanes.cast())) })
        }
        #[inline(always)]
        unsafe fn pick_of_two(self, other: Self, lanes: *const u32) -> Self {
            // SAFETY: the caller vouches for AVX2 and LANES numbers. The permutation looks at the lowest three bits, the blend at the highest.
            Self(unsafe {
                let lanes = _mm256_loadu_si256(lanes.cast());
                let [near, far] = [self, other].map(|v| _mm256_permutevar8x32_ps(v.0, lanes));
                let is_far = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(lanes));
                _mm256_blendv_ps(near, far, is_far)
            })
        }
        #[inline(always)]
        unsafe fn widen_pair(p: *const u16) -> [Self; 2] {
            // SAFETY: the caller vouches for AVX2 and two vectors.
            unsafe {
                let both = _mm256_loadu_si256(p.cast());
                let first = _mm256_slli_epi32::<16>(both);
                let second = _mm256_and_si256(both, _mm256_set1_epi32(!0xffff));
                [first, second].map(|half| Self(_mm256_castsi256_ps(half)))
            }
        }
        #[inline(always)]
        unsafe fn widen(p: *const u16) -> Self {
            // SAFETY: the caller vouches for AVX2 and LANES elements.
            unsafe {
                let wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(p.cast()));
                Self(_mm256_castsi256_ps(_mm256_slli_epi32::<16>(wide)))
            }
        }
        #[inline(always)]
        unsafe fn prefetch(p: *const u8) {
            // SAFETY: a prefetch never faults.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
        }
    }

    /// AVX-512F: sixteen lanes.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx512(pub(in super::super) __m512);

    impl Avx512 {
        /// The first `n` lanes.
        #[inline(always)]
        fn mask(n: usize) -> __mmask16 {
            ((1u32 << n) - 1) as __mmask16
        }
    }

    impl Vector for Avx512 {
        const LANES: usize = 16;

        #[inline(always)]
        unsafe fn splat(x: f32) -> Self {
            // SAFETY: the caller vouches for AVX-512F; so too below.
            Self(unsafe { _mm512_set1_ps(x) })
        }
        #[inline(always)]
        unsafe fn load(p: *const f32) -> Self {
            // SAFETY: the caller vouches for AVX-512F and LANES elements.
            Self(unsafe { _mm512_loadu_ps(p) })
        }
        #[inline(always)]
        unsafe fn store(self, p: *mut f32) {
            // SAFETY: the caller vouches for AVX-512F and LANES elements.
            unsafe { _mm512_storeu_ps(p, self.0) }
        }
        #[inline(always)]
        unsafe fn load_partial(p: *const f32, n: usize) -> Self {
            // SAFETY: the caller vouches for AVX-512F and `n` elements; masked lanes are not touched.
            Self(unsafe { _mm512_maskz_loadu_ps(Self::mask(n), p) })
        }
        #[inline(always)]
        unsafe fn store_partial(self, p: *mut f32, n: usize) {
            // SAFETY: the caller vouches for AVX-512F and `n` elements; masked lanes are not touched.
            unsafe { _mm512_mask_storeu_ps(p, Self::mask(n), self.0) }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            // SAFETY: the caller vouches for AVX-512F.
            Self(unsafe { _mm512_add_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            // SAFETY: the caller vouches for AVX-512F.
            Self(unsafe { _mm512_sub_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            // SAFETY: the caller vouches for AVX-512F.
            Self(unsafe { _mm512_mul_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn add_product(self, a: Self, b: Self) -> Self {
            // SAFETY: the caller vouches for AVX-512F.
            Self(unsafe { _mm512_fmadd_ps(a.0, b.0, self.0) })
        }
        #[inline(always)]
        unsafe fn max(self, other: Self) -> Self {
            // SAFETY: the caller vouches for AVX-512F.
            Self(unsafe { _mm512_max_ps(self.0, other.0) })
        }
        #[inline(always)]
        unsafe fn larger(self, other: Self) -> Self {
            // SAFETY: the caller vouches for AVX-512F. `max` gives its second operand where one is a NaN.
            Self(unsafe {
                let number = _mm512_cmp_ps_mask::<_CMP_ORD_Q>(self.0, self.0);
                _mm512_mask_max_ps(self.0, number, self.0, other.0)
            })
        }
        #[inline(always)]
        unsafe fn min(self, other: Self) -> Self {
            // SAFETY: the caller vouches for AVX-512F.
            Self(unsafe { _mm512_min_ps(self.0, other.0) })
        }
        #[cfg(feature = "train")]
        #[inline(always)]
        unsafe fn where_larger(self, other: Self, [yes, no]: [Self; 2]) -> Self {
            // SAFETY: the caller vouches for AVX-512F.
            Self(unsafe {
                let larger = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, other.0);
                let nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0);
                _mm512_mask_blend_ps(larger | nan, no.0, yes.0)
            })
        }
        #[cfg(feature = "train")]
        #[inline(always)]
        unsafe fn where_same(self, other: Self, yes: Self) -> Self {
            // SAFETY: the caller vouches for AVX-512F.
            Self(unsafe {
                let [a, b] = [_mm512_castps_si512(self.0), _mm512_castps_si512(other.0)];
                _mm512_maskz_mov_ps(_mm512_cmpeq_epi32_mask(a, b), yes.0)
            })
        }
        #[inline(always)]
        unsafe fn pick(self, lanes: *const u32) -> Self {
            // SAFETY: the caller vouches for AVX-512F and LANES numbers.
            Self(unsafe { _mm512_permutexvar_ps(_mm512_loadu_si512(lanes.cast()), self.0) })
        }
        #[inline(always)]
        unsafe fn pick_of_two(self, other: Self, lanes: *const u32) -> Self {
            // SAFETY: the caller vouches for AVX-512F and LANES numbers.
            Self(unsafe {
                let lanes = _mm512_loadu_si512(lanes.cast());
                _mm512_permutex2var_ps(self.0, lanes, other.0)
            })
        }
        #[inline(always)]
        unsafe fn widen_pair(p: *const u16) -> [Self; 2] {
            // SAFETY: the caller vouches for AVX-512F and two vectors.
            unsafe {
                let both = _mm512_loadu_si512(p.cast());
                let first = _mm512_slli_epi32::<16>(both);
                let second = _mm512_and_si512(both, _mm512_set1_epi32(!0xffff));
                [first, second].map(|half| Self(_mm512_castsi512_ps(half)))
            }
        }
        #[inline(always)]
        unsafe fn widen(p: *const u16) -> Self {
            // SAFETY: the caller vouches for AVX-512F and LANES elements.
            unsafe {
                let wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(p.cast()));
                Self(_mm512_castsi512_ps(_mm512_slli_epi32::<16>(wide)))
            }
        }
        #[inline(always)]
        unsafe fn prefetch(p: *const u8) {
            // SAFETY: a prefetch never faults.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
        }
    }
}
