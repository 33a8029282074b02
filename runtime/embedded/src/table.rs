//! Operations on single elements.

use crate::memory::Raw;
use crate::place::Place;

/// Any function of a byte: an activation, batch normalisation, another scale.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Bytes. May be the output.
    pub input: Place,
    /// Bytes.
    pub output: Place,
    /// What becomes of each byte: one table for all channels, or one for each.
    pub tables: &'static [[u8; 256]],
}

impl Table {
    pub(crate) const fn check(&self, input: usize, arena: usize) {
        assert!(self.input.is_bytes() && self.input.is_inside(input, arena));
        assert!(self.output.is_bytes() && self.output.is_inside(input, arena));
        assert!(self.output.offset.is_some() && self.input.has_shape_of(&self.output));
        assert!(self.input.is_apart(&self.output) || self.input.is(&self.output));
        assert!(self.tables.len() == 1 || self.tables.len() == self.output.shape[2]);
    }

    /// # Safety
    /// The memory is of the sizes that [`check`](Self::check) was called with.
    #[inline(never)]
    pub(crate) unsafe fn run(&self, memory: Raw) {
        let [h, w, channels] = self.output.shape;
        let (input, output) = (memory.at(&self.input), memory.at_mut(&self.output));
        let each = usize::from(self.tables.len() > 1);
        for pixel in 0..h * w {
            for c in 0..channels {
                // SAFETY: `check` has seen both to be inside of the memory, and a table for each channel.
                unsafe {
                    let byte = input.add(pixel * self.input.pixel + c).read();
                    let table = self.tables.get_unchecked(each * c);
                    output
                        .add(pixel * self.output.pixel + c)
                        .write(table[usize::from(byte)]);
                }
            }
        }
    }
}

/// The bytes that stand for numbers.
#[derive(Clone, Copy, Debug)]
pub struct Quantise {
    /// Numbers.
    pub input: Place,
    /// Bytes.
    pub output: Place,
    /// Multiplies the number.
    pub scale: f32,
    /// The byte that stands for 0; is added then.
    pub zero: u8,
}

impl Quantise {
    pub(crate) const fn check(&self, input: usize, arena: usize) {
        assert!(!self.input.is_bytes() && self.input.is_inside(input, arena));
        assert!(self.output.is_bytes() && self.output.is_inside(input, arena));
        assert!(self.output.offset.is_some() && self.input.has_shape_of(&self.output));
        assert!(self.input.is_apart(&self.output));
    }

    /// # Safety
    /// The memory is of the sizes that [`check`](Self::check) was called with.
    #[inline(never)]
    pub(crate) unsafe fn run(&self, memory: Raw) {
        let [h, w, channels] = self.output.shape;
        let input = memory.at(&self.input).cast::<f32>();
        let output = memory.at_mut(&self.output);
        for pixel in 0..h * w {
            for c in 0..channels {
                // SAFETY: `check` has seen both to be inside of the memory, the numbers at multiples of four bytes.
                unsafe {
                    let x = input.add(pixel * self.input.pixel + c).read();
                    output
                        .add(pixel * self.output.pixel + c)
                        .write(self.byte(x));
                }
            }
        }
    }

    /// The byte of a number; 0 for a NaN.
    #[inline(always)]
    fn byte(&self, x: f32) -> u8 {
        // Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the low bits.
        const ROUND: f32 = 12_582_912.0;
        let x = x * self.scale + f32::from(self.zero);
        let x = if x > 0.0 { x } else { 0.0 };
        let x = if x < 255.0 { x } else { 255.0 };
        (x + ROUND).to_bits() as u8
    }
}
