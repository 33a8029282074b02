//! The program of a network that infers.

use super::call::Operand;
use super::source::{Source, is_small};
use super::task::Task;
use super::{Precision, kernels};
use crate::Error;
use crate::plan::{Op, Plan, View, validate};
use alloc::string::String;
use alloc::vec::Vec;

/// The sizes of a workspace, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Of one image.
    pub(crate) image: usize,
    /// Of the arena, for each image.
    pub(crate) arena: usize,
    /// The largest batch.
    pub(crate) max_batch: usize,
}

impl Extent {
    /// Each image's part of the arena starts where four numbers may be loaded as one.
    pub(super) fn aligned(self) -> Self {
        let arena = self.arena.next_multiple_of(4);
        Self { arena, ..self }
    }
}

/// The program over these tasks; `alone`: in one launch, a block an image.
pub(super) fn program(
    tasks: &[Task],
    extent: Extent,
    result: View,
    alone: bool,
    precision: Precision,
) -> Source {
    let views = tasks
        .iter()
        .flat_map(|task| task.inputs.iter().chain([&task.output]));
    let largest = views.map(View::image).max().unwrap_or(0);
    let mut source = Source::new(
        tasks.iter(),
        largest.saturating_mul(extent.max_batch),
        precision,
    );
    match alone {
        true => source.alone(tasks, extent.arena, extent.image, &[result]),
        false => source.forward(tasks),
    }
    source
}

/// The CUDA C++ that a plan becomes for batches of up to `max_batch` images: what NVIDIA's compiler is given.
///
/// # Errors
/// With [`ErrorKind::Plan`](crate::ErrorKind::Plan), if the plan is not valid, or trains.
pub fn text(plan: &Plan, max_batch: usize, precision: Precision) -> Result<String, Error> {
    Ok(of_plan(plan, max_batch, precision)?.text)
}

/// The program that a plan becomes; errors as of [`text`].
pub(super) fn of_plan(
    plan: &Plan,
    max_batch: usize,
    precision: Precision,
) -> Result<Source, Error> {
    validate(plan).map_err(Error::plan)?;
    if plan.trains() {
        return Err(Error::plan("it trains: this is the text of inference"));
    }
    let tasks = plan.forward.iter().enumerate().map(|(number, step)| {
        let layer = step.source.as_ref().map(|source| source.layer.as_str());
        let views = [&step.inputs[..], core::slice::from_ref(&step.output)];
        Task::new(number, layer, &step.op, views, packed(&step.op))
    });
    let tasks: Vec<Task> = tasks.collect();
    let extent = Extent {
        image: plan.input.iter().product(),
        arena: plan.arena / size_of::<f32>(),
        max_batch,
    };
    let extent = extent.aligned();
    let alone = is_small(&tasks, extent.arena);
    Ok(program(&tasks, extent, plan.result, alone, precision))
}

/// The parameters that an operation's kernels take to infer.
fn packed(op: &Op) -> usize {
    let calls = kernels(op).forward();
    let operands = calls.iter().flat_map(|call| &call.operands);
    let number = |operand: &Operand| match operand {
        Operand::Param(i) => i + 1,
        _ => 0,
    };
    operands.map(number).max().unwrap_or(0)
}
