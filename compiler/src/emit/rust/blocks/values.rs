//! The values that some steps of a plan read and write.

use std::ops::Range;

use netc_plan::{Plan, View, overlap};

/// The values of steps that stand together, numbered in the order in which they turn up.
pub(super) struct Values {
    /// Where each lies.
    pub(super) views: Vec<View>,
    /// Those that each step reads.
    pub(super) inputs: Vec<Vec<usize>>,
    /// The one that each step writes.
    pub(super) outputs: Vec<usize>,
}

impl Values {
    pub(super) fn of(plan: &Plan, steps: &Range<usize>) -> Self {
        let mut values = Self {
            views: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        // What lies in memory, as far as these steps know.
        let mut live: Vec<usize> = Vec::new();
        for step in &plan.forward[steps.clone()] {
            let mut inputs = Vec::with_capacity(step.inputs.len());
            for view in &step.inputs {
                let known = live.iter().copied().find(|id| values.views[*id] == *view);
                inputs.push(known.unwrap_or_else(|| {
                    live.push(values.views.len());
                    values.views.push(*view);
                    values.views.len() - 1
                }));
            }
            values.inputs.push(inputs);
            live.retain(|id| !overlap(&values.views[*id], &step.output));
            live.push(values.views.len());
            values.outputs.push(values.views.len());
            values.views.push(step.output);
        }
        values
    }

    /// Those that come from outside.
    pub(super) fn external(&self) -> impl Iterator<Item = usize> {
        (0..self.views.len()).filter(|id| !self.outputs.contains(id))
    }
}

/// Whether what a step writes is read as it stands, after these steps: by another step, or as the result.
pub(super) fn is_read_after(plan: &Plan, step: usize, end: usize) -> bool {
    let view = plan.forward[step].output;
    for (i, later) in plan.forward.iter().enumerate().skip(step + 1) {
        if i >= end && later.inputs.contains(&view) {
            return true;
        }
        if overlap(&later.output, &view) {
            return false;
        }
    }
    let mut kept = plan.kept.iter();
    plan.result == view || kept.any(|(_, kept)| *kept == view)
}
