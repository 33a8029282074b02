//! `netc bench`: how fast a network runs on this machine.

use super::{bench_model, bench_train};
use crate::cli::Bench;
use crate::device::described;
use crate::failure::Outcome;
use crate::measure::{Report, Row, images, medians, passes};
use crate::network::{Network, failed};
use netc_plan::Operation;
use netc_runtime::{Model, Workspace};
use serde_json::json;
use std::time::Duration;

pub(crate) fn run(args: &Bench) -> Outcome {
    if let Some(gpu) = args.model {
        return bench_model::run(args, gpu);
    }
    if args.train {
        return bench_train::run(args);
    }
    let batch = args.batch as usize;
    let device = args.device.open()?;
    let network = Network::chosen(args, device.clone())?;
    let mut workspace = network.workspace(batch, args.threads)?;
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
    let steps = network.plan.forward.iter();
    let flops = steps.map(|step| 2.0 * step.op.macs() as f64 * batch as f64);
    let choices = args.choices.prepare(&network.plan, batch)?;
    let rows = choices.steps().zip(flops.clone()).zip(times);
    let rows = rows.map(|(((step, choice), flops), time)| Row {
        name: &step.name,
        text: &step.text,
        choice: Some(choice),
        flops,
        time,
        split: None,
    });
    let report = Report {
        passes,
        rate: flops.sum(),
        rows: rows.collect(),
    };
    let threads = workspace.threads();
    let head = format!(
        "{}, batch {batch}, {}, {}",
        network.plan.name,
        described(&device, threads),
        args.device.precision()
    );
    let facts = json!({ "model": network.plan.name, "threads": threads });
    report.show(args, &head, facts)
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
