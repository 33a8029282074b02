//! Times of passes and of their parts, and how they are shown.

use crate::cli::Bench;
use crate::failure::Outcome;
use crate::roof::Roof;
use crate::table::{Align, Table};
use crate::terminal;
use netc_plan::random::SplitMix64;
use netc_runtime::cpu::Choice;
use netc_runtime::cpu::limits::Work;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// Runs that count, at least.
const LEAST: usize = 5;

/// The median of each of the times that `run` gives.
pub(crate) fn medians(
    runs: usize,
    mut run: impl FnMut() -> Outcome<Vec<Duration>>,
) -> Outcome<Vec<Duration>> {
    let mut all: Vec<Vec<Duration>> = Vec::new();
    for _ in 0..runs.clamp(LEAST, 1000) {
        let times = run()?;
        all.resize(times.len(), Vec::new());
        all.iter_mut()
            .zip(times)
            .for_each(|(all, time)| all.push(time));
    }
    let sorted = |mut times: Vec<Duration>| {
        times.sort_unstable();
        median(&times)
    };
    Ok(all.into_iter().map(sorted).collect())
}

/// How long each pass takes once all is warm: caches, threads, the clock of the processor. Sorted.
pub(crate) fn passes(seconds: f64, mut pass: impl FnMut() -> Outcome) -> Outcome<Vec<Duration>> {
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

/// A part of a pass.
pub(crate) struct Row<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) text: Cow<'a, str>,
    /// What it was computed by, forward.
    pub(crate) choice: Option<Choice>,
    /// What it computes and moves at least; nothing, where that is not counted.
    pub(crate) work: Work,
    pub(crate) time: Duration,
    /// In training: forward and backward.
    pub(crate) split: Option<[Duration; 2]>,
}

/// What was measured, and how to show it.
pub(crate) struct Report<'a> {
    /// Times of whole passes, sorted.
    pub(crate) passes: Vec<Duration>,
    /// Floating-point operations of a pass.
    pub(crate) rate: f64,
    /// The parts of a pass; none if not asked for.
    pub(crate) rows: Vec<Row<'a>>,
    /// What the machine can do, where it was measured.
    pub(crate) roof: Option<Roof>,
}

impl Report<'_> {
    /// As text, or as an object in the last line; the table of the layers goes before either.
    pub(crate) fn show(&self, args: &Bench, head: &str, facts: Value) -> Outcome {
        let batch = args.batch as usize;
        if args.layers {
            let limits = self.roof.as_ref().map(Roof::text);
            let limits = limits.unwrap_or_default();
            terminal::print(&format!("{limits}{}\n", self.table()))?;
        }
        if !args.json {
            return terminal::print(&format!("{head}\n{}", self.text(batch)));
        }
        let mut object = self.json(batch);
        object["batch"] = json!(batch);
        object["precision"] = json!(args.device.precision_name());
        if let (Value::Object(object), Value::Object(facts)) = (&mut object, facts) {
            object.extend(facts);
        }
        terminal::print_line(&object.to_string())
    }

    fn text(&self, batch: usize) -> String {
        let all = &self.passes;
        let (least, most) = (all.first(), all.last());
        let middle = median(all);
        let limit = self.limit().map(|limit| {
            let share = percent(limit.as_secs_f64() / middle.as_secs_f64());
            format!("; the layers' limits are {} ms, {share} of it", ms(limit))
        });
        format!(
            "median {} ms of {} runs ({} to {}), {:.1} images/s, {:.1} GFLOP/s{}\n",
            ms(middle),
            all.len(),
            ms(least.copied().unwrap_or_default()),
            ms(most.copied().unwrap_or_default()),
            batch as f64 / middle.as_secs_f64(),
            per_second(self.rate, middle) / 1e9,
            limit.unwrap_or_default()
        )
    }

    /// The least time for all rows.
    fn limit(&self) -> Option<Duration> {
        let roof = self.roof.as_ref()?;
        Some(self.rows.iter().map(|row| roof.limit(row.work)).sum())
    }

    /// The share of a row in all.
    fn share(&self, row: &Row<'_>) -> f64 {
        let total: Duration = self.rows.iter().map(|row| row.time).sum();
        row.time.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn table(&self) -> String {
        let split = self.rows.iter().any(|row| row.split.is_some());
        let mut head = vec![
            ("layer", Align::Left),
            ("what", Align::Left),
            ("kernel", Align::Left),
        ];
        if split {
            head.extend([("forward", Align::Right), ("backward", Align::Right)]);
        }
        head.extend(["ms", "GFLOP/s", "GB/s"].map(|name| (name, Align::Right)));
        if self.roof.is_some() {
            head.push(("of limit", Align::Right));
        }
        head.push(("share", Align::Right));
        let mut table = Table::new(&head);
        for row in &self.rows {
            table.row(self.cells(row, split));
        }
        table.render()
    }

    fn cells(&self, row: &Row<'_>, split: bool) -> Vec<String> {
        let kernel = row.choice.map(|choice| choice.to_string());
        let mut cells = vec![
            row.name.clone().into_owned(),
            shortened(&row.text),
            kernel.unwrap_or_default(),
        ];
        if split {
            cells.extend(match row.split {
                Some(times) => times.map(ms),
                None => [String::new(), String::new()],
            });
        }
        let giga = |amount| match per_second(amount, row.time) {
            rate if rate > 0.0 => format!("{:.1}", rate / 1e9),
            _ => String::new(),
        };
        let work = row.work;
        cells.extend([ms(row.time), giga(work.flops), giga(work.bytes())]);
        if let Some(roof) = &self.roof {
            cells.push(roof.share(work, row.time).map_or(String::new(), percent));
        }
        cells.push(format!("{:.1} %", self.share(row) * 100.0));
        cells
    }

    fn json(&self, batch: usize) -> Value {
        let all = &self.passes;
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
        let layer = |row: &Row<'_>| {
            let mut layer = json!({
                "name": row.name,
                "text": row.text,
                "ms": number(row.time),
                "gflops": per_second(row.work.flops, row.time) / 1e9,
                "gbytes": per_second(row.work.bytes(), row.time) / 1e9,
                "share": self.share(row),
            });
            if let Some(roof) = &self.roof
                && let Some(share) = roof.share(row.work, row.time)
            {
                layer["limit_ms"] = json!(number(roof.limit(row.work)));
                layer["of_limit"] = json!(share);
            }
            if let Some(choice) = row.choice {
                layer["method"] = json!(choice.method.name());
                layer["level"] = json!(choice.level.name());
            }
            if let Some([forward, backward]) = row.split {
                layer["forward_ms"] = json!(number(forward));
                layer["backward_ms"] = json!(number(backward));
            }
            layer
        };
        if !self.rows.is_empty() {
            object["layers"] = self.rows.iter().map(layer).collect();
        }
        if let Some(roof) = &self.roof {
            object["limits"] = roof.json();
        }
        object
    }
}

fn per_second(amount: f64, time: Duration) -> f64 {
    amount / time.as_secs_f64().max(f64::MIN_POSITIVE)
}

pub(crate) fn ms(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64() * 1e3)
}

/// `43 %`
fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A long connection table does not push the figures off the screen.
pub(crate) fn shortened(text: &str) -> String {
    const ROOM: usize = 36;
    if text.chars().count() <= ROOM {
        return text.to_owned();
    }
    let start: String = text.chars().take(ROOM - 3).collect();
    format!("{start}...")
}

/// Numbers in [-1, 1) that depend on the seed alone.
pub(crate) fn images(seed: u64, count: usize) -> Vec<f32> {
    SplitMix64(seed).numbers(count)
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
