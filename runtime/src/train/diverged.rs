//! Where training went wrong: the first layer that shows a number that is not finite.

use super::{Layout, LossKernel, Outcome, State};
use crate::plan::{Slot, View, overlap};
use crate::{Error, ErrorKind, Workspace};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

impl State {
    /// Why the loss of a forward pass is not a finite number. `values` are those of the layers, in order: name, text and place.
    ///
    /// Looks at what is left of the pass: a value whose place a later one took cannot be the one that is named.
    #[must_use]
    pub fn diverged<'v>(
        &self,
        outcome: &Outcome,
        losses: &[&LossKernel],
        images: &[f32],
        workspace: &Workspace,
        values: impl IntoIterator<Item = (&'v str, &'v str, View)>,
    ) -> Error {
        let step = Broken {
            layout: &self.layout,
            numbers: &self.numbers,
            images,
            later: losses.iter().map(|loss| loss.gradient()).collect(),
        };
        let values = values.into_iter().collect();
        step.value(outcome.loss, values, &|view| workspace.read(view))
    }

    /// The first parameter, in the order of backward, whose gradient is not finite.
    pub(super) fn diverged_gradient(&self) -> Error {
        Broken::gradient(&self.layout, &self.gradients)
    }
}

/// A step that left the range of numbers.
pub(crate) struct Broken<'b> {
    pub(crate) layout: &'b Layout,
    /// The parameters.
    pub(crate) numbers: &'b [f32],
    pub(crate) images: &'b [f32],
    /// What is written after all values: the gradients of the scores.
    pub(crate) later: Vec<View>,
}

impl Broken<'_> {
    /// The first that shows it: of the parameters, the images, the values of layers (name, text and place), the loss.
    pub(crate) fn value(
        &self,
        loss: f64,
        values: Vec<(&str, &str, View)>,
        read: &dyn Fn(View) -> Vec<f32>,
    ) -> Error {
        let broken = |numbers: &[f32]| numbers.iter().any(|x| !x.is_finite());
        for (param, range) in self.layout.params() {
            if broken(&self.numbers[range]) {
                let what = format!("`{}` holds a number that is not finite", param.name);
                return diverged(what);
            }
        }
        if broken(self.images) {
            return diverged("an image holds a number that is not finite".to_string());
        }
        for (i, (name, text, view)) in values.iter().enumerate() {
            let later = values[i + 1..].iter().map(|(_, _, later)| later);
            let mut later = later.chain(&self.later);
            let is_left = matches!(view.slot, Slot::Arena(_)) && !later.any(|v| overlap(v, view));
            if is_left && broken(&read(*view)) {
                return diverged(format!("the values of `{name}` ({text}) are not finite"));
            }
        }
        diverged(format!("the loss is {loss}"))
    }

    /// The first parameter, in the order of backward, whose gradient is not finite.
    pub(crate) fn gradient(layout: &Layout, gradients: &[f32]) -> Error {
        let layer = |name: &str| name.rsplit_once('.').map_or("", |(layer, _)| layer).len();
        let params = layout.params();
        let mut broken = params
            .filter(|(_, range)| gradients[range.clone()].iter().any(|g| !g.is_finite()))
            .map(|(param, _)| &param.name)
            .collect::<Vec<_>>();
        let Some(last) = broken.pop() else {
            return diverged("the gradients are too large".to_string());
        };
        let same = |name: &&String| name[..layer(name)] == last[..layer(last)];
        let first = broken.into_iter().find(same).unwrap_or(last);
        diverged(format!("the gradient of `{first}` is not finite"))
    }
}

fn diverged(problem: String) -> Error {
    Error::new(ErrorKind::Diverged, problem)
}
