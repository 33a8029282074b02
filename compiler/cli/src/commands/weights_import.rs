//! `netc weights import`: foreign weights become a network's own.

use crate::cli::Import;
use crate::failure::{Failure, Outcome};
use crate::files::{self, Target};
use crate::source::{self, plural};
use crate::table::{Align, Table};
use crate::terminal;
use crate::weights::assign::{Assignment, Reason};
use crate::weights::file::File;
use crate::weights::flatten;
use crate::weights::maps::Map;
use crate::weights::matching::Evidence;
use crate::weights::task::Task;
use netc_compiler::Options;
use netc_compiler::text::thousands;
use netc_runtime::Weights;

pub(crate) fn run(args: &Import) -> Outcome {
    let compiled = source::network(&args.network, &Options::default())?;
    let (Some(graph), Some(plan)) = (&compiled.graph, &compiled.plan) else {
        return Err(source::incomplete(&args.network));
    };
    let inputs = source::files(&args.network, &compiled).into_iter();
    let inputs = inputs
        .chain([args.weights.clone()])
        .chain(args.map_file.clone());
    let target = Target::new(&args.output, inputs)?;
    let mut maps = Map::arguments(&args.map)?;
    if let Some(path) = &args.map_file {
        maps.extend(Map::file(path)?);
    }
    let file = File::read(&args.weights)?;
    let tensors = file.tensors()?;
    let task = Task {
        network: source::name(&args.network),
        file: &file.name,
        graph,
        tensors: &tensors,
        params: &plan.params,
    };
    let rows = task.assign(&args.skip, &maps)?;
    let values = convert(&task, &rows)?;
    let (values, reordered) = flatten::reorder(graph, &rows, values, args.flatten);

    let named = task.params.iter().map(|p| p.name.clone()).zip(values);
    let weights = Weights::from_tensors(named, task.params).map_err(|e| {
        Failure::input(format!("`{}` cannot be used", file.name))
            .details(e.problems().iter().cloned())
    })?;
    let bytes = weights.to_bytes();

    let table = table(&task, &rows);
    if target.is_dash() {
        terminal::say(&table);
    } else {
        terminal::print(&table)?;
        terminal::finish()?;
    }
    notes(&task, &rows, &reordered);
    target.write(|out| out.write_all(&bytes))?;
    if !target.is_dash() {
        let size = files::size(bytes.len() as u64);
        terminal::status("Wrote", &format!("{} ({size})", args.output.display()));
    }
    Ok(())
}

/// The numbers of each parameter, in netc's layout.
fn convert(task: &Task<'_>, rows: &[Assignment]) -> Outcome<Vec<Vec<f32>>> {
    let mut values: Vec<Vec<f32>> = task.params.iter().map(|_| Vec::new()).collect();
    let mut problems = Vec::new();
    for row in rows {
        for (role, ours) in &row.ours.parts {
            let Some(theirs) = row.theirs.parts.get(role) else {
                continue;
            };
            let tensor = &task.tensors[theirs.tensor];
            let Some(numbers) = tensor.to_f32() else {
                problems.push(format!("{} holds {} numbers", tensor.name, tensor.dtype));
                continue;
            };
            let broken = numbers.iter().filter(|v| !v.is_finite()).count();
            if broken > 0 {
                let n = numbers.len();
                problems.push(format!(
                    "{}: {broken} of {n} numbers are NaN or infinite",
                    tensor.name
                ));
            }
            values[ours.tensor] = theirs.layout.turn(numbers, &tensor.shape);
        }
    }
    if problems.is_empty() {
        return Ok(values);
    }
    Err(Failure::input(format!("`{}` cannot be used as weights", task.file)).details(problems))
}

/// The mapping.
fn table(task: &Task<'_>, rows: &[Assignment]) -> String {
    let mut table = Table::new(&[
        ("theirs", Align::Left),
        ("ours", Align::Left),
        ("tensors", Align::Left),
    ]);
    for row in rows {
        let by_hand = if row.reason == Reason::Map {
            " (--map)"
        } else {
            ""
        };
        table.row(vec![
            row.theirs.name.clone(),
            row.ours.name.clone(),
            format!("{}{by_hand}", row.ours.describe()),
        ]);
    }
    let numbers: usize = task
        .params
        .iter()
        .map(|p| p.shape.iter().product::<usize>())
        .sum();
    let text = table.render();
    format!(
        "{text}{}, {} numbers\n",
        plural(task.params.len(), "tensor"),
        thousands(numbers as u64)
    )
}

/// What to look at in the table.
fn notes(task: &Task<'_>, rows: &[Assignment], reordered: &[String]) {
    let by = |evidence| rows.iter().any(|r| r.reason == Reason::Search(evidence));
    if by(Evidence::Wires) {
        terminal::note(
            "where several modules have the same shapes, it decided which feed which: their names are not in the network's order",
        );
    } else if by(Evidence::Order) {
        terminal::note(
            "where several modules have the same shapes, the order of their names decided",
        );
    }
    for layer in reordered {
        terminal::note(layer);
    }
    let converted = task
        .tensors
        .iter()
        .filter(|t| t.dtype != safetensors::Dtype::F32 && t.is_float());
    match converted.count() {
        0 => {}
        n => terminal::note(&format!(
            "{} of another precision became f32",
            plural(n, "tensor")
        )),
    }
}
