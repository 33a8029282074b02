//! Matrix products over operands that lie where they lie, by the kernels for outer products.

use crate::cpu::kernel::{Kernels, MAX_ROWS, Outer, kernels};
use crate::cpu::simd::Level;
use crate::cpu::tuning::Tuning;

/// How columns are cut into panels of whole vectors, from the number of columns alone.
#[derive(Clone, Copy)]
pub(crate) struct Panels {
    kernels: &'static Kernels,
    /// Vectors in a panel.
    vectors: usize,
    columns: usize,
}

impl Panels {
    /// # Panics
    /// If this CPU lacks the level.
    pub(crate) fn new(level: Level, columns: usize) -> Self {
        let kernels = kernels(level);
        let total = columns.div_ceil(kernels.lanes).max(1);
        let most = kernels.max_columns();
        // As even as it gets: of the widths that need the fewest panels, the narrowest.
        let vectors = total.div_ceil(total.div_ceil(most));
        Self {
            kernels,
            vectors,
            columns,
        }
    }

    /// How work is cut.
    pub(crate) fn tuning(&self) -> &'static Tuning {
        self.kernels.tuning
    }

    /// Numbers in a vector.
    pub(crate) fn lanes(&self) -> usize {
        self.kernels.lanes
    }

    /// Columns of a panel; the last may have fewer.
    pub(crate) fn width(&self) -> usize {
        self.vectors * self.kernels.lanes
    }

    pub(crate) fn count(&self) -> usize {
        self.columns.div_ceil(self.width())
    }

    /// Rows that a kernel takes at once.
    pub(crate) fn rows(&self) -> usize {
        self.kernels.outers(self.vectors).len()
    }

    /// First column of a panel, and how many it has.
    pub(crate) fn range(&self, panel: usize) -> (usize, usize) {
        let first = panel * self.width();
        (first, self.width().min(self.columns - first))
    }

    /// Columns of a panel in memory of its own: whole vectors.
    pub(crate) fn padded(&self, panel: usize) -> usize {
        self.range(panel).1.next_multiple_of(self.kernels.lanes)
    }

    /// `count` rows by one panel, of which `sum` says how many columns there are; `rows` gives where each row starts, in order.
    /// Rows are taken a few at a time, evenly.
    ///
    /// # Safety
    /// For every row and column `sum` describes memory that may be read and written; nobody else writes what it reads or
    /// touches what it writes. Its `rows` are ignored.
    pub(crate) unsafe fn run(
        &self,
        count: usize,
        mut rows: impl Iterator<Item = *const f32>,
        sum: &Outer,
    ) {
        let outers = self.kernels.outers(sum.width.div_ceil(self.kernels.lanes));
        let tiles = count.div_ceil(outers.len());
        let mut starts = [core::ptr::null(); MAX_ROWS];
        for tile in 0..tiles {
            let (from, to) = (tile * count / tiles, (tile + 1) * count / tiles);
            for (start, row) in starts[..to - from].iter_mut().zip(rows.by_ref()) {
                *start = row;
            }
            let sum = Outer {
                rows: starts.as_ptr(),
                out: sum.out.wrapping_add(from * sum.stride),
                ..*sum
            };
            // SAFETY: the level of `kernels` is this machine's; the rest is the caller's promise.
            unsafe { outers[to - from - 1](&sum) }
        }
    }
}
