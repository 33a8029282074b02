//! The executor and generated Rust, timed in turns: both call the same kernels, so there should be nothing between them.
//!
//! ```sh
//! cargo run --release -p netc-tests --example generated_speed            # every network, a second each
//! cargo run --release -p netc-tests --example generated_speed lenet5_mnist alexnet
//! ```
//!
//! Prints for batch 1, on all threads and on one, the least time of a pass of each, and the ratio executor / generated.

#![allow(clippy::print_stdout, reason = "it is what the program is for")]

use netc_compiler::Options;
use netc_runtime::{Executor, Model, Weights, Workspace};
use netc_tests::generated::{Check, Generated, each};
use netc_tests::networks::{compile_file, path};
use std::time::{Duration, Instant};

/// How long each row is measured, and how often the two change places.
const SECONDS: f64 = 0.5;
const TURNS: u32 = 20;

struct Speed {
    wanted: Vec<String>,
    ratios: Vec<f64>,
}

/// The least time of a pass in a turn.
fn least(model: &dyn Model, workspace: &mut Workspace, images: &[f32]) -> Duration {
    let turn = Duration::from_secs_f64(SECONDS) / (2 * TURNS);
    let (start, mut least) = (Instant::now(), Duration::MAX);
    while least == Duration::MAX || start.elapsed() < turn {
        let pass = Instant::now();
        let done = model.forward(workspace, images);
        least = least.min(pass.elapsed());
        assert!(done.is_ok(), "one image");
    }
    least
}

impl Check for Speed {
    fn network<N: Generated>(&mut self, stem: &str) {
        if !self.wanted.is_empty() && !self.wanted.iter().any(|wanted| wanted == stem) {
            return;
        }
        let plan = compile_file(&path(stem), &Options::default()).plan;
        let Some(plan) = plan else { return };
        let weights = Weights::random(1, &plan.params);
        let Ok(executor) = Executor::new(&plan, &weights) else {
            return;
        };
        let generated = N::seeded(1);
        let count: usize = plan.input.iter().product();
        let images: Vec<f32> = (0..count).map(|i| (i as f32 * 0.37).sin()).collect();
        let all = executor.workspace(1).threads();
        for threads in if all > 1 { vec![all, 1] } else { vec![1] } {
            let models: [&dyn Model; 2] = [&executor, &generated];
            let mut workspaces = models.map(|model| model.workspace(1).with_threads(threads));
            let mut best = [Duration::MAX; 2];
            for _ in 0..TURNS {
                for i in 0..2 {
                    let time = least(models[i], &mut workspaces[i], &images);
                    best[i] = best[i].min(time);
                }
            }
            let [executor, generated] = best.map(|time| time.as_secs_f64() * 1e3);
            let ratio = executor / generated;
            println!("| {stem} | {threads} | {executor:.4} | {generated:.4} | {ratio:.3} |");
            self.ratios.push(ratio);
        }
    }
}

fn main() {
    println!("| network | threads | executor, ms | generated, ms | executor / generated |");
    println!("| --- | --- | --- | --- | --- |");
    let mut speed = Speed {
        wanted: std::env::args().skip(1).collect(),
        ratios: Vec::new(),
    };
    each(&mut speed);
    let logs = speed.ratios.iter().map(|ratio| ratio.ln());
    let mean = (logs.sum::<f64>() / speed.ratios.len().max(1) as f64).exp();
    let apart = speed.ratios.iter().map(|ratio| (ratio - 1.0).abs());
    let worst = apart.fold(0.0, f64::max);
    println!(
        "\ngeometric mean {mean:.3}; the two differ by {:.1} % at most",
        worst * 100.0
    );
}
