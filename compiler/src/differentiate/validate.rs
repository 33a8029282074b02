//! What every training plan has to hold, checked without knowing the network: for tests.

use std::collections::BTreeSet;

use netc_plan::{BackwardStep, Op, Slot, TrainOp, TrainPlan, TrainStep, View};

use crate::schedule::{overlap, runs};

/// Checks a training plan: names unique, arity and shapes right, views inside the arena; no view of a step overlaps another but
/// where it may run in place; what a step reads, forward or backward, is what was there when it was made; a gradient is
/// written before it is read or added to; and the steps go backward in the reverse order.
///
/// # Errors
/// The first rule that is broken, in words.
pub fn validate(plan: &TrainPlan) -> Result<(), String> {
    let mut names = BTreeSet::new();
    let mut memory = Memory::new(plan);
    for (index, step) in plan.forward.iter().enumerate() {
        let name = &step.name;
        if !names.insert(name) {
            return Err(format!("two steps are called {name}"));
        }
        check_step(plan, step)
            .and_then(|()| memory.forward(index, step))
            .map_err(|problem| format!("{name}: {problem}"))?;
    }
    memory
        .loss(plan)
        .map_err(|problem| format!("the loss: {problem}"))?;

    let mut last = plan.forward.len();
    for back in &plan.backward {
        let step = plan
            .forward
            .get(back.step)
            .filter(|_| back.step < last)
            .ok_or_else(|| format!("step {} goes backward after step {last}", back.step))?;
        last = back.step;
        check_back(step, back)
            .and_then(|()| memory.backward(step, back))
            .map_err(|problem| format!("{}, backward: {problem}", step.name))?;
    }
    memory
        .read(&plan.loss.scores)
        .map(|_| ())
        .map_err(|problem| format!("the scores after the step: {problem}"))
}

fn check_step(plan: &TrainPlan, step: &TrainStep) -> Result<(), String> {
    if step.inputs.len() != step.op.arity() {
        return Err(format!("reads {} views", step.inputs.len()));
    }
    let known = |layer: &String| {
        let prefix = format!("{layer}.");
        plan.params
            .iter()
            .any(|param| param.name.starts_with(&prefix))
    };
    if step.op.has_weights() != step.layer.as_ref().is_some_and(known) {
        return Err("has weights without a layer, or a layer without weights".into());
    }
    for input in &step.inputs {
        if input.shape != step.op.input() {
            return Err(format!("reads {:?} as {:?}", input.shape, step.op.input()));
        }
        let in_place = step.op.in_place() && *input == step.output;
        if !in_place && overlap(input, &step.output) {
            return Err(format!("writes {:?} over its input {input:?}", step.output));
        }
        check_vector(&step.op, input)?;
    }
    if step.output.shape != step.op.output() {
        return Err(format!(
            "gives {:?} into {:?}",
            step.op.output(),
            step.output.shape
        ));
    }
    Ok(())
}

/// FC and RBF run over the pixels of a picture, forward and backward.
fn check_vector(op: &TrainOp, view: &View) -> Result<(), String> {
    let [h, w, _] = op.input();
    let vector = matches!(op, TrainOp::Same(Op::Fc(_) | Op::Rbf(_)));
    if vector && h * w > 1 && !view.is_dense() {
        return Err("runs over the pixels of a view with gaps".into());
    }
    Ok(())
}

fn check_back(step: &TrainStep, back: &BackwardStep) -> Result<(), String> {
    if back.input_gradients.len() != step.inputs.len() {
        return Err(format!("writes {} gradients", back.input_gradients.len()));
    }
    if back.output_gradient.shape != step.op.output() {
        return Err(format!(
            "reads a gradient of {:?}",
            back.output_gradient.shape
        ));
    }
    let saved = step.op.saved();
    let inputs = step.inputs.iter().filter(|_| saved.inputs);
    let read: Vec<&View> = inputs
        .chain(Some(&step.output).filter(|_| saved.output))
        .collect();
    let gradients: Vec<_> = back.input_gradients.iter().flatten().collect();
    for (i, gradient) in gradients.iter().enumerate() {
        if gradient.view.shape != step.op.input() {
            return Err(format!("gives a gradient of {:?}", gradient.view.shape));
        }
        check_vector(&step.op, &gradient.view)?;
        let in_place =
            step.op.in_place() && !gradient.accumulate && gradient.view == back.output_gradient;
        if !in_place && overlap(&gradient.view, &back.output_gradient) {
            return Err("overwrites the gradient that it reads".into());
        }
        if read.iter().any(|view| overlap(view, &gradient.view)) {
            return Err("overwrites a value that it reads".into());
        }
        for before in &gradients[..i] {
            let twice = before.view == gradient.view && gradient.accumulate && !in_place;
            if !twice && overlap(&before.view, &gradient.view) {
                return Err("writes two gradients to one place".into());
            }
        }
    }
    Ok(())
}

/// Who wrote an element last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    Nobody,
    /// This forward step. A small number: there is one for each element of the arena.
    Forward(u32),
    /// The loss, or a backward step. Steps add to each other's gradients, so that they are not told apart.
    Gradient,
}

struct Memory {
    arena: Vec<Writer>,
    /// What each step found where it read, and left where it wrote.
    seen: Vec<Seen>,
}

#[derive(Default)]
struct Seen {
    inputs: Vec<Vec<Writer>>,
    output: Vec<Writer>,
}

impl Memory {
    fn new(plan: &TrainPlan) -> Self {
        Self {
            arena: vec![Writer::Nobody; plan.arena],
            seen: plan.forward.iter().map(|_| Seen::default()).collect(),
        }
    }

    fn forward(&mut self, index: usize, step: &TrainStep) -> Result<(), String> {
        let mut inputs = Vec::with_capacity(step.inputs.len());
        for view in &step.inputs {
            let found = self.read(view)?;
            if found.contains(&Writer::Nobody) {
                return Err(format!("nothing has been written to {view:?}"));
            }
            inputs.push(found);
        }
        self.write(&step.output, Writer::Forward(index as u32))?;
        let saved = step.op.saved();
        if saved.inputs {
            self.seen[index].inputs = inputs;
        }
        if saved.output {
            self.seen[index].output = self.read(&step.output)?;
        }
        Ok(())
    }

    fn loss(&mut self, plan: &TrainPlan) -> Result<(), String> {
        let [scores, gradient] = [&plan.loss.scores, &plan.loss.gradient];
        if !scores.is_dense() || !gradient.is_dense() || scores.shape != gradient.shape {
            return Err("scores and gradient are not of one dense shape".into());
        }
        if overlap(scores, gradient) {
            return Err("overwrites the scores".into());
        }
        let written = |writer: &Writer| matches!(writer, Writer::Forward(_));
        if !self.read(scores)?.iter().all(written) {
            return Err("the scores are not there".into());
        }
        self.write(gradient, Writer::Gradient)
    }

    fn backward(&mut self, step: &TrainStep, back: &BackwardStep) -> Result<(), String> {
        let saved = step.op.saved();
        if saved.inputs {
            for (i, view) in step.inputs.iter().enumerate() {
                if self.read(view)? != self.seen[back.step].inputs[i] {
                    return Err(format!("input {i} has been overwritten"));
                }
            }
        }
        if saved.output && self.read(&step.output)? != self.seen[back.step].output {
            return Err("the output has been overwritten".into());
        }
        self.check_gradient(&back.output_gradient)?;
        for gradient in back.input_gradients.iter().flatten() {
            if gradient.accumulate {
                self.check_gradient(&gradient.view)?;
            }
            self.write(&gradient.view, Writer::Gradient)?;
        }
        Ok(())
    }

    fn check_gradient(&self, view: &View) -> Result<(), String> {
        let found = self.read(view)?;
        let other = found.iter().find(|writer| **writer != Writer::Gradient);
        other.map_or(Ok(()), |other| {
            Err(format!("no gradient at {view:?}, but {other:?}"))
        })
    }

    /// Who wrote the elements of a view; nothing for the caller's images.
    fn read(&self, view: &View) -> Result<Vec<Writer>, String> {
        let mut found = Vec::new();
        if let Some((_, runs)) = runs(view, self.arena.len())? {
            for start in runs {
                found.extend(&self.arena[start..start + view.shape[2]]);
            }
        }
        Ok(found)
    }

    fn write(&mut self, view: &View, writer: Writer) -> Result<(), String> {
        if matches!(view.slot, Slot::Input) {
            return Err("the input is not ours to write".into());
        }
        if let Some((_, runs)) = runs(view, self.arena.len())? {
            for start in runs {
                self.arena[start..start + view.shape[2]].fill(writer);
            }
        }
        Ok(())
    }
}
