//! Estimates networks on an H100 that is not there, and prints Markdown: `docs/cuda-counts.md` says how to read it. Registers, shared memory and
//! occupancy come from NVIDIA's compiler, which needs no GPU (`NETC_NVRTC`).
//!
//! `cargo run --release -p netc-tests --example cuda_estimates -- [--batch N] [--precision f32|tf32|bf16] [--kernels] NETWORK...`

use netc_compiler::Options;
use netc_plan::Plan;
use netc_runtime::cuda::{Estimate, EstimatedStep, GpuModel, Precision, Resources};
use netc_tests::networks::{compile_file, path};
use netc_tests::options::{Asked, asked};
use std::io::{self, Write};
use std::process::ExitCode;

/// A kernel that is few warps for a processor ...
const FEW: f64 = 0.25;
/// ... matters where it takes so much of the network's time.
const MUCH: f64 = 0.05;

fn main() -> ExitCode {
    let told = asked("--kernels").and_then(|asked| {
        head().map_err(|e| e.to_string())?;
        let networks = asked.networks.iter();
        networks
            .map(String::as_str)
            .try_for_each(|network| estimate(network, &asked))
    });
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            let _ = writeln!(io::stderr(), "error: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn head() -> io::Result<()> {
    writeln!(
        io::stdout().lock(),
        "| network | batch | precision | us | roofline us | share | registers | shared KiB | lowest occupancy | mean occupancy | spilled | few warps |\n\
         | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
    )
}

fn estimate(network: &str, asked: &Asked) -> Result<(), String> {
    let Asked {
        batch, precision, ..
    } = *asked;
    let plan = compile_file(&path(network), &Options::default()).plan;
    let plan = plan.ok_or_else(|| format!("{network} has errors"))?;
    let estimate = Estimate::new(&plan, batch, precision, &GpuModel::H100);
    let estimate = estimate.map_err(|e| format!("{network}: {e}"))?;
    if let Some(why) = &estimate.without_resources {
        return Err(format!("nothing is known of registers: {why}"));
    }
    let told = line(network, batch, precision, &plan, &estimate);
    told.and_then(|()| match asked.told {
        true => kernels(&plan, &estimate),
        false => Ok(()),
    })
    .map_err(|e| e.to_string())
}

fn line(
    network: &str,
    batch: usize,
    precision: Precision,
    plan: &Plan,
    estimate: &Estimate,
) -> io::Result<()> {
    let resources = || estimate.rows.iter().filter_map(|row| row.resources);
    let most = |of: fn(Resources) -> usize| resources().map(of).max().unwrap_or(0);
    let roofline: f64 = estimate.rows.iter().map(|row| row.roofline).sum();
    let time = estimate.time();
    let few: Vec<String> = estimate
        .rows
        .iter()
        .filter(|row| row.time > MUCH * time && occupancy(row) < FEW)
        .map(|row| format!("{} {:.0} %", name(plan, row), 100.0 * occupancy(row)))
        .collect();
    let lowest = estimate.rows.iter().map(occupancy).fold(1.0, f64::min);
    let mean: f64 = estimate
        .rows
        .iter()
        .map(|row| row.time * occupancy(row))
        .sum();
    writeln!(
        io::stdout().lock(),
        "| {network} | {batch} | {precision} | {:.1} | {:.1} | {:.0} % | {} | {:.1} | {:.0} % | {:.0} % | {} | {} |",
        1e6 * time,
        1e6 * roofline,
        100.0 * roofline / time,
        most(|r| r.registers),
        most(|r| r.shared) as f64 / 1024.0,
        100.0 * lowest,
        100.0 * mean / time,
        most(|r| r.local),
        few.join(", "),
    )
}

fn occupancy(row: &EstimatedStep) -> f64 {
    row.resources.map_or(1.0, |resources| resources.occupancy)
}

fn name(plan: &Plan, row: &EstimatedStep) -> String {
    match row.steps.len() {
        1 => plan.forward[row.steps.start].name.clone(),
        _ => "all".into(),
    }
}

/// Each kernel, to look at.
fn kernels(plan: &Plan, estimate: &Estimate) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for row in &estimate.rows {
        let resources = row.resources.unwrap_or(Resources {
            registers: 0,
            shared: 0,
            local: 0,
            occupancy: 0.0,
        });
        writeln!(
            out,
            "    {:16} {:6} blocks {:8.2} us, roofline {:8.2}; {:4} registers {:6} B shared, occupancy {:3.0} %",
            name(plan, row),
            row.blocks,
            1e6 * row.time,
            1e6 * row.roofline,
            resources.registers,
            resources.shared,
            100.0 * resources.occupancy,
        )?;
    }
    Ok(())
}
