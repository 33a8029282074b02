//! The memory of a run, before it is taken.

use crate::failure::{Failure, Outcome};
use crate::files::size;
use crate::source::plural;
use crate::terminal;
use netc_plan::{Optimizer, Param, Plan};
use netc_runtime::train::MemoryUse;
use netc_train::data::Kept;

/// What a run's images take beside its network.
pub(crate) struct Images {
    /// Batches that exist at once.
    pub(crate) batches: usize,
    /// The data set, which has been loaded.
    pub(crate) data: Kept,
}

/// Prints what a run takes; a batch that does not fit is refused.
pub(crate) fn check(
    training: &Plan,
    inference: &Plan,
    optimizer: &Optimizer,
    batch: usize,
    threads: usize,
    images: &Images,
) -> Outcome {
    let available = available();
    let data = images.data;
    let need = |batch: usize| {
        // Before anything is computed with sizes that no machine has.
        let values = training.arena.checked_mul(batch)?;
        let learning = (values <= available)
            .then(|| MemoryUse::of(training, optimizer, batch, threads).ok())??;
        // The network as it infers, for the validation set: packed weights and values.
        let judging = inference.arena.checked_mul(batch)?;
        let judging = judging.checked_add(learning.weights)?;
        // A checkpoint: the weights, copied, and then the optimizer's copy beside them.
        let saving = learning.weights + learning.weights.max(learning.optimizer);
        let image: usize = inference.input.iter().product();
        let loading = (4 * image * images.batches).checked_mul(batch)?;
        let parts = [judging, saving, loading, data.later];
        let all = parts
            .into_iter()
            .try_fold(learning.total(), usize::checked_add);
        Some((learning, parts, all?))
    };
    let fits = |batch| need(batch).filter(|(_, _, total)| *total <= available);
    let Some((learning, [judging, saving, loading, _], total)) = fits(batch) else {
        return Err(too_large(batch, available, |batch| fits(batch).is_some()));
    };
    let part = |name: &str, bytes: usize| format!("{name} {}", size(bytes as u64));
    let mut parts = vec![
        part("weights", learning.weights),
        part("gradients", learning.gradients),
        part("optimizer", learning.optimizer),
        part("activations", learning.activations),
        part("workspace", learning.workspace),
        part("evaluation", judging),
        part("checkpoints", saving),
        part("loading", loading),
    ];
    if data != Kept::default() {
        parts.push(part("data", data.now + data.later));
    }
    terminal::status("Memory", &size((total + data.now) as u64));
    // Short lines: one of all nine is longer than a terminal.
    for parts in parts.chunks(3) {
        terminal::status("", &parts.join(", "));
    }
    Ok(())
}

/// Refuses a batch that does not fit where a network only infers.
pub(crate) fn check_inference(plan: &Plan, batch: usize, images: &Images) -> Outcome {
    let available = available();
    let weights: usize = plan.params.iter().map(Param::len).sum();
    let image: usize = plan.input.iter().product();
    // Once as the file has them, once packed; the arena, and the images.
    let need = |batch: usize| {
        let values = (plan.arena + 4 * image * images.batches).checked_mul(batch)?;
        let values = values.checked_add(2 * 4 * weights)?;
        values.checked_add(images.data.later)
    };
    let fits = |batch| need(batch).is_some_and(|bytes| bytes <= available);
    if fits(batch) {
        return Ok(());
    }
    Err(too_large(batch, available, fits))
}

/// Names the largest batch that fits.
fn too_large(batch: usize, available: usize, fits: impl Fn(usize) -> bool) -> Failure {
    let (mut fit, mut over) = (0, batch);
    while over - fit > 1 {
        let middle = fit + (over - fit) / 2;
        *(if fits(middle) { &mut fit } else { &mut over }) = middle;
    }
    let failure = Failure::tool(format!(
        "a batch of {} does not fit into the {} of memory that are free",
        plural(batch, "image"),
        size(available as u64)
    ));
    match fit {
        0 => failure.help("not even one image does: the network needs a larger machine"),
        _ => failure.help(format!(
            "the largest batch that fits is {fit}: `--batch {fit}`"
        )),
    }
}

/// Bytes that this process can still take: what the machine has free, or what its control group or its own limit leaves.
fn available() -> usize {
    let machine = entry("/proc/meminfo", "MemAvailable:", 1024);
    let number =
        |path: &str| -> Option<usize> { std::fs::read_to_string(path).ok()?.trim().parse().ok() };
    let limit = number("/sys/fs/cgroup/memory.max");
    let used = number("/sys/fs/cgroup/memory.current").unwrap_or(0);
    // Files that the system keeps at hand make room when it is needed.
    let cached = ["inactive_file", "active_file"]
        .map(|name| entry("/sys/fs/cgroup/memory.stat", name, 1).unwrap_or(0));
    let used = used.saturating_sub(cached.iter().sum());
    let group = limit.map(|limit| limit.saturating_sub(used));
    // `ulimit -v`; no number where there is no limit.
    let limit = entry("/proc/self/limits", "Max address space", 1);
    let used = entry("/proc/self/status", "VmSize:", 1024);
    let process = limit.map(|limit| limit.saturating_sub(used.unwrap_or(0)));
    [machine, group, process]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(usize::MAX)
}

/// The first number of a line, in bytes.
fn entry(path: &str, name: &str, unit: usize) -> Option<usize> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number: usize = line.split_whitespace().next()?.parse().ok()?;
    number.checked_mul(unit)
}
