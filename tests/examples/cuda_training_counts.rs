//! Counts what the kernels of training steps ask of memory, on the emulated device, and prints Markdown: `docs/cuda-counts.md` says how to read it.
//!
//! `cargo run --release -p netc-tests --example cuda_training_counts -- [--batch N] [--launches] NETWORK...`

use netc_emulated_device::{Session, device};
use netc_tests::training_counts::{TrainingCounts, TrainingKernel, launches};
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let told = Asked::of(std::env::args().skip(1)).and_then(|asked| {
        let session = device().map_err(ToString::to_string)?.session();
        asked.networks.iter().try_for_each(|network| {
            session.reset();
            let told = tell(&session, network, &asked);
            told.map_err(|e| format!("{network}: {e}\n{}", session.reports()))
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

struct Asked {
    batch: usize,
    /// Launches alone: no step is run.
    launches: bool,
    networks: Vec<String>,
}

impl Asked {
    fn of(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut asked = Self {
            batch: 1,
            launches: false,
            networks: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--batch" => {
                    let given = arguments.next().and_then(|n| n.parse().ok());
                    let given = given.filter(|n| *n > 0);
                    asked.batch = given.ok_or("--batch takes a number of images")?;
                }
                "--launches" => asked.launches = true,
                _ => asked.networks.push(argument),
            }
        }
        match asked.networks.is_empty() {
            true => Err("name networks of the catalogue: lenet5_mnist lenet_cifar".into()),
            false => Ok(asked),
        }
    }
}

fn tell(session: &Session<'_>, network: &str, asked: &Asked) -> Result<(), String> {
    let mut out = io::stdout().lock();
    if asked.launches {
        let (steps, launches) = launches(network).map_err(|e| e.to_string())?;
        let line = writeln!(
            out,
            "| {network} | {} | {} | {launches} |",
            steps[0], steps[1]
        );
        return line.map_err(|e| e.to_string());
    }
    let counts = TrainingCounts::of(session, network, asked.batch).map_err(|e| e.to_string())?;
    print(&mut out, network, asked.batch, &counts).map_err(|e| e.to_string())
}

fn print(
    out: &mut impl Write,
    network: &str,
    batch: usize,
    counts: &TrainingCounts,
) -> io::Result<()> {
    writeln!(
        out,
        "### {network}, a training step of {batch}\n\n{} steps forward, {} back, {} launches, {:.2} MB asked for.\n\n\
         | kernel | blocks | asked MB | share | touched / floor | sectors |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |",
        counts.steps[0],
        counts.steps[1],
        counts.launches,
        mega(counts.moved()),
    )?;
    for kernel in &counts.kernels {
        let touched = kernel.touched();
        writeln!(
            out,
            "| {} | {} | {:.3} | {:.1} % | {} | {:.0} % |",
            kernel.counters.name,
            kernel.counters.blocks,
            mega(kernel.moved()),
            100.0 * counts.share(kernel),
            touched.map_or_else(String::new, |touched| format!("{touched:.2}")),
            100.0 * TrainingKernel::global(kernel).efficiency(),
        )?;
    }
    writeln!(out)
}

fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
