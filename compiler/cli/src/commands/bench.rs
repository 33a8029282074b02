//! `netc bench`: how fast a network runs on this machine.

use crate::cli::{Bench, Precision, Source};
use crate::failure::{Failure, Outcome};
use crate::network::{Network, failed};
use crate::table::{Align, Table};
use crate::terminal;
use netc_compiler::Options;
use netc_plan::Op;
use netc_runtime::{Model, Workspace};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Runs that count, at least.
const LEAST: usize = 5;

pub(crate) fn run(args: &Bench) -> Outcome {
    if args.precision == Precision::Bf16 {
        return Err(Failure::input(
            "`--precision bf16` is not supported yet: f32 is",
        ));
    }
    if args.train {
        return super::bench_train::run(args);
    }
    let source = Source {
        weights: None,
        seed: Some(args.seed),
    };
    let network = Network::load(&args.file, &source, &Options::default())?;
    let batch = args.batch as usize;
    let mut workspace = network.workspace(batch, args.threads)?;
    let one: usize = network.plan.input.iter().product();
    let images = images(args.seed, one * batch);
    let measured = measure(&network, &mut workspace, &images, args)?;

    let macs: Vec<u64> = network
        .plan
        .steps
        .iter()
        .map(|step| macs(&step.op))
        .collect();
    let flops = |macs: u64| 2.0 * macs as f64 * batch as f64;
    let report = Report {
        measured,
        rate: flops(macs.iter().sum()),
        rows: network
            .plan
            .steps
            .iter()
            .zip(&macs)
            .map(|(step, macs)| (step.name.as_str(), step.text.as_str(), flops(*macs)))
            .collect(),
    };
    let head = format!(
        "{}, batch {batch}, {} threads, f32",
        network.plan.name,
        workspace.threads()
    );
    if args.layers {
        let text = format!("{}\n", report.table());
        // The last line of --json is the object; people see both.
        terminal::print(&text)?;
    }
    if args.json {
        let mut object = report.json(batch);
        object["model"] = json!(network.plan.name);
        object["batch"] = json!(batch);
        object["threads"] = json!(workspace.threads());
        object["precision"] = json!("f32");
        return terminal::print_line(&object.to_string());
    }
    terminal::print(&format!("{head}\n{}", report.text(batch)))
}

/// Times of whole passes, and of steps.
pub(super) struct Measured {
    /// Sorted.
    pub(super) passes: Vec<Duration>,
    /// The median of each step; empty if not asked for.
    pub(super) steps: Vec<Duration>,
}

fn measure(
    network: &Network,
    workspace: &mut Workspace,
    images: &[f32],
    args: &Bench,
) -> Outcome<Measured> {
    let passes = passes(args.seconds, || {
        network
            .executor
            .forward(workspace, images)
            .map(drop)
            .map_err(|e| failed(&e))
    })?;
    let mut steps = Vec::new();
    if args.layers {
        let mut runs: Vec<Vec<Duration>> = vec![Vec::new(); network.plan.steps.len()];
        for _ in 0..passes.len().clamp(LEAST, 1000) {
            let mut times = Vec::new();
            network
                .executor
                .forward_timed(workspace, images, &mut times)
                .map_err(|e| failed(&e))?;
            for (run, time) in runs.iter_mut().zip(times) {
                run.push(time);
            }
        }
        for mut run in runs {
            run.sort_unstable();
            steps.push(median(&run));
        }
    }
    Ok(Measured { passes, steps })
}

/// How long each pass takes once all is warm: caches, threads, the clock of the processor. Sorted.
pub(super) fn passes(seconds: f64, mut pass: impl FnMut() -> Outcome) -> Outcome<Vec<Duration>> {
    let budget = Duration::from_secs_f64(seconds);
    let warm = Instant::now();
    for run in 0.. {
        pass()?;
        if run >= 1 && warm.elapsed() >= budget / 5 {
            break;
        }
    }
    let mut passes = Vec::new();
    let start = Instant::now();
    while passes.len() < LEAST || start.elapsed() < budget {
        let start = Instant::now();
        pass()?;
        passes.push(start.elapsed());
    }
    passes.sort_unstable();
    Ok(passes)
}

/// Of a sorted list.
fn median(sorted: &[Duration]) -> Duration {
    let middle = sorted.len() / 2;
    match sorted.get(middle) {
        None => Duration::ZERO,
        Some(upper) if sorted.len() % 2 == 1 => *upper,
        Some(upper) => (sorted[middle - 1] + *upper) / 2,
    }
}

/// What was measured, and how to show it.
pub(super) struct Report<'a> {
    pub(super) measured: Measured,
    /// Floating-point operations of a pass.
    pub(super) rate: f64,
    /// Name, text and floating-point operations of each step.
    pub(super) rows: Vec<(&'a str, &'a str, f64)>,
}

impl Report<'_> {
    pub(super) fn text(&self, batch: usize) -> String {
        let all = &self.measured.passes;
        let (least, most) = (all.first(), all.last());
        let middle = median(all);
        format!(
            "median {} ms of {} runs ({} to {}), {:.1} images/s, {:.1} GFLOP/s\n",
            ms(middle),
            all.len(),
            ms(least.copied().unwrap_or_default()),
            ms(most.copied().unwrap_or_default()),
            batch as f64 / middle.as_secs_f64(),
            per_second(self.rate, middle) / 1e9
        )
    }

    /// (time, GFLOP/s, share) of each step.
    fn steps(&self) -> impl Iterator<Item = (&str, &str, Duration, f64, f64)> {
        let total: Duration = self.measured.steps.iter().sum();
        self.rows
            .iter()
            .zip(&self.measured.steps)
            .map(move |((name, text, flops), time)| {
                let share = time.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE);
                (*name, *text, *time, per_second(*flops, *time) / 1e9, share)
            })
    }

    fn table(&self) -> String {
        let mut table = Table::new(&[
            ("layer", Align::Left),
            ("what", Align::Left),
            ("ms", Align::Right),
            ("GFLOP/s", Align::Right),
            ("share", Align::Right),
        ]);
        for (name, text, time, rate, share) in self.steps() {
            let rate = if rate > 0.0 {
                format!("{rate:.1}")
            } else {
                String::new()
            };
            table.row(vec![
                name.to_owned(),
                shortened(text),
                ms(time),
                rate,
                format!("{:.1} %", share * 100.0),
            ]);
        }
        table.render()
    }

    pub(super) fn json(&self, batch: usize) -> Value {
        let all = &self.measured.passes;
        let middle = median(all);
        let number = |time: Duration| time.as_secs_f64() * 1e3;
        let mut object = json!({
            "median_ms": number(middle),
            "min_ms": number(all.first().copied().unwrap_or_default()),
            "max_ms": number(all.last().copied().unwrap_or_default()),
            "runs": all.len(),
            "images_per_s": batch as f64 / middle.as_secs_f64(),
            "gflops": per_second(self.rate, middle) / 1e9,
        });
        if !self.measured.steps.is_empty() {
            let step = |(name, text, time, rate, share): (&str, &str, Duration, f64, f64)| json!({ "name": name, "text": text, "ms": number(time), "gflops": rate, "share": share });
            object["layers"] = self.steps().map(step).collect();
        }
        object
    }
}

fn per_second(amount: f64, time: Duration) -> f64 {
    amount / time.as_secs_f64().max(f64::MIN_POSITIVE)
}

fn ms(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64() * 1e3)
}

/// A long connection table does not push the figures off the screen.
fn shortened(text: &str) -> String {
    const ROOM: usize = 36;
    if text.chars().count() <= ROOM {
        return text.to_owned();
    }
    let start: String = text.chars().take(ROOM - 3).collect();
    format!("{start}...")
}

/// Multiply-accumulates of a step for one image, padded cells included.
pub(super) fn macs(op: &Op) -> u64 {
    let [h, w, c] = op.output().map(|n| n as u64);
    match *op {
        Op::Conv(d) => {
            let inputs = (d.input[2] / d.groups.max(1)) as u64;
            h * w * c * inputs * d.kernel.iter().product::<usize>() as u64
        }
        Op::Fc(d) => c * d.input.iter().product::<usize>() as u64,
        _ => 0,
    }
}

/// Numbers in [-1, 1) that depend on the seed alone (Steele et al. 2014, SplitMix64).
pub(super) fn images(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bits = (z ^ (z >> 31)) >> 40;
        bits as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        let times = |all: &[u64]| {
            all.iter()
                .map(|n| Duration::from_nanos(*n))
                .collect::<Vec<_>>()
        };
        assert_eq!(median(&times(&[1, 2, 30])), Duration::from_nanos(2));
        assert_eq!(median(&times(&[1, 2, 4, 30])), Duration::from_nanos(3));
        assert_eq!(median(&[]), Duration::ZERO);
    }

    #[test]
    fn images_are_in_range_and_repeatable() {
        let all = images(1, 1000);
        assert!(all.iter().all(|x| (-1.0..1.0).contains(x)));
        assert_eq!(all, images(1, 1000));
        assert_ne!(all, images(2, 1000));
    }
}
