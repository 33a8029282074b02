//! The memory of one network.

use crate::place::Place;

/// All values of a network between its input and its output: `ARENA` bytes, a constant of the generated code.
///
/// A `static` of it costs no code: `static mut`, or in a cell of the program's choice.
#[derive(Debug)]
#[repr(C, align(8))]
pub struct Workspace<const ARENA: usize> {
    bytes: [u8; ARENA],
}

impl<const ARENA: usize> Workspace<ARENA> {
    /// Memory of zeros.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; ARENA] }
    }
}

impl<const ARENA: usize> Default for Workspace<ARENA> {
    fn default() -> Self {
        Self::new()
    }
}

/// What layers read and write: the input and the workspace.
#[derive(Debug)]
pub struct Memory<'m, const INPUT: usize, const ARENA: usize> {
    input: &'m [u8; INPUT],
    workspace: &'m mut Workspace<ARENA>,
}

impl<'m, const INPUT: usize, const ARENA: usize> Memory<'m, INPUT, ARENA> {
    /// For one pass.
    pub fn new(input: &'m [u8; INPUT], workspace: &'m mut Workspace<ARENA>) -> Self {
        Self { input, workspace }
    }

    /// The numbers at a dense place, `N` of them.
    ///
    /// # Panics
    /// If the place holds others; where it is a constant, no code remains of this.
    #[inline(always)]
    pub fn read<const N: usize>(&self, place: Place, to: &mut [f32; N]) {
        assert!(place.is_inside(INPUT, ARENA) && place.is_dense());
        assert!(place.len() == N && !place.is_bytes());
        let Some(offset) = place.offset else { return };
        let from = self.workspace.bytes.as_ptr().wrapping_add(offset);
        // SAFETY: the place is inside the workspace, at a multiple of four bytes, as the workspace itself is.
        *to = unsafe { from.cast::<[f32; N]>().read() };
    }

    /// Both memories, for a layer whose places are inside.
    pub(crate) fn raw(&mut self) -> Raw {
        Raw {
            input: self.input.as_ptr(),
            arena: self.workspace.bytes.as_mut_ptr(),
        }
    }
}

/// Both memories as pointers.
#[derive(Clone, Copy)]
pub(crate) struct Raw {
    input: *const u8,
    arena: *mut u8,
}

impl Raw {
    /// The first element of a place that is read.
    #[inline(always)]
    pub(crate) fn at(self, place: &Place) -> *const u8 {
        match place.offset {
            None => self.input,
            Some(offset) => self.arena.wrapping_add(offset),
        }
    }

    /// The first element of a place that is written: never the input.
    #[inline(always)]
    pub(crate) fn at_mut(self, place: &Place) -> *mut u8 {
        match place.offset {
            None => self.arena,
            Some(offset) => self.arena.wrapping_add(offset),
        }
    }
}
