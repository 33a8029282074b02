//! What the machine at hand can do at most, measured: the roof over each layer (S. Williams et al., "Roofline", CACM 2009).

use super::kernel::{self, Kernels};
use super::machine::Machine;
use super::simd::Level;
use crate::plan::{Operation, Plan, Step, View};
use crate::threads::Threads;
use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The most products and the most bytes that a number of threads get through in a second.
///
/// A layer's limit is the larger of the time for its products alone, and of the time for its bytes alone: inputs, outputs and parameters once.
/// Parameters come from where the parameters and values of the whole pass have room, inputs and outputs from where those of the layer have. Between
/// the amounts that were measured the nearer cache counts, so limits are rather too short than too long.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// The instructions.
    pub level: Level,
    /// The threads, as many as the machine has of those asked for.
    pub threads: usize,
    /// Floating-point operations a second; a multiply-accumulate is two.
    pub flops: f64,
    /// Bytes a second of reading over and over so many bytes, by all threads together: ascending.
    pub reads: Vec<Reads>,
    /// From a fork until all threads are at work, where forks follow each other as in a pass: the median. Nothing with one thread.
    pub fork: Duration,
}

/// How fast memory is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reads {
    /// The bytes that are read over and over.
    pub bytes: usize,
    /// Bytes a second.
    pub per_second: f64,
}

/// What a step computes and moves at least, for a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Floating-point operations by the definition: methods that need fewer can be faster than the limit.
    pub flops: f64,
    /// Bytes of inputs and outputs.
    pub values: f64,
    /// Bytes of parameters.
    pub params: f64,
}

impl Work {
    /// The work of a step for a batch.
    #[must_use]
    pub fn of(step: &Step, batch: usize) -> Self {
        Self::together(core::slice::from_ref(step), batch)
    }

    /// The work of steps for a batch, of which each reads what the one before it wrote: what lies between is not moved.
    #[must_use]
    pub fn together(steps: &[Step], batch: usize) -> Self {
        let batch = batch as f64;
        let bytes = |view: &View| (view.len() * view.element.bytes()) as f64;
        let read = steps.first().into_iter().flat_map(|step| &step.inputs);
        let written = steps.last().map(|step| &step.output);
        let values: f64 = read.chain(written).map(bytes).sum();
        let macs: f64 = steps.iter().map(|step| step.op.macs() as f64).sum();
        Self {
            flops: 2.0 * macs * batch,
            values: values * batch,
            params: steps.iter().map(params).sum(),
        }
    }

    /// So many times as much.
    #[must_use]
    pub fn times(self, n: f64) -> Self {
        Self {
            flops: self.flops * n,
            values: self.values * n,
            params: self.params * n,
        }
    }

    /// Bytes of all kinds.
    #[must_use]
    pub fn bytes(self) -> f64 {
        self.values + self.params
    }
}

/// Bytes of a step's parameters.
fn params(step: &Step) -> f64 {
    let tensors = step.op.tensors().into_iter();
    let numbers: usize = tensors.map(|t| t.shape.iter().product::<usize>()).sum();
    (numbers * size_of::<f32>()) as f64
}

/// What the pass of a plan touches, for a batch: the bytes of all parameters and values.
#[must_use]
pub fn footprint(plan: &Plan, batch: usize) -> usize {
    let params: f64 = plan.forward.iter().map(params).sum();
    params as usize + plan.arena.saturating_mul(batch)
}

impl Limits {
    /// Measures this machine with so many threads: about a fifth of a second, and 96 MiB of memory.
    #[must_use]
    pub fn measure(machine: Machine, threads: usize) -> Self {
        let threads = Threads::new(threads).hire();
        let kernels = kernel::kernels(machine.level());
        let numbers = vec![1.0_f32; MEMORY / size_of::<f32>()];
        let near = (NEAR * threads.count()).min(MEMORY);
        let mut reads: Vec<Reads> = [near, 4 << 20, 24 << 20, MEMORY]
            .into_iter()
            .map(|bytes| Reads {
                bytes,
                per_second: reading(kernels, &numbers[..bytes / size_of::<f32>()], threads),
            })
            .collect();
        reads.sort_by_key(|reads| reads.bytes);
        Self {
            level: machine.level(),
            threads: threads.count(),
            flops: computing(kernels, threads),
            reads,
            fork: forking(threads),
        }
    }

    /// The least time for this work in a pass that touches so many bytes.
    #[must_use]
    pub fn time(&self, work: Work, footprint: usize) -> Duration {
        let moved = work.values / self.bandwidth(work.values as usize)
            + work.params / self.bandwidth(footprint);
        Duration::try_from_secs_f64(moved.max(work.flops / self.flops)).unwrap_or(Duration::MAX)
    }

    /// Bytes a second where so many are touched.
    fn bandwidth(&self, touched: usize) -> f64 {
        let fit = self.reads.iter().rfind(|reads| reads.bytes <= touched);
        let reads = fit.or(self.reads.first());
        reads.map_or(f64::INFINITY, |reads| reads.per_second)
    }
}

/// More than the caches of most machines hold.
const MEMORY: usize = 96 << 20;

/// Of each thread: a part of any L2 cache.
const NEAR: usize = 128 << 10;

/// The most that `amount` is got through in a second, of several runs in a time that nobody notices.
fn best(amount: f64, time: Duration, mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut least = Duration::MAX;
    for runs in 0.. {
        let start_of_run = Instant::now();
        run();
        // The first run warms up.
        if runs > 0 {
            least = least.min(start_of_run.elapsed());
        }
        if runs >= 2 && start.elapsed() > time {
            break;
        }
    }
    amount / least.as_secs_f64()
}

/// Floating-point operations a second.
fn computing(kernels: &Kernels, threads: Threads) -> f64 {
    // Some 10 us a task, enough of them that the last ones end at about the same time.
    let (rounds, tasks) = (1 << 12, 64 * threads.count());
    let (products, _) = kernels.products(1);
    let flops = (2 * products * rounds * tasks) as f64;
    best(flops, Duration::from_millis(40), || {
        threads.for_each(tasks, |_, _| {
            black_box(kernels.products(black_box(rounds)));
        });
    })
}

/// Bytes a second of reading these numbers over and over, each thread its part where the parts are near it.
fn reading(kernels: &Kernels, numbers: &[f32], threads: Threads) -> f64 {
    let count = threads.count();
    let is_near = size_of_val(numbers) <= NEAR * count;
    let (parts, again) = if is_near {
        (count, 32)
    } else {
        (16 * count, 1)
    };
    let part = numbers.len() / parts;
    let bytes = (part * parts * again * size_of::<f32>()) as f64;
    best(bytes, Duration::from_millis(15), || {
        threads.for_each(parts, |task, worker| {
            let mine = if is_near { worker } else { task };
            for _ in 0..again {
                black_box(kernels.read(black_box(&numbers[mine * part..][..part])));
            }
        });
    })
}

/// How long a fork takes until all threads are at work.
fn forking(threads: Threads) -> Duration {
    /// A thread that comes later than this is not waited for.
    const LATE: Duration = Duration::from_millis(1);
    let count = threads.count();
    if count == 1 {
        return Duration::ZERO;
    }
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < 1000 && start.elapsed() < 20 * LATE {
        let (at_work, fork) = (AtomicUsize::new(0), Instant::now());
        threads.for_each(count, |_, _| {
            at_work.fetch_add(1, Ordering::Relaxed);
            while at_work.load(Ordering::Relaxed) < count && fork.elapsed() < LATE {
                spin_loop();
            }
        });
        times.push(fork.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        let reads = |bytes, per_second| Reads { bytes, per_second };
        Limits {
            level: Level::Portable,
            threads: 1,
            flops: 100.0,
            reads: vec![reads(1000, 50.0), reads(4000, 10.0)],
            fork: Duration::ZERO,
        }
    }

    #[test]
    fn the_larger_of_products_and_bytes_is_the_limit() {
        let work = Work {
            flops: 1000.0,
            values: 100.0,
            params: 50.0,
        };
        assert_eq!(limits().time(work, 500).as_secs_f64(), 10.0);
        let work = work.times(0.0);
        assert_eq!(limits().time(work, 500), Duration::ZERO);
    }

    #[test]
    fn parameters_come_from_where_all_have_room() {
        let work = Work {
            flops: 0.0,
            values: 100.0,
            params: 50.0,
        };
        assert_eq!(limits().time(work, 500).as_secs_f64(), 3.0);
        assert_eq!(limits().time(work, 3999).as_secs_f64(), 3.0);
        assert_eq!(limits().time(work, 4000).as_secs_f64(), 7.0);
    }

    #[test]
    fn a_machine_is_measured_at_each_level() {
        for level in crate::cpu::simd::levels() {
            let machine = Machine::here().with_level(level).expect("its own level");
            let limits = Limits::measure(machine, 2);
            assert_eq!((limits.level, limits.threads), (level, 2));
            assert!(limits.flops > 1e8, "{limits:?}");
            assert!(limits.reads.is_sorted_by_key(|reads| reads.bytes));
            assert!(limits.reads.iter().all(|reads| reads.per_second > 1e7));
        }
    }
}
