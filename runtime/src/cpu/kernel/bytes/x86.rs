//! AVX2 and AVX-512 VNNI.

use super::{Columns, Dots, Sums};
use crate::cpu::kernel::vector::{Avx2, Avx512};
use core::arch::x86_64::*;

/// AVX2: eight lanes. `vpmaddubsw`, which takes bytes, saturates at 16 bits: it is exact (`BYTES`) where the weights of a pair add up to 128 at
/// most, whatever the inputs; `vpmaddwd` over pairs of 16 bits is exact always.
#[derive(Clone, Copy)]
pub(in super::super) struct Avx2Sums<const BYTES: bool>(__m256i);

impl<const BYTES: bool> Avx2Sums<BYTES> {
    /// Four bytes of each lane, as they are multiplied.
    #[inline(always)]
    unsafe fn input_of(all: __m256i) -> [__m256i; 2] {
        // SAFETY: the caller vouches for AVX2.
        unsafe {
            match BYTES {
                true => [all; 2],
                false => {
                    let even = _mm256_and_si256(all, _mm256_set1_epi16(0x00ff));
                    [even, _mm256_srli_epi16::<8>(all)]
                }
            }
        }
    }
}

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
    unsafe fn float(self) -> Avx2 {
        // SAFETY: the caller vouches for AVX2.
        Avx2(unsafe { _mm256_cvtepi32_ps(self.0) })
    }
}

impl<const BYTES: bool> Dots for Avx2Sums<BYTES> {
    #[inline(always)]
    unsafe fn input(p: *const u8) -> Self::Input {
        // SAFETY: the caller vouches for AVX2 and 4 bytes.
        unsafe { Self::input_of(_mm256_set1_epi32(p.cast::<i32>().read_unaligned())) }
    }
    #[inline(always)]
    unsafe fn bytes(p: *const u8, n: usize) -> Avx2 {
        // SAFETY: the caller vouches for AVX2 and `n` bytes.
        unsafe {
            let bytes = if n >= 8 {
                _mm_loadl_epi64(p.cast())
            } else {
                let mut all = [0; 16];
                core::ptr::copy_nonoverlapping(p, all.as_mut_ptr(), n);
                _mm_loadu_si128(all.as_ptr().cast())
            };
            Avx2(_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes)))
        }
    }
    #[inline(always)]
    unsafe fn store_bytes<const NV: usize>(x: [Avx2; NV], bounds: [u8; 2], p: *mut u8, n: usize) {
        for (v, x) in x.into_iter().enumerate() {
            // SAFETY: the caller vouches for AVX2 and `n` bytes.
            unsafe {
                let p = p.add(8 * v);
                let ints = _mm256_cvtps_epi32(x.0);
                let high = _mm256_extracti128_si256::<1>(ints);
                let words = _mm_packs_epi32(_mm256_castsi256_si128(ints), high);
                let bytes = _mm_packus_epi16(words, words);
                let bytes = _mm_max_epu8(bytes, _mm_set1_epi8(bounds[0] as i8));
                let bytes = _mm_min_epu8(bytes, _mm_set1_epi8(bounds[1] as i8));
                match n - 8 * v >= 8 {
                    true => _mm_storel_epi64(p.cast(), bytes),
                    false => {
                        let mut all = [0; 16];
                        _mm_storeu_si128(all.as_mut_ptr().cast(), bytes);
                        core::ptr::copy_nonoverlapping(all.as_ptr(), p, n - 8 * v);
                    }
                }
            }
        }
    }
}

/// The first `n` of 32 bytes. Short, as it is to be inlined wherever it is called.
#[inline(always)]
unsafe fn load_32(p: *const u8, n: usize) -> __m256i {
    // SAFETY: the caller vouches for AVX2 and `n` bytes.
    unsafe {
        if n >= 32 {
            return _mm256_loadu_si256(p.cast());
        }
        match n {
            8 => _mm256_zextsi128_si256(_mm_loadl_epi64(p.cast())),
            16 => _mm256_zextsi128_si256(_mm_loadu_si128(p.cast())),
            24 => _mm256_set_m128i(_mm_loadl_epi64(p.add(16).cast()), _mm_loadu_si128(p.cast())),
            _ => {
                let mut all = [0_u8; 32];
                core::ptr::copy_nonoverlapping(p, all.as_mut_ptr(), n);
                _mm256_loadu_si256(all.as_ptr().cast())
            }
        }
    }
}

/// Stores the first `n` of 32 bytes.
#[inline(always)]
unsafe fn store_32(bytes: __m256i, p: *mut u8, n: usize) {
    // SAFETY: the caller vouches for AVX2 and `n` bytes.
    unsafe {
        if n >= 32 {
            return _mm256_storeu_si256(p.cast(), bytes);
        }
        let low = _mm256_castsi256_si128(bytes);
        match n {
            8 => _mm_storel_epi64(p.cast(), low),
            16 => _mm_storeu_si128(p.cast(), low),
            24 => {
                _mm_storeu_si128(p.cast(), low);
                _mm_storel_epi64(p.add(16).cast(), _mm256_extracti128_si256::<1>(bytes));
            }
            _ => {
                let mut all = [0_u8; 32];
                _mm256_storeu_si256(all.as_mut_ptr().cast(), bytes);
                core::ptr::copy_nonoverlapping(all.as_ptr(), p, n);
            }
        }
    }
}

/// The bytes of four rows, four of each channel side by side.
#[inline(always)]
unsafe fn interleave_32([a, b, c, d]: [__m256i; 4]) -> [__m256i; 4] {
    // SAFETY: the caller vouches for AVX2.
    unsafe {
        let (ab, cd) = (_mm256_unpacklo_epi8(a, b), _mm256_unpacklo_epi8(c, d));
        let (above, below) = (_mm256_unpackhi_epi8(a, b), _mm256_unpackhi_epi8(c, d));
        [
            _mm256_unpacklo_epi16(ab, cd),
            _mm256_unpackhi_epi16(ab, cd),
            _mm256_unpacklo_epi16(above, below),
            _mm256_unpackhi_epi16(above, below),
        ]
    }
}

/// Numbers as bytes between the bounds: packed as [`interleave_32`] has spread them.
#[inline(always)]
unsafe fn pack_32(x: [Avx2; 4], bounds: [u8; 2]) -> __m256i {
    // SAFETY: the caller vouches for AVX2.
    unsafe {
        let [a, b, c, d] = x.map(|x| _mm256_cvtps_epi32(x.0));
        let bytes = _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
        let bytes = _mm256_max_epu8(bytes, _mm256_set1_epi8(bounds[0] as i8));
        _mm256_min_epu8(bytes, _mm256_set1_epi8(bounds[1] as i8))
    }
}

impl<const BYTES: bool> Columns for Avx2Sums<BYTES> {
    type Half = Self;

    #[inline(always)]
    unsafe fn columns(rows: [*const u8; 4], n: usize) -> [Self::Input; 4] {
        // SAFETY: the caller vouches for AVX2 and `n` bytes of each row.
        unsafe {
            // Without closures, which might be left without the instructions of their caller.
            let [a, b, c, d] = rows;
            let rows = [load_32(a, n), load_32(b, n), load_32(c, n), load_32(d, n)];
            let [a, b, c, d] = interleave_32(rows);
            [
                Self::input_of(a),
                Self::input_of(b),
                Self::input_of(c),
                Self::input_of(d),
            ]
        }
    }
    #[inline(always)]
    unsafe fn store_columns(x: [Avx2; 4], bounds: [u8; 2], p: *mut u8, n: usize) {
        // SAFETY: the caller vouches for AVX2 and `n` bytes.
        unsafe { store_32(pack_32(x, bounds), p, n) }
    }
}

/// AVX-512 VL and VNNI in registers of 256 bits: eight lanes.
#[derive(Clone, Copy)]
pub(in super::super) struct HalfVnniSums(__m256i);

/// The first `n` of 32 lanes, one at least.
#[inline(always)]
fn mask_32(n: usize) -> __mmask32 {
    u32::MAX >> 32_usize.saturating_sub(n)
}

impl Sums for HalfVnniSums {
    type Float = Avx2;
    type Weight = __m256i;
    type Input = __m256i;
    const BYTES: usize = 32;
    const PAIRS: bool = false;

    #[inline(always)]
    unsafe fn load(p: *const i32) -> Self {
        // SAFETY: the caller vouches for AVX2 and LANES elements.
        Self(unsafe { _mm256_loadu_si256(p.cast()) })
    }
    #[inline(always)]
    unsafe fn weight(p: *const u8) -> Self::Weight {
        // SAFETY: the caller vouches for AVX2 and BYTES bytes.
        unsafe { _mm256_loadu_si256(p.cast()) }
    }
    #[inline(always)]
    unsafe fn add_products(self, x: Self::Input, w: Self::Weight) -> Self {
        // SAFETY: the caller vouches for AVX-512 VL and VNNI.
        Self(unsafe { _mm256_dpbusd_epi32(self.0, x, w) })
    }
    #[inline(always)]
    unsafe fn float(self) -> Avx2 {
        // SAFETY: the caller vouches for AVX2.
        Avx2(unsafe { _mm256_cvtepi32_ps(self.0) })
    }
}

impl Columns for HalfVnniSums {
    type Half = Self;

    #[inline(always)]
    unsafe fn columns(rows: [*const u8; 4], n: usize) -> [Self::Input; 4] {
        // SAFETY: the caller vouches for AVX-512 BW and VL, and `n` bytes of each row; masked lanes are not touched.
        unsafe { interleave_32(rows.map(|row| _mm256_maskz_loadu_epi8(mask_32(n), row.cast()))) }
    }
    #[inline(always)]
    unsafe fn store_columns(x: [Avx2; 4], bounds: [u8; 2], p: *mut u8, n: usize) {
        // SAFETY: the caller vouches for AVX-512 BW and VL, and `n` bytes; masked lanes are not touched.
        unsafe {
            let bytes = pack_32(x, bounds);
            match n >= 32 {
                true => _mm256_storeu_si256(p.cast(), bytes),
                false => _mm256_mask_storeu_epi8(p.cast(), mask_32(n), bytes),
            }
        }
    }
}

/// AVX-512 F, BW, VL and VNNI: sixteen lanes.
#[derive(Clone, Copy)]
pub(in super::super) struct VnniSums(__m512i);

/// The first `n` of 64 lanes, one at least.
#[inline(always)]
fn mask_64(n: usize) -> __mmask64 {
    u64::MAX >> 64_usize.saturating_sub(n)
}

/// Numbers as bytes between the bounds: of each quarter of a register the four vectors' quarters lie together.
#[inline(always)]
unsafe fn pack_64(x: [Avx512; 4], bounds: [u8; 2]) -> __m512i {
    // SAFETY: the caller vouches for AVX-512 F and BW.
    unsafe {
        let [a, b, c, d] = x.map(|x| _mm512_cvtps_epi32(x.0));
        let bytes = _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
        let bytes = _mm512_max_epu8(bytes, _mm512_set1_epi8(bounds[0] as i8));
        _mm512_min_epu8(bytes, _mm512_set1_epi8(bounds[1] as i8))
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
    unsafe fn add_products(self, x: Self::Input, w: Self::Weight) -> Self {
        // SAFETY: the caller vouches for AVX-512 VNNI.
        Self(unsafe { _mm512_dpbusd_epi32(self.0, x, w) })
    }
    #[inline(always)]
    unsafe fn float(self) -> Avx512 {
        // SAFETY: the caller vouches for AVX-512F.
        Avx512(unsafe { _mm512_cvtepi32_ps(self.0) })
    }
}

impl Dots for VnniSums {
    #[inline(always)]
    unsafe fn input(p: *const u8) -> Self::Input {
        // SAFETY: the caller vouches for AVX-512F and 4 bytes.
        unsafe { _mm512_set1_epi32(p.cast::<i32>().read_unaligned()) }
    }
    #[inline(always)]
    unsafe fn bytes(p: *const u8, n: usize) -> Avx512 {
        // SAFETY: the caller vouches for AVX-512 BW and VL, and `n` bytes; masked lanes are not touched.
        unsafe {
            let bytes = match n >= 16 {
                true => _mm_loadu_si128(p.cast()),
                false => _mm_maskz_loadu_epi8((1 << n) - 1, p.cast()),
            };
            Avx512(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes)))
        }
    }
    #[inline(always)]
    unsafe fn store_bytes<const NV: usize>(x: [Avx512; NV], bounds: [u8; 2], p: *mut u8, n: usize) {
        // SAFETY: the caller vouches for AVX-512 BW and VL, and `n` bytes; masked lanes are not touched.
        unsafe {
            // Missing vectors are the last one again, so that nothing is computed for them.
            let bytes = pack_64([0, 1, 2, 3].map(|v| x[v.min(NV - 1)]), bounds);
            let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
            let bytes = _mm512_permutexvar_epi32(order, bytes);
            if n < NV * Self::LANES {
                return _mm512_mask_storeu_epi8(p.cast(), mask_64(n), bytes);
            }
            let half = _mm512_castsi512_si256(bytes);
            match NV {
                1 => _mm_storeu_si128(p.cast(), _mm256_castsi256_si128(half)),
                2 => _mm256_storeu_si256(p.cast(), half),
                3 => {
                    _mm256_storeu_si256(p.cast(), half);
                    let third = _mm512_extracti32x4_epi32::<2>(bytes);
                    _mm_storeu_si128(p.add(32).cast(), third);
                }
                _ => _mm512_storeu_si512(p.cast(), bytes),
            }
        }
    }
}

impl Columns for VnniSums {
    type Half = HalfVnniSums;

    #[inline(always)]
    unsafe fn columns(rows: [*const u8; 4], n: usize) -> [Self::Input; 4] {
        // SAFETY: the caller vouches for AVX-512 BW and `n` bytes of each row; masked lanes are not touched.
        unsafe {
            let [a, b, c, d] = rows.map(|row| _mm512_maskz_loadu_epi8(mask_64(n), row.cast()));
            let (ab, cd) = (_mm512_unpacklo_epi8(a, b), _mm512_unpacklo_epi8(c, d));
            let (above, below) = (_mm512_unpackhi_epi8(a, b), _mm512_unpackhi_epi8(c, d));
            [
                _mm512_unpacklo_epi16(ab, cd),
                _mm512_unpackhi_epi16(ab, cd),
                _mm512_unpacklo_epi16(above, below),
                _mm512_unpackhi_epi16(above, below),
            ]
        }
    }
    #[inline(always)]
    unsafe fn store_columns(x: [Avx512; 4], bounds: [u8; 2], p: *mut u8, n: usize) {
        // SAFETY: the caller vouches for AVX-512 BW and `n` bytes; masked lanes are not touched.
        unsafe {
            let bytes = pack_64(x, bounds);
            match n >= 64 {
                true => _mm512_storeu_si512(p.cast(), bytes),
                false => _mm512_mask_storeu_epi8(p.cast(), mask_64(n), bytes),
            }
        }
    }
}
