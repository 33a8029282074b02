//! The limits of the machine at hand, beside what was measured.

use netc_plan::Plan;
use netc_runtime::Device;
use netc_runtime::cpu::limits::{Limits, Reads, Work, footprint};
use serde_json::{Value, json};
use std::time::Duration;

/// What the machine can do at most, for one network.
pub(crate) struct Roof {
    limits: Limits,
    /// Bytes that a pass touches.
    footprint: usize,
}

impl Roof {
    /// Measures the CPU; nothing is known of a GPU.
    pub(crate) fn measure(
        device: &Device,
        threads: usize,
        plan: &Plan,
        batch: usize,
    ) -> Option<Self> {
        device.is_cpu().then(|| Self {
            limits: Limits::measure(device.machine(), threads),
            footprint: footprint(plan, batch),
        })
    }

    /// The least time for this work.
    pub(crate) fn limit(&self, work: Work) -> Duration {
        self.limits.time(work, self.footprint)
    }

    /// The share of a time that the work needs at least; none where no work is counted.
    pub(crate) fn share(&self, work: Work, time: Duration) -> Option<f64> {
        let counted = work != Work::default();
        counted.then(|| self.limit(work).as_secs_f64() / time.as_secs_f64().max(f64::MIN_POSITIVE))
    }

    /// What was measured, in a line.
    pub(crate) fn text(&self) -> String {
        let limits = &self.limits;
        let reads = limits.reads.iter().map(|reads| {
            let Reads { bytes, per_second } = reads;
            format!("{:.1} GB/s of {}", per_second / 1e9, binary(*bytes))
        });
        let reads: Vec<String> = reads.collect();
        let fork = match limits.threads {
            1 => String::new(),
            _ => format!("; a fork {:.1} us", limits.fork.as_secs_f64() * 1e6),
        };
        format!(
            "limits: {:.1} GFLOP/s ({}); reading {}{fork}\n",
            limits.flops / 1e9,
            limits.level,
            reads.join(", ")
        )
    }

    pub(crate) fn json(&self) -> Value {
        let limits = &self.limits;
        let reads = limits.reads.iter().map(|reads| {
            let Reads { bytes, per_second } = reads;
            json!({ "bytes": bytes, "gbytes_per_s": per_second / 1e9 })
        });
        json!({
            "gflops": limits.flops / 1e9,
            "level": limits.level.name(),
            "threads": limits.threads,
            "reads": reads.collect::<Vec<_>>(),
            "fork_us": limits.fork.as_secs_f64() * 1e6,
            "footprint": self.footprint,
        })
    }
}

/// `256 KiB`, `24 MiB`
fn binary(bytes: usize) -> String {
    match bytes >> 20 {
        0 => format!("{} KiB", bytes >> 10),
        mega => format!("{mega} MiB"),
    }
}
