//! `netc bench --model`: how fast a network would run on a GPU that is not here.

use crate::cli::{Bench, Gpu};
use crate::failure::{Failure, Outcome};
use crate::network::failed;
use crate::source;
use crate::table::{Align, Table};
use crate::terminal;
use netc_compiler::Options;
use netc_plan::Plan;
use netc_runtime::cuda::{Estimate, EstimatedStep, GpuModel};
use serde_json::{Value, json};

pub(crate) fn run(args: &Bench, gpu: Gpu) -> Outcome {
    if !args.device.asks_for_gpu() {
        return Err(
            Failure::tool("--model estimates what a GPU would do, not the CPU")
                .help("add `--device cuda`; no GPU is needed for it"),
        );
    }
    if args.device.is_int8() {
        return Err(Failure::tool("no GPU computes in int8 here")
            .help("`--precision f32`, tf32 or bf16 is estimated"));
    }
    let compiled = source::network(&args.file, &Options::default())?;
    let plan = compiled.plan;
    let plan = plan.ok_or_else(|| source::incomplete(&args.file))?;
    let (batch, precision) = (args.batch as usize, args.device.precision());
    let model = match gpu {
        Gpu::H100 => GpuModel::H100,
    };
    let estimate = Estimate::new(&plan, batch, precision, &model).map_err(|e| failed(&e))?;
    let head = format!(
        "{}, batch {batch}, {}, {precision}: an estimate, nothing was measured",
        plan.name, model.name
    );
    match args.json {
        true => {
            let mut object = json(&plan, &estimate);
            object["batch"] = json!(batch);
            object["precision"] = json!(precision.name());
            object["gpu"] = json!(model.name);
            terminal::print_line(&object.to_string())
        }
        false => {
            let table = table(&plan, &estimate);
            let totals = totals(&estimate);
            terminal::print(&format!("{head}\n\n{table}\n{totals}"))
        }
    }
}

/// The layer, or `conv1 to softmax1` of one kernel for all.
fn name(plan: &Plan, row: &EstimatedStep) -> String {
    match &plan.forward[row.steps.clone()] {
        [step] => step.name.clone(),
        [first, .., last] => format!("{} to {}", first.name, last.name),
        [] => String::new(),
    }
}

fn table(plan: &Plan, estimate: &Estimate) -> String {
    let columns = [
        "launches",
        "blocks",
        "MFLOP",
        "MB moved",
        "MB floor",
        "registers",
        "shared KB",
        "occupancy",
        "us",
        "share of roofline",
    ];
    let mut head = vec![("layer", Align::Left)];
    head.extend(columns.map(|column| (column, Align::Right)));
    let mut table = Table::new(&head);
    for row in &estimate.rows {
        let moved = row.moved.map_or(String::new(), mega);
        let resources = row.resources.map_or([const { String::new() }; 3], |used| {
            [
                used.registers.to_string(),
                format!("{:.1}", used.shared as f64 / 1024.0),
                percent(used.occupancy),
            ]
        });
        let mut cells = vec![
            name(plan, row),
            row.launches.to_string(),
            row.blocks.to_string(),
            format!("{:.3}", row.operations / 1e6),
            moved,
            mega(row.floor),
        ];
        cells.extend(resources);
        cells.extend([micro(row.time), percent(row.roofline / row.time)]);
        table.row(cells);
    }
    table.render()
}

fn totals(estimate: &Estimate) -> String {
    let rows = &estimate.rows;
    let operations: f64 = rows.iter().map(|row| row.operations).sum();
    let launches: usize = rows.iter().map(|row| row.launches).sum();
    let text = format!(
        "launches: {launches}; {:.1} MFLOP, {} MB at least; about {} us, {} of the roofline\n",
        operations / 1e6,
        mega(rows.iter().map(|row| row.floor).sum()),
        micro(estimate.time()),
        percent(roofline(estimate) / estimate.time())
    );
    match &estimate.without_resources {
        None => text,
        Some(why) => format!("{text}registers, shared memory and occupancy are left out: {why}\n"),
    }
}

fn roofline(estimate: &Estimate) -> f64 {
    estimate.rows.iter().map(|row| row.roofline).sum()
}

fn json(plan: &Plan, estimate: &Estimate) -> Value {
    let layer = |row: &EstimatedStep| {
        let mut layer = json!({
            "name": name(plan, row),
            "launches": row.launches,
            "blocks": row.blocks,
            "flops": row.operations,
            "moved_bytes": row.moved,
            "floor_bytes": row.floor,
            "estimated_ms": row.time * 1e3,
            "roofline_ms": row.roofline * 1e3,
            "roofline_share": row.roofline / row.time,
        });
        if let Some(used) = row.resources {
            layer["registers"] = json!(used.registers);
            layer["shared_bytes"] = json!(used.shared);
            layer["occupancy"] = json!(used.occupancy);
        }
        layer
    };
    let rows = &estimate.rows;
    json!({
        "model": plan.name,
        "estimate": true,
        "launches": rows.iter().map(|row| row.launches).sum::<usize>(),
        "flops": rows.iter().map(|row| row.operations).sum::<f64>(),
        "floor_bytes": rows.iter().map(|row| row.floor).sum::<u64>(),
        "estimated_ms": estimate.time() * 1e3,
        "roofline_ms": roofline(estimate) * 1e3,
        "roofline_share": roofline(estimate) / estimate.time(),
        "layers": rows.iter().map(layer).collect::<Vec<_>>(),
    })
}

fn mega(bytes: u64) -> String {
    format!("{:.3}", bytes as f64 / 1e6)
}

fn micro(seconds: f64) -> String {
    format!("{:.1}", seconds * 1e6)
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
