//! Packing: an offset for each buffer, so that buffers alive at the same time do not overlap and the arena stays small.
//!
//! Two methods, the better result counts. The first walks through time with a list of free blocks, in n log n for networks
//! of any depth. The second places the largest buffers first, each into the tightest gap among those alive with it (Pisarchyk
//! and Lee, "Efficient memory management for deep neural net inference", 2020), and is quadratic.

use std::collections::BTreeSet;

/// Size and time of a buffer: written first by unit `from`, read last by unit `to`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetime {
    pub(crate) elements: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// Offsets are multiples of this many elements: a cache line, and the widest vector register.
const ALIGN: usize = 16;

/// Above this many buffers only the fast method runs.
const QUADRATIC_LIMIT: usize = 2_000;

/// The offset of each buffer, and the size of the arena.
pub(crate) fn pack(buffers: &[Lifetime]) -> (Vec<usize>, usize) {
    let buffers: Vec<Lifetime> = buffers
        .iter()
        .map(|buffer| Lifetime {
            elements: buffer.elements.next_multiple_of(ALIGN),
            ..*buffer
        })
        .collect();
    let in_time = through_time(&buffers);
    if buffers.len() > QUADRATIC_LIMIT || in_time.1 == peak(&buffers) {
        return in_time;
    }
    let by_size = largest_first(&buffers);
    if by_size.1 < in_time.1 {
        by_size
    } else {
        in_time
    }
}

/// Elements alive at the worst moment: no packing can do with less.
fn peak(buffers: &[Lifetime]) -> usize {
    let mut changes: Vec<(usize, bool, usize)> = Vec::with_capacity(2 * buffers.len());
    for buffer in buffers {
        // At one moment, what begins (false) counts before what ends (true): a step's input and output are alive together.
        changes.push((buffer.from, false, buffer.elements));
        changes.push((buffer.to, true, buffer.elements));
    }
    changes.sort_unstable();
    let (mut alive, mut peak) = (0, 0);
    for (_, ends, elements) in changes {
        if ends {
            alive -= elements;
        } else {
            alive += elements;
            peak = peak.max(alive);
        }
    }
    peak
}

fn through_time(buffers: &[Lifetime]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|&i| (buffers[i].from, usize::MAX - buffers[i].elements));
    let mut offsets = vec![0; buffers.len()];
    let mut alive: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut free = FreeList::default();
    for i in order {
        while let Some(&(to, other)) = alive.first() {
            if to >= buffers[i].from {
                break;
            }
            alive.remove(&(to, other));
            free.give(offsets[other], buffers[other].elements);
        }
        offsets[i] = free.take(buffers[i].elements);
        alive.insert((buffers[i].to, i));
    }
    (offsets, free.end)
}

/// Free blocks below `end`, never touching each other.
#[derive(Default)]
struct FreeList {
    by_size: BTreeSet<(usize, usize)>,
    by_offset: BTreeSet<(usize, usize)>,
    end: usize,
}

impl FreeList {
    /// The smallest block that fits, or new memory at the end.
    fn take(&mut self, elements: usize) -> usize {
        let fit = self.by_size.range((elements, 0)..).next().copied();
        if let Some((size, offset)) = fit {
            self.remove(offset, size);
            self.insert(offset + elements, size - elements);
            return offset;
        }
        let last = self.by_offset.last().copied();
        let offset = match last {
            Some((offset, size)) if offset + size == self.end => {
                self.remove(offset, size);
                offset
            }
            _ => self.end,
        };
        self.end = offset + elements;
        offset
    }

    fn give(&mut self, mut offset: usize, mut elements: usize) {
        let before = self.by_offset.range(..(offset, 0)).next_back().copied();
        if let Some((other, size)) = before.filter(|(other, size)| other + size == offset) {
            self.remove(other, size);
            offset = other;
            elements += size;
        }
        let after = self.by_offset.range((offset, 0)..).next().copied();
        if let Some((other, size)) = after.filter(|(other, _)| offset + elements == *other) {
            self.remove(other, size);
            elements += size;
        }
        self.insert(offset, elements);
    }

    fn insert(&mut self, offset: usize, size: usize) {
        if size > 0 {
            self.by_offset.insert((offset, size));
            self.by_size.insert((size, offset));
        }
    }

    fn remove(&mut self, offset: usize, size: usize) {
        self.by_offset.remove(&(offset, size));
        self.by_size.remove(&(size, offset));
    }
}

fn largest_first(buffers: &[Lifetime]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|&i| (usize::MAX - buffers[i].elements, buffers[i].from));
    let mut offsets = vec![0; buffers.len()];
    // Placed buffers, by offset.
    let mut placed: Vec<usize> = Vec::with_capacity(buffers.len());
    let mut arena = 0;
    for i in order {
        let offset = tightest_gap(buffers, &offsets, &placed, i);
        offsets[i] = offset;
        arena = arena.max(offset + buffers[i].elements);
        let at = placed.partition_point(|&other| offsets[other] <= offset);
        placed.insert(at, i);
    }
    (offsets, arena)
}

fn tightest_gap(buffers: &[Lifetime], offsets: &[usize], placed: &[usize], i: usize) -> usize {
    let mut best: Option<(usize, usize)> = None;
    let mut end = 0;
    let beside = placed.iter().filter(|&&other| {
        buffers[other].from <= buffers[i].to && buffers[i].from <= buffers[other].to
    });
    for &other in beside {
        let gap = offsets[other].saturating_sub(end);
        if gap >= buffers[i].elements && best.is_none_or(|(tightest, _)| gap < tightest) {
            best = Some((gap, end));
        }
        end = end.max(offsets[other] + buffers[other].elements);
    }
    best.map_or(end, |(_, offset)| offset)
}
