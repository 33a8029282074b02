//! Where fused activations go backward: a gradient becomes that before the activation as it is written for the last time, if nobody reads it in
//! between. What is left has a launch of its own.

use super::super::call::{Call, Operand};
use super::super::task::{Back, Task, Through};
use crate::plan::{Act, Plan, Slot, View, overlap};
use alloc::vec;
use alloc::vec::Vec;

/// Gives each activation to who writes its gradient last: a step, or one of the losses, whose are given back. `calls` are those of a step.
pub(super) fn hand_over(
    plan: &Plan,
    tasks: &[Task],
    backs: &mut [Back],
    calls: &dyn Fn(&Task, &Back) -> Vec<Call>,
) -> Vec<Option<Through>> {
    let mut losses = vec![None; plan.loss.len()];
    for of in 0..backs.len() {
        let task = &tasks[backs[of].task];
        let (act, gradient) = (task.op.fused(), backs[of].output_gradient);
        if act == Act::None || !alike(task.output, gradient) {
            continue;
        }
        let through = Through {
            act,
            value: task.output,
        };
        let touches = |back: &Back| {
            let written = back.input_gradients.iter().flatten();
            let mut all = written.map(|to| to.view).chain([back.output_gradient]);
            all.any(|view| overlap(&view, &gradient))
        };
        let handed = match backs[..of].iter().rposition(touches) {
            Some(writer) => {
                let input =
                    written_once(&tasks[backs[writer].task], &backs[writer], gradient, calls);
                input.map(|input| &mut backs[writer].through[input])
            }
            None => {
                let mut found =
                    (0..losses.len()).filter(|&i| overlap(&plan.loss[i].gradient, &gradient));
                let only = found.next().filter(|_| found.next().is_none());
                only.filter(|&i| plan.loss[i].gradient == gradient)
                    .map(|i| &mut losses[i])
            }
        };
        if let Some(place) = handed {
            *place = Some(through);
            backs[of].open = false;
        }
    }
    losses
}

/// The input whose gradient is this one, written by one call of the step, and all of it.
fn written_once(
    task: &Task,
    back: &Back,
    gradient: View,
    calls: &dyn Fn(&Task, &Back) -> Vec<Call>,
) -> Option<usize> {
    let inputs = back.input_gradients.iter().enumerate();
    let mut written = inputs.filter(|(_, to)| to.is_some_and(|to| overlap(&to.view, &gradient)));
    let (input, to) = written.next()?;
    let whole = written.next().is_none() && to.is_some_and(|to| to.view == gradient);
    let calls = calls(task, back);
    let operands = calls.iter().flat_map(|call| &call.operands);
    let times = operands.filter(|operand| **operand == Operand::Dx(input));
    (whole && times.count() == 1).then_some(input)
}

/// Whether the numbers of a value lie as those of its gradient do.
fn alike(value: View, gradient: View) -> bool {
    let (Slot::Arena(a), Slot::Arena(b)) = (value.slot, gradient.slot) else {
        return false;
    };
    let lies = |view: View| (view.shape, view.pixel, view.channel, view.element);
    lies(value) == lies(gradient) && a % 16 == b % 16
}
