//! Packing: an offset for each buffer, so that buffers alive at the same time do not overlap and the arena stays small.
//!
//! Two methods, the better result counts. The first walks through time with a list of free blocks, in n log n for networks
//! of any depth. The second places the largest buffers first, each into the tightest gap among those alive with it (Pisarchyk
//! and Lee, "Efficient memory management for deep neural net inference", 2020), and is quadratic.

use netc_plan::Element;
use std::collections::BTreeSet;

/// Size and time of a buffer: written first by unit `from`, read last by unit `to`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetime {
    pub(crate) bytes: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// Offsets are multiples of this many bytes: a cache line, and the widest vector register.
const ALIGN: usize = 64;

/// Above this many buffers only the fast method runs.
const QUADRATIC_LIMIT: usize = 2_000;

/// Bytes of a dense value of this shape, per image.
pub(crate) fn bytes(shape: [usize; 3]) -> usize {
    shape.iter().product::<usize>() * Element::F32.bytes()
}

/// The offset of each buffer, and the size of the arena.
pub(crate) fn pack(buffers: &[Lifetime]) -> (Vec<usize>, usize) {
    let buffers: Vec<Lifetime> = buffers
        .iter()
        .map(|buffer| Lifetime {
            bytes: buffer.bytes.next_multiple_of(ALIGN),
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

/// Bytes alive at the worst moment: no packing can do with less.
fn peak(buffers: &[Lifetime]) -> usize {
    let mut changes: Vec<(usize, bool, usize)> = Vec::with_capacity(2 * buffers.len());
    for buffer in buffers {
        // At one moment, what begins (false) counts before what ends (true): a step's input and output are alive together.
        changes.push((buffer.from, false, buffer.bytes));
        changes.push((buffer.to, true, buffer.bytes));
    }
    changes.sort_unstable();
    let (mut alive, mut peak) = (0, 0);
    for (_, ends, bytes) in changes {
        if ends {
            alive -= bytes;
        } else {
            alive += bytes;
            peak = peak.max(alive);
        }
    }
    peak
}

fn through_time(buffers: &[Lifetime]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|&i| (buffers[i].from, usize::MAX - buffers[i].bytes));
    let mut offsets = vec![0; buffers.len()];
    let mut alive: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut free = FreeList::default();
    for i in order {
        while let Some(&(to, other)) = alive.first() {
            if to >= buffers[i].from {
                break;
            }
            alive.remove(&(to, other));
            free.give(offsets[other], buffers[other].bytes);
        }
        offsets[i] = free.take(buffers[i].bytes);
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
    fn take(&mut self, bytes: usize) -> usize {
        let fit = self.by_size.range((bytes, 0)..).next().copied();
        if let Some((size, offset)) = fit {
            self.remove(offset, size);
            self.insert(offset + bytes, size - bytes);
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
        self.end = offset + bytes;
        offset
    }

    fn give(&mut self, mut offset: usize, mut bytes: usize) {
        let before = self.by_offset.range(..(offset, 0)).next_back().copied();
        if let Some((other, size)) = before.filter(|(other, size)| other + size == offset) {
            self.remove(other, size);
            offset = other;
            bytes += size;
        }
        let after = self.by_offset.range((offset, 0)..).next().copied();
        if let Some((other, size)) = after.filter(|(other, _)| offset + bytes == *other) {
            self.remove(other, size);
            bytes += size;
        }
        self.insert(offset, bytes);
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
    order.sort_by_key(|&i| (usize::MAX - buffers[i].bytes, buffers[i].from));
    let mut offsets = vec![0; buffers.len()];
    // Placed buffers, by offset.
    let mut placed: Vec<usize> = Vec::with_capacity(buffers.len());
    let mut arena = 0;
    for i in order {
        let offset = tightest_gap(buffers, &offsets, &placed, i);
        offsets[i] = offset;
        arena = arena.max(offset + buffers[i].bytes);
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
        if gap >= buffers[i].bytes && best.is_none_or(|(tightest, _)| gap < tightest) {
            best = Some((gap, end));
        }
        end = end.max(offsets[other] + buffers[other].bytes);
    }
    best.map_or(end, |(_, offset)| offset)
}
