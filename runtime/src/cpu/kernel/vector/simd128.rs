//! WebAssembly's vectors.

use super::Vector;
use core::arch::wasm32::*;

/// simd128: four lanes. Products are rounded before they are added: relaxed ones, which need not be, differ from engine to engine.
#[derive(Clone, Copy)]
pub(in super::super) struct Simd128(v128);

impl Vector for Simd128 {
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self(f32x4_splat(x))
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller vouches for LANES elements; the read may be unaligned.
        Self(unsafe { v128_load(p.cast()) })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: as above.
        unsafe { v128_store(p.cast(), self.0) }
    }
    #[inline(always)]
    unsafe fn load_partial(p: *const f32, n: usize) -> Self {
        // SAFETY: the caller vouches for `n` elements, and only they are read.
        Self(unsafe {
            match n {
                0 => f32x4_splat(0.0),
                1 => v128_load32_zero(p.cast()),
                2 => v128_load64_zero(p.cast()),
                3 => v128_load32_lane::<2>(v128_load64_zero(p.cast()), p.add(2).cast()),
                _ => v128_load(p.cast()),
            }
        })
    }
    #[inline(always)]
    unsafe fn store_partial(self, p: *mut f32, n: usize) {
        // SAFETY: the caller vouches for `n` elements, and only they are written.
        unsafe {
            match n {
                0 => {}
                1 => v128_store32_lane::<0>(self.0, p.cast()),
                2 => v128_store64_lane::<0>(self.0, p.cast()),
                3 => {
                    v128_store64_lane::<0>(self.0, p.cast());
                    v128_store32_lane::<2>(self.0, p.add(2).cast());
                }
                _ => v128_store(p.cast(), self.0),
            }
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Self(f32x4_add(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        Self(f32x4_sub(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        Self(f32x4_mul(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        Self(f32x4_add(self.0, f32x4_mul(a.0, b.0)))
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // The pseudo-maximum `b < a ? a : b`: one instruction on x86, too.
        Self(f32x4_pmax(other.0, self.0))
    }
    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        Self(f32x4_max(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        Self(f32x4_pmin(other.0, self.0))
    }
    #[cfg(feature = "train")]
    #[inline(always)]
    unsafe fn where_larger(self, other: Self, [yes, no]: [Self; 2]) -> Self {
        let wins = v128_or(f32x4_gt(self.0, other.0), f32x4_ne(self.0, self.0));
        Self(v128_bitselect(yes.0, no.0, wins))
    }
    #[cfg(feature = "train")]
    #[inline(always)]
    unsafe fn where_same(self, other: Self, yes: Self) -> Self {
        Self(v128_and(yes.0, u32x4_eq(self.0, other.0)))
    }
    #[inline(always)]
    unsafe fn pick(self, lanes: *const u32) -> Self {
        // SAFETY: the caller vouches for LANES numbers.
        Self(u8x16_swizzle(self.0, unsafe { bytes_of(lanes) }))
    }
    #[inline(always)]
    unsafe fn pick_of_two(self, other: Self, lanes: *const u32) -> Self {
        // SAFETY: the caller vouches for LANES numbers. A place past the vector gives zero, one below the second vector wraps past it.
        let bytes = unsafe { bytes_of(lanes) };
        let far = u8x16_swizzle(other.0, u8x16_sub(bytes, u8x16_splat(16)));
        Self(v128_or(u8x16_swizzle(self.0, bytes), far))
    }
    #[inline(always)]
    unsafe fn widen_pair(p: *const u16) -> [Self; 2] {
        // SAFETY: the caller vouches for two vectors.
        let both = unsafe { v128_load(p.cast()) };
        let second = v128_and(both, u32x4_splat(0xffff_0000));
        [u32x4_shl(both, 16), second].map(Self)
    }
    #[inline(always)]
    unsafe fn widen(p: *const u16) -> Self {
        // SAFETY: the caller vouches for LANES elements.
        Self(u32x4_shl(unsafe { u32x4_load_extend_u16x4(p) }, 16))
    }
    #[inline(always)]
    unsafe fn prefetch(_: *const u8) {}
}

/// The places of the bytes of these four lanes.
#[inline(always)]
unsafe fn bytes_of(lanes: *const u32) -> v128 {
    // SAFETY: the caller vouches for four numbers; the read may be unaligned.
    let lanes = unsafe { v128_load(lanes.cast()) };
    u32x4_add(
        u32x4_mul(lanes, u32x4_splat(0x0404_0404)),
        u32x4_splat(0x0302_0100),
    )
}
