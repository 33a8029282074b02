//! Layers whose places have been checked.

use crate::{Add, Conv, MaxPool, Mean, Memory, Quantise, Table};

/// A step of a network with an input of `INPUT` bytes and a workspace of `ARENA`. As a constant it is checked while the program compiles.
#[derive(Clone, Copy, Debug)]
pub struct Layer<Kernel, const INPUT: usize, const ARENA: usize>(Kernel);

macro_rules! layers {
    ($($kernel:ident)*) => {$(
        impl $kernel {
            /// The kernel as a layer of a network.
            ///
            /// # Panics
            /// While the program compiles: if a place is outside of the memory, overlaps another one, or has another shape than the
            /// kernel asks for; or if there are more or fewer weights.
            #[must_use]
            pub const fn layer<const INPUT: usize, const ARENA: usize>(
                self,
            ) -> Layer<Self, INPUT, ARENA> {
                self.check(INPUT, ARENA);
                Layer(self)
            }
        }

        impl<const INPUT: usize, const ARENA: usize> Layer<$kernel, INPUT, ARENA> {
            /// Computes the step.
            #[inline(always)]
            pub fn run(&self, memory: &mut Memory<'_, INPUT, ARENA>) {
                // SAFETY: `layer` has checked the places against memory of these sizes.
                unsafe { self.0.run(memory.raw()) }
            }
        }
    )*};
}

layers!(Conv MaxPool Mean Add Table Quantise);
