//! `netc train`: from a recipe and data to weights.

use crate::cli::Train;
use crate::device::described;
use crate::experiment::{Setup, Variation, failure, threads};
use crate::failure::{Failure, Outcome};
use crate::files::{self, Target};
use crate::memory::{self, Images};
use crate::{claims, source, start, terminal};
use netc_compiler::text::thousands;
use netc_runtime::Weights;
use netc_train::evaluate::Evaluation;
use netc_train::pictures::{self, Page};
use netc_train::run::{
    Checkpoints, Ending, Experiment, Heard, Interrupt, Net, Network, Options, Outcomes, Progress,
    RunFolder, train,
};
use netc_train::{Error, augment, data, loader};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A sheet shows so many pictures, each so many times besides as it is.
const SHEET: (usize, u64) = (8, 9);

pub(crate) fn run(args: &Train) -> Outcome {
    let fail = |e: Error| failure(&e);
    apart(args)?;
    let device = args.device.open_to_train()?;
    let mut variation = Variation::new(args.recipe.as_ref(), &args.overrides);
    if let Some(run) = &args.resume {
        RunFolder::open(run).map_err(fail)?;
        variation = Variation::of_run(run, variation)?;
    }
    let setup = Setup::compile(&args.file, variation.which(), &variation)?;
    let (plan, training) = (&setup.plan, &setup.training);
    let recipe = &training.recipe;
    let threads = threads(args.threads.count);
    let data = data::load(recipe, args.data.as_deref(), &plan.input).map_err(fail)?;
    let network = Network::new(plan, recipe.loss);
    let experiment = Experiment::new(&network, recipe, &data).map_err(fail)?;
    if let Some(path) = &args.sheet {
        return sheet(args, path, &setup, &experiment);
    }
    say_what(&setup, &experiment, &described(&device, threads));
    check_memory(&setup, &data, threads)?;
    let weights = match args.resume {
        Some(_) => Weights::random(recipe.seed, &training.plan.params),
        None => start::weights(args.weights.as_deref(), &args.file, &setup)?,
    };
    let weights = weights.on(device);
    let mut net = Net::new(plan, &training.plan, recipe, &weights, threads).map_err(fail)?;
    drop(weights);
    let folder = folder(args)?;
    let verb = if args.resume.is_some() {
        "Resuming"
    } else {
        "Run"
    };
    terminal::status(verb, &format!("in {}", folder.path().display()));
    let options = options(args, &folder, &setup, &variation, threads)?;
    let start = Instant::now();
    let result = train(&mut net, &experiment, options).map_err(fail)?;
    if result.ending == Ending::Interrupted {
        pictures::curves(&folder, &result.history).map_err(fail)?;
        return Err(interrupted(args, &folder, result.steps));
    }
    say_result(&result, start.elapsed());
    let figures = experiment.test(&mut net, threads).map_err(fail)?;
    say_figures(&figures, data.test_name)?;
    let page = Page {
        name: &plan.name,
        source: setup.text(),
        test_name: data.test_name,
        facts: &facts(&setup, &variation, start.elapsed()),
    };
    let history = &result.history;
    pictures::all(&folder, history, &figures, &experiment, &page).map_err(fail)?;
    let shown = folder.path().display();
    terminal::status(
        "Wrote",
        &format!("{shown}/index.html, with weights, metrics and pictures beside it"),
    );
    claims::report(&setup, &figures, data.test_name)
}

/// Refuses a batch that does not fit.
fn check_memory(setup: &Setup, data: &data::Dataset, threads: usize) -> Outcome {
    let Setup { plan, training, .. } = setup;
    let images = Images {
        // Those of training, and beside them those of an evaluation.
        batches: 2 * loader::most_batches(threads),
        data: data.kept(),
    };
    let (optimizer, batch) = (&training.recipe.optimizer, training.recipe.batch);
    memory::check(&training.plan, plan, optimizer, batch, threads, &images)
}

/// Refuses to keep a run among its own data, or over the weights that it starts from.
fn apart(args: &Train) -> Outcome {
    if let (Some(out), Some(weights)) = (&args.out, &args.weights) {
        let folder = weights
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if files::is_same(out, folder.unwrap_or(Path::new("."))) {
            return Err(Failure::tool(format!(
                "`{}` holds the weights to start from, which the run might replace",
                out.display()
            ))
            .help("name another folder with `--out`"));
        }
    }
    match (&args.out, &args.data) {
        (Some(out), Some(data)) if files::is_same(out, data) => Err(Failure::tool(format!(
            "`{}` holds the data: the files of a run must not mix with it",
            out.display()
        ))
        .help("name another folder with `--out`")),
        _ => Ok(()),
    }
}

/// Writes augmented samples in place of training.
fn sheet(args: &Train, path: &Path, setup: &Setup, experiment: &Experiment<'_>) -> Outcome {
    let inputs = setup.inputs.iter().cloned();
    let inputs = inputs.chain(args.weights.clone());
    Target::new(path, inputs.chain(files::all_below(args.data.as_deref())))?;
    let (pictures, variants) = SHEET;
    let train = &experiment.data.train;
    augment::sheet(&experiment.pipeline, train, pictures, variants, path)
        .map_err(|e| failure(&e))?;
    terminal::status("Wrote", &path.display().to_string());
    Ok(())
}

/// How the run is kept, saved and shown.
fn options(
    args: &Train,
    folder: &RunFolder,
    setup: &Setup,
    variation: &Variation,
    threads: usize,
) -> Outcome<Options> {
    Ok(Options {
        folder: folder.clone(),
        resume: args.resume.is_some(),
        keep: [setup.files(folder.path()), vec![variation.file()]].concat(),
        threads,
        checkpoints: match args.save_steps {
            Some(n) => Checkpoints::Steps(n),
            None => Checkpoints::Time(Duration::from_secs(30)),
        },
        interrupt: interrupt(args, folder)?,
        progress: Progress::standard_error(),
    })
}

/// Ctrl-C, and what it says where it is not heeded at once.
fn interrupt(args: &Train, folder: &RunFolder) -> Outcome<Interrupt> {
    let [file, run] = [args.file.as_path(), folder.path()].map(source::quoted);
    let data = data_option(args);
    let say = move |heard| match heard {
        Heard::Finishing => {
            terminal::note_in_passing("this step is finished first; Ctrl-C again gives it up");
        }
        Heard::Ending => {
            terminal::status("Interrupted", "after the last epoch; everything is saved");
            terminal::help(&format!("`netc eval {file}{data} --run {run}` judges it"));
        }
    };
    Interrupt::on_ctrl_c(say).map_err(|e| failure(&e))
}

/// The result, for scripts.
fn say_figures(figures: &Evaluation, test_name: &str) -> Outcome {
    terminal::print_line(&format!(
        "{test_name}_loss: {:.4} - {test_name}_accuracy: {:.4}",
        figures.loss, figures.accuracy
    ))?;
    terminal::finish()
}

/// Says how to go on; the code is the shell's convention, 128 + SIGINT.
fn interrupted(args: &Train, folder: &RunFolder, steps: u64) -> Failure {
    terminal::status(
        "Interrupted",
        &format!("after step {steps}; everything is saved"),
    );
    let [file, run] = [args.file.as_path(), folder.path()].map(source::quoted);
    let data = data_option(args);
    terminal::help(&format!("`netc train {file}{data} --resume {run}` goes on"));
    Failure::exit(130)
}

/// ` --data DIR`, where it was given.
fn data_option(args: &Train) -> String {
    let data = args.data.as_deref().map(source::quoted);
    data.map_or_else(String::new, |data| format!(" --data {data}"))
}

/// What a run has come to, before it is judged.
fn say_result(result: &Outcomes, took: Duration) {
    let early = if result.ending == Ending::Early {
        " (stopped early)"
    } else {
        ""
    };
    terminal::status(
        "Trained",
        &format!(
            "{} in {:.1} s{early}; {:.1} % of the time waiting for data",
            source::plural(result.history.len(), "epoch"),
            took.as_secs_f64(),
            100.0 * result.waited
        ),
    );
    let Some((epoch, figure)) = result.best else {
        return;
    };
    let restored = if result.restored {
        ", whose weights the network now has"
    } else {
        ""
    };
    let epoch = epoch + 1;
    terminal::status(
        "Best",
        &format!("epoch {epoch} ({figure:.4} on the validation set){restored}"),
    );
}

/// What the page of a run says besides its figures.
fn facts(setup: &Setup, variation: &Variation, took: Duration) -> Vec<(String, String)> {
    let recipe = &setup.training.recipe;
    let params: usize = setup.plan.params.iter().map(netc_plan::Param::len).sum();
    let fact = |what: &str, value: String| (what.to_owned(), value);
    let mut facts = vec![
        fact(
            "recipe",
            recipe.name.clone().unwrap_or_else(|| "default".to_owned()),
        ),
        fact("parameters", thousands(params as u64)),
        fact("batch", recipe.batch.to_string()),
        fact("seed", recipe.seed.to_string()),
        fact(
            "time of the last call",
            format!("{:.1} s", took.as_secs_f64()),
        ),
    ];
    let changed = variation.to_string();
    if !changed.is_empty() {
        facts.push(fact("changed", changed));
    }
    facts
}

/// The network, the data and the recipe, in two lines.
fn say_what(setup: &Setup, experiment: &Experiment<'_>, on: &str) {
    let recipe = experiment.recipe;
    let data = experiment.data;
    let name = match &recipe.name {
        Some(name) => format!("{} by `{name}`", setup.plan.name),
        None => setup.plan.name.clone(),
    };
    terminal::status(
        "Training",
        &format!(
            "{name}: batch {}, {}, seed {}, {on}",
            recipe.batch,
            source::plural(recipe.epochs, "epoch"),
            recipe.seed
        ),
    );
    let judged = if data.held_out {
        "held out"
    } else {
        "the test set"
    };
    terminal::status(
        "Data",
        &format!(
            "{}, {} for validation ({judged}), {} classes",
            source::plural(data.train.len(), "picture"),
            data.validation.len(),
            data.classes.len()
        ),
    );
    let (classes, outputs) = (data.classes.len(), setup.plan.output.iter().product());
    if classes < outputs {
        terminal::warning(&format!(
            "the data has {classes} classes, and the network {outputs} outputs: no label will ask for the others"
        ));
    }
}

/// The folder of the run: the one named, the one to go on with, or the first free one under `runs`.
fn folder(args: &Train) -> Outcome<RunFolder> {
    let fail = |e: Error| failure(&e);
    match (&args.resume, &args.out) {
        (Some(run), _) => RunFolder::open(run).map_err(fail),
        (None, Some(out)) => RunFolder::create(out).map_err(fail),
        (None, None) => RunFolder::create(&free(args)).map_err(fail),
    }
}

/// `runs/lenet5_mnist`, `runs/lenet5_mnist-augmented-2`
fn free(args: &Train) -> PathBuf {
    let stem = args.file.file_stem().unwrap_or(args.file.as_os_str());
    let mut name = stem.to_string_lossy().into_owned();
    if let Some(recipe) = &args.recipe {
        name = format!("{name}-{recipe}");
    }
    let folder = Path::new("runs");
    let numbered = (2..).map(|n| folder.join(format!("{name}-{n}")));
    let mut all = std::iter::once(folder.join(&name)).chain(numbered);
    all.find(|path| !path.exists()).unwrap_or_default()
}
