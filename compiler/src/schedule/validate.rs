//! What every plan has to hold, checked without knowing the network: for tests.

use std::collections::BTreeSet;

use netc_plan::{Op, Plan, Slot, Step, View};

/// Checks a plan: names unique, arity and shapes right, views inside the arena, no step reads what it writes unless it may
/// run in place, and each element that is read was written through a view of the same buffer, and not overwritten by another
/// buffer since.
///
/// # Errors
/// The first rule that is broken, in words.
pub fn validate(plan: &Plan) -> Result<(), String> {
    let mut names = BTreeSet::new();
    let mut memory = Memory {
        written: vec![None; plan.arena],
    };
    for step in &plan.steps {
        let name = &step.name;
        if !names.insert(name) {
            return Err(format!("two steps are called {name}"));
        }
        check_shapes(step).map_err(|problem| format!("{name}: {problem}"))?;
        check_overlap(step).map_err(|problem| format!("{name}: {problem}"))?;
        for input in &step.inputs {
            memory
                .read(input)
                .map_err(|problem| format!("{name} reads {input:?}: {problem}"))?;
        }
        memory
            .write(&step.output)
            .map_err(|problem| format!("{name} writes {:?}: {problem}", step.output))?;
    }
    if !plan.result.is_dense() || plan.result.slot == Slot::Input {
        return Err(format!(
            "the result is not a dense part of the arena: {:?}",
            plan.result
        ));
    }
    let kept = plan.kept.iter().map(|(name, view)| (name.as_str(), view));
    for (name, view) in kept.chain([("the result", &plan.result)]) {
        memory
            .read(view)
            .map_err(|problem| format!("{name} at {view:?}: {problem}"))?;
    }
    Ok(())
}

fn check_shapes(step: &Step) -> Result<(), String> {
    if step.inputs.len() != step.op.arity() {
        return Err(format!(
            "{} reads {} views, not {}",
            step.op.name(),
            step.op.arity(),
            step.inputs.len()
        ));
    }
    if step.op.has_weights() != step.source.is_some() {
        return Err("has weights without a source, or a source without weights".into());
    }
    for input in &step.inputs {
        if input.shape != step.op.input() {
            return Err(format!("reads {:?} as {:?}", input.shape, step.op.input()));
        }
    }
    if step.output.shape != step.op.output() {
        return Err(format!(
            "gives {:?} into {:?}",
            step.op.output(),
            step.output.shape
        ));
    }
    let vector = matches!(step.op, Op::Fc(_) | Op::Rbf(_));
    let [h, w, _] = step.op.input();
    if vector && h * w > 1 && step.inputs.iter().any(|input| !input.is_dense()) {
        return Err("runs over the pixels of a view with gaps".into());
    }
    Ok(())
}

fn check_overlap(step: &Step) -> Result<(), String> {
    for input in &step.inputs {
        let in_place = step.op.in_place() && *input == step.output;
        if !in_place && overlap(input, &step.output) {
            return Err(format!("writes {:?} over its input {input:?}", step.output));
        }
    }
    Ok(())
}

/// Whether two views have an element in common.
pub(crate) fn overlap(a: &View, b: &View) -> bool {
    let (Slot::Arena(at), Slot::Arena(bt)) = (a.slot, b.slot) else {
        return false;
    };
    if at + a.image() <= bt || bt + b.image() <= at {
        return false;
    }
    let same_buffer = at == bt && a.pixel == b.pixel;
    !same_buffer || (a.channel < b.channel + b.shape[2] && b.channel < a.channel + a.shape[2])
}

/// For each element of the arena the buffer (offset, and elements of an image) that it was last written as a part of.
struct Memory {
    written: Vec<Option<(usize, usize)>>,
}

impl Memory {
    fn read(&self, view: &View) -> Result<(), String> {
        let Some((offset, runs)) = runs(view, self.written.len())? else {
            return Ok(());
        };
        let buffer = Some((offset, view.image()));
        for start in runs {
            let run = &self.written[start..start + view.shape[2]];
            if let Some(wrong) = run.iter().find(|written| **written != buffer) {
                return Err(match wrong {
                    None => "nothing has been written there".into(),
                    Some(other) => format!("overwritten by the buffer {other:?}"),
                });
            }
        }
        Ok(())
    }

    fn write(&mut self, view: &View) -> Result<(), String> {
        let Some((offset, runs)) = runs(view, self.written.len())? else {
            return Err("the input is not ours to write".into());
        };
        for start in runs {
            self.written[start..start + view.shape[2]].fill(Some((offset, view.image())));
        }
        Ok(())
    }
}

/// The offset of a view's buffer, and where its pixels start in an arena of this size; `None` for the caller's images.
pub(crate) fn runs(
    view: &View,
    arena: usize,
) -> Result<Option<(usize, impl Iterator<Item = usize> + use<>)>, String> {
    if view.channel + view.shape[2] > view.pixel {
        return Err("channels outside the pixel".into());
    }
    let Slot::Arena(offset) = view.slot else {
        return if view.is_dense() {
            Ok(None)
        } else {
            Err("the input has no gaps".into())
        };
    };
    if offset + view.image() > arena {
        return Err("outside the arena".into());
    }
    let view = *view;
    let pixels = view.shape[0] * view.shape[1];
    Ok(Some((
        offset,
        (0..pixels).map(move |pixel| offset + pixel * view.pixel + view.channel),
    )))
}
