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
    let kernel = TrainKernel::new(*op, &layout, LAYER, Machine::here().choice_in_training(op));
    let mut kernel = kernel.expect("an operation of training");
    let image: usize = op.input().iter().product();
    let batch = inputs[0].len() / image;
    let places = Places::new(op, inputs.len(), setting);
    let gradients = places.gradients(setting);
    let workspace = Workspace::new(image, places.arena, batch, [kernel.scratch(batch)]);
    let mut workspace = workspace.with_threads(setting.threads);
    places.fill(&mut workspace, inputs, dy, setting);

    let mut flat = values.concat();
    let mut flat_gradients = vec![0.0; flat.len()];
    let images = vec![0.0; image * batch];
    let mem = workspace.begin(&images).expect("whole images");
    let mut mem = TrainMem::new(mem, &mut flat, &mut flat_gradients, 1, 2);
    kernel.forward(&mut mem, &places.x, places.y);
    let output = workspace.read(places.y);
    places.forget(&mut workspace, op, batch);
    let mem = workspace.begin(&images).expect("whole images");
    let mut mem = TrainMem::new(mem, &mut flat, &mut flat_gradients, 1, 2);
    kernel.backward(&mut mem, &places.x, places.y, places.dy, &gradients);

    let split = |flat: &[f32]| {
        let params = layout.params();
        params.map(|(_, range)| flat[range].to_vec()).collect()
    };
    Single {
        output,
        inputs: places.dx.iter().map(|&view| workspace.read(view)).collect(),
        gradients: split(&flat_gradients),
        params: split(&flat),
    }
}

/// Where an operation alone reads and writes.
pub(crate) struct Places {
    pub(crate) x: Vec<View>,
    pub(crate) y: View,
    pub(crate) dy: View,
    pub(crate) dx: Vec<View>,
    /// Bytes per image.
    pub(crate) arena: usize,
}

impl Places {
    pub(crate) fn new(op: &Op, inputs: usize, setting: Setting) -> Self {
        let mut arena = 0;
        let mut place = |shape: [usize; 3]| {
            let pixel = shape[2] + 2 * setting.around;
            let view = View::arena(arena, shape).channels(setting.around, pixel);
            // Buffers begin where those of a plan may.
            arena = (arena + view.bytes()).next_multiple_of(64);
            view
        };
        let operands = || (0..inputs).map(|i| op.operand(i));
        let x: Vec<View> = operands().map(&mut place).collect();
        let (y, dy) = (place(op.output()), place(op.output()));
        let mut dx: Vec<View> = operands().map(&mut place).collect();
        if setting.in_place && op.in_place(0) && setting.accumulate.is_none() {
            dx[0] = dy;
        }
        Self {
            x,
            y,
            dy,
            dx,
            arena,
        }
    }

    pub(crate) fn gradients(&self, setting: Setting) -> Vec<Option<Gradient>> {
        let accumulate = setting.accumulate.is_some();
        let gradient = |&view| Some(Gradient { view, accumulate });
        self.dx.iter().map(gradient).collect()
    }

    /// Writes what the steps read, and what they add to.
    fn fill(&self, workspace: &mut Workspace, inputs: &[Vec<f32>], dy: &[f32], setting: Setting) {
        let batch = dy.len() / self.dy.len();
        for (view, values) in self.x.iter().zip(inputs) {
            workspace.write(*view, batch, values);
        }
        workspace.write(self.dy, batch, dy);
        if let Some(value) = setting.accumulate {
            for view in &self.dx {
                workspace.write(*view, batch, &vec![value; view.len() * batch]);
            }
        }
    }

    /// Writes NaN where backward does not read: in a plan something else may lie there by then.
    fn forget(&self, workspace: &mut Workspace, op: &Op, batch: usize) {
        let saved = op.saved();
        let inputs = self.x.iter().filter(|_| !saved.inputs);
        for view in inputs.chain(Some(&self.y).filter(|_| !saved.output)) {
            workspace.write(*view, batch, &vec![f32::NAN; view.len() * batch]);
        }
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
