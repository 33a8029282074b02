//! One operation alone, forward and back: for tests, and to look at.

use super::reference::{Tensors, backward, forward};
use super::{Layout, TrainMem};
use crate::Workspace;
use crate::backend::TrainKernel;
use crate::cpu::{Machine, Real};
use crate::plan::{Gradient, Op, Operation, Param, View};
use crate::reference::{Given, Params};
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

/// What one operation gives, forward and back.
#[derive(Clone, Debug)]
pub struct Single<T> {
    /// The output, dense.
    pub output: Vec<T>,
    /// The gradient of each input, dense.
    pub inputs: Vec<Vec<T>>,
    /// The gradients of the parameters; zeros for those that have none.
    pub gradients: Vec<Vec<T>>,
    /// The parameters after the step: moving statistics move.
    pub params: Vec<Vec<T>>,
}

/// How the fast kernel is called.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Channels around each view; 0 for dense buffers.
    pub around: usize,
    /// Whether the inputs' gradients are added to those given here, all of this value.
    pub accumulate: Option<f32>,
    /// Whether the gradient of the first input takes the place of the output's, where that is allowed.
    pub in_place: bool,
    /// Threads.
    pub threads: usize,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            around: 0,
            accumulate: None,
            in_place: false,
            threads: 1,
        }
    }
}

/// The layer's name in [`fast`] and [`plain`]: parameters are named `layer.weight` and so on.
const LAYER: &str = "layer";

fn named(params: &[Param]) -> Vec<Param> {
    let leaf = |p: &Param| p.name.rsplit('.').next().unwrap_or_default().to_string();
    let renamed = |p: &Param| Param {
        name: format!("{LAYER}.{}", leaf(p)),
        ..p.clone()
    };
    params.iter().map(renamed).collect()
}

/// The fast kernels on these dense inputs and this gradient of the output.
///
/// # Panics
/// If sizes do not fit.
#[must_use]
pub fn fast(
    op: &Op,
    params: &[Param],
    values: &[Vec<f32>],
    inputs: &[Vec<f32>],
    dy: &[f32],
    setting: Setting,
) -> Single<f32> {
    let layout = Layout::new(&named(params));
    let kernel = TrainKernel::new(*op, &layout, LAYER, Machine::here().choice(op));
    let mut kernel = kernel.expect("an operation of training");
    let image: usize = op.input().iter().product();
    let batch = inputs[0].len() / image;

    let mut end = 0;
    let mut place = |shape: [usize; 3]| {
        let pixel = shape[2] + 2 * setting.around;
        let view = View::arena(end, shape).channels(setting.around, pixel);
        end += view.bytes();
        view
    };
    let operands = || (0..inputs.len()).map(|i| op.operand(i));
    let x: Vec<View> = operands().map(&mut place).collect();
    let (y, dy_view) = (place(op.output()), place(op.output()));
    let in_place = setting.in_place && op.in_place() && setting.accumulate.is_none();
    let mut dx: Vec<View> = operands().map(&mut place).collect();
    if in_place {
        dx[0] = dy_view;
    }
    let gradients: Vec<Option<Gradient>> = dx
        .iter()
        .map(|&view| {
            Some(Gradient {
                view,
                accumulate: setting.accumulate.is_some(),
            })
        })
        .collect();

    let mut workspace =
        Workspace::new(image, end, batch, [kernel.scratch(batch)]).with_threads(setting.threads);
    for (view, values) in x.iter().zip(inputs) {
        workspace.write(*view, batch, values);
    }
    workspace.write(dy_view, batch, dy);
    if let Some(value) = setting.accumulate {
        dx.iter()
            .for_each(|view| workspace.write(*view, batch, &vec![value; view.len() * batch]));
    }
    let mut flat = values.concat();
    let mut flat_gradients = vec![0.0; flat.len()];
    let images = vec![0.0; image * batch];
    let mem = workspace.begin(&images).expect("whole images");
    let mut mem = TrainMem::new(mem, &mut flat, &mut flat_gradients, 1, 2);
    kernel.forward(&mut mem, &x, y);
    let output = workspace.read(y);

    // In a plan something else may lie by now where backward does not read.
    let saved = op.saved();
    let inputs = x.iter().filter(|_| !saved.inputs);
    for view in inputs.chain(Some(&y).filter(|_| !saved.output)) {
        workspace.write(*view, batch, &vec![f32::NAN; view.len() * batch]);
    }
    let mem = workspace.begin(&images).expect("whole images");
    let mut mem = TrainMem::new(mem, &mut flat, &mut flat_gradients, 1, 2);
    kernel.backward(&mut mem, &x, y, dy_view, &gradients);

    let split = |flat: &[f32]| {
        layout
            .params()
            .map(|(_, range)| flat[range].to_vec())
            .collect()
    };
    Single {
        output,
        inputs: dx.iter().map(|&view| workspace.read(view)).collect(),
        gradients: split(&flat_gradients),
        params: split(&flat),
    }
}

/// The plain references on the same.
///
/// # Panics
/// If sizes do not fit.
#[must_use]
pub fn plain<T: Real>(
    op: &Op,
    params: &[Param],
    values: &[Vec<T>],
    inputs: &[Vec<T>],
    dy: &[T],
) -> Single<T> {
    let params = named(params);
    let names = params.iter().map(|p| p.name.clone());
    let tensors: Tensors<T> = names.zip(values.iter().cloned()).collect();
    let given = Given {
        params: Params::Named(&tensors, LAYER),
        draw: [1, 2],
    };
    let output = forward(op, &given, inputs, dy.len());
    let result = backward(op, &given, inputs, &output, dy.to_vec());
    let of = |from: &[(&str, Vec<T>)], param: &Param| {
        let found = from
            .iter()
            .find(|(leaf, _)| param.name == format!("{LAYER}.{leaf}"));
        found.map(|(_, values)| values.clone())
    };
    let mut gradients = Vec::new();
    let mut after = Vec::new();
    for (param, value) in params.iter().zip(values) {
        let mut gradient =
            of(&result.params, param).unwrap_or_else(|| vec![T::zero(); value.len()]);
        crate::weights::unconnected(param).for_each(|i| gradient[i] = T::zero());
        gradients.push(gradient);
        after.push(of(&result.running, param).unwrap_or_else(|| value.clone()));
    }
    Single {
        output,
        inputs: result.inputs,
        gradients,
        params: after,
    }
}
