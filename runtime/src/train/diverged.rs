//! Where training went wrong: the first layer that shows a number that is not finite.

use super::{LossKernel, Outcome, State};
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
        let broken = |numbers: &[f32]| numbers.iter().any(|x| !x.is_finite());
        for (param, range) in self.layout.params() {
            if broken(&self.numbers[range]) {
                let what = format!("`{}` holds a number that is not finite", param.name);
                return diverged(what);
            }
        }
        if broken(images) {
            return diverged("an image holds a number that is not finite".to_string());
        }
        let values: Vec<_> = values.into_iter().collect();
        for (i, (name, text, view)) in values.iter().enumerate() {
            let later = values[i + 1..].iter().map(|(_, _, later)| *later);
            let mut later = later.chain(losses.iter().map(|loss| loss.gradient()));
            let is_left = matches!(view.slot, Slot::Arena(_)) && !later.any(|v| overlap(&v, view));
            if is_left && broken(&workspace.read(*view)) {
                return diverged(format!("the values of `{name}` ({text}) are not finite"));
            }
        }
        diverged(format!("the loss is {}", outcome.loss))
    }

    /// The first parameter, in the order of backward, whose gradient is not finite.
    pub(super) fn diverged_gradient(&self) -> Error {
        let layer = |name: &str| name.rsplit_once('.').map_or("", |(layer, _)| layer).len();
        let params = self.layout.params();
        let mut broken = params
            .filter(|(_, range)| self.gradients[range.clone()].iter().any(|g| !g.is_finite()))
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
