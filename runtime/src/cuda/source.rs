//! The text of a program: device functions as they are written, then what is special to the network.

use super::call::{By, Call, Operand, Work, is_gradient};
use super::task::{Back, Task, Through};
use super::{Precision, constants, kernels};
use crate::plan::{Act, Operation, Slot, View, overlap};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

impl Back {
    /// Turns the gradient of a fused activation into that before it.
    pub(super) fn through(&self, task: &Task) -> Option<Call> {
        let work = super::call::per_output(task.op);
        let call = Call::new("through", &[Operand::Y, Operand::Dy], work);
        Some(call).filter(|_| self.open && task.op.fused() != Act::None)
    }

    /// Those of a task's calls that write no gradient that nobody needs.
    pub(super) fn wanted(&self, mut calls: Vec<Call>) -> Vec<Call> {
        calls.retain(|call| {
            call.operands.iter().all(|operand| match operand {
                Operand::Dx(i) => self.wants(*i),
                _ => true,
            })
        });
        calls
    }

    /// Whether two calls, one after the other, may share a launch.
    fn share(&self, first: &Call, second: &Call) -> bool {
        let overwrites = second.operands.iter().any(|operand| match operand {
            Operand::Dx(i) => {
                self.input_gradients[*i].is_some_and(|dx| overlap(&dx.view, &self.output_gradient))
            }
            _ => false,
        });
        let waits = overwrites && first.operands.contains(&Operand::Dy);
        second.beside && first.threads == second.threads && !waits
    }
}

/// What an entry is given, each a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Argument {
    /// The images of the batch, dense.
    Input,
    /// The arena.
    Arena,
    /// Values that leave a program which keeps the arena to itself, dense.
    Results,
    /// A parameter of a task.
    Param(usize, usize),
    /// Its gradient.
    Gradient(usize, usize),
    /// What it was before the step.
    Before(usize, usize),
    /// Memory for one step.
    Scratch,
    /// Zeros by which blocks count each other.
    Counters,
    /// The number of the training step.
    Step,
    /// What a training step has beside: its type and its name.
    Own(&'static str, &'static str),
}

impl Argument {
    /// Its name in the text.
    pub(super) fn name(self) -> String {
        match self {
            Argument::Input => "input".into(),
            Argument::Arena => "arena".into(),
            Argument::Results => "results".into(),
            Argument::Param(task, i) => format!("param{task}_{i}"),
            Argument::Gradient(task, i) => format!("gradient{task}_{i}"),
            Argument::Before(task, i) => format!("before{task}_{i}"),
            Argument::Scratch => "scratch".into(),
            Argument::Counters => "counters".into(),
            Argument::Step => "step".into(),
            Argument::Own(_, name) => name.into(),
        }
    }

    /// The parameters of an entry, the number of images last.
    pub(super) fn parameters(arguments: &[Self]) -> String {
        let mut all: Vec<String> = Vec::new();
        for &argument in arguments {
            let ty = match argument {
                Argument::Input => "const float*",
                Argument::Step => "const netc::Step*",
                Argument::Counters => "unsigned int*",
                Argument::Own(ty, _) => ty,
                _ => "float*",
            };
            all.push(format!("{ty} {}", argument.name()));
        }
        all.push("unsigned int images".into());
        all.join(", ")
    }
}

/// An entry of the program.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// The function's name.
    pub(crate) name: String,
    /// The tasks that it computes.
    pub(crate) tasks: core::ops::Range<usize>,
    /// Its arguments, in order; the number of images follows them.
    pub(crate) arguments: Vec<Argument>,
    /// How its work is shared.
    pub(crate) work: Work,
    /// That of other functions of the launch, whose blocks come after those; the kernel is told how many blocks each but the last has.
    pub(crate) beside: Vec<Work>,
    /// Threads of a block.
    pub(crate) threads: u32,
}

/// A program before it is compiled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    /// CUDA C++.
    pub(crate) text: String,
    /// What is launched, in order.
    pub(crate) entries: Vec<Entry>,
}

impl Source {
    /// Starts the text for programs over these tasks: `largest` is the number of elements of the largest value of a batch.
    pub(crate) fn new<'t>(
        tasks: impl Iterator<Item = &'t Task>,
        largest: usize,
        precision: Precision,
    ) -> Self {
        let index = if u32::try_from(largest.saturating_mul(2)).is_ok() {
            "unsigned int"
        } else {
            "unsigned long long"
        };
        let mut text = format!(
            "#define NETC_INDEX {index}\n#define NETC_PRECISION {precision:?}\n{}\n",
            super::PRELUDE
        );
        let mut seen = BTreeSet::new();
        let mut structs = String::new();
        for task in tasks {
            let kernels = kernels(&task.op);
            let texts = kernels.shared().iter().copied().chain([kernels.source()]);
            for part in texts {
                if seen.insert(part) {
                    text += &format!("namespace netc {{\n{part}\n}}  // namespace netc\n\n");
                }
            }
            structs += &constants_of(task);
        }
        text += &structs;
        Self {
            text,
            entries: Vec::new(),
        }
    }

    /// One entry for each call of the forward part.
    pub(crate) fn forward(&mut self, tasks: &[Task]) {
        for (i, task) in tasks.iter().enumerate() {
            self.text += &views(&task.name, "V", task, None);
            let calls = kernels(&task.op).forward();
            let many = calls.len() > 1;
            for (k, call) in calls.iter().enumerate() {
                let number = if many { format!("_{k}") } else { String::new() };
                let name = format!("{}_forward{number}", task.name);
                self.entry(name, i, task, None, core::slice::from_ref(call));
            }
        }
    }

    /// One entry for each call of the backward part.
    pub(crate) fn backward(&mut self, tasks: &[Task], steps: &[Back]) {
        for back in steps {
            let task = &tasks[back.task];
            self.text += &views(&task.name, "B", task, Some(back));
            let mut calls = Vec::from_iter(back.through(task));
            calls.extend(back.wanted(kernels(&task.op).backward_to(back)));
            let launches = calls.chunk_by(|first, second| back.share(first, second));
            for (k, calls) in launches.enumerate() {
                let name = format!("{}_backward_{k}", task.name);
                self.entry(name, back.task, task, Some(back), calls);
            }
        }
    }

    /// One entry for all tasks: a block computes an image from end to end, in shared memory where image and arena (`arena` numbers) fit there, else
    /// in its part of the arena, and hands out these values.
    pub(crate) fn alone(&mut self, tasks: &[Task], arena: usize, image: usize, results: &[View]) {
        let (mut body, mut arguments) = self.calls_alone(tasks);
        let outputs: usize = results.iter().map(View::len).sum();
        let mut first = 0;
        for &view in results {
            let Slot::Arena(offset) = view.slot else {
                continue;
            };
            body += &format!(
                "        netc::hand_out<{}>(own + {}, results + (unsigned long long)i * {outputs} + {first});\n",
                constants::view(view),
                offset / 4
            );
            first += view.len();
        }
        let shared = arena + image <= SHARED;
        if shared {
            arguments.remove(&Argument::Arena);
        }
        let arguments: Vec<Argument> = arguments.into_iter().collect();
        let from = format!("input + (unsigned long long)i * {image}");
        let [once, each] = match shared {
            true => [
                format!("    alignas(16) __shared__ float own[{arena}], image[{image}];\n"),
                format!(
                    "        netc::hand_out<netc::View<1, 1, {image}, {image}, 0>>({from}, image);\n        \
                     __syncthreads();\n"
                ),
            ],
            false => [
                String::new(),
                format!(
                    "        const float* image = {from};\n        \
                     float* own = arena + (unsigned long long)i * {arena};\n"
                ),
            ],
        };
        self.text += &format!(
            "extern \"C\" __global__ void __launch_bounds__({ALONE}) forward({}) {{\n{once}    \
             for (unsigned int i = blockIdx.x; i < images; i += gridDim.x) {{\n{each}{body}        __syncthreads();\n    }}\n}}\n",
            Argument::parameters(&arguments)
        );
        self.entries.push(Entry {
            name: "forward".into(),
            tasks: 0..tasks.len(),
            arguments,
            work: Work::each(By::Block, 1),
            beside: Vec::new(),
            threads: ALONE,
        });
    }

    /// The calls of all tasks by a block for its image, and what they are given.
    fn calls_alone(&mut self, tasks: &[Task]) -> (String, BTreeSet<Argument>) {
        let mut arguments = BTreeSet::from([Argument::Input, Argument::Results]);
        let mut body = String::new();
        for (i, task) in tasks.iter().enumerate() {
            self.text += &views(&task.name, "V", task, None);
            for call in kernels(&task.op).forward_alone() {
                let place = |view: View| match view.slot {
                    Slot::Input => "image".into(),
                    Slot::Arena(offset) => format!("own + {}", offset / 4),
                };
                let operands = operands(&call, i, task, None, &place, &mut arguments);
                body += &format!(
                    "        netc::{}<{name}::D, {name}::V{}>(netc::Block(), 1{operands});\n        __syncthreads();\n",
                    call.function,
                    constants_of_call(&call),
                    name = task.name,
                );
            }
        }
        (body, arguments)
    }

    /// An entry for these calls of a task, which share it.
    fn entry(
        &mut self,
        name: String,
        index: usize,
        task: &Task,
        back: Option<&Back>,
        calls: &[Call],
    ) {
        let mut arguments = BTreeSet::new();
        let place = |view: View| match view.slot {
            Slot::Input => "input".into(),
            Slot::Arena(offset) => format!("arena + {}ull * images", offset / 4),
        };
        let views = if back.is_some() { "B" } else { "V" };
        let calls_by = calls.iter().map(|call| {
            let operands = operands(call, index, task, back, &place, &mut arguments);
            let of = format!(
                "netc::{}<{step}::D, {step}::{views}{}>",
                call.function,
                constants_of_call(call),
                step = task.name
            );
            move |team: &str| format!("{of}({team}, images{operands});")
        });
        let (body, counts) = shared_body(&calls_by.collect::<Vec<_>>());
        let arguments: Vec<Argument> = arguments.into_iter().collect();
        let first = &calls[0];
        // By name: one that is to hold but one block decides for all.
        let resident = calls.iter().filter_map(|call| call.resident).min();
        self.text += &format!(
            "extern \"C\" __global__ void __launch_bounds__({}{}) {name}({}{counts}) {{\n{body}}}\n",
            first.threads,
            resident.map_or_else(String::new, |of| format!(", {of}({})", first.threads)),
            Argument::parameters(&arguments),
        );
        self.entries.push(Entry {
            name,
            tasks: index..index + 1,
            arguments,
            work: first.work,
            beside: calls[1..].iter().map(|call| call.work).collect(),
            threads: first.threads,
        });
    }
}

/// The body of a kernel whose blocks do one of these, by team, and the parameters that it takes beside.
fn shared_body(calls: &[impl Fn(&str) -> String]) -> (String, String) {
    let Some((last, others)) = calls.split_last().filter(|(_, others)| !others.is_empty()) else {
        let lines = calls
            .iter()
            .map(|call| format!("    {}\n", call("netc::Grid()")));
        return (lines.collect(), String::new());
    };
    let mut body = String::from("    unsigned int block = blockIdx.x, blocks = gridDim.x;\n");
    let mut counts = String::new();
    for (k, call) in others.iter().enumerate() {
        let call = call(&format!("netc::Share{{block, blocks{k}}}"));
        body += &format!(
            "    if (block < blocks{k}) return {call}\n    block -= blocks{k}, blocks -= blocks{k};\n"
        );
        counts += &format!(", unsigned int blocks{k}");
    }
    body += &format!("    {}\n", last("netc::Share{block, blocks}"));
    (body, counts)
}

/// Threads of a block that computes an image alone.
pub(super) const ALONE: u32 = 256;

/// An image and an arena of so many numbers lie in the block's shared memory: 32 KiB of 48, as operations take 5, and convolutions 10 for weights.
const SHARED: usize = 8 << 10;

/// A network is computed by one block an image if an image takes at most so many multiply-accumulates ...
const ALONE_MACS: u64 = 2 << 20;
/// ... so many parameters, which every block reads, ...
const ALONE_PARAMS: usize = 1 << 18;
/// ... and so many numbers of memory.
const ALONE_ARENA: usize = 1 << 16;

/// Whether one block may compute an image alone, in so many numbers of memory.
pub(super) fn is_small(tasks: &[Task], arena: usize) -> bool {
    let macs = tasks.iter().map(|task| task.op.macs());
    let tensors = tasks.iter().flat_map(|task| task.op.tensors());
    let params = tensors.map(|tensor| tensor.shape.iter().product::<usize>());
    macs.sum::<u64>() <= ALONE_MACS && params.sum::<usize>() <= ALONE_PARAMS && arena <= ALONE_ARENA
}

/// The whole numbers among the template arguments, each after a comma.
pub(super) fn constants_of_call(call: &Call) -> String {
    let constants = call.constants.iter();
    constants.map(|number| format!(", {number}")).collect()
}

fn constants_of(task: &Task) -> String {
    let [h, w, c] = task.op.input();
    let [oh, ow, oc] = task.op.output();
    format!(
        "// {}: {}, {h}x{w}x{c} -> {oh}x{ow}x{oc}\nnamespace {} {{\n{}}}\n",
        task.name,
        task.op.name(),
        task.name,
        constants::descriptor("D", &task.op)
    )
}

/// The views of a step, forward (`V`) or backward (`B`).
pub(super) fn views(name: &str, of: &str, task: &Task, back: Option<&Back>) -> String {
    let mut members = Vec::new();
    let mut member = |name: &str, view: View| {
        members.push(format!("typedef {} {name};", constants::view(view)));
    };
    for (i, &view) in task.inputs.iter().enumerate() {
        member(&format!("X{i}"), view);
    }
    member("Y", task.output);
    if let Some(back) = back {
        member("DY", back.output_gradient);
        for (i, gradient) in back.input_gradients.iter().enumerate() {
            if let Some(gradient) = gradient {
                member(&format!("DX{i}"), gradient.view);
            }
        }
        for (i, gradient) in back.input_gradients.iter().enumerate() {
            let add = gradient.is_some_and(|gradient| gradient.accumulate);
            members.push(format!("static constexpr bool add{i} = {add};"));
        }
        members.push(format!("static constexpr bool adds = {};", back.adds));
    }
    members.push(format!("static constexpr bool aligned = {};", task.aligned));
    members.push(format!("static constexpr bool packed = {};", task.packed));
    format!(
        "namespace {name} {{\nstruct {of} {{\n    {}\n}};\n}}\n",
        members.join("\n    ")
    )
}

/// The operands of a call, each after a comma.
pub(super) fn operands(
    call: &Call,
    index: usize,
    task: &Task,
    back: Option<&Back>,
    place: &dyn Fn(View) -> String,
    arguments: &mut BTreeSet<Argument>,
) -> String {
    let mut text = String::new();
    for &operand in &call.operands {
        let view = match operand {
            Operand::X(i) => task.inputs.get(i).copied(),
            Operand::Y => Some(task.output),
            Operand::Dy => back.map(|back| back.output_gradient),
            Operand::Dx(i) => back.and_then(|back| back.input_gradients[i].map(|dx| dx.view)),
            _ => None,
        };
        let argument = match (operand, view) {
            (_, Some(view)) if view.slot == Slot::Input => Some(Argument::Input),
            (_, Some(_)) => Some(Argument::Arena),
            (Operand::Param(i), _) if i < task.params => Some(Argument::Param(index, i)),
            (Operand::Gradient(i), _) if i < task.params => Some(Argument::Gradient(index, i)),
            (Operand::Before(i), _) if back.is_some() => Some(Argument::Before(index, i)),
            (Operand::Scratch | Operand::ScratchFrom(_), _) => Some(Argument::Scratch),
            (Operand::Counters | Operand::CountersFrom(_), _) => Some(Argument::Counters),
            (Operand::Step, _) => Some(Argument::Step),
            _ => None,
        };
        arguments.extend(argument);
        text += ", ";
        text += &match (view, argument) {
            (Some(view), _) => gradient(operand, place(view), back, place),
            (None, Some(argument)) => from(operand, argument.name()),
            (None, None) if is_gradient(&operand) => "(float*)nullptr".to_string(),
            (None, None) => "nullptr".to_string(),
        };
    }
    text
}

/// A place that a call writes or reads; with the activation through which a gradient goes there.
fn gradient(
    operand: Operand,
    at: String,
    back: Option<&Back>,
    place: &dyn Fn(View) -> String,
) -> String {
    match (operand, back) {
        (Operand::Dx(i), Some(back)) => through(at, back.through[i].as_ref(), place),
        _ => at,
    }
}

/// Where a gradient goes: through an activation, if it is written for the last time.
pub(super) fn through(
    at: String,
    through: Option<&Through>,
    place: &dyn Fn(View) -> String,
) -> String {
    through.map_or(at.clone(), |through| {
        let (act, parameter) = constants::activation(through.act);
        let value = place(through.value);
        let parameter = constants::real(parameter);
        format!("netc::Through<netc::Act::{act}>{{{at}, {value}, {parameter}}}")
    })
}

/// The name of memory, from where a call may use it.
fn from(operand: Operand, name: String) -> String {
    match operand {
        Operand::ScratchFrom(first) | Operand::CountersFrom(first) => format!("{name} + {first}"),
        _ => name,
    }
}
