//! From a plan and its weights to a step that is ready to run.

use super::super::call::COUNTERS;
use super::super::device::failed;
use super::super::params::Order;
use super::super::program::Program;
use super::super::source::Source;
use super::super::task::{self, Back, Task, Through};
use super::super::{Gpu, Precision, kernels};
use super::alone::{Alone, Tensor};
use super::buffers::{self, Buffers};
use super::handed::Handed;
use super::records::Piece;
use super::{Training, given, text, through};
use crate::plan::{Op, Operation, Optimizer, Param, Plan};
use crate::train::{Layout, Rule};
use crate::{Error, Weights};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;

/// What a step is made of, before there is any text.
pub(super) struct Parts {
    layout: Layout,
    tasks: Vec<Task>,
    backs: Vec<Back>,
    /// How each tensor of the layout lies on the device.
    orders: Vec<Order>,
    /// The tensors of each forward step, and how they are trained.
    tensors: Vec<Vec<Range<usize>>>,
    trained: Vec<Vec<Tensor>>,
    mask: Option<Vec<f32>>,
    pieces: Vec<Piece>,
    rule: Rule,
    alone: Option<Alone>,
    /// The activation that each loss takes its gradient through.
    losses: Vec<Option<Through>>,
    max_batch: usize,
    precision: Precision,
}

impl Parts {
    /// Of a valid plan that trains.
    pub(super) fn of(
        plan: &Plan,
        optimizer: &Optimizer,
        max_batch: usize,
        precision: Precision,
    ) -> Self {
        let layout = Layout::aligned(&plan.params, SECTOR);
        let mut tasks: Vec<Task> = plan.forward.iter().enumerate().map(task).collect();
        let orders = orders(plan, &layout);
        let tensors = plan.forward.iter().map(|step| {
            let layer = step.source.as_ref().map_or("", |source| &source.layer);
            let tensors = step.op.tensors();
            let ranges = tensors
                .iter()
                .map(|t| layout.range(layer, t.leaf, t.shape.iter().product()));
            ranges.collect()
        });
        let tensors: Vec<Vec<Range<usize>>> = tensors.collect();
        for (task, ranges) in tasks.iter_mut().zip(&tensors) {
            task.aligned = ranges.iter().all(|range| range.start.is_multiple_of(4));
        }
        let trained = trained(plan, &layout, &tensors);
        let mut backs = backs(plan, &trained);
        let alone = Alone::of(plan, &tasks, &backs, &trained);
        let losses = through::hand_over(plan, &tasks, &mut backs, &|task, back| {
            let kernels = kernels(&task.op);
            match alone {
                Some(_) => kernels.values_alone(back),
                None => kernels.backward_to(back),
            }
        });
        Self {
            mask: mask(plan, &layout, &orders),
            pieces: buffers::pieces(plan, &layout),
            rule: Rule::new(optimizer, 0, 1.0, 1.0),
            alone,
            losses,
            layout,
            tasks,
            backs,
            orders,
            tensors,
            trained,
            max_batch,
            precision,
        }
    }

    fn about<'p>(&'p self, pictures: Option<&'p str>) -> given::About<'p> {
        given::About {
            rule: &self.rule,
            pieces: self.pieces.len(),
            parts: self.parts(),
            masked: self.mask.is_some(),
            losses: &self.losses,
            max_batch: self.max_batch,
            precision: self.precision,
            pictures,
        }
    }

    /// Parts of the sums over the parameters.
    fn parts(&self) -> usize {
        let alone = self.alone.as_ref();
        alone.map_or(self.pieces.len(), Alone::parts)
    }

    /// The program of a step; one that computes an image alone may begin with the preparation of held pictures.
    pub(super) fn source(&self, plan: &Plan, pictures: Option<&str>) -> Source {
        let about = self.about(pictures);
        let alone = self.alone.as_ref();
        text::step(plan, &self.tasks, &self.backs, &self.trained, alone, &about)
    }

    fn sizes(&self, plan: &Plan, optimizer: &Optimizer) -> buffers::Sizes {
        let tasks = self.tasks.iter();
        let scratch = tasks.map(|task| kernels(&task.op).scratch(self.max_batch));
        let alone = self.alone.as_ref();
        buffers::Sizes {
            params: self.layout.len(),
            states: optimizer.states().len(),
            image: plan.input.iter().product(),
            arena: match alone {
                Some(alone) => alone.arena + alone.kept,
                None => plan.arena / size_of::<f32>(),
            },
            labels: given::labels(plan),
            losses: plan.loss.len(),
            scratch: match alone {
                Some(alone) => alone.scratch(),
                None => scratch.max().unwrap_or(0),
            },
            counters: alone.map_or(COUNTERS + 1, Alone::counters),
            parts: self.parts(),
            max_batch: self.max_batch,
        }
    }
}

impl Training {
    /// Prepares a valid plan that trains, with its weights.
    ///
    /// # Errors
    /// With [`ErrorKind::Device`], if the device has not the memory, or the kernels cannot be made.
    pub(crate) fn new(
        gpu: &Gpu,
        plan: &Plan,
        optimizer: &Optimizer,
        weights: &Weights,
        max_batch: usize,
    ) -> Result<Self, Error> {
        let stream = gpu.context.new_stream();
        let stream = stream.map_err(|e| failed("the GPU gives no stream", e))?;
        let parts = Parts::of(plan, optimizer, max_batch, gpu.precision());
        let program = Program::new(gpu, parts.source(plan, None))?;
        let sizes = parts.sizes(plan, optimizer);
        let no_memory = |e| failed("the GPU has no memory for this training", e);
        let mask = parts.mask.as_deref();
        let buffers = Buffers::new(&stream, &sizes, &parts.pieces, mask).map_err(no_memory)?;
        let hand = || Handed::new(&stream, sizes.image * max_batch, sizes.labels * max_batch);
        let handed = [hand().map_err(no_memory)?, hand().map_err(no_memory)?];
        let mut training = Self {
            memory: sizes.memory(),
            stream,
            orders: parts.orders,
            tensors: parts.tensors,
            program,
            buffers,
            held: None,
            handed,
            last: 0,
            under_way: false,
            alone: parts.alone.map(|alone| alone.arena),
            optimizer: *optimizer,
            max_batch,
            image: sizes.image,
            batch: 0,
            steps: 0,
            seed: 0,
            clip: None,
            layout: parts.layout,
        };
        training.set_weights(weights)?;
        Ok(training)
    }
}

fn task((number, step): (usize, &crate::plan::Step)) -> Task {
    Task {
        name: task::name(number, &step.name),
        op: step.op,
        inputs: step.inputs.clone(),
        output: step.output,
        params: step.op.tensors().len(),
        aligned: false,
        packed: false,
    }
}

/// The ways back. Where each trained tensor belongs to one of them, its gradient is written; else gradients are 0 before a step, and all add.
fn backs(plan: &Plan, tensors: &[Vec<Tensor>]) -> Vec<Back> {
    let mut times: BTreeMap<usize, usize> = BTreeMap::new();
    for tensor in tensors.iter().flatten().filter(|tensor| tensor.trained) {
        times.insert(tensor.range.start, 0);
    }
    let written = plan.backward.iter().flat_map(|back| &tensors[back.step]);
    for tensor in written.filter(|tensor| tensor.trained) {
        *times.entry(tensor.range.start).or_default() += 1;
    }
    let adds = times.values().any(|times| *times != 1);
    let backs = plan.backward.iter().map(|back| Back {
        adds,
        ..Back::new(
            back.step,
            back.output_gradient,
            back.input_gradients.clone(),
        )
    });
    backs.collect()
}

/// The tensors of each forward step, as an update takes them.
fn trained(plan: &Plan, layout: &Layout, tensors: &[Vec<Range<usize>>]) -> Vec<Vec<Tensor>> {
    let mut found = BTreeMap::new();
    for (i, (param, range)) in layout.params().enumerate() {
        let update = plan.update.iter().find(|update| update.param == i);
        let l2 = update.map_or(0.0, |update| update.l2);
        found.insert(range.start, (l2, param.trainable));
    }
    let tensor = |range: &Range<usize>| {
        let (l2, trained) = found.get(&range.start).copied().unwrap_or_default();
        Tensor {
            range: range.clone(),
            l2,
            trained,
        }
    };
    let tensors = tensors.iter();
    tensors
        .map(|ranges| ranges.iter().map(tensor).collect())
        .collect()
}

/// How each tensor of the layout lies on the device.
fn orders(plan: &Plan, layout: &Layout) -> Vec<Order> {
    let mut found = BTreeMap::new();
    for step in &plan.forward {
        let Some(source) = &step.source else { continue };
        for (i, tensor) in step.op.tensors().iter().enumerate() {
            let name = format!("{}.{}", source.layer, tensor.leaf);
            found.insert(name, order(&step.op, i));
        }
    }
    let order = |param: &Param| found.get(&param.name).copied().unwrap_or(Order::AsStored);
    layout.params().map(|(param, _)| order(param)).collect()
}

fn order(op: &Op, tensor: usize) -> Order {
    kernels(op).order(tensor)
}

/// Numbers that memory moves at once: a tensor's begin where a sector does.
const SECTOR: usize = 32 / size_of::<f32>();

/// 0 for each weight that a connection table leaves out, 1 for all other numbers; nothing where there is no table.
fn mask(plan: &Plan, layout: &Layout, orders: &[Order]) -> Option<Vec<f32>> {
    plan.params.iter().find(|param| param.connect.is_some())?;
    let mut all = alloc::vec![1.0; layout.len()];
    for ((param, range), order) in layout.params().zip(orders) {
        let mut own = alloc::vec![1.0; range.len()];
        crate::weights::unconnected(param).for_each(|i| own[i] = 0.0);
        all[range].copy_from_slice(&order.to_device(&own));
    }
    Some(all)
}
