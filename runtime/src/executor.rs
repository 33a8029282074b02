//! Runs a plan step by step, with the kernels that generated code calls.

use crate::backend::Kernel;
use crate::cpu::rows::together;
use crate::cpu::sizes::Sizes;
use crate::int8::Stage;
use crate::plan::{Plan, Slot};
use crate::{Device, Error, Mem, Model, Prepared, Scores, Scratch, Weights, Workspace};
use alloc::vec::Vec;
use core::ops::Range;

/// A plan prepared for this machine, or for the GPU that its weights are for.
pub struct Executor {
    plan: Plan,
    stages: Vec<Stage>,
    /// All steps in order, those that may be computed by rows together.
    parts: Vec<Range<usize>>,
    device: Device,
}

impl Executor {
    /// Prepares a plan for this machine, as [`prepare`](fn@crate::prepare) chooses, or as the profile of the weights' device says.
    ///
    /// # Errors
    /// If the weights are not the plan's; with [`ErrorKind::Plan`](crate::ErrorKind::Plan), if the plan is not valid or trains; with
    /// [`ErrorKind::Choice`](crate::ErrorKind::Choice), if the profile is another network's.
    pub fn new(plan: &Plan, weights: &Weights) -> Result<Self, Error> {
        Prepared::on(weights.device(), plan, 1)?.executor(weights)
    }

    /// One kernel for each step.
    pub(crate) fn of(plan: Plan, kernels: Vec<Kernel>, device: Device) -> Self {
        let stages = kernels.into_iter().map(Stage::F32).collect();
        Self::staged(plan, stages, device)
    }

    /// One kernel for each step, on floats or on bytes.
    pub(crate) fn staged(plan: Plan, stages: Vec<Stage>, device: Device) -> Self {
        Self {
            parts: parts(&plan),
            plan,
            stages,
            device,
        }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The values that a kept layer had in the last pass over this workspace, dense, one image after the other; none where
    /// the plan does not keep a layer of this name.
    ///
    /// # Errors
    /// As [`Workspace::values`].
    pub fn kept(&self, workspace: &Workspace, name: &str) -> Option<Result<Vec<f32>, Error>> {
        let mut kept = self.plan.kept.iter();
        let &(_, view) = kept.find(|(kept, _)| kept == name)?;
        matches!(view.slot, Slot::Arena(_)).then(|| workspace.values(view))
    }

    /// The same, but nothing is computed by rows ([`Plan::by_rows`]), so that each step has its own time.
    #[must_use]
    pub fn one_by_one(mut self) -> Self {
        self.parts = (0..self.stages.len()).map(|i| i..i + 1).collect();
        self
    }

    /// As [`forward`](Model::forward), and adds to `times` how long each step took, in the plan's order: on the CPU; a GPU runs them as one. The
    /// time of steps that are computed by rows is that of the first of them, the others have none.
    ///
    /// # Errors
    /// As [`forward`](Model::forward); with [`ErrorKind::Choice`](crate::ErrorKind::Choice) on a GPU.
    #[cfg(feature = "std")]
    pub fn forward_timed<'w>(
        &self,
        workspace: &'w mut Workspace,
        images: &[f32],
        times: &mut Vec<std::time::Duration>,
    ) -> Result<&'w [f32], Error> {
        if !self.device.is_cpu() {
            let problem = "a pass on a GPU is one graph: its layers have no times of their own";
            return Err(Error::new(crate::ErrorKind::Choice, problem));
        }
        times.resize(self.stages.len(), std::time::Duration::ZERO);
        self.walk(
            workspace,
            images,
            self.parts.iter().cloned(),
            |mem, part| {
                let mut start = std::time::Instant::now();
                let mut timed = |step: usize| {
                    let now = std::time::Instant::now();
                    times[step] += now - start;
                    start = now;
                };
                match self.together(mem, part.clone()) {
                    true => timed(part.start),
                    false => part.for_each(|step| {
                        self.step(mem, step);
                        timed(step);
                    }),
                }
            },
        )
    }

    /// As [`forward`](Model::forward), and shows what each step wrote, dense: on the CPU.
    pub(crate) fn forward_watched(
        &self,
        workspace: &mut Workspace,
        images: &[f32],
        mut watch: impl FnMut(usize, &[f32]),
    ) -> Result<(), Error> {
        let all = core::iter::once(0..self.stages.len());
        let pass = self.walk(workspace, images, all, |mem, part| {
            for number in part {
                self.step(mem, number);
                let step = &self.plan.forward[number];
                watch(number, &mem.dense(Sizes::of(step.op).output(step.output)));
            }
        });
        pass.map(drop)
    }

    fn walk<'w>(
        &self,
        workspace: &'w mut Workspace,
        images: &[f32],
        parts: impl Iterator<Item = Range<usize>>,
        mut run: impl FnMut(&mut Mem<'_, '_>, Range<usize>),
    ) -> Result<&'w [f32], Error> {
        let mut mem = workspace.begin(images)?;
        for part in parts {
            run(&mut mem, part);
        }
        mem.finish(self.plan.result)
    }

    /// The scratch memory that its steps need.
    pub(crate) fn scratch(&self, max_batch: usize) -> impl Iterator<Item = Scratch> {
        let stages = self.stages.iter();
        stages.map(move |stage| stage.scratch(max_batch))
    }

    /// How many steps it has.
    pub(crate) fn steps(&self) -> usize {
        self.stages.len()
    }

    /// Computes a step.
    pub(crate) fn step(&self, mem: &mut Mem<'_, '_>, number: usize) {
        self.stages[number].run(mem, &self.plan.forward[number]);
    }

    /// Computes steps by rows, where that is faster: whether it has been done.
    pub(crate) fn together(&self, mem: &mut Mem<'_, '_>, part: Range<usize>) -> bool {
        match part.len() {
            _ if mem.computes_elsewhere() => false,
            2 => self.by_rows::<2>(mem, part.start),
            3 => self.by_rows::<3>(mem, part.start),
            _ => false,
        }
    }

    fn by_rows<const N: usize>(&self, mem: &mut Mem<'_, '_>, first: usize) -> bool {
        let steps: [_; N] =
            core::array::from_fn(|i| self.stages[first + i].by_rows(&self.plan.forward[first + i]));
        if steps.iter().any(Option::is_none) {
            return false;
        }
        let steps = steps.map(|step| step.expect("all have such a kernel"));
        let inputs = steps[0].1;
        let steps = steps.map(|(kernel, _, output)| (kernel, output));
        match *inputs {
            [x] => together(mem, [x], steps),
            [a, b] => together(mem, [a, b], steps),
            _ => false,
        }
    }
}

/// The steps of a plan, those that may be computed by rows together.
fn parts(plan: &Plan) -> Vec<Range<usize>> {
    let mut parts = Vec::with_capacity(plan.forward.len());
    let mut groups = plan.by_rows.iter().peekable();
    let mut next = 0;
    while next < plan.forward.len() {
        let group = groups.next_if(|group| group.start == next);
        let part = group.cloned().unwrap_or(next..next + 1);
        next = part.end;
        parts.push(part);
    }
    parts
}

impl Model for Executor {
    fn input(&self) -> &[usize] {
        &self.plan.input
    }

    fn output(&self) -> &[usize] {
        &self.plan.output
    }

    fn scores(&self) -> Scores {
        match &self.plan {
            plan if plan.probabilities => Scores::Probabilities,
            plan if plan.distances => Scores::Distances,
            _ => Scores::Logits,
        }
    }

    fn workspace(&self, max_batch: usize) -> Workspace {
        Workspace::new(
            self.plan.input.iter().product(),
            self.plan.arena,
            max_batch,
            self.scratch(max_batch),
        )
        .on(&self.device)
    }

    fn forward<'w>(
        &self,
        workspace: &'w mut Workspace,
        images: &[f32],
    ) -> Result<&'w [f32], Error> {
        self.walk(
            workspace,
            images,
            self.parts.iter().cloned(),
            |mem, part| {
                if !self.together(mem, part.clone()) {
                    part.for_each(|number| self.step(mem, number));
                }
            },
        )
    }
}
