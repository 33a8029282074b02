//! `netc weights import`: foreign weights become a network's own.

use crate::cli::Import;
use crate::failure::{Failure, Outcome};
use crate::source::{self, plural};
use crate::table::{Align, Table};
use crate::weights::assign::{Assignment, Task, Why};
use crate::weights::file::File;
use crate::weights::flatten;
use crate::weights::matching::How;
use crate::{files, terminal};
use netc_compiler::Options;
use netc_compiler::text::thousands;
use netc_runtime::Weights;

pub(crate) fn run(args: &Import) -> Outcome {
    let compiled = source::network(&args.network, &Options::default())?;
    let (Some(graph), Some(plan)) = (&compiled.graph, &compiled.plan) else {
        return Err(source::incomplete(&args.network));
    };
    let file = File::read(&args.weights)?;
    let tensors = file.tensors()?;
    let task = Task {
        network: source::name(&args.network),
        file: &file.name,
        tensors: &tensors,
        params: &plan.params,
    };
    let rows = task.assign(&args.skip, &args.map)?;
    let values = convert(&task, &rows)?;
    let (values, reordered) = flatten::reorder(graph, &rows, values, args.flatten);

    let named = task.params.iter().map(|p| p.name.clone()).zip(values);
    let weights = Weights::from_tensors(named, task.params).map_err(|e| {
        Failure::input(format!("`{}` cannot be used", file.name))
            .details(e.problems().iter().cloned())
    })?;
    let bytes = weights.to_bytes();

    let table = table(&task, &rows);
    if files::is_dash(&args.output) {
        terminal::say(&table);
    } else {
        terminal::print(&table)?;
        terminal::finish()?;
    }
    notes(&task, &rows, &reordered);
    files::replace(&args.output, |out| out.write_all(&bytes))?;
    if !files::is_dash(&args.output) {
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
        let by_hand = if row.why == Why::Map { " (--map)" } else { "" };
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
    let loose = rows.iter().any(|r| r.why == Why::Search(How::LooseOrder));
    let ordered = rows.iter().any(|r| r.why == Why::Search(How::Order));
    if loose {
        terminal::warning(
            "several modules have the same shapes, and the numbers in their names are not in the network's order: check the mapping",
        );
    } else if ordered {
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
