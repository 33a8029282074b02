//! What the kernels of a network ask of memory, counted by the emulated device, beside what their operations need at least.

use crate::networks::{compile_file, path};
use crate::seeded;
use netc_compiler::Options;
use netc_emulated_device::{KernelCounters, Session, Traffic};
use netc_plan::{Op, Operation, Plan, Step};
use netc_runtime::cuda::Precision;
use netc_runtime::{Device, Error, Executor, Model};
use std::time::{Duration, Instant};

/// Bytes that global memory moves at least.
const SECTOR: usize = 32;

/// A kernel moves much that moves more than this share of all bytes; ...
const MUCH: f64 = 0.05;
/// ... and this share of the sectors that it moves is to be asked for.
const FULL: f64 = 0.8;

/// Whether a kernel that moves this share of all bytes moves too much that nobody asked for.
pub(crate) fn wastes(share: f64, global: &Traffic) -> bool {
    share > MUCH && global.efficiency() < FULL
}

/// A forward pass, counted.
#[derive(Debug)]
pub struct Counts {
    /// The network's file stem.
    pub network: String,
    /// Images in the batch.
    pub batch: usize,
    /// Steps of the plan, fused.
    pub steps: usize,
    /// Launches of the pass.
    pub launches: usize,
    /// In the order of the pass.
    pub kernels: Vec<Kernel>,
    /// How long the emulator took, compilation included.
    pub time: Duration,
}

/// A kernel, counted.
#[derive(Debug)]
pub struct Kernel {
    /// The steps that it computes.
    pub steps: Vec<Step>,
    /// Bytes of all inputs, tensors and outputs of its steps, each once and in whole sectors; of a network that is one kernel, of the network.
    pub floor: u64,
    /// What the device counted.
    pub counters: KernelCounters,
}

/// What a kernel is to stay within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Different bytes by the floor: 3 for a product over more than one image, else 1.5. Products by convolutions of few images have none.
    Traffic,
    /// 80 % of the bytes in the sectors that are moved are asked for, where a kernel moves over 5 % of the network's bytes.
    Sectors,
    /// Under 5 % of a product's turns at shared memory are conflicts.
    Conflicts,
}

impl Counts {
    /// Launches of a pass, at most.
    #[must_use]
    pub fn most_launches(&self) -> usize {
        match &*self.network {
            "lenet5_mnist" => 1,
            _ => self.steps + 5,
        }
    }

    /// The targets that a kernel of the pass misses.
    #[must_use]
    pub fn missed(&self, kernel: &Kernel) -> Vec<Target> {
        let traffic = match kernel.is_product() {
            true if self.batch >= 32 => Some(3.0),
            true if kernel.convolves() => None,
            _ => Some(1.5),
        };
        let all = [
            (
                Target::Traffic,
                traffic.is_some_and(|most| kernel.touched() > most),
            ),
            (
                Target::Sectors,
                wastes(self.share(kernel), &kernel.global()),
            ),
            (
                Target::Conflicts,
                kernel.is_product() && kernel.conflicts() > 0.05,
            ),
        ];
        let missed = all.into_iter().filter(|(_, missed)| *missed);
        missed.map(|(target, _)| target).collect()
    }

    /// Counts the pass over a batch of random images after the first, which compiles.
    ///
    /// # Errors
    /// If the device fails.
    ///
    /// # Panics
    /// If no network has this name.
    pub fn of(
        session: &Session<'_>,
        network: &str,
        batch: usize,
        precision: Precision,
    ) -> Result<Self, Error> {
        let start = Instant::now();
        let compiled = compile_file(&path(network), &Options::default());
        let plan = compiled.plan.expect("a network");
        let image: usize = plan.input.iter().product();
        let images = seeded::input(image * batch, 1.0);
        let device = Device::cuda(0)?.with_precision(precision);
        let weights = seeded::weights(&plan.params).on(device);
        session.set("count", "1");
        // Three times as fast; other tests search for races.
        session.set("races", "0");
        let executor = Executor::new(&plan, &weights)?;
        let mut workspace = executor.workspace(batch);
        executor.forward(&mut workspace, &images)?;
        let mut kernels: Vec<Kernel> = session
            .counters()
            .into_iter()
            .map(|counters| Kernel::of(&plan, batch, counters))
            .collect();
        kernels.sort_by_key(|kernel| {
            let name = &kernel.counters.name;
            (number(name), name.clone())
        });
        Ok(Self {
            network: network.into(),
            batch,
            steps: plan.forward.len(),
            launches: workspace.launches().unwrap_or(0),
            kernels,
            time: start.elapsed(),
        })
    }

    /// The share of the pass' bytes that a kernel moves.
    #[must_use]
    pub fn share(&self, kernel: &Kernel) -> f64 {
        kernel.moved() as f64 / self.moved().max(1) as f64
    }

    /// Bytes of global memory that all kernels move, in whole sectors.
    #[must_use]
    pub fn moved(&self) -> u64 {
        self.kernels.iter().map(Kernel::moved).sum()
    }
}

impl Kernel {
    fn of(plan: &Plan, batch: usize, counters: KernelCounters) -> Self {
        let steps = match number(&counters.name) {
            Some(number) => plan.forward.get(number).cloned().into_iter().collect(),
            None => plan.forward.clone(),
        };
        let bytes = |numbers: usize| (numbers * size_of::<f32>()).next_multiple_of(SECTOR);
        let values = |step: &Step| {
            let values = step.inputs.iter().chain([&step.output]);
            values.map(|view| bytes(view.len() * batch)).sum::<usize>()
        };
        let values = match number(&counters.name) {
            Some(_) => steps.iter().map(values).sum(),
            None => {
                let image = plan.input.iter().product::<usize>();
                bytes(image * batch) + bytes(plan.result.len() * batch)
            }
        };
        let tensors = steps.iter().flat_map(|step| step.op.tensors());
        let tensors = tensors.map(|tensor| bytes(tensor.shape.iter().product()));
        let all: usize = values + tensors.sum::<usize>();
        Self {
            floor: all as u64,
            steps,
            counters,
        }
    }

    /// Reads and writes of global memory.
    #[must_use]
    pub fn global(&self) -> Traffic {
        sum(&self.counters.global_reads, &self.counters.global_writes)
    }

    /// Reads and writes of shared memory.
    #[must_use]
    pub fn shared(&self) -> Traffic {
        sum(&self.counters.shared_reads, &self.counters.shared_writes)
    }

    /// Bytes that its warps ask of global memory, in whole sectors: with no cache at all.
    #[must_use]
    pub fn moved(&self) -> u64 {
        self.global().units * SECTOR as u64
    }

    /// [`moved`](Self::moved) by the floor.
    #[must_use]
    pub fn over_floor(&self) -> f64 {
        self.moved() as f64 / self.floor as f64
    }

    /// Different sectors that its launches read, and that they write, by the floor: what caches of any size cannot keep from the memory.
    #[must_use]
    pub fn touched(&self) -> f64 {
        self.global().footprint as f64 / self.floor as f64
    }

    /// The share of its turns at shared memory that conflicts cost.
    #[must_use]
    pub fn conflicts(&self) -> f64 {
        1.0 - self.shared().efficiency()
    }

    /// Whether it computes a convolution, alone or among others.
    #[must_use]
    pub fn convolves(&self) -> bool {
        let convolution =
            |step: &Step| matches!(step.op, Op::Conv(_) | Op::ConvAdd(_) | Op::Deconv(_));
        self.steps.iter().any(convolution)
    }

    /// Whether tiles of a product are what it computes.
    #[must_use]
    pub fn is_product(&self) -> bool {
        let product = |step: &Step| {
            matches!(
                step.op,
                Op::Conv(_) | Op::ConvAdd(_) | Op::Fc(_) | Op::Deconv(_)
            )
        };
        self.steps.iter().all(product)
    }
}

/// The step in `s3_conv2_forward`; none in the one kernel of a small network.
fn number(name: &str) -> Option<usize> {
    let digits = name.strip_prefix('s')?.split('_').next()?;
    digits.parse().ok()
}

pub(crate) fn sum(a: &Traffic, b: &Traffic) -> Traffic {
    Traffic {
        requests: a.requests + b.requests,
        bytes: a.bytes + b.bytes,
        units: a.units + b.units,
        ideal_units: a.ideal_units + b.ideal_units,
        footprint: a.footprint + b.footprint,
    }
}
