//! `netc bench`: how fast a network runs on this machine.

use super::{bench_model, bench_train};
use crate::cli::Bench;
use crate::device::described;
use crate::failure::{Failure, Outcome};
use crate::measure::{Report, Row, images, medians, passes};
use crate::network::{Network, failed};
use crate::roof::Roof;
use netc_plan::Plan;
use netc_runtime::cpu::Choice;
use netc_runtime::cpu::limits::Work;
use netc_runtime::{Model, Workspace};
use serde_json::json;
use std::borrow::Cow;
use std::time::Duration;

pub(crate) fn run(args: &Bench) -> Outcome {
    if let Some(gpu) = args.model {
        return bench_model::run(args, gpu);
    }
    if args.train {
        if args.measured.is_given() {
            return Err(Failure::tool(
                "a profile is for networks that infer: `--train` takes none",
            ));
        }
        return bench_train::run(args);
    }
    let batch = args.batch as usize;
    let device = args.choices.on(args.device.open()?)?;
    let device = args.measured.on(device)?;
    let (network, choices) = Network::chosen(args, device.clone())?;
    let mut workspace = network.workspace(batch, args.threads.count)?;
    let one: usize = network.plan.input.iter().product();
    let images = images(args.seed, one * batch);
    let passes = passes(args.seconds, || {
        let pass = network.executor.forward(&mut workspace, &images);
        pass.map(drop).map_err(|e| failed(&e))
    })?;
    let times = match args.layers {
        true => layers(&network, &mut workspace, &images, passes.len())?,
        false => Vec::new(),
    };
    let threads = workspace.threads();
    // The limits are those of products of floats.
    let counts = args.layers && !args.device.is_int8();
    let roof = || Roof::measure(&device, threads, &network.plan, batch);
    let steps = network.plan.forward.iter();
    let report = Report {
        passes,
        rate: steps.map(|step| Work::of(step, batch).flops).sum(),
        rows: rows(&network.plan, &choices, &times, batch),
        roof: counts.then(roof).flatten(),
    };
    let head = format!(
        "{}, batch {batch}, {}, {}",
        network.plan.name,
        described(&device, threads),
        args.device.precision_name()
    );
    let facts = json!({ "model": network.plan.name, "threads": threads });
    report.show(args, &head, facts)
}

/// A row for each step, or for steps that were computed by rows. None without times.
fn rows<'a>(plan: &'a Plan, choices: &[Choice], times: &[Duration], batch: usize) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    let mut next = 0;
    while let Some(time) = times.get(next) {
        let mut groups = plan.by_rows.iter();
        let group = groups.find(|group| group.start == next);
        // Those that could be computed by rows and were not have times of their own.
        let group = group.filter(|group| {
            times[group.start + 1..group.end]
                .iter()
                .all(Duration::is_zero)
        });
        let part = group.cloned().unwrap_or(next..next + 1);
        let steps = &plan.forward[part.clone()];
        let (first, last) = (&steps[0], &steps[steps.len() - 1]);
        rows.push(Row {
            name: match steps.len() {
                1 => Cow::from(&first.name),
                _ => Cow::from(format!("{} .. {}", first.name, last.name)),
            },
            text: match steps.len() {
                1 => Cow::from(&first.text),
                many => Cow::from(format!("{many} layers by rows")),
            },
            choice: Some(choices[next]),
            work: Work::together(steps, batch),
            time: *time,
            split: None,
        });
        next = part.end;
    }
    rows
}

/// The median time of each step.
fn layers(
    network: &Network,
    workspace: &mut Workspace,
    images: &[f32],
    runs: usize,
) -> Outcome<Vec<Duration>> {
    medians(runs, || {
        let mut times = Vec::new();
        let pass = network
            .executor
            .forward_timed(workspace, images, &mut times);
        pass.map(|_| times).map_err(|e| failed(&e))
    })
}
