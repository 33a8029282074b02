//! The vectors of 64-bit ARM.

use super::Vector;
use core::arch::aarch64::*;

/// NEON: four lanes, of which there are 32 registers.
#[derive(Clone, Copy)]
pub(in super::super) struct Neon(float32x4_t);

impl Vector for Neon {
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: the target has NEON; so too below.
        Self(unsafe { vdupq_n_f32(x) })
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller vouches for LANES elements.
        Self(unsafe { vld1q_f32(p) })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: the caller vouches for LANES elements.
        unsafe { vst1q_f32(p, self.0) }
    }
    #[inline(always)]
    unsafe fn load_partial(p: *const f32, n: usize) -> Self {
        let mut lanes = [0.0; 4];
        for (i, lane) in lanes.iter_mut().enumerate().take(n) {
            // SAFETY: the caller vouches for `n` elements.
            *lane = unsafe { p.add(i).read() };
        }
        // SAFETY: four lanes.
        Self(unsafe { vld1q_f32(lanes.as_ptr()) })
    }
    #[inline(always)]
    unsafe fn store_partial(self, p: *mut f32, n: usize) {
        let mut lanes = [0.0; 4];
        // SAFETY: four lanes.
        unsafe { vst1q_f32(lanes.as_mut_ptr(), self.0) };
        for (i, lane) in lanes.into_iter().enumerate().take(n) {
            // SAFETY: the caller vouches for `n` elements.
            unsafe { p.add(i).write(lane) }
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: as for `splat`.
        Self(unsafe { vaddq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: as for `splat`.
        Self(unsafe { vsubq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: as for `splat`.
        Self(unsafe { vmulq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        // SAFETY: as for `splat`.
        Self(unsafe { vfmaq_f32(self.0, a.0, b.0) })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: as for `splat`. A NaN stays one, whichever operand it is.
        Self(unsafe { vmaxq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        // SAFETY: as for `splat`.
        Self(unsafe { vmaxq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: as for `splat`.
        Self(unsafe { vminq_f32(self.0, other.0) })
    }
    #[cfg(feature = "train")]
    #[inline(always)]
    unsafe fn where_larger(self, other: Self, [yes, no]: [Self; 2]) -> Self {
        // SAFETY: as for `splat`. A number is its own equal, a NaN is not.
        Self(unsafe {
            let number = vceqq_f32(self.0, self.0);
            let wins = vornq_u32(vcgtq_f32(self.0, other.0), number);
            vbslq_f32(wins, yes.0, no.0)
        })
    }
    #[cfg(feature = "train")]
    #[inline(always)]
    unsafe fn where_same(self, other: Self, yes: Self) -> Self {
        // SAFETY: as for `splat`.
        Self(unsafe {
            let same = vceqq_u32(
                vreinterpretq_u32_f32(self.0),
                vreinterpretq_u32_f32(other.0),
            );
            vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(yes.0), same))
        })
    }
    #[inline(always)]
    unsafe fn pick(self, lanes: *const u32) -> Self {
        // SAFETY: the caller vouches for LANES numbers; the bytes of each lane are picked.
        Self(unsafe {
            let bytes = vreinterpretq_u8_f32(self.0);
            vreinterpretq_f32_u8(vqtbl1q_u8(bytes, bytes_of(lanes)))
        })
    }
    #[inline(always)]
    unsafe fn pick_of_two(self, other: Self, lanes: *const u32) -> Self {
        // SAFETY: as above.
        Self(unsafe {
            let bytes = uint8x16x2_t(vreinterpretq_u8_f32(self.0), vreinterpretq_u8_f32(other.0));
            vreinterpretq_f32_u8(vqtbl2q_u8(bytes, bytes_of(lanes)))
        })
    }
    #[inline(always)]
    unsafe fn widen_pair(p: *const u16) -> [Self; 2] {
        // SAFETY: the caller vouches for two vectors.
        unsafe {
            let both = vreinterpretq_u32_u16(vld1q_u16(p));
            let second = vandq_u32(both, vdupq_n_u32(0xffff_0000));
            [vshlq_n_u32::<16>(both), second].map(|half| Self(vreinterpretq_f32_u32(half)))
        }
    }
    #[inline(always)]
    unsafe fn widen(p: *const u16) -> Self {
        // SAFETY: the caller vouches for LANES elements.
        Self(unsafe { vreinterpretq_f32_u32(vshll_n_u16::<16>(vld1_u16(p))) })
    }
    /// The intrinsic is not stable.
    #[inline(always)]
    unsafe fn prefetch(_: *const u8) {}
}

/// The places of the bytes of these four lanes.
#[inline(always)]
unsafe fn bytes_of(lanes: *const u32) -> uint8x16_t {
    // SAFETY: the caller vouches for four numbers.
    unsafe {
        let first = vmulq_n_u32(vld1q_u32(lanes), 0x0404_0404);
        vreinterpretq_u8_u32(vaddq_u32(first, vdupq_n_u32(0x0302_0100)))
    }
}
