//! The memory of a training run, before it is taken.

use crate::failure::{Failure, Outcome};
use crate::files::size;
use crate::source::plural;
use crate::terminal;
use netc_plan::{Optimizer, Plan, TrainPlan};
use netc_runtime::train::MemoryUse;

/// Prints what a run takes; a batch that does not fit is refused.
pub(crate) fn check(
    training: &TrainPlan,
    inference: &Plan,
    optimizer: &Optimizer,
    batch: usize,
    threads: usize,
) -> Outcome {
    let available = available();
    let need = |batch: usize| {
        // Before anything is computed with sizes that no machine has.
        let values = training.arena.checked_mul(batch)?.checked_mul(4)?;
        let learning =
            (values <= available).then(|| MemoryUse::of(training, optimizer, batch, threads))?;
        // The network as it infers, for the validation set: packed weights and values.
        let judging = inference.arena.checked_mul(batch)?.checked_mul(4)?;
        Some((learning, judging.checked_add(learning.weights)?))
    };
    let fits = |batch| {
        need(batch)
            .filter(|(learning, judging)| learning.total().saturating_add(*judging) <= available)
    };
    let Some((learning, judging)) = fits(batch) else {
        let (mut fit, mut over) = (0, batch);
        while over - fit > 1 {
            let middle = fit + (over - fit) / 2;
            *(if fits(middle).is_some() {
                &mut fit
            } else {
                &mut over
            }) = middle;
        }
        let failure = Failure::tool(format!(
            "a batch of {} does not fit into the {} of memory that are free",
            plural(batch, "image"),
            size(available as u64)
        ));
        return Err(match fit {
            0 => failure.help("not even one image does: the network needs a larger machine"),
            _ => failure.help(format!(
                "the largest batch that fits is {fit}: `--batch {fit}`"
            )),
        });
    };
    let part = |name: &str, bytes: usize| format!("{name} {}", size(bytes as u64));
    let parts = [
        part("weights", learning.weights),
        part("gradients", learning.gradients),
        part("optimizer", learning.optimizer),
        part("activations", learning.activations),
        part("workspace", learning.workspace),
        part("evaluation", judging),
    ];
    let total = size((learning.total() + judging) as u64);
    terminal::status("Memory", &format!("{total}: {}", parts.join(", ")));
    Ok(())
}

/// Bytes that this process can still take: what the machine has free, or what its control group leaves.
fn available() -> usize {
    let number = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse().ok();
    let machine = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
            let kib: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
            Some(kib * 1024)
        });
    let limit: Option<usize> = number("/sys/fs/cgroup/memory.max");
    let used: Option<usize> = number("/sys/fs/cgroup/memory.current");
    let group = limit.map(|limit| limit.saturating_sub(used.unwrap_or(0)));
    machine
        .unwrap_or(usize::MAX)
        .min(group.unwrap_or(usize::MAX))
}
