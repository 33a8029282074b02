//! `netc runs`: the runs of a folder beside each other.

use crate::cli::{Runs, Sort};
use crate::experiment::Variation;
use crate::failure::{Failure, Outcome};
use crate::files::{self, Target, unreadable};
use crate::table::{Align, Table};
use crate::terminal;
use crate::weights::names::natural;
use netc_train::pictures::{Compared, comparison};
use netc_train::run::{Epoch, read_csv};
use serde_json::json;
use std::path::{Path, PathBuf};

const METRICS: &str = "metrics.csv";

pub(crate) fn run(args: &Runs) -> Outcome {
    let folders = folders(&args.folder)?;
    let inputs = folders.iter().map(|folder| folder.join(METRICS));
    let target = args.output.as_ref().map(|path| Target::new(path, inputs));
    let target = target.transpose()?;
    let runs: Outcome<Vec<Compared>> = folders
        .iter()
        .map(|folder| read(&args.folder, folder))
        .collect();
    let mut runs = runs?;
    if runs.is_empty() {
        let shown = args.folder.display();
        let headline = format!("there is no run in `{shown}`: no folder with a {METRICS}");
        return Err(Failure::input(headline).help("`netc train FILE` leaves one in `runs`"));
    }
    order(&mut runs, args.sort);
    if args.json {
        runs.iter()
            .try_for_each(|run| terminal::print_line(&object(run)))?;
    } else {
        terminal::print(&table(&runs))?;
    }
    terminal::finish()?;
    let Some(target) = target else {
        return Ok(());
    };
    let page = comparison(&args.folder.display().to_string(), &runs);
    target.write(|out| out.write_all(page.as_bytes()))?;
    if !target.is_dash() {
        terminal::status("Wrote", &target.path().display().to_string());
    }
    Ok(())
}

/// The folders of runs: this one, or those in it, in the order of their names.
fn folders(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let has_run = |folder: &PathBuf| folder.join(METRICS).is_file();
    let entries = std::fs::read_dir(folder).map_err(|e| unreadable(folder, &e))?;
    let inner = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let own = Some(folder.to_owned());
    let mut folders: Vec<PathBuf> = inner.chain(own).filter(has_run).collect();
    folders.sort_by(|a, b| natural(&a.to_string_lossy(), &b.to_string_lossy()));
    Ok(folders)
}

fn read(root: &Path, folder: &Path) -> Outcome<Compared> {
    let path = folder.join(METRICS);
    let text = String::from_utf8(files::read(&path)?).unwrap_or_default();
    let history = read_csv(&text).ok_or_else(|| {
        Failure::input(format!("`{}` is not the table of a run", path.display()))
            .help("take its folder away, or name another one")
    })?;
    let name = folder.strip_prefix(root).unwrap_or(folder);
    let name = match name.as_os_str().is_empty() {
        true => folder,
        false => name,
    };
    // Runs of before this was kept, or of other tools that leave the same table.
    let changed = Variation::of_run(folder, Variation::default()).map(|kept| kept.options());
    Ok(Compared {
        name: name.display().to_string(),
        changed: changed.unwrap_or_default(),
        history,
    })
}

fn order(runs: &mut [Compared], by: Sort) {
    let none_last = |figure: Option<f64>| figure.unwrap_or(f64::INFINITY);
    let key = |run: &Compared| match by {
        Sort::Name => 0.0,
        Sort::Accuracy => none_last(run.best().map(|epoch| -epoch.validation_accuracy)),
        Sort::Loss => none_last(run.history.last().map(|epoch| epoch.validation_loss)),
        Sort::Time => seconds(run),
    };
    // Stable: equals stay in the order of their names.
    runs.sort_by(|a, b| key(a).total_cmp(&key(b)));
}

fn seconds(run: &Compared) -> f64 {
    // A sum of nothing would be -0.
    run.history
        .iter()
        .fold(0.0, |sum, epoch| sum + epoch.seconds)
}

fn table(runs: &[Compared]) -> String {
    let mut table = Table::new(&[
        ("run", Align::Left),
        ("epochs", Align::Right),
        ("best acc.", Align::Right),
        ("in epoch", Align::Right),
        ("last acc.", Align::Right),
        ("last loss", Align::Right),
        ("time", Align::Right),
        ("changed", Align::Left),
    ]);
    for run in runs {
        let figure = |epoch: Option<&Epoch>, of: fn(&Epoch) -> String| {
            epoch.map_or_else(|| "-".to_owned(), of)
        };
        let (best, last) = (run.best(), run.history.last());
        table.row(vec![
            run.name.clone(),
            run.history.len().to_string(),
            figure(best, |epoch| format!("{:.4}", epoch.validation_accuracy)),
            figure(best, |epoch| (epoch.epoch + 1).to_string()),
            figure(last, |epoch| format!("{:.4}", epoch.validation_accuracy)),
            figure(last, |epoch| format!("{:.4}", epoch.validation_loss)),
            format!("{:.1} s", seconds(run)),
            run.changed.clone(),
        ]);
    }
    table.render()
}

fn object(run: &Compared) -> String {
    let (best, last) = (run.best(), run.history.last());
    json!({
        "run": run.name,
        "epochs": run.history.len(),
        "best_accuracy": best.map(|epoch| epoch.validation_accuracy),
        "best_epoch": best.map(|epoch| epoch.epoch + 1),
        "accuracy": last.map(|epoch| epoch.validation_accuracy),
        "loss": last.map(|epoch| epoch.validation_loss),
        "seconds": seconds(run),
        "changed": run.changed,
    })
    .to_string()
}
