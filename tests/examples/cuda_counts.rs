//! Counts what the kernels of networks ask of memory, on the emulated device, and prints Markdown: `docs/cuda-counts.md` says how to read it.
//!
//! `cargo run --release -p netc-tests --example cuda_counts -- [--batch N] [--precision f32|tf32|bf16] [--summary] NETWORK...`

use netc_emulated_device::device;
use netc_runtime::cuda::Precision;
use netc_tests::counts::{Counts, Kernel};
use netc_tests::options::asked;
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let told = asked("--summary").and_then(|asked| {
        let session = device().map_err(ToString::to_string)?.session();
        let mut lines = vec![SUMMARY.to_owned()];
        for network in &asked.networks {
            session.reset();
            let counts = Counts::of(&session, network, asked.batch, asked.precision);
            let counts = counts.map_err(|e| format!("{network}: {e}\n{}", session.reports()))?;
            if !asked.told {
                print(&counts, asked.precision).map_err(|e| e.to_string())?;
            }
            lines.push(summary(&counts, asked.precision));
            let time = counts.time.as_secs_f64();
            let _ = writeln!(io::stderr(), "{network}: {time:.0} s");
        }
        writeln!(io::stdout().lock(), "{}", lines.join("\n")).map_err(|e| e.to_string())
    });
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            let _ = writeln!(io::stderr(), "error: {problem}");
            ExitCode::FAILURE
        }
    }
}

const SUMMARY: &str = "\
| network | batch | precision | steps | launches | asked MB | sectors | touched / floor: convolutions | others | asked / floor: convolutions | others | conflicts | misses |
| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |";

/// The worst of a network's kernels: sectors among those that move over 5 % of its bytes, conflicts among products.
fn summary(counts: &Counts, precision: Precision) -> String {
    let convolves = |kernel: &&Kernel| kernel.convolves();
    let worst = |figure: fn(&Kernel) -> f64, of: bool| {
        let kernels = counts.kernels.iter().filter(|k| convolves(k) == of);
        let most = kernels.map(figure).reduce(f64::max);
        most.map_or_else(String::new, |most| format!("{most:.2}"))
    };
    let moving = counts.kernels.iter().filter(|k| counts.share(k) > 0.05);
    let sectors = moving.map(|k| k.global().efficiency()).fold(1.0, f64::min);
    let products = counts.kernels.iter().filter(|k| k.is_product());
    let conflicts = products.map(Kernel::conflicts).fold(0.0, f64::max);
    let misses = counts.kernels.iter().map(|kernel| missed(kernel, counts));
    let misses: Vec<String> = misses.filter(|missed| !missed.is_empty()).collect();
    format!(
        "| {} | {} | {precision} | {} | {} | {:.2} | {:.0} % | {} | {} | {} | {} | {:.1} % | {} |",
        counts.network,
        counts.batch,
        counts.steps,
        counts.launches,
        mega(counts.moved()),
        100.0 * sectors,
        worst(Kernel::touched, true),
        worst(Kernel::touched, false),
        worst(Kernel::over_floor, true),
        worst(Kernel::over_floor, false),
        100.0 * conflicts,
        misses.join(", "),
    )
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
            100.0 * counts.share(kernel),
            kernel.over_floor(),
            kernel.touched(),
            100.0 * global.efficiency(),
            missed(kernel, counts),
        )?;
    }
    writeln!(out)
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
