//! Packed weights.

use crate::cpu::access::Shared;
use crate::cpu::conv::panels::{Panel, Strides, pack};
use crate::cpu::kernel::{Aligned, Bf16, STREAMS, Weight};
use crate::threads::Threads;
use alloc::vec::Vec;
use core::ops::Range;

/// Panels, one after the other.
pub(super) enum Weights {
    F32(Aligned),
    Bf16(Aligned<Bf16>),
}

impl Weights {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::F32(weights) => size_of_val(weights.as_slice()),
            Self::Bf16(weights) => size_of_val(weights.as_slice()),
        }
    }
}

/// Groups of panels for one pixel.
pub(super) fn streams(panels: &[Panel]) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let mut start = 0;
    while let Some(first) = panels.get(start) {
        let next = panels[start..].iter().take(STREAMS);
        let alike = next.filter(|p| (p.group, p.vectors) == (first.group, first.vectors));
        let count = if alike.count() == STREAMS { STREAMS } else { 1 };
        groups.push(start..start + count);
        start += count;
    }
    groups
}

/// Packs panels of filters of groups of so many, from weights laid out as the strides say.
pub(super) fn pack_all<W: Weight>(
    to: &mut Aligned<W>,
    lanes: usize,
    (panels, filters): (&[Panel], usize),
    cells: [usize; 3],
    (weights, strides): (&[f32], Strides),
    threads: Threads,
) {
    let packed = Shared::new(to.as_mut_slice());
    let terms: usize = cells.iter().product();
    let widest = panels.iter().map(|p| p.vectors).max().unwrap_or(1);
    threads.for_ranges(panels.len(), terms * lanes * widest, |range, _| {
        for p in &panels[range] {
            let lanes = p.vectors * lanes;
            // SAFETY: the panels lie one after the other, and each is this task's alone.
            let to = unsafe { packed.part(p.weights..p.weights + terms * lanes) };
            pack(to, p, [lanes, filters], cells, weights, strides);
        }
    });
}
