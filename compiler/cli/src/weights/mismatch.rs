//! What to say where a foreign file and a network do not match: everything at once.

use super::matching::Mismatch;
use super::modules::Module;
use super::task::Task;
use crate::failure::Failure;
use crate::source::plural;

/// Lists everything that does not fit.
pub(crate) fn failure(
    task: &Task<'_>,
    ours: &[Module],
    theirs: &[Module],
    m: &Mismatch,
) -> Failure {
    if m.ambiguous.is_empty() {
        differ(task, ours, theirs, m)
    } else {
        ambiguous(task, ours, theirs, m)
    }
}

fn ambiguous(task: &Task<'_>, ours: &[Module], theirs: &[Module], m: &Mismatch) -> Failure {
    let mut failure = Failure::input(format!(
        "cannot tell which modules of `{}` are which layers of `{}`: they have the same shapes, and their names suggest no order",
        task.file, task.network
    ));
    for (a, b) in &m.ambiguous {
        let names = |list: &[usize], side: &[Module]| {
            let names: Vec<&str> = list.iter().map(|i| side[*i].name.as_str()).collect();
            names.join(", ")
        };
        let shapes = a.first().map(|i| ours[*i].describe()).unwrap_or_default();
        failure = failure
            .detail(format!("{shapes}:"))
            .detail(format!("  theirs: {}", names(b, theirs)))
            .detail(format!("  ours:   {}", names(a, ours)));
    }
    failure.help("settle them by hand with `--map THEIRS=OURS`, several times")
}

fn differ(task: &Task<'_>, ours: &[Module], theirs: &[Module], m: &Mismatch) -> Failure {
    let missing: Vec<usize> = only(&m.differ, |(a, b)| b.is_empty().then_some(a));
    let extra: Vec<usize> = only(&m.differ, |(a, b)| a.is_empty().then_some(b));
    let mut failure = Failure::input(format!("`{}` does not fit `{}`", task.file, task.network));
    if !missing.is_empty() {
        let n = plural(missing.len(), "layer");
        failure = failure
            .detail(format!(
                "{n} of the network that nothing in the file has the shapes of:"
            ))
            .details(missing.iter().map(|i| line(&ours[*i])));
    }
    if !extra.is_empty() {
        let n = plural(extra.len(), "module");
        failure = failure
            .detail(format!(
                "{n} of the file that the network has no place for:"
            ))
            .details(extra.iter().map(|i| line(&theirs[*i])));
    }
    for (a, b) in m
        .differ
        .iter()
        .filter(|(a, b)| !a.is_empty() && !b.is_empty())
    {
        let names: Vec<&str> = b.iter().map(|i| theirs[*i].name.as_str()).collect();
        let needs: Vec<&str> = a.iter().map(|i| ours[*i].name.as_str()).collect();
        failure = failure
            .detail(format!(
                "{} in the file, {} in the network of {}:",
                b.len(),
                a.len(),
                ours[a[0]].describe()
            ))
            .detail(format!("  theirs: {}", names.join(", ")))
            .detail(format!("  ours:   {}", needs.join(", ")));
    }
    let integers = task.tensors.iter().filter(|t| !t.is_float());
    let integers: Vec<&str> = integers.map(|t| t.name.as_str()).collect();
    if !integers.is_empty() && integers.len() < 10 {
        failure = failure.detail(format!(
            "not floating-point numbers: {}",
            integers.join(", ")
        ));
    }
    if let Some(hint) = bias_hint(&missing, &extra, ours, theirs) {
        failure = failure.help(hint);
    }
    if !extra.is_empty() {
        failure = failure.help("`--skip PREFIX` leaves out what the network does not need");
    }
    failure
}

/// `conv1: weight 96x3x11x11, bias 96`
fn line(module: &Module) -> String {
    let name = match module.name.as_str() {
        "" => "(no module)",
        name => name,
    };
    format!("  {name}: {}", module.describe())
}

fn only(
    differ: &[(Vec<usize>, Vec<usize>)],
    side: impl Fn(&(Vec<usize>, Vec<usize>)) -> Option<&Vec<usize>>,
) -> Vec<usize> {
    let mut all: Vec<usize> = differ.iter().filter_map(side).flatten().copied().collect();
    all.sort_unstable();
    all
}

/// The commonest difference: one side's layers have a bias, the other's do not.
fn bias_hint(
    missing: &[usize],
    extra: &[usize],
    ours: &[Module],
    theirs: &[Module],
) -> Option<String> {
    let without = |module: &Module| {
        let mut module = module.clone();
        module.parts.remove("bias");
        module.signature()
    };
    let twin = |i: &&usize| {
        let mut extra = extra.iter();
        extra.any(|j| {
            without(&ours[**i]) == without(&theirs[*j])
                && !ours[**i].parts.contains_key("running_mean")
        })
    };
    let twins: Vec<usize> = missing.iter().filter(twin).copied().collect();
    let first = &ours[*twins.first()?];
    let (with, change) = if first.parts.contains_key("bias") {
        ("no bias", "add bias=false")
    } else {
        ("a bias", "take bias=false away")
    };
    let names: Vec<&str> = twins.iter().map(|i| ours[*i].name.as_str()).collect();
    Some(format!(
        "theirs differ in having {with}: {change} for {}",
        names.join(", ")
    ))
}
