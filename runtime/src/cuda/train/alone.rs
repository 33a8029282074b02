//! The training step of a small network in three launches: values and their gradients, one block an image; then the gradients of all
//! parameters; then the update.

use super::super::call::{By, Call, Operand, Work};
use super::super::product::{TOGETHER, TOGETHER_COUNTERS, TOGETHER_SCRATCH};
use super::super::source::{
    ALONE, Argument, Entry, Source, constants_of_call, is_small, operands, through, views,
};
use super::super::task::{Back, Task};
use super::super::{constants, kernels};
use super::given::{
    About, FIGURES, GRADIENTS, LABELS, MASK, OUTCOME, PARAMS, PARTS, by_batch, labels,
};
use super::pictures;
use crate::plan::{Plan, Slot, View};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// What such a step keeps where.
pub(super) struct Alone {
    /// Numbers of the plan's arena for an image. One image's lies behind the other's; then comes what is kept, by the batch.
    pub(super) arena: usize,
    /// Numbers that are kept of an image.
    pub(super) kept: usize,
    products: Vec<Product>,
}

/// A step with parameters: their gradients are a sum over what is kept of all images.
struct Product {
    /// The number of its way back.
    back: usize,
    call: Call,
    /// The input and the gradient of the output before the activation, dense, beyond the plan's arena.
    x: View,
    dy: View,
}

/// A tensor that a step trains.
pub(super) struct Tensor {
    pub(super) range: Range<usize>,
    pub(super) l2: f32,
    pub(super) trained: bool,
}

impl Alone {
    /// The places, if this plan's step may be computed so: `tensors` are those of each task.
    pub(super) fn of(
        plan: &Plan,
        tasks: &[Task],
        backs: &[Back],
        tensors: &[Vec<Tensor>],
    ) -> Option<Self> {
        let arena = (plan.arena / size_of::<f32>()).next_multiple_of(4);
        if !is_small(tasks, arena) || !tasks.iter().all(forward_alone) {
            return None;
        }
        let mut alone = Self {
            arena,
            kept: 0,
            products: Vec::new(),
        };
        let mut left: BTreeSet<usize> = tensors.iter().flatten().filter_map(trained).collect();
        for (i, back) in backs.iter().enumerate() {
            let task = &tasks[back.task];
            let calls = kernels(&task.op).values_alone(back);
            if !back.wanted(calls).iter().all(is_alone) {
                return None;
            }
            for tensor in tensors[back.task].iter().filter_map(trained) {
                // Each is completed by one step.
                left.remove(&tensor).then_some(())?;
            }
            if task.params > 0 {
                alone.keep(i, task, back, tensors[back.task].iter().any(|t| t.trained))?;
            }
        }
        left.is_empty().then_some(alone)
    }

    fn keep(&mut self, number: usize, task: &Task, back: &Back, trained: bool) -> Option<()> {
        let Some(call) = kernels(&task.op).gradients_together() else {
            return (!trained).then_some(());
        };
        let x = match task.inputs[0].slot {
            Slot::Input => task.inputs[0],
            Slot::Arena(_) => self.place(task.inputs[0]),
        };
        let dy = self.place(back.output_gradient);
        self.products.push(Product {
            back: number,
            call,
            x,
            dy,
        });
        Some(())
    }

    /// A place for a value, dense.
    fn place(&mut self, view: View) -> View {
        let offset = (self.arena + self.kept) * size_of::<f32>();
        self.kept += view.len().next_multiple_of(4);
        View {
            slot: Slot::Arena(offset),
            pixel: view.shape[2],
            channel: 0,
            ..view
        }
    }

    /// Numbers of memory for partial sums.
    pub(super) fn scratch(&self) -> usize {
        self.products.len() * TOGETHER_SCRATCH
    }

    /// By which blocks count each other.
    pub(super) fn counters(&self) -> usize {
        self.products.len() * TOGETHER_COUNTERS + 1
    }

    /// Parts of the sums over the parameters.
    pub(super) fn parts(&self) -> usize {
        self.products.iter().map(Product::tiles).sum()
    }

    /// Values and their gradients, one block an image.
    pub(super) fn values(
        &self,
        source: &mut Source,
        plan: &Plan,
        tasks: &[Task],
        backs: &[Back],
        about: &About<'_>,
    ) {
        let mut body = self.body(source, plan, tasks, backs, about);
        body.arguments.extend([
            Argument::Input,
            Argument::Arena,
            Argument::Step,
            LABELS,
            FIGURES,
        ]);
        let mut prepare = String::new();
        if about.pictures.is_some() {
            prepare = format!(
                "        netc::pictures::prepare<Prepared>(i{});\n",
                pictures::names()
            );
            body.arguments.extend(pictures::ARGUMENTS);
        }
        let arguments: Vec<Argument> = body.arguments.into_iter().collect();
        let image: usize = plan.input.iter().product();
        source.text += &format!(
            "extern \"C\" __global__ void __launch_bounds__({ALONE}) values({}) {{\n    \
             for (unsigned int i = blockIdx.x; i < images; i += gridDim.x) {{\n        \
             const float* image = input + (unsigned long long)i * {image};\n        \
             float* own = arena + (unsigned long long)i * {};\n        \
             const netc::Step now = step->alone(i), *step = &now;\n{prepare}{}    }}\n}}\n",
            Argument::parameters(&arguments),
            self.arena,
            body.text
        );
        let work = Work::each(By::Block, 1);
        source.entries.push(entry("values", arguments, work, ALONE));
    }

    /// What a block does for an image: forward, losses, back.
    fn body(
        &self,
        source: &mut Source,
        plan: &Plan,
        tasks: &[Task],
        backs: &[Back],
        about: &About<'_>,
    ) -> Body {
        let mut body = Body::default();
        for (i, task) in tasks.iter().enumerate() {
            source.text += &views(&task.name, "V", task, None);
            for call in kernels(&task.op).forward_alone() {
                body.call(&call, i, task, None);
            }
        }
        for (i, loss) in plan.loss.iter().enumerate() {
            let count = loss.scores.shape[0] * loss.scores.shape[1];
            let first = i * labels(plan) * about.max_batch;
            body.line(&format!(
                "netc::loss<Loss{i}>(netc::Block(), 1, images, {}, {}, labels + i * {count}ull, figures + {first}ull + i * {count}ull);",
                own(loss.scores),
                through(own(loss.gradient), about.losses[i].as_ref(), &own),
            ));
            body.line("__syncthreads();");
        }
        for (i, back) in backs.iter().enumerate() {
            let task = &tasks[back.task];
            source.text += &views(&task.name, "B", task, Some(back));
            if let Some(call) = back.through(task) {
                body.call(&call, back.task, task, Some(back));
            }
            if let Some(product) = self.products.iter().find(|product| product.back == i) {
                body.keep(task.inputs[0], product.x);
                body.keep(back.output_gradient, product.dy);
                body.line("__syncthreads();");
            }
            for call in back.wanted(kernels(&task.op).values_alone(back)) {
                body.call(&call, back.task, task, Some(back));
            }
        }
        body
    }

    /// The gradients of all parameters, and what the step tells.
    pub(super) fn gradients(
        &self,
        source: &mut Source,
        tasks: &[Task],
        backs: &[Back],
        tensors: &[Vec<Tensor>],
        masked: bool,
    ) {
        let mut arguments = BTreeSet::from([
            PARAMS,
            GRADIENTS,
            MASK,
            PARTS,
            FIGURES,
            OUTCOME,
            Argument::Scratch,
            Argument::Counters,
        ]);
        let (mut body, mut block, mut part) = (String::new(), 0, 0);
        for (number, product) in self.products.iter().enumerate() {
            let (task, back) = product.over_the_batch(tasks, backs);
            source.text += &views(&task.name, "G", &task, Some(&back));
            let call = product.completing(&task, &back, [number, block, part], &mut arguments);
            let tensors = &tensors[back.task];
            let gradients = tensors.iter().map(|tensor| complete(tensor, masked));
            let none = if tensors.len() < 2 {
                ", (float*)nullptr"
            } else {
                ""
            };
            body += &call(gradients.collect::<String>() + none);
            block += product.blocks();
            part += product.tiles();
        }
        let arguments: Vec<Argument> = arguments.into_iter().collect();
        source.text += &format!(
            "extern \"C\" __global__ void __launch_bounds__({TOGETHER}, 1) complete_gradients({}) {{\n    \
             for (unsigned int b = blockIdx.x; b < {block}; b += gridDim.x) {{\n{body}    }}\n    \
             netc::judge_last<N>(images, figures, parts, outcome, counters + {});\n}}\n",
            Argument::parameters(&arguments),
            self.counters() - 1,
        );
        let work = Work::once(By::Block, block);
        source
            .entries
            .push(entry("complete_gradients", arguments, work, TOGETHER));
    }
}

impl Product {
    /// Its step and the way back of it, over what is kept of the batch.
    fn over_the_batch(&self, tasks: &[Task], backs: &[Back]) -> (Task, Back) {
        let index = backs[self.back].task;
        let task = Task {
            inputs: [self.x].into(),
            ..tasks[index].clone()
        };
        let back = Back {
            open: false,
            ..Back::new(index, self.dy, Vec::new())
        };
        (task, back)
    }

    /// What its blocks do, those from `block` on, by the gradients that they complete; it is the product of this number, and its sums are parts
    /// from `part` on.
    fn completing(
        &self,
        task: &Task,
        back: &Back,
        [number, block, part]: [usize; 3],
        arguments: &mut BTreeSet<Argument>,
    ) -> impl Fn(String) -> String + use<> {
        let mut call = self.call.clone();
        call.operands
            .retain(|operand| matches!(operand, Operand::X(_) | Operand::Dy));
        let values = operands(&call, back.task, task, Some(back), &by_batch, arguments);
        let (blocks, step) = (self.blocks(), task.name.clone());
        move |gradients| {
            format!(
                "        if (b - {block} < {blocks}) {{\n            netc::Sums sums = {{parts + {part}, 0.0, 0.0}};\n            \
                 netc::{}<{step}::D, {step}::G{}>(netc::Share{{b - {block}, {blocks}}}, images{values}{gradients}, \
                 scratch + {}ull, counters + {});\n        }}\n",
                call.function,
                constants_of_call(&call),
                number * TOGETHER_SCRATCH,
                number * TOGETHER_COUNTERS,
            )
        }
    }

    /// Blocks that share its work.
    fn blocks(&self) -> usize {
        self.call.work.blocks(1, TOGETHER, u32::MAX) as usize
    }

    /// Tiles, each with its part of the sums over the parameters.
    fn tiles(&self) -> usize {
        self.call.work.tiles.times
    }
}

/// What a block does for its image.
#[derive(Default)]
struct Body {
    text: String,
    arguments: BTreeSet<Argument>,
}

impl Body {
    fn line(&mut self, line: &str) {
        self.text += &format!("        {line}\n");
    }

    fn call(&mut self, call: &Call, index: usize, task: &Task, back: Option<&Back>) {
        let operands = operands(call, index, task, back, &own, &mut self.arguments);
        let views = if back.is_some() { "B" } else { "V" };
        self.line(&format!(
            "netc::{}<{step}::D, {step}::{views}{}>(netc::Block(), 1{operands});",
            call.function,
            constants_of_call(call),
            step = task.name,
        ));
        self.line("__syncthreads();");
    }

    /// Keeps a value for the launch that follows.
    fn keep(&mut self, from: View, to: View) {
        if to.slot != Slot::Input {
            self.line(&format!(
                "netc::hand_out<{}>({}, {} + (unsigned long long)i * {});",
                constants::view(from),
                own(from),
                by_batch(to),
                to.len()
            ));
        }
    }
}

/// Where a view lies for an image alone.
fn own(view: View) -> String {
    match view.slot {
        Slot::Input => "image".into(),
        Slot::Arena(offset) => format!("own + {}", offset / size_of::<f32>()),
    }
}

fn entry(name: &str, arguments: Vec<Argument>, work: Work, threads: u32) -> Entry {
    Entry {
        name: name.into(),
        tasks: 0..0,
        arguments,
        work,
        beside: Vec::new(),
        threads,
    }
}

/// A tensor's gradient as the function takes it, after a comma.
fn complete(tensor: &Tensor, masked: bool) -> String {
    let first = tensor.range.start;
    format!(
        ", netc::Complete<{masked}>{{gradients + {first}ull, params + {first}ull, mask + {}ull, {}, {}, &sums}}",
        if masked { first } else { 0 },
        constants::real(tensor.l2),
        tensor.trained
    )
}

fn trained(tensor: &Tensor) -> Option<usize> {
    tensor.trained.then_some(tensor.range.start)
}

fn forward_alone(task: &Task) -> bool {
    kernels(&task.op).forward_alone().iter().all(is_alone)
}

/// Whether one block can do it for its image.
fn is_alone(call: &Call) -> bool {
    let shared = |operand: &Operand| {
        matches!(
            operand,
            Operand::Scratch | Operand::Counters | Operand::Gradient(_)
        )
    };
    call.threads == ALONE && !call.operands.iter().any(shared)
}
