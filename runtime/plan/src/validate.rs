//! What every plan has to hold, checked without knowing the network: by the runtime before it runs one, and by tests.
//!
//! The walk keeps what lies in the arena as [`Buffer`]s of [`Piece`]s: which channels were written last by which step. Plans address a
//! buffer the same way as long as it lives, so that a step adds a few pieces and takes a few away, and the whole check costs about as
//! much as reading the plan.

use crate::{BackwardStep, Fc, Fold, LossStep, Op, Operation, Plan, Saved, Slot, Step, View};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// Checks a plan, all its parts: names are unique; operations stand in the right kind of plan and can be computed; arity, shapes and
/// parameters are right; views lie in the arena; no view of a step overlaps another but where it may run in place; what a step
/// reads, forward or backward, is what was there when it was made; a gradient is written before it is read or added to; and the steps go
/// backward in the reverse order.
///
/// # Errors
/// The first rule that is broken, in words.
pub fn validate(plan: &Plan) -> Result<(), String> {
    check_tensors(plan)?;
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
        if let Some(group) = plan.by_rows.iter().find(|group| group.end == index + 1) {
            memory.forget_between(plan, group);
        }
    }
    check_by_rows(plan)?;
    check_result(plan, &memory)?;
    check_loss(plan, &mut memory).map_err(|problem| format!("the loss: {problem}"))?;
    check_backward(plan, &mut memory)?;
    check_update(plan)?;
    let scores = plan.loss.iter().map(|loss| loss.scores);
    for scores in scores {
        memory
            .found(&scores)
            .map_err(|problem| format!("the scores after the step: {problem}"))?;
    }
    Ok(())
}

/// Tensors have names of their own, and sizes that can be counted.
fn check_tensors(plan: &Plan) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for param in &plan.params {
        let name = &param.name;
        if !names.insert(name) {
            return Err(format!("two tensors are called {name}"));
        }
        let mut sizes = param.shape.iter();
        let size = sizes.try_fold(1, |all: usize, n| all.checked_mul(*n));
        if size.is_none_or(|size| size > isize::MAX as usize / 64) {
            return Err(format!(
                "{name} exceeds the address space: {:?}",
                param.shape
            ));
        }
    }
    Ok(())
}

fn check_step(plan: &Plan, step: &Step) -> Result<(), String> {
    let op = &step.op;
    if let Some(problem) = op.problem() {
        return Err(problem.into());
    }
    if !op.occurs(plan.trains()) {
        let kind = if plan.trains() { "train" } else { "infer" };
        return Err(format!("{} in a plan to {kind}", op.name()));
    }
    if step.inputs.len() != op.arity() {
        return Err(format!(
            "reads {} views, not {}",
            step.inputs.len(),
            op.arity()
        ));
    }
    check_params(plan, step)?;
    for (i, input) in step.inputs.iter().enumerate() {
        check_view(plan, input, op.operand(i), op.flattens())?;
        let in_place = op.in_place(i) && *input == step.output;
        if !in_place && overlap(input, &step.output) {
            return Err(format!("writes {:?} over its input {input:?}", step.output));
        }
    }
    check_view(plan, &step.output, op.output(), false)?;
    written(&step.output)
}

/// The parameters that a step names are the plan's, and as large as the operation takes them.
fn check_params(plan: &Plan, step: &Step) -> Result<(), String> {
    let Some(source) = &step.source else {
        return match step.op.has_params() {
            true => Err("has parameters without a source".into()),
            false => Ok(()),
        };
    };
    if !step.op.has_params() {
        return Err("has a source without parameters".into());
    }
    let own = source.own(&step.op);
    check_layer(plan, &source.layer, &own)?;
    if let Some(fold) = &source.fold {
        let has_weights = matches!(step.op, Op::Deconv(_) | Op::Fc(_));
        if !has_weights && step.op.convolution().is_none() {
            return Err("folds a normalisation into an operation without weights".into());
        }
        check_fold(plan, fold, step.op.output())?;
    }
    if let Some(pointwise) = &source.pointwise {
        let conv = pointwise.conv(step.op.input());
        if !matches!(step.op, Op::Fc(Fc { bias: true, .. }))
            || conv.input[2] != pointwise.channels[0]
        {
            return Err("folds a convolution into no FC of its channels with biases".into());
        }
        check_layer(plan, &pointwise.layer, &Op::Conv(conv))?;
        if let Some(fold) = &pointwise.fold {
            check_fold(plan, fold, conv.output())?;
        }
    }
    let inputs: usize = own.input().iter().product();
    match source.chw {
        Some(_) if !matches!(step.op, Op::Fc(_)) => Err("reorders the columns of no FC".into()),
        Some(chw)
            if chw.iter().try_fold(1, |all: usize, n| all.checked_mul(*n)) != Some(inputs) =>
        {
            Err(format!("reorders {inputs} columns as {chw:?}"))
        }
        _ => Ok(()),
    }
}

fn check_layer(plan: &Plan, layer: &str, op: &Op) -> Result<(), String> {
    for tensor in op.tensors() {
        let elements = tensor.shape.iter().product();
        check_param(plan, layer, tensor.leaf, elements)?;
    }
    Ok(())
}

/// The tensors of a normalisation of pictures of this shape.
fn check_fold(plan: &Plan, fold: &Fold, [_, _, channels]: [usize; 3]) -> Result<(), String> {
    for leaf in ["weight", "bias", "running_mean", "running_var"] {
        check_param(plan, &fold.layer, leaf, channels)?;
    }
    Ok(())
}

fn check_param(plan: &Plan, layer: &str, leaf: &str, elements: usize) -> Result<(), String> {
    let is_named = |name: &str| {
        let rest = name
            .strip_prefix(layer)
            .and_then(|rest| rest.strip_prefix('.'));
        rest == Some(leaf)
    };
    let found = plan.params.iter().find(|param| is_named(&param.name));
    match found {
        None => Err(format!("there is no tensor `{layer}.{leaf}`")),
        Some(param) if param.len() != elements => Err(format!(
            "`{layer}.{leaf}` has {} numbers, the operation takes {elements}",
            param.len()
        )),
        Some(_) => Ok(()),
    }
}

/// A view has the shape that is read or written, lies in its memory, and is dense where it has to be.
fn check_view(plan: &Plan, view: &View, shape: [usize; 3], flattens: bool) -> Result<(), String> {
    if view.shape != shape {
        return Err(format!("reads or writes {:?} as {shape:?}", view.shape));
    }
    inside(plan, view)?;
    let [h, w, _] = shape;
    if flattens && h * w > 1 && !view.is_dense() {
        return Err("runs over the pixels of a view with gaps".into());
    }
    Ok(())
}

/// A view lies in its memory.
fn inside(plan: &Plan, view: &View) -> Result<(), String> {
    let [h, w, c] = view.shape;
    let end = view.channel.checked_add(c);
    if end.is_none_or(|end| end > view.pixel) {
        return Err("channels outside the pixel".into());
    }
    let image = h
        .checked_mul(w)
        .and_then(|pixels| pixels.checked_mul(view.pixel));
    match view.slot {
        Slot::Input => {
            let input = plan
                .input
                .iter()
                .try_fold(1, |all: usize, n| all.checked_mul(*n));
            match image.is_some() && image == input {
                true => Ok(()),
                false => Err(format!("reads {view:?} of an input of {:?}", plan.input)),
            }
        }
        Slot::Arena(offset) => {
            let element = view.element.bytes();
            let end = image.and_then(|image| image.checked_mul(element)?.checked_add(offset));
            if end.is_none_or(|end| end > plan.arena) {
                return Err(format!("{view:?} leaves the arena of {} bytes", plan.arena));
            }
            match offset.is_multiple_of(element) {
                true => Ok(()),
                false => Err(format!("{view:?} starts inside an element")),
            }
        }
    }
}

fn written(view: &View) -> Result<(), String> {
    match view.slot {
        Slot::Input => Err("the input is not ours to write".into()),
        Slot::Arena(_) => Ok(()),
    }
}

/// Groups follow on each other, and are of operations that can be computed by rows; no step of a group writes over what another of it reads or writes.
fn check_by_rows(plan: &Plan) -> Result<(), String> {
    let mut last = 0;
    for group in &plan.by_rows {
        let wrong = |problem| Err(format!("steps {group:?} by rows: {problem}"));
        let steps = plan.forward.get(group.clone()).unwrap_or_default();
        if group.start < last || !matches!(steps.len(), 2 | 3) || plan.trains() {
            return wrong("no two or three steps of inference of their own");
        }
        last = group.end;
        if steps.iter().any(|step| step.op.rows().is_none()) {
            return wrong("not all can be computed by rows");
        }
        if steps.windows(2).any(|two| two[1].inputs != [two[0].output]) {
            return wrong("one does not read what the one before it writes");
        }
        let places = steps.iter().map(|step| &step.output);
        let places: Vec<&View> = steps[0].inputs.iter().chain(places).collect();
        let mut pairs =
            (places.iter().enumerate()).flat_map(|(i, a)| places[..i].iter().map(move |b| (a, b)));
        if pairs.any(|(a, b)| overlap(a, b)) {
            return wrong("their places overlap");
        }
    }
    Ok(())
}

fn check_result(plan: &Plan, memory: &Memory) -> Result<(), String> {
    let result = &plan.result;
    let size: usize = plan.output.iter().product();
    if !result.is_dense() || result.slot == Slot::Input || result.len() != size {
        return Err(format!(
            "the result is not a dense part of the arena: {result:?}"
        ));
    }
    let kept = plan.kept.iter().map(|(name, view)| (name.as_str(), view));
    for (name, view) in kept.chain([("the result", result)]) {
        inside(plan, view)
            .and_then(|()| memory.found(view).map(|_| ()))
            .map_err(|problem| format!("{name} at {view:?}: {problem}"))?;
    }
    Ok(())
}

fn check_loss(plan: &Plan, memory: &mut Memory) -> Result<(), String> {
    if plan.loss.is_empty() && (!plan.backward.is_empty() || !plan.update.is_empty()) {
        return Err("there is none, but a backward step of it".into());
    }
    for LossStep {
        scores, gradient, ..
    } in &plan.loss
    {
        inside(plan, scores)?;
        inside(plan, gradient)?;
        written(gradient)?;
        if !scores.is_dense() || !gradient.is_dense() || scores.shape != gradient.shape {
            return Err("scores and gradient are not of one dense shape".into());
        }
        if overlap(scores, gradient) {
            return Err("overwrites the scores".into());
        }
        memory.found(scores)?;
        memory.write(gradient, Writer::Gradient);
    }
    Ok(())
}

fn check_backward(plan: &Plan, memory: &mut Memory) -> Result<(), String> {
    let mut last = plan.forward.len();
    for back in &plan.backward {
        let step = plan.forward.get(back.step).filter(|_| back.step < last);
        let step =
            step.ok_or_else(|| format!("step {} goes backward after step {last}", back.step))?;
        last = back.step;
        check_back(plan, step, back)
            .and_then(|()| memory.backward(step, back))
            .map_err(|problem| format!("{}, backward: {problem}", step.name))?;
    }
    Ok(())
}

fn check_back(plan: &Plan, step: &Step, back: &BackwardStep) -> Result<(), String> {
    if back.input_gradients.len() != step.inputs.len() {
        return Err(format!("writes {} gradients", back.input_gradients.len()));
    }
    let op = &step.op;
    check_view(plan, &back.output_gradient, op.output(), false)?;
    written(&back.output_gradient)?;
    let read: Vec<&View> = saved_views(step).collect();
    if read.iter().any(|view| overlap(view, &back.output_gradient)) {
        return Err("its output's gradient lies over a value that it reads".into());
    }
    let gradients = back.input_gradients.iter().enumerate();
    let gradients = gradients.filter_map(|(operand, gradient)| Some((operand, gradient.as_ref()?)));
    let gradients: Vec<_> = gradients.collect();
    for (i, (operand, gradient)) in gradients.iter().enumerate() {
        check_view(plan, &gradient.view, op.operand(*operand), op.flattens())?;
        written(&gradient.view)?;
        let in_place =
            op.in_place(*operand) && !gradient.accumulate && gradient.view == back.output_gradient;
        if !in_place && overlap(&gradient.view, &back.output_gradient) {
            return Err("overwrites the gradient that it reads".into());
        }
        if read.iter().any(|view| overlap(view, &gradient.view)) {
            return Err("overwrites a value that it reads".into());
        }
        for (_, before) in &gradients[..i] {
            let twice = before.view == gradient.view && gradient.accumulate && !in_place;
            if !twice && overlap(&before.view, &gradient.view) {
                return Err("writes two gradients to one place".into());
            }
        }
    }
    Ok(())
}

/// The values that backward reads.
fn saved_views(step: &Step) -> impl Iterator<Item = &View> {
    let Saved { inputs, output } = step.op.saved();
    let inputs = step.inputs.iter().filter(move |_| inputs);
    inputs.chain(Some(&step.output).filter(move |_| output))
}

fn check_update(plan: &Plan) -> Result<(), String> {
    let expected = plan
        .params
        .iter()
        .enumerate()
        .filter(|(_, param)| param.trainable);
    let expected = expected.map(|(i, _)| i);
    let found = plan.update.iter().map(|update| update.param);
    match !plan.trains() || expected.eq(found) {
        true => Ok(()),
        false => Err("the update does not move each trainable parameter once".into()),
    }
}

/// Whether two views have an element in common; views of the input are only read, and share nothing.
#[must_use]
pub fn overlap(a: &View, b: &View) -> bool {
    let (Slot::Arena(at), Slot::Arena(bt)) = (a.slot, b.slot) else {
        return false;
    };
    if at.saturating_add(a.bytes()) <= bt || bt.saturating_add(b.bytes()) <= at {
        return false;
    }
    let same_buffer = at == bt && a.pixel == b.pixel && a.bytes() == b.bytes();
    !same_buffer || (a.channel < b.channel + b.shape[2] && b.channel < a.channel + a.shape[2])
}

/// Who wrote a piece of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    /// This forward step.
    Forward(usize),
    /// The loss, or a backward step. Steps add to each other's gradients, so that they are not told apart.
    Gradient,
}

/// Channels of a buffer, and who wrote them last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    /// Channels of the buffer's pixel; the whole image, if it was written dense.
    pixel: usize,
    /// The first, and the one after the last.
    channels: (usize, usize),
    writer: Writer,
}

impl Piece {
    /// Dense views are one long pixel, whatever their shape.
    fn new(view: &View, writer: Writer) -> Self {
        let dense = view.is_dense();
        Self {
            pixel: if dense { view.image() } else { view.pixel },
            channels: match dense {
                true => (0, view.image()),
                false => (view.channel, view.channel + view.shape[2]),
            },
            writer,
        }
    }

    fn is_dense(&self) -> bool {
        self.channels == (0, self.pixel)
    }

    /// What is left after another piece of the same buffer was written: of a dense buffer the other channels, and nothing of
    /// channels that were cut in another way.
    fn without(self, other: &Self) -> impl Iterator<Item = Self> {
        let (from, to) = match self.pixel == other.pixel {
            true => self.channels,
            false if self.is_dense() => (0, other.pixel),
            false => (0, 0),
        };
        let part = |from: usize, to: usize| {
            (from < to).then_some(Self {
                pixel: other.pixel,
                channels: (from, to),
                ..self
            })
        };
        let left = [
            part(from, to.min(other.channels.0)),
            part(from.max(other.channels.1), to),
        ];
        left.into_iter().flatten()
    }
}

/// A part of the arena that is addressed as one.
struct Buffer {
    /// One byte after the last, per image.
    end: usize,
    pieces: Vec<Piece>,
}

struct Memory {
    /// By their first bytes. They never overlap: who writes over a part of another buffer ends it.
    buffers: BTreeMap<usize, Buffer>,
    /// What each step found where it read, and left where it wrote, as far as backward reads it.
    seen: Vec<Vec<Vec<Writer>>>,
}

impl Memory {
    fn new(plan: &Plan) -> Self {
        Self {
            buffers: BTreeMap::new(),
            seen: Vec::with_capacity(plan.forward.len()),
        }
    }

    fn forward(&mut self, index: usize, step: &Step) -> Result<(), String> {
        let mut inputs = Vec::with_capacity(step.inputs.len());
        for view in &step.inputs {
            inputs.push(self.found(view)?);
        }
        self.write(&step.output, Writer::Forward(index));
        let saved = step.op.saved();
        let mut seen = if saved.inputs { inputs } else { Vec::new() };
        if saved.output {
            seen.push(self.found(&step.output)?);
        }
        self.seen.push(seen);
        Ok(())
    }

    /// What lay between the steps of a group may never have been written.
    fn forget_between(&mut self, plan: &Plan, group: &Range<usize>) {
        let steps = plan.forward.get(group.clone()).unwrap_or_default();
        for step in steps.iter().rev().skip(1) {
            if let Slot::Arena(start) = step.output.slot {
                self.buffers.remove(&start);
            }
        }
    }

    fn backward(&mut self, step: &Step, back: &BackwardStep) -> Result<(), String> {
        for (view, seen) in saved_views(step).zip(&self.seen[back.step]) {
            if self.found(view).as_ref() != Ok(seen) {
                return Err(format!("{view:?} has been overwritten"));
            }
        }
        self.check_gradient(&back.output_gradient)?;
        for gradient in back.input_gradients.iter().flatten() {
            if gradient.accumulate {
                self.check_gradient(&gradient.view)?;
            }
            self.write(&gradient.view, Writer::Gradient);
        }
        Ok(())
    }

    fn check_gradient(&self, view: &View) -> Result<(), String> {
        let found = self.found(view)?;
        match found.iter().find(|writer| **writer != Writer::Gradient) {
            None => Ok(()),
            Some(other) => Err(format!("no gradient at {view:?}, but {other:?}")),
        }
    }

    /// Who wrote the elements of a view, by channels; nothing for the caller's images.
    fn found(&self, view: &View) -> Result<Vec<Writer>, String> {
        let Slot::Arena(offset) = view.slot else {
            return Ok(Vec::new());
        };
        let lost = || format!("not all of {view:?} has been written, or is still there");
        let buffer = self.buffers.get(&offset);
        let buffer = buffer.filter(|buffer| buffer.end == offset + view.bytes());
        let pieces = &buffer.ok_or_else(lost)?.pieces[..];
        if let [whole] = pieces
            && whole.is_dense()
        {
            return Ok(Vec::from([whole.writer]));
        }
        // Parts side by side make a dense buffer.
        let wanted = Piece::new(view, Writer::Gradient);
        let (mut next, end) = match pieces.first() {
            Some(first) if wanted.is_dense() => (0, first.pixel),
            _ => wanted.channels,
        };
        let mut found = Vec::new();
        for piece in pieces {
            let fits = wanted.is_dense() || piece.pixel == wanted.pixel;
            if fits && piece.channels.0 <= next && next < piece.channels.1.min(end) {
                next = piece.channels.1.min(end);
                found.push(piece.writer);
            }
        }
        match next == end {
            true => Ok(found),
            false => Err(lost()),
        }
    }

    fn write(&mut self, view: &View, writer: Writer) {
        let Slot::Arena(start) = view.slot else {
            return;
        };
        let end = start + view.bytes();
        let before = self.buffers.range(..start).next_back();
        let before = before.filter(|(_, buffer)| buffer.end > start);
        let over = self.buffers.range(start..end);
        let same = |at: usize, buffer: &Buffer| (at, buffer.end) == (start, end);
        let over = before.into_iter().chain(over);
        let over = over.filter(|(at, buffer)| !same(**at, buffer));
        let over: Vec<usize> = over.map(|(at, _)| *at).collect();
        for at in over {
            self.buffers.remove(&at);
        }
        let piece = Piece::new(view, writer);
        let none = Buffer {
            end,
            pieces: Vec::new(),
        };
        let pieces = &mut self.buffers.entry(start).or_insert(none).pieces;
        let left = pieces.iter().flat_map(|before| before.without(&piece));
        let mut left: Vec<Piece> = left.chain([piece]).collect();
        left.sort_unstable_by_key(|piece| piece.channels);
        *pieces = left;
    }
}
