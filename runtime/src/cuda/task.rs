//! What a program is made of, before there is any text.

use crate::plan::{Act, Gradient, Op, View};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A step as the device is to run it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Task {
    /// Unique in the program.
    pub(crate) name: String,
    pub(crate) op: Op,
    pub(crate) inputs: Vec<View>,
    pub(crate) output: View,
    /// How many parameters there are.
    pub(crate) params: usize,
    /// Whether each of them, and its gradient, begins at a multiple of four numbers.
    pub(crate) aligned: bool,
    /// Whether they lie as `Kernels::pack` puts them, to infer; else as `Kernels::order` says.
    pub(crate) packed: bool,
}

/// The way back through a task.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Back {
    /// The task's number.
    pub(crate) task: usize,
    pub(crate) output_gradient: View,
    pub(crate) input_gradients: Vec<Option<Gradient>>,
    /// Whether the gradient of a fused activation has yet to become that before it: who wrote it has not done that.
    pub(crate) open: bool,
    /// The activation that gave each input, where nobody writes the input's gradient after this step, and its value.
    pub(crate) through: Vec<Option<Through>>,
    /// Whether gradients of parameters are added to what stands there.
    pub(crate) adds: bool,
}

/// An activation whose derivative is applied where the gradient of its value is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Through {
    pub(crate) act: Act,
    /// The value that it gave, which lies as the gradient does.
    pub(crate) value: View,
}

impl Back {
    /// The way back through a task that nobody else takes a part of.
    pub(crate) fn new(
        task: usize,
        output_gradient: View,
        input_gradients: Vec<Option<Gradient>>,
    ) -> Self {
        Self {
            through: alloc::vec![None; input_gradients.len()],
            task,
            output_gradient,
            input_gradients,
            open: true,
            adds: false,
        }
    }

    /// Whether somebody needs the gradient of this input.
    pub(crate) fn wants(&self, input: usize) -> bool {
        self.input_gradients.get(input).is_some_and(Option::is_some)
    }
}

/// The name of a step in a program: its number, and what of its own name an identifier may have.
pub(super) fn name(number: usize, step: &str) -> String {
    let clean = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let step: String = step.chars().map(clean).collect();
    format!("s{number}_{step}")
}

impl Task {
    /// The step of this number, with so many parameters, which a layer has if there are any.
    pub(super) fn new(
        number: usize,
        layer: Option<&str>,
        op: &Op,
        [inputs, output]: [&[View]; 2],
        params: usize,
    ) -> Self {
        let name = match layer {
            Some(layer) => name(number, layer),
            None => name(number, &op.name().to_ascii_lowercase()),
        };
        Self {
            name,
            op: *op,
            inputs: inputs.into(),
            output: output[0],
            params,
            aligned: true,
            packed: true,
        }
    }
}
