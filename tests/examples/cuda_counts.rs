//! Counts what the kernels of networks ask of memory, on the emulated device, and prints Markdown: `docs/cuda-counts.md` says how to read it.
//!
//! `cargo run --release -p netc-tests --example cuda_counts -- [--batch N] [--precision f32|tf32|bf16] NETWORK...`

use netc_emulated_device::device;
use netc_runtime::cuda::Precision;
use netc_tests::counts::{Counts, Kernel};
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let told = arguments().and_then(|(batch, precision, networks)| {
        let session = device().map_err(ToString::to_string)?.session();
        networks.iter().try_for_each(|network| {
            session.reset();
            let counts = Counts::of(&session, network, batch, precision);
            let counts = counts.map_err(|e| format!("{network}: {e}\n{}", session.reports()))?;
            print(&counts, precision).map_err(|e| e.to_string())
        })
    });
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            let _ = writeln!(io::stderr(), "error: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<(usize, Precision, Vec<String>), String> {
    let (mut batch, mut precision, mut networks) = (1, Precision::F32, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_default();
        match argument.as_str() {
            "--batch" => {
                let given = value().parse().ok().filter(|n| *n > 0);
                batch = given.ok_or("--batch takes a number of images")?;
            }
            "--precision" => {
                let name = value();
                let known = Precision::ALL.into_iter().find(|p| p.name() == name);
                precision = known.ok_or("--precision takes f32, tf32 or bf16")?;
            }
            _ => networks.push(argument),
        }
    }
    match networks.is_empty() {
        true => Err("name networks of the catalogue: lenet5_mnist alexnet".into()),
        false => Ok((batch, precision, networks)),
    }
}

fn print(counts: &Counts, precision: Precision) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "### {}, batch {}, {precision}\n\n{} steps, {} launches, {:.2} MB asked for.\n\n\
         | kernel | launches | blocks | asked MB | share | asked / floor | touched / floor | sectors | conflicts | misses |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
        counts.network,
        counts.batch,
        counts.steps,
        counts.launches,
        mega(counts.moved()),
    )?;
    for kernel in &counts.kernels {
        let global = kernel.global();
        let conflicts = match kernel.shared().units {
            0 => String::new(),
            _ => format!("{:.1} %", 100.0 * kernel.conflicts()),
        };
        writeln!(
            out,
            "| {} | {} | {} | {:.3} | {:.1} % | {:.2} | {:.2} | {:.0} % | {conflicts} | {} |",
            kernel.counters.name,
            kernel.counters.launches,
            kernel.counters.blocks,
            mega(kernel.moved()),
            100.0 * kernel.moved() as f64 / counts.moved().max(1) as f64,
            kernel.over_floor(),
            kernel.touched(),
            100.0 * global.efficiency(),
            missed(kernel, counts),
        )?;
    }
    writeln!(out)?;
    let time = counts.time.as_secs_f64();
    writeln!(io::stderr(), "{}: {time:.0} s", counts.network)
}

/// The targets that a kernel misses.
fn missed(kernel: &Kernel, counts: &Counts) -> String {
    let targets = counts.missed(kernel);
    let targets = targets.iter().map(|target| format!("{target:?}"));
    targets.collect::<Vec<_>>().join(", ").to_lowercase()
}

fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
