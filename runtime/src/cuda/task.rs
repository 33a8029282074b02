//! What a program is made of, before there is any text.

use crate::plan::{Gradient, Op, View};
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
}

/// The way back through a task.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Back {
    /// The task's number.
    pub(crate) task: usize,
    pub(crate) output_gradient: View,
    pub(crate) input_gradients: Vec<Option<Gradient>>,
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
        let clean = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let name: String = match layer {
            Some(layer) => layer.chars().map(clean).collect(),
            None => op.name().to_ascii_lowercase(),
        };
        Self {
            name: format!("s{number}_{name}"),
            op: *op,
            inputs: inputs.into(),
            output: output[0],
            params,
            aligned: true,
        }
    }
}
