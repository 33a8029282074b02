//! How long a network would take on a GPU that is not there: an estimate from its plan.
//!
//! For a step of `L` launches, the largest of `B` blocks, on a GPU with `P` processors:
//!
//! ```text
//! floor    = bytes of inputs, tensors and outputs, each once
//! moved    = bytes that its blocks ask for: tiles of a product read inputs and weights again and again
//! traffic  = floor, and what blocks that share terms (split-K) write and read: all else that is read again comes from a cache
//! reach    = min(B, P) x what a processor draws from its L2 cache
//! even     = B / (P ceil(B / P)): the share of the processors that work, in the mean
//! time     = L x gap + max(traffic / bandwidth, (moved or traffic) / reach, operations / (peak x even))
//! roofline = max(floor / bandwidth, operations / peak)
//! ```
//!
//! `operations` are two for a multiply-accumulate; for a step that has none, one for each number that it reads or writes. Latency is no part
//! of it: a small network's true time is longer. The share of the roofline is `roofline / time`.

use super::cubin::{Usage, usages};
use super::inference::of_plan;
use super::nvrtc::Nvrtc;
use super::program::WAVES;
use super::source::{Entry, Source};
use super::{Precision, call::By};
use crate::Error;
use crate::plan::{Op, Operation, Plan, Step};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// A GPU as the estimate knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GpuModel {
    /// Its name.
    pub name: &'static str,
    /// What kernels are compiled for.
    pub architecture: &'static str,
    /// Streaming multiprocessors.
    pub processors: u32,
    /// Bytes a second of its memory.
    pub bandwidth: f64,
    /// Bytes a second that one processor draws from the L2 cache.
    pub draw: f64,
    /// Operations a second by precision: f32, tf32 and bf16, dense.
    pub peaks: [f64; 3],
    /// Seconds from one kernel of a graph to the next.
    pub gap: f64,
    /// Of a processor: registers, bytes of shared memory, warps, blocks.
    pub holds: [usize; 4],
}

impl GpuModel {
    /// An H100 SXM5: memory, peaks and processors of NVIDIA's data sheet (2023; half of its figures for sparse operands), what a processor
    /// holds of the H100 architecture white paper. A processor draws 64 bytes a clock at the 1.98 GHz that the peak of f32 implies;
    /// the gap is an assumption.
    pub const H100: Self = Self {
        name: "H100 SXM",
        architecture: "sm_90",
        processors: 132,
        bandwidth: 3.35e12,
        draw: 64.0 * 1.98e9,
        peaks: [67e12, 495e12, 989e12],
        gap: 1e-6,
        holds: [65_536, 228 << 10, 64, 32],
    };

    /// The share of its warps that a processor can hold of a kernel: bounded by registers, which warps get by 256, shared memory, of which
    /// the driver keeps 1 KiB a block, and blocks.
    fn occupancy(&self, usage: &Usage, threads: u32) -> f64 {
        let [registers, shared, warps, blocks] = self.holds;
        let of_block = (threads as usize).div_ceil(32).max(1);
        let of_warp = (usage.registers * 32).next_multiple_of(256).max(256);
        let by_registers = registers / of_warp / of_block;
        let by_shared = shared / (usage.shared + 1024).next_multiple_of(128);
        let fit = by_registers.min(by_shared).min(warps / of_block);
        (fit.min(blocks) * of_block) as f64 / warps as f64
    }
}

/// The estimate of a forward pass.
#[derive(Clone, Debug)]
pub struct Estimate {
    /// In the order of the pass: each step of the plan, or all of them where they are one kernel.
    pub rows: Vec<EstimatedStep>,
    /// Why nothing is said of registers, where so.
    pub without_resources: Option<String>,
}

/// The estimate of a step.
#[derive(Clone, Debug)]
pub struct EstimatedStep {
    /// The steps of the plan.
    pub steps: Range<usize>,
    /// Launches.
    pub launches: usize,
    /// Blocks of the largest launch.
    pub blocks: u32,
    /// Floating-point operations.
    pub operations: f64,
    /// Bytes that its blocks ask for; none where the model does not say.
    pub moved: Option<u64>,
    /// Bytes of inputs, tensors and outputs once.
    pub floor: u64,
    /// Of the launch with the fewest warps on a processor; none without NVIDIA's compiler.
    pub resources: Option<Resources>,
    /// Seconds.
    pub time: f64,
    /// Seconds that memory or arithmetic take in any case.
    pub roofline: f64,
}

/// What a kernel takes of a processor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resources {
    /// Registers of a thread.
    pub registers: usize,
    /// Bytes of a block in shared memory.
    pub shared: usize,
    /// Bytes of a thread in local memory, which spilled registers lie in.
    pub local: usize,
    /// The share of its warps that a processor can hold of it.
    pub occupancy: f64,
}

impl Estimate {
    /// Seconds of the pass.
    #[must_use]
    pub fn time(&self) -> f64 {
        self.rows.iter().map(|row| row.time).sum()
    }

    /// Estimates a forward pass over so many images. Needs no GPU.
    ///
    /// # Errors
    /// With [`ErrorKind::Plan`](crate::ErrorKind::Plan), if the plan is not valid, or trains; with
    /// [`ErrorKind::Device`](crate::ErrorKind::Device), if NVIDIA's compiler is there and refuses the kernels.
    pub fn new(
        plan: &Plan,
        batch: usize,
        precision: Precision,
        gpu: &GpuModel,
    ) -> Result<Self, Error> {
        let source = of_plan(plan, batch, precision)?;
        let (usages, without_resources) = match compiled(&source, gpu)? {
            Ok(usages) => (usages, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        let pass = Pass {
            plan,
            batch,
            precision,
            gpu,
            usages: &usages,
        };
        let same = |a: &Entry, b: &Entry| a.tasks == b.tasks;
        let rows = source.entries.chunk_by(same).map(|part| pass.row(part));
        Ok(Self {
            rows: rows.collect(),
            without_resources,
        })
    }
}

/// What the kernels take, or why that is not known.
fn compiled(source: &Source, gpu: &GpuModel) -> Result<Result<Vec<Usage>, String>, Error> {
    let nvrtc = match Nvrtc::open() {
        Ok(nvrtc) => nvrtc,
        Err(error) => return Ok(Err(format!("{error}"))),
    };
    let target = format!("--gpu-architecture={}", gpu.architecture);
    let options = [target.as_str(), "--std=c++17", "-default-device"];
    let cubin = nvrtc.compile(&source.text, &options)?;
    Ok(usages(&cubin).ok_or_else(|| "the libnvrtc that was found is not NVIDIA's".into()))
}

/// What rows are made from.
struct Pass<'p> {
    plan: &'p Plan,
    batch: usize,
    precision: Precision,
    gpu: &'p GpuModel,
    usages: &'p [Usage],
}

impl Pass<'_> {
    /// Launches for the same steps.
    fn row(&self, entries: &[Entry]) -> EstimatedStep {
        let first = &entries[0];
        let steps = &self.plan.forward[first.tasks.clone()];
        let most = self.gpu.processors.saturating_mul(WAVES);
        let blocks = entries
            .iter()
            .map(|entry| entry.work.blocks(self.batch, entry.threads, most));
        let blocks = blocks.max().unwrap_or(1);
        let floor = self.floor(steps);
        let asked = match steps {
            [step] => self.asked(step, first, blocks, floor),
            _ => Asked::default(),
        };
        let operations: f64 = steps.iter().map(|step| self.operations(step)).sum();
        let peak = self.gpu.peaks[match (asked.by_tiles, self.precision) {
            (true, Precision::Tf32) => 1,
            (true, Precision::Bf16) => 2,
            _ => 0,
        }];
        let traffic = floor + asked.parts;
        let processors = self.gpu.processors;
        let reach = f64::from(blocks.min(processors)) * self.gpu.draw;
        let drawn = asked.moved.unwrap_or(traffic) as f64 / reach;
        let even = f64::from(blocks) / f64::from(blocks.next_multiple_of(processors));
        let busy = (traffic as f64 / self.gpu.bandwidth)
            .max(drawn)
            .max(operations / (peak * even));
        EstimatedStep {
            steps: first.tasks.clone(),
            launches: entries.len(),
            blocks,
            operations,
            moved: asked.moved,
            floor,
            resources: self.resources(entries),
            time: entries.len() as f64 * self.gpu.gap + busy,
            roofline: (floor as f64 / self.gpu.bandwidth).max(operations / peak),
        }
    }

    fn operations(&self, step: &Step) -> f64 {
        let each = match step.op.macs() {
            0 => numbers(step) as f64,
            macs => 2.0 * macs as f64,
        };
        each * self.batch as f64
    }

    /// Of several steps in one kernel: what enters and leaves the network.
    fn floor(&self, steps: &[Step]) -> u64 {
        let image = match steps {
            [step] => numbers(step),
            _ => self.plan.input.iter().product::<usize>() + self.plan.result.len(),
        };
        let tensors = steps.iter().flat_map(|step| step.op.tensors());
        let tensors = tensors.map(|tensor| tensor.shape.iter().product::<usize>());
        let all = image * self.batch + tensors.sum::<usize>();
        (all * size_of::<f32>()) as u64
    }

    /// What the blocks of a launch ask for.
    fn asked(&self, step: &Step, entry: &Entry, blocks: u32, floor: u64) -> Asked {
        let bytes = |numbers: usize| (numbers * size_of::<f32>()) as u64;
        let [h, w, filters] = step.op.output();
        let terms: usize = match (step.op, entry.work.by) {
            (Op::Fc(fc), _) if self.batch <= FEW => {
                // Warps read their units' weights, and each block all inputs.
                let inputs = fc.input.iter().product::<usize>();
                let again = inputs * self.batch * (blocks as usize - 1);
                return Asked::once(floor + bytes(again));
            }
            (Op::Fc(fc), By::Items(_)) => fc.input.iter().product(),
            (Op::Conv(_) | Op::ConvAdd(_), By::Items(_)) => {
                let conv = step.op.convolution().unwrap_or_default();
                conv.kernel[0] * conv.kernel[1] * conv.input[2] / conv.groups
            }
            _ if step.op.macs() == 0 => return Asked::once(floor),
            _ => return Asked::default(),
        };
        let By::Items(rows) = entry.work.by else {
            return Asked::default();
        };
        // A tile reads its part of the input, and the weights of its filters.
        let items = h * w * self.batch;
        let (down, across) = (
            (entry.work.each * self.batch).div_ceil(rows),
            entry.work.tiles.times,
        );
        let inputs = down * across * entry.work.tiles.inputs;
        let weights = down * filters * terms;
        let parts = blocks as usize / (down * across).max(1);
        let shared = match parts {
            0 | 1 => 0,
            parts => 2 * parts * items * filters,
        };
        Asked {
            moved: Some(bytes(inputs + weights + items * filters + shared)),
            parts: bytes(shared),
            by_tiles: true,
        }
    }

    fn resources(&self, entries: &[Entry]) -> Option<Resources> {
        let of = |entry: &Entry| {
            let usage = self.usages.iter().find(|usage| usage.name == entry.name)?;
            Some(Resources {
                registers: usage.registers,
                shared: usage.shared,
                local: usage.local,
                occupancy: self.gpu.occupancy(usage, entry.threads),
            })
        };
        let all = entries.iter().filter_map(of);
        all.min_by(|a, b| a.occupancy.total_cmp(&b.occupancy))
    }
}

/// Images of which an FC layer is no product by tiles: `FEW` of fc.cu.
const FEW: usize = 4;

/// What the blocks of a launch ask of memory.
#[derive(Default)]
struct Asked {
    /// Bytes; none where the model does not say.
    moved: Option<u64>,
    /// Those of them that blocks write for each other.
    parts: u64,
    /// Whether tensor cores compute it where the precision is theirs.
    by_tiles: bool,
}

impl Asked {
    fn once(bytes: u64) -> Self {
        Self {
            moved: Some(bytes),
            ..Self::default()
        }
    }
}

/// Numbers of an image that a step reads and writes.
fn numbers(step: &Step) -> usize {
    let values = step.inputs.iter().chain([&step.output]);
    values.map(crate::plan::View::len).sum()
}
