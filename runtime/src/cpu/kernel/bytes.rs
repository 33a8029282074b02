//! Vectors of i32 sums over bytes: the little that int8 kernels ask of an instruction set. All of them compute the same bits.

use super::vector::{Portable, Vector};

/// As many sums of 32 bits as [`Float`](Self::Float) has lanes.
///
/// Every function is `#[inline(always)]`, so that it takes on the instruction set of the kernel that calls it.
///
/// # Safety
/// All functions need a CPU that has the instruction set of the implementing type, and memory that may be read or written: `LANES`
/// elements where nothing else is said.
pub(super) trait Sums: Copy {
    /// The sums as numbers.
    type Float: Vector;
    /// Four weights for each lane.
    type Weight: Copy;
    /// Four inputs, the same for each lane.
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
    /// 4 bytes.
    unsafe fn input(p: *const u8) -> Self::Input;
    /// To each lane the sum of the products of four unsigned inputs and four signed weights: exact while the lane does not overflow.
    unsafe fn add_products(self, x: Self::Input, w: Self::Weight) -> Self;
    /// The first `n` bytes, each in a lane of its own; zero in the others.
    unsafe fn widen(p: *const u8, n: usize) -> Self;
    /// To each lane the product of an unsigned byte and a weight, both in lanes of their own.
    unsafe fn add_product(self, x: Self, w: Self) -> Self;
    /// Rounded to the nearest number.
    unsafe fn float(self) -> Self::Float;
    /// The first `n` lanes, which are between 0 and 255, rounded half to even.
    unsafe fn store_bytes(x: Self::Float, p: *mut u8, n: usize);
    /// The same of several vectors, side by side: `n` bytes in all, more than all vectors but the last hold.
    #[inline(always)]
    unsafe fn store_all_bytes<const NV: usize>(x: [Self::Float; NV], p: *mut u8, n: usize) {
        for (v, x) in x.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                let left = n - v * Self::LANES;
                Self::store_bytes(x, p.add(v * Self::LANES), left.min(Self::LANES));
            }
        }
    }
}

/// Four lanes that every compiler back end can turn into whatever the target has.
#[derive(Clone, Copy)]
pub(super) struct PortableSums([i32; 4]);

impl Sums for PortableSums {
    type Float = Portable;
    type Weight = [[i8; 4]; 4];
    type Input = [u8; 4];
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
    unsafe fn input(p: *const u8) -> Self::Input {
        // SAFETY: the caller vouches for 4 bytes.
        unsafe { p.cast::<[u8; 4]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn add_products(self, x: Self::Input, w: Self::Weight) -> Self {
        Self(core::array::from_fn(|lane| {
            let products = x.iter().zip(w[lane]);
            let sum: i32 = products.map(|(&x, w)| i32::from(x) * i32::from(w)).sum();
            self.0[lane].wrapping_add(sum)
        }))
    }
    #[inline(always)]
    unsafe fn widen(p: *const u8, n: usize) -> Self {
        // SAFETY: the caller vouches for `n` bytes.
        let byte = |i| unsafe { p.add(i).read() };
        Self(core::array::from_fn(|i| match i < n {
            true => i32::from(byte(i)),
            false => 0,
        }))
    }
    #[inline(always)]
    unsafe fn add_product(self, x: Self, w: Self) -> Self {
        Self(core::array::from_fn(|i| {
            self.0[i].wrapping_add(x.0[i].wrapping_mul(w.0[i]))
        }))
    }
    #[inline(always)]
    unsafe fn float(self) -> Portable {
        Portable(self.0.map(|sum| sum as f32))
    }
    #[inline(always)]
    unsafe fn store_bytes(x: Portable, p: *mut u8, n: usize) {
        for (i, x) in x.0.into_iter().enumerate().take(n) {
            // SAFETY: the caller vouches for `n` bytes.
            unsafe { p.add(i).write(round(x)) }
        }
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
pub(super) use x86::VnniSums;
/// AVX2 over pairs of 16 bits.
#[cfg(target_arch = "x86_64")]
pub(super) type Avx2Words = x86::Avx2Sums<false>;
/// AVX2 over bytes: for weights of which no pair saturates.
#[cfg(target_arch = "x86_64")]
pub(super) type Avx2Bytes = x86::Avx2Sums<true>;

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Sums;
    use crate::cpu::kernel::vector::{Avx2, Avx512};
    use core::arch::x86_64::*;

    /// AVX2: eight lanes. `vpmaddubsw`, which takes bytes, saturates at 16 bits: it is exact (`BYTES`) where the weights of a pair add up to 128 at
    /// most, whatever the inputs; `vpmaddwd` over pairs of 16 bits is exact always.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx2Sums<const BYTES: bool>(__m256i);

    impl<const BYTES: bool> Sums for Avx2Sums<BYTES> {
        type Float = Avx2;
        /// Of bytes the same twice.
        type Weight = [__m256i; 2];
        type Input = [__m256i; 2];
        const BYTES: usize = if BYTES { 32 } else { 64 };
        const PAIRS: bool = !BYTES;

        #[inline(always)]
        unsafe fn load(p: *const i32) -> Self {
            // SAFETY: the caller vouches for AVX2 and LANES elements.
            Self(unsafe { _mm256_loadu_si256(p.cast()) })
        }
        #[inline(always)]
        unsafe fn weight(p: *const u8) -> Self::Weight {
            // SAFETY: the caller vouches for AVX2 and BYTES bytes.
            unsafe {
                let first = _mm256_loadu_si256(p.cast());
                match BYTES {
                    true => [first; 2],
                    false => [first, _mm256_loadu_si256(p.add(32).cast())],
                }
            }
        }
        #[inline(always)]
        unsafe fn input(p: *const u8) -> Self::Input {
            // SAFETY: the caller vouches for AVX2 and 4 bytes.
            unsafe {
                let all = _mm256_set1_epi32(p.cast::<i32>().read_unaligned());
                match BYTES {
                    true => [all; 2],
                    false => {
                        let even = _mm256_and_si256(all, _mm256_set1_epi16(0x00ff));
                        [even, _mm256_srli_epi16::<8>(all)]
                    }
                }
            }
        }
        #[inline(always)]
        unsafe fn add_products(self, x: Self::Input, w: Self::Weight) -> Self {
            // SAFETY: the caller vouches for AVX2.
            unsafe {
                if BYTES {
                    let pairs = _mm256_maddubs_epi16(x[0], w[0]);
                    let fours = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
                    return Self(_mm256_add_epi32(self.0, fours));
                }
                let sum = _mm256_add_epi32(self.0, _mm256_madd_epi16(x[0], w[0]));
                Self(_mm256_add_epi32(sum, _mm256_madd_epi16(x[1], w[1])))
            }
        }
        #[inline(always)]
        unsafe fn widen(p: *const u8, n: usize) -> Self {
            // SAFETY: the caller vouches for AVX2 and `n` bytes.
            unsafe {
                let bytes = if n >= 8 {
                    _mm_loadl_epi64(p.cast())
                } else {
                    let mut all = [0; 16];
                    core::ptr::copy_nonoverlapping(p, all.as_mut_ptr(), n);
                    _mm_loadu_si128(all.as_ptr().cast())
                };
                Self(_mm256_cvtepu8_epi32(bytes))
            }
        }
        #[inline(always)]
        unsafe fn add_product(self, x: Self, w: Self) -> Self {
            // SAFETY: the caller vouches for AVX2. The upper 16 bits of each input are zero.
            unsafe { Self(_mm256_add_epi32(self.0, _mm256_madd_epi16(x.0, w.0))) }
        }
        #[inline(always)]
        unsafe fn float(self) -> Avx2 {
            // SAFETY: the caller vouches for AVX2.
            Avx2(unsafe { _mm256_cvtepi32_ps(self.0) })
        }
        #[inline(always)]
        unsafe fn store_bytes(x: Avx2, p: *mut u8, n: usize) {
            // SAFETY: the caller vouches for AVX2 and `n` bytes.
            unsafe {
                let ints = _mm256_cvtps_epi32(x.0);
                let (low, high) = (
                    _mm256_castsi256_si128(ints),
                    _mm256_extracti128_si256::<1>(ints),
                );
                let words = _mm_packus_epi32(low, high);
                let bytes = _mm_packus_epi16(words, words);
                if n >= 8 {
                    _mm_storel_epi64(p.cast(), bytes);
                } else {
                    let mut all = [0; 16];
                    _mm_storeu_si128(all.as_mut_ptr().cast(), bytes);
                    core::ptr::copy_nonoverlapping(all.as_ptr(), p, n);
                }
            }
        }
    }

    /// AVX-512 F, BW, VL and VNNI: sixteen lanes.
    #[derive(Clone, Copy)]
    pub(in super::super) struct VnniSums(__m512i);

    impl VnniSums {
        /// The first `n` lanes.
        #[inline(always)]
        fn mask(n: usize) -> __mmask16 {
            ((1u32 << n) - 1) as __mmask16
        }

        /// The bytes of four vectors, which have been packed in pairs: of each quarter of a register the four vectors' quarters lie together
        /// then, and those of a vector are brought together.
        #[inline(always)]
        unsafe fn together(ab: __m512i, cd: __m512i) -> __m512i {
            // SAFETY: the caller vouches for AVX-512 F and BW.
            unsafe {
                let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
                _mm512_permutexvar_epi32(order, _mm512_packus_epi16(ab, cd))
            }
        }
    }

    impl Sums for VnniSums {
        type Float = Avx512;
        type Weight = __m512i;
        type Input = __m512i;
        const BYTES: usize = 64;
        const PAIRS: bool = false;

        #[inline(always)]
        unsafe fn load(p: *const i32) -> Self {
            // SAFETY: the caller vouches for AVX-512F and LANES elements.
            Self(unsafe { _mm512_loadu_si512(p.cast()) })
        }
        #[inline(always)]
        unsafe fn weight(p: *const u8) -> Self::Weight {
            // SAFETY: the caller vouches for AVX-512F and BYTES bytes.
            unsafe { _mm512_loadu_si512(p.cast()) }
        }
        #[inline(always)]
        unsafe fn input(p: *const u8) -> Self::Input {
            // SAFETY: the caller vouches for AVX-512F and 4 bytes.
            unsafe { _mm512_set1_epi32(p.cast::<i32>().read_unaligned()) }
        }
        #[inline(always)]
        unsafe fn add_products(self, x: Self::Input, w: Self::Weight) -> Self {
            // SAFETY: the caller vouches for AVX-512 VNNI.
            Self(unsafe { _mm512_dpbusd_epi32(self.0, x, w) })
        }
        #[inline(always)]
        unsafe fn widen(p: *const u8, n: usize) -> Self {
            // SAFETY: the caller vouches for AVX-512 BW and VL, and `n` bytes; masked lanes are not touched.
            unsafe {
                let bytes = match n >= 16 {
                    true => _mm_loadu_si128(p.cast()),
                    false => _mm_maskz_loadu_epi8(Self::mask(n), p.cast()),
                };
                Self(_mm512_cvtepu8_epi32(bytes))
            }
        }
        #[inline(always)]
        unsafe fn add_product(self, x: Self, w: Self) -> Self {
            // SAFETY: the caller vouches for AVX-512 VNNI. The upper 16 bits of each input are zero.
            Self(unsafe { _mm512_dpwssd_epi32(self.0, x.0, w.0) })
        }
        #[inline(always)]
        unsafe fn float(self) -> Avx512 {
            // SAFETY: the caller vouches for AVX-512F.
            Avx512(unsafe { _mm512_cvtepi32_ps(self.0) })
        }
        #[inline(always)]
        unsafe fn store_bytes(x: Avx512, p: *mut u8, n: usize) {
            // SAFETY: the caller vouches for AVX-512 BW and VL, and `n` bytes; masked lanes are not touched.
            unsafe {
                let bytes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(x.0));
                match n >= 16 {
                    true => _mm_storeu_si128(p.cast(), bytes),
                    false => _mm_mask_storeu_epi8(p.cast(), Self::mask(n), bytes),
                }
            }
        }
        #[inline(always)]
        unsafe fn store_all_bytes<const NV: usize>(x: [Avx512; NV], p: *mut u8, n: usize) {
            // SAFETY: the caller vouches for AVX-512 BW and VL, and `n` bytes, of which whole vectors are stored at once.
            unsafe {
                let mut ints = [_mm512_setzero_si512(); NV];
                for (int, x) in ints.iter_mut().zip(x) {
                    *int = _mm512_cvtps_epi32(x.0);
                }
                if NV == 4 && n >= 64 {
                    let [ab, cd] = [
                        _mm512_packs_epi32(ints[0], ints[1 % NV]),
                        _mm512_packs_epi32(ints[2 % NV], ints[3 % NV]),
                    ];
                    return _mm512_storeu_si512(p.cast(), Self::together(ab, cd));
                }
                if NV == 3 && n >= 48 {
                    let ab = _mm512_packs_epi32(ints[0], ints[1 % NV]);
                    let cc = _mm512_packs_epi32(ints[2 % NV], ints[2 % NV]);
                    let all = Self::together(ab, cc);
                    _mm256_storeu_si256(p.cast(), _mm512_castsi512_si256(all));
                    let third = _mm512_extracti32x4_epi32::<2>(all);
                    return _mm_storeu_si128(p.add(32).cast(), third);
                }
                if NV == 2 && n >= 32 {
                    let ab = _mm512_packs_epi32(ints[0], ints[1 % NV]);
                    let both = _mm512_castsi512_si256(Self::together(ab, ab));
                    return _mm256_storeu_si256(p.cast(), both);
                }
                for (v, x) in x.into_iter().enumerate() {
                    let left = n - v * Self::LANES;
                    Self::store_bytes(x, p.add(v * Self::LANES), left.min(Self::LANES));
                }
            }
        }
    }
}
