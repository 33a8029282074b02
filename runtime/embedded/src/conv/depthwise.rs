//! Sums where each channel has a filter of its own.

/// The way of a kernel over a picture, in bytes, and the sums of four channels.
#[repr(C)]
pub(crate) struct Walk {
    /// From a cell to the next in a row.
    pub(crate) x_step: usize,
    /// The same of weights.
    pub(crate) w_step: usize,
    /// Minus the zero point, twice in 16 bits.
    zeros: u32,
    /// Cells of a row; above 0.
    pub(crate) columns: usize,
    /// From behind a row to the next.
    pub(crate) x_row: usize,
    /// The same of weights.
    pub(crate) w_row: usize,
    /// Rows; above 0. They are counted down.
    pub(crate) rows: usize,
    pub(crate) sums: [i32; 4],
}

impl Walk {
    /// For a kernel whose weights have so many bytes a row; nothing to walk over.
    pub(crate) fn new(zero: u8) -> Self {
        Self {
            x_step: 0,
            w_step: 0,
            zeros: u32::from((-i16::from(zero)) as u16) * 0x1_0001,
            columns: 0,
            x_row: 0,
            w_row: 0,
            rows: 0,
            sums: [0; 4],
        }
    }

    /// The sums of four channels over all cells.
    ///
    /// # Safety
    /// Four bytes and four weights can be read at every cell.
    #[inline(always)]
    pub(crate) unsafe fn four(&mut self, x: *const u8, weights: *const i8) {
        // SAFETY: the caller's promise.
        unsafe { four(x, weights, self) }
    }

    /// The sum of one channel over all cells.
    ///
    /// # Safety
    /// A byte and a weight can be read at every cell.
    pub(crate) unsafe fn one(&self, mut x: *const u8, mut weights: *const i8) -> i32 {
        let zero = -i32::from(self.zeros as i16);
        let mut sum = 0;
        for _ in 0..self.rows {
            for _ in 0..self.columns {
                // SAFETY: the caller's promise.
                let (byte, weight) = unsafe { (x.read(), weights.read()) };
                sum += (i32::from(byte) - zero) * i32::from(weight);
                x = x.wrapping_add(self.x_step);
                weights = weights.wrapping_add(self.w_step);
            }
            x = x.wrapping_add(self.x_row);
            weights = weights.wrapping_add(self.w_row);
        }
        sum
    }
}

/// # Safety
/// See [`Walk::four`].
#[cfg(not(all(target_arch = "arm", netc_dsp)))]
unsafe fn four(x: *const u8, weights: *const i8, walk: &mut Walk) {
    for c in 0..4 {
        // SAFETY: the caller's promise.
        walk.sums[c] = unsafe { walk.one(x.wrapping_add(c), weights.wrapping_add(c)) };
    }
}

#[cfg(all(target_arch = "arm", netc_dsp))]
use dsp::four;

#[cfg(all(target_arch = "arm", netc_dsp))]
mod dsp {
    use super::Walk;
    use core::arch::global_asm;

    global_asm!(
        ".syntax unified",
        ".thumb",
        // r0: bytes, r1: weights, r2: a `Walk`.
        ".section .text.netc_depthwise, \"ax\", %progbits",
        ".global netc_depthwise",
        ".type netc_depthwise, %function",
        ".thumb_func",
        "netc_depthwise:",
        "push {{r2, r4, r5, r6, r7, r8, r9, r10, r11, lr}}",
        "ldm r2, {{r8, r9, r10}}",
        "movs r4, #0",
        "movs r5, #0",
        "movs r6, #0",
        "movs r7, #0",
        "1:",
        "ldr r3, [sp]",
        "ldr r2, [r3, #12]",
        "2:",
        "ldr r11, [r0]",
        "ldr r12, [r1]",
        "add r0, r8",
        "add r1, r9",
        "uxtab16 lr, r10, r11",
        "sxtb16 r3, r12",
        "smlabb r4, lr, r3, r4",
        "smlatt r6, lr, r3, r6",
        "uxtab16 lr, r10, r11, ror #8",
        "sxtb16 r3, r12, ror #8",
        "smlabb r5, lr, r3, r5",
        "smlatt r7, lr, r3, r7",
        "subs r2, #1",
        "bne 2b",
        "ldr r3, [sp]",
        "ldrd r11, r12, [r3, #16]",
        "add r0, r11",
        "add r1, r12",
        "ldr r2, [r3, #24]",
        "subs r2, #1",
        "str r2, [r3, #24]",
        "bne 1b",
        "adds r3, #28",
        "stm r3, {{r4, r5, r6, r7}}",
        "pop {{r2, r4, r5, r6, r7, r8, r9, r10, r11, pc}}",
        ".size netc_depthwise, . - netc_depthwise",
        ".text",
    );

    unsafe extern "C" {
        #[link_name = "netc_depthwise"]
        pub(super) fn four(x: *const u8, weights: *const i8, walk: &mut Walk);
    }
}
