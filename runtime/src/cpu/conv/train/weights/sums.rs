//! The sums of the weights' gradient, in the layout of the kernels.

use crate::cpu::access::Workers;
use crate::cpu::gemm::Panels;
use crate::cpu::simd::Level;
use crate::cpu::sizes::{bounded, elements};
use crate::plan::Conv;
use crate::threads::Threads;

/// Filters that are brought into the file's layout at a time: a cache line.
const LINE: usize = 16;

/// Where the sums of a part lie: `[group][panel][ky, kx, c][filter]`, each panel of whole vectors.
#[derive(Clone, Copy)]
pub(super) struct Sums {
    d: Conv,
    /// Of the filters of a group.
    pub(super) panels: Panels,
    /// Cells of a window: `kh * kw * c / groups`.
    pub(super) cells: usize,
}

impl Sums {
    pub(super) fn new(d: Conv, level: Level) -> Self {
        Self {
            d,
            panels: Panels::new(level, d.filters / d.groups),
            cells: d.kernel[0] * d.kernel[1] * (d.input[2] / d.groups),
        }
    }

    /// Filters of a group, in whole vectors.
    pub(super) fn filters(&self) -> usize {
        let last = self.panels.count() - 1;
        last * self.panels.width() + self.panels.padded(last)
    }

    /// Of one part.
    ///
    /// # Panics
    /// If they exceed the address space.
    pub(super) fn len(&self) -> usize {
        elements([self.d.groups, self.cells, self.filters()])
    }

    /// Where those of a panel begin.
    pub(super) fn start(&self, group: usize, panel: usize) -> usize {
        group * (self.len() / self.d.groups) + panel * self.panels.width() * self.cells
    }

    /// Adds the parts, from `[part][group][panel][ky, kx, c][filter]` to `[filters, c, ky, kx]`.
    pub(super) fn collect(&self, sums: &[f32], gradient: &mut [f32], threads: Threads) {
        let lines = self.panels.width().div_ceil(LINE);
        let rows = Workers::new(gradient, self.cells, self.d.filters);
        let tasks = self.d.groups * self.panels.count() * lines;
        threads.for_ranges(tasks, bounded([LINE, self.cells, 2]), |range, _| {
            for task in range {
                let (line, task) = (task % lines, task / lines);
                let (panel, group) = (task % self.panels.count(), task / self.panels.count());
                self.collect_line(sums, &rows, [group, panel, line * LINE]);
            }
        });
    }

    /// Some filters of a panel, from `first` on.
    fn collect_line(
        &self,
        sums: &[f32],
        gradient: &Workers<'_>,
        [group, panel, first]: [usize; 3],
    ) {
        /// Cells that are transposed at a time.
        const BLOCK: usize = 64;
        let (column, width) = self.panels.range(panel);
        let count = LINE.min(width.saturating_sub(first));
        if count == 0 {
            return; // the last panel may be narrower
        }
        let filter = group * (self.d.filters / self.d.groups) + column + first;
        let taps = self.d.kernel[0] * self.d.kernel[1];
        let channels = self.cells / taps;
        let padded = self.panels.padded(panel);
        let (from, len) = (self.start(group, panel) + first, self.len());
        let mut block = [[0.0; LINE]; BLOCK];
        let mut cells_of_file = (0..channels).flat_map(|c| (0..taps).map(move |tap| (tap, c)));
        for start in (0..self.cells).step_by(BLOCK) {
            let cells = BLOCK.min(self.cells - start);
            for (line, (tap, c)) in block[..cells].iter_mut().zip(cells_of_file.by_ref()) {
                let at = from + (tap * channels + c) * padded;
                line.fill(0.0);
                for part in sums.chunks_exact(len) {
                    let all = line.iter_mut().zip(&part[at..at + count]);
                    all.for_each(|(total, sum)| *total += sum);
                }
            }
            for f in 0..count {
                // SAFETY: each filter belongs to one task, and the borrow ends with the iteration.
                let row = unsafe { gradient.part(filter + f) };
                let row = row[start..start + cells].iter_mut().zip(&block);
                row.for_each(|(gradient, line)| *gradient += line[f]);
            }
        }
    }
}
