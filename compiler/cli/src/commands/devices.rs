//! `netc devices`: what networks can compute on here.

use crate::cli::Devices;
use crate::failure::Outcome;
use crate::source::plural;
use crate::table::{Align, Table};
use crate::terminal::{self, print};
use netc_runtime::Error;
use netc_runtime::cpu::Machine;
use netc_runtime::cuda::Gpu;
use serde_json::{Value, json};
use std::thread::available_parallelism;

/// A device, or one that is there and cannot be used.
struct Found {
    /// As `--device` takes it.
    device: String,
    name: String,
    about: String,
    problem: Option<String>,
}

pub(crate) fn run(args: &Devices) -> Outcome {
    let mut all = vec![cpu()];
    let missing = match Gpu::all() {
        Ok(gpus) => {
            let gpus = gpus.into_iter().enumerate();
            all.extend(gpus.map(|(number, gpu)| found(number, gpu)));
            None
        }
        Err(e) => Some(e.to_string()),
    };
    if args.json {
        let devices: Vec<Value> = all.iter().map(Found::json).collect();
        return print(&format!(
            "{}\n",
            json!({ "devices": devices, "missing": missing })
        ));
    }
    let mut table = Table::new(&[
        ("device", Align::Left),
        ("name", Align::Left),
        ("about", Align::Left),
    ]);
    let mut notes = String::new();
    for found in &all {
        table.row(vec![
            found.device.clone(),
            found.name.clone(),
            found.about.clone(),
        ]);
        if let Some(problem) = &found.problem {
            notes += &wrapped(&format!("{} cannot be used: {problem}", found.device));
        }
    }
    if let Some(missing) = missing {
        notes += &wrapped(&missing);
    }
    print(&format!("{}{notes}", table.render()))
}

/// A paragraph.
fn wrapped(text: &str) -> String {
    format!("\n{}\n", textwrap::fill(text, terminal::TEXT_WIDTH))
}

fn cpu() -> Found {
    let threads = available_parallelism().map_or(1, std::num::NonZero::get);
    Found {
        device: "cpu".into(),
        name: "CPU".into(),
        about: format!("{}, {}", plural(threads, "thread"), Machine::here().level()),
        problem: None,
    }
}

fn found(number: usize, gpu: Result<Gpu, Error>) -> Found {
    let device = format!("cuda:{number}");
    let of = |name: &str, about: String, problem: Option<String>| Found {
        device: device.clone(),
        name: name.into(),
        about,
        problem,
    };
    match gpu {
        Err(e) => of("NVIDIA GPU", String::new(), Some(e.to_string())),
        Ok(gpu) => {
            let gib = gpu.memory().unwrap_or(0) as f64 / f64::from(1 << 30);
            let about = format!(
                "{}, {}, {gib:.0} GiB",
                gpu.architecture(),
                plural(gpu.processors() as usize, "processor")
            );
            match gpu.compiler() {
                Ok((major, minor)) => {
                    of(gpu.name(), format!("{about}, NVRTC {major}.{minor}"), None)
                }
                Err(e) => of(gpu.name(), about, Some(e.to_string())),
            }
        }
    }
}

impl Found {
    fn json(&self) -> Value {
        json!({
            "device": self.device,
            "name": self.name,
            "about": self.about,
            "usable": self.problem.is_none(),
            "problem": self.problem,
        })
    }
}
