//! What a pass of generated code over a quantised network is: its kernels hold no weights, and each call computes the executor's next step.
//! Which steps these are, a first pass tells, which computes nothing and writes the calls down.

use crate::kernels::ByRows;
use crate::plan::{Op, Source, Step, View};
use crate::{Device, Error, ErrorKind, Executor, LayerWeights, Mem};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

/// How the device of a quantised network computes.
#[derive(Clone)]
pub(crate) enum Passes {
    /// Not at all: calls are written down.
    Traced,
    /// By this executor.
    Executed(Arc<Executor>),
}

impl Passes {
    /// Whether both are of one network.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Traced, Self::Traced) => true,
            (Self::Executed(a), Self::Executed(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl fmt::Debug for Passes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Quantised")
    }
}

/// A layer of a quantised network, in a kernel's place.
pub(crate) struct QuantisedLayer {
    source: Source,
    passes: Passes,
}

impl QuantisedLayer {
    /// The layer, where its weights are of a quantised network.
    pub(crate) fn of(op: &Op, layer: &LayerWeights<'_>) -> Option<Self> {
        let passes = layer.device().passes()?.clone();
        layer.declare(op);
        let source = layer.source();
        Some(Self { source, passes })
    }
}

/// What a first pass has seen.
#[derive(Clone, Default)]
pub(crate) struct Trace {
    /// The calls; their steps have no names yet.
    pub(crate) steps: Vec<Step>,
    /// Those that may be computed by rows.
    pub(crate) by_rows: Vec<Range<usize>>,
    /// Where the other outputs lie.
    pub(crate) kept: Vec<View>,
    pub(crate) result: Option<View>,
}

/// Where a pass of a quantised network stands.
pub(crate) struct Turn<'w> {
    pub(crate) passes: &'w Passes,
    pub(crate) trace: &'w mut Trace,
    /// The next step.
    pub(crate) next: usize,
}

impl Mem<'_, '_> {
    /// Computes the next step of a quantised network, or writes it down. `layer` is the kernel's, where its operation has parameters.
    pub(crate) fn quantised(
        &mut self,
        op: Op,
        x: &[View],
        y: View,
        layer: Option<&QuantisedLayer>,
    ) {
        let passes = layer.map(|layer| &layer.passes);
        // While a step runs, its kernel finds an ordinary pass.
        let Some(mut turn) = self.turn.take() else {
            self.foreign = true;
            return;
        };
        let own = match passes {
            Some(passes) => passes.is(turn.passes),
            None => !op.has_params(),
        };
        match turn.passes {
            _ if !own => self.foreign = true,
            Passes::Traced => turn.trace.steps.push(Step {
                name: String::new(),
                op,
                text: String::new(),
                source: layer.map(|layer| layer.source.clone()),
                inputs: x.to_vec(),
                output: y,
            }),
            // A network of layers without parameters, and more of them than this one has, has no weights by which to know it.
            Passes::Executed(executor) if turn.next == executor.steps() => self.foreign = true,
            Passes::Executed(executor) => executor.step(self, turn.next),
        }
        turn.next += 1;
        self.turn = Some(turn);
    }

    /// Computes the next steps of a quantised network by rows, if these are they: whether it has been done. A pass that is traced notes them.
    pub(crate) fn quantised_together<const N: usize>(&mut self, steps: [&dyn ByRows; N]) -> bool {
        let Some(mut turn) = self.turn.take() else {
            return false;
        };
        let part = turn.next..turn.next + N;
        let mut layers = steps.iter().filter_map(|step| step.place().quantised);
        let done = match turn.passes {
            Passes::Traced => {
                turn.trace.by_rows.push(part);
                false
            }
            Passes::Executed(executor) => {
                layers.all(|layer| layer.passes.is(turn.passes))
                    && executor.plan().by_rows.contains(&part)
                    && executor.together(self, part)
            }
        };
        turn.next += if done { N } else { 0 };
        self.turn = Some(turn);
        done
    }

    /// Says that the caller may read these values after the pass: a quantised network gives them as floats.
    pub fn keep(&mut self, view: View) {
        if let Some(turn) = &mut self.turn
            && matches!(turn.passes, Passes::Traced)
        {
            turn.trace.kept.push(view);
        }
    }

    /// Notes where the result lies, and whether network and workspace belong together.
    pub(crate) fn finish_quantised(&mut self, result: View) -> Result<(), Error> {
        if self.foreign {
            let problem = "a workspace of other weights than the network's, of which one is quantised: the network's own `workspace` makes one";
            return Err(Error::new(ErrorKind::Choice, problem));
        }
        if let Some(turn) = &mut self.turn {
            turn.trace.result = Some(result);
        }
        Ok(())
    }
}

/// A device on which a quantised network computes.
pub(super) fn on(device: &Device, passes: Passes) -> Result<Device, Error> {
    let problem = || format!("a quantised network computes on the CPU, not on {device}");
    let here = device.clone().with_passes(passes);
    here.ok_or_else(|| Error::new(ErrorKind::Choice, problem()))
}
