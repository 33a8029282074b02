//! Sums of two pictures.

use crate::ending::{Product, byte_of_two};
use crate::memory::Raw;
use crate::place::Place;

/// The sum of two pictures of bytes.
#[derive(Clone, Copy, Debug)]
pub struct Add {
    /// Bytes. May be the output.
    pub inputs: [Place; 2],
    /// Bytes.
    pub output: Place,
    /// Multiply the bytes of each.
    pub scales: [f32; 2],
    /// Is added to the sum of both products.
    pub shift: f32,
    /// The lowest and the highest byte.
    pub bounds: (u8, u8),
}

impl Add {
    pub(crate) const fn check(&self, input: usize, arena: usize) {
        assert!(self.output.is_bytes() && self.output.is_inside(input, arena));
        assert!(self.output.offset.is_some() && self.bounds.0 <= self.bounds.1);
        let mut i = 0;
        while i < 2 {
            let place = &self.inputs[i];
            assert!(place.is_bytes() && place.is_inside(input, arena));
            assert!(place.has_shape_of(&self.output));
            assert!(place.is_apart(&self.output) || place.is(&self.output));
            i += 1;
        }
    }

    /// # Safety
    /// The memory is of the sizes that [`check`](Self::check) was called with.
    #[inline(never)]
    pub(crate) unsafe fn run(&self, memory: Raw) {
        let [h, w, channels] = self.output.shape;
        let [a_scale, b_scale] = self.scales;
        let [a, b] = [memory.at(&self.inputs[0]), memory.at(&self.inputs[1])];
        let output = memory.at_mut(&self.output);
        for pixel in 0..h * w {
            for c in 0..channels {
                // SAFETY: `check` has seen all three to be inside of the memory; a byte is read before it is written over.
                unsafe {
                    let a = a.add(pixel * self.inputs[0].pixel + c).read();
                    let b = b.add(pixel * self.inputs[1].pixel + c).read();
                    let (a, b) = (product(a, a_scale), product(b, b_scale));
                    let byte = byte_of_two([a, b], self.shift, self.bounds);
                    output.add(pixel * self.output.pixel + c).write(byte);
                }
            }
        }
    }
}

fn product(byte: u8, factor: f32) -> Product {
    Product { byte, factor }
}
