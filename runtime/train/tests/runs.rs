//! The loop on a small network: it learns, stops, goes on, and goes on bit by bit.

#![allow(clippy::unwrap_used, reason = "a test may fail by it")]

mod common;

use common::{Toy, mnist, network, recipe};
use netc_plan::{Augment, Recipe, Restore, Schedule, Stop};
use netc_train::run::{
    Checkpoints, Ending, Epoch, Experiment, Interrupt, Network, Options, Outcomes, Progress,
    RunFolder, train,
};
use netc_train::{Error, ErrorKind, data};
use std::path::Path;
use std::time::Duration;

struct Done {
    weights: Vec<f32>,
    outcomes: Outcomes,
}

/// Trains in `folder/run`; goes on if there is a run.
fn go(
    folder: &Path,
    recipe: &Recipe,
    change: impl FnOnce(&mut Options, &mut Toy),
) -> Result<Done, Error> {
    go_with(&network(), folder, recipe, change)
}

fn go_with(
    network: &Network,
    folder: &Path,
    recipe: &Recipe,
    change: impl FnOnce(&mut Options, &mut Toy),
) -> Result<Done, Error> {
    let data = data::load(recipe, folder, &network.input)?;
    let experiment = Experiment::new(network, recipe, &data)?;
    let path = folder.join("run");
    let resume = path.join("resume.safetensors").exists();
    let mut options = Options {
        folder: if resume {
            RunFolder::open(&path)?
        } else {
            RunFolder::create(&path)?
        },
        resume,
        keep: Vec::new(),
        threads: 2,
        checkpoints: Checkpoints::Time(Duration::from_secs(60)),
        interrupt: Interrupt::default(),
        progress: Progress::silent(),
    };
    let mut toy = Toy::new(common::SIDE * common::SIDE, common::CLASSES);
    change(&mut options, &mut toy);
    let outcomes = train(&mut toy, &experiment, options)?;
    Ok(Done {
        weights: toy.values().to_vec(),
        outcomes,
    })
}

fn set() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    mnist(folder.path(), 200, 60);
    folder
}

/// The figures, without times.
fn figures(history: &[Epoch]) -> Vec<[f64; 5]> {
    let row = |e: &Epoch| {
        [
            e.loss,
            e.accuracy,
            e.validation_loss,
            e.validation_accuracy,
            e.rate,
        ]
    };
    history.iter().map(row).collect()
}

fn varied() -> Recipe {
    Recipe {
        augment: vec![
            Augment::Rotate(10.0),
            Augment::Shift(0.1, None),
            Augment::HFlip,
        ],
        schedule: vec![
            Schedule::Warmup(1),
            Schedule::Plateau {
                factor: 0.5,
                patience: 1,
                min_delta: 0.05,
                min_lr: 1e-4,
            },
        ],
        ..recipe()
    }
}

#[test]
fn it_learns_and_leaves_its_files() {
    let folder = set();
    let done = go(folder.path(), &recipe(), |_, _| ()).unwrap();
    let last = done.outcomes.history.last().unwrap();
    assert!(last.validation_accuracy > 0.9, "{last:?}");
    assert_eq!(
        (done.outcomes.ending, done.outcomes.steps),
        (Ending::Complete, 6 * 13)
    );
    let run = folder.path().join("run");
    for name in [
        "metrics.csv",
        "last.safetensors",
        "best.safetensors",
        "resume.safetensors",
    ] {
        assert!(run.join(name).is_file(), "{name}");
    }
    let table = std::fs::read_to_string(run.join("metrics.csv")).unwrap();
    assert_eq!(table.lines().count(), 7);
    let notes = netc_train::run::notes(&run.join("best.safetensors")).unwrap();
    assert_eq!(notes.classes.unwrap(), ["0", "1", "2"]);
    let pictures = notes.pictures.unwrap();
    assert_eq!((pictures.size, pictures.pad), ([common::SIDE; 2], 0));
    let other = RunFolder::create(&run).unwrap_err();
    assert!(
        other.to_string().contains("there is a run in this folder"),
        "{other}"
    );
}

/// Others may read what a run leaves as they may read any file of this user, and nothing else is left.
#[cfg(unix)]
#[test]
fn all_files_have_the_ordinary_mode() {
    use std::os::unix::fs::PermissionsExt;
    let folder = set();
    go(folder.path(), &recipe(), |_, _| ()).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
    let ordinary = folder.path().join("ordinary");
    std::fs::write(&ordinary, "").unwrap();
    let files = std::fs::read_dir(folder.path().join("run")).unwrap();
    let files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 6, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), mode(&ordinary), "{}", file.display());
    }
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads() {
    let one = go(set().path(), &varied(), |o, _| o.threads = 1).unwrap();
    let five = go(set().path(), &varied(), |o, _| o.threads = 5).unwrap();
    assert_eq!(one.weights, five.weights);
    assert_eq!(
        figures(&one.outcomes.history),
        figures(&five.outcomes.history)
    );
}

#[test]
fn six_epochs_equal_three_and_three() {
    let whole = go(set().path(), &varied(), |_, _| ()).unwrap();
    let folder = set();
    let half = Recipe {
        epochs: 3,
        ..varied()
    };
    let first = go(folder.path(), &half, |_, _| ()).unwrap();
    assert_ne!(first.weights, whole.weights);
    let second = go(folder.path(), &varied(), |_, _| ()).unwrap();
    assert_eq!(second.weights, whole.weights);
    assert_eq!(
        figures(&second.outcomes.history),
        figures(&whole.outcomes.history)
    );
    assert_eq!(second.outcomes.best, whole.outcomes.best);
}

#[test]
fn an_interrupted_run_goes_on_from_the_middle_of_an_epoch() {
    let whole = go(set().path(), &varied(), |_, _| ()).unwrap();
    interrupted(&whole, false);
}

#[test]
fn outcomes_that_come_late_are_all_counted() {
    let late = go(set().path(), &varied(), |_, toy| toy.late = true).unwrap();
    let whole = go(set().path(), &varied(), |_, _| ()).unwrap();
    assert_eq!(late.weights, whole.weights);
    assert_eq!(
        figures(&late.outcomes.history),
        figures(&whole.outcomes.history)
    );
    interrupted(&whole, true);
}

/// A run that is interrupted often comes to the same.
fn interrupted(whole: &Done, late: bool) {
    let folder = set();
    let mut rounds = 0;
    let done = loop {
        rounds += 1;
        let done = go(folder.path(), &varied(), |options, toy| {
            toy.pause = Duration::from_millis(1);
            toy.late = late;
            let interrupt = options.interrupt.clone();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(7 + 13 * rounds));
                interrupt.stop();
            });
        });
        let done = done.unwrap();
        if done.outcomes.ending != Ending::Interrupted {
            break done;
        }
    };
    assert!(rounds > 2, "{rounds}");
    assert_eq!(done.weights, whole.weights);
    assert_eq!(
        figures(&done.outcomes.history),
        figures(&whole.outcomes.history)
    );
}

/// 60 pictures in batches of 16 are four evaluations an epoch: the wish comes in the first epoch's second, or in the last epoch's.
#[test]
fn an_interrupted_evaluation_is_made_up_for() {
    let recipe = varied();
    let whole = go(set().path(), &recipe, |_, _| ()).unwrap();
    for evaluation in [1, 4 * (recipe.epochs - 1) + 1] {
        let folder = set();
        let stopped = go(folder.path(), &recipe, |options, toy| {
            toy.stop_in = Some((evaluation, options.interrupt.clone()));
        });
        let stopped = stopped.unwrap().outcomes;
        assert_eq!(stopped.ending, Ending::Interrupted);
        assert_eq!(stopped.history.len(), evaluation / 4);
        let done = go(folder.path(), &recipe, |_, _| ()).unwrap();
        assert_eq!(done.weights, whole.weights);
        assert_eq!(
            figures(&done.outcomes.history),
            figures(&whole.outcomes.history)
        );
    }
}

#[test]
fn another_recipe_cannot_resume() {
    let folder = set();
    go(
        folder.path(),
        &Recipe {
            epochs: 1,
            ..recipe()
        },
        |_, _| (),
    )
    .unwrap();
    let error = go(
        folder.path(),
        &Recipe {
            batch: 8,
            ..recipe()
        },
        |_, _| (),
    )
    .err()
    .unwrap();
    assert!(error.to_string().contains("batch 16, now 8"), "{error}");
}

#[test]
fn another_network_cannot_resume() {
    let folder = set();
    go(folder.path(), &recipe(), |_, _| ()).unwrap();
    let text = |layers: &[&str]| {
        let mut network = network();
        network.layers = layers.iter().map(|layer| (*layer).to_owned()).collect();
        let error = go_with(&network, folder.path(), &recipe(), |_, _| ()).err();
        error.unwrap().to_string()
    };
    assert!(text(&["FC(3) + RELU"]).contains("layer FC(3), now FC(3) + RELU"));
    assert!(text(&["FC(3)", "SOFTMAX"]).contains("layer none, now SOFTMAX"));
}

#[test]
fn schedules_and_stopping_may_change_when_a_run_goes_on() {
    let folder = set();
    let stops = |patience, epochs| Recipe {
        epochs,
        stop: Some(Stop {
            patience,
            min_delta: 1e3,
        }),
        ..recipe()
    };
    let done = go(folder.path(), &stops(1, 50), |_, _| ()).unwrap();
    assert_eq!(done.outcomes.history.len(), 2);
    let plateau = Schedule::Plateau {
        factor: 0.5,
        patience: 1,
        min_delta: 1e3,
        min_lr: 1e-4,
    };
    let longer = Recipe {
        schedule: vec![plateau],
        ..stops(50, 6)
    };
    let done = go(folder.path(), &longer, |_, _| ()).unwrap();
    assert_eq!(done.outcomes.ending, Ending::Complete);
    let rates: Vec<f64> = done.outcomes.history.iter().map(|e| e.rate).collect();
    assert_eq!(rates, [0.05, 0.05, 0.05, 0.05, 0.025, 0.0125]);
}

/// TensorBoard keeps the file open.
#[test]
fn events_are_added_to_their_file() {
    let folder = set();
    let run = folder.path().join("run");
    let short = Recipe {
        epochs: 2,
        ..recipe()
    };
    go(folder.path(), &short, |_, _| ()).unwrap();
    let events = || {
        let mut files = std::fs::read_dir(&run).unwrap().map(|f| f.unwrap().path());
        let is_events = |f: &std::path::PathBuf| f.to_string_lossy().contains("tfevents");
        files.find(is_events).unwrap()
    };
    let path = events();
    let before = std::fs::read(&path).unwrap();
    let reader = std::fs::File::open(&path).unwrap();
    // Killed within a record.
    let cut = before.len() as u64 - 5;
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(cut)
        .unwrap();
    go(folder.path(), &recipe(), |_, _| ()).unwrap();
    assert_eq!(events(), path);
    let after = std::fs::read(&path).unwrap();
    assert!(after.starts_with(&before) && after.len() > before.len());
    assert_eq!(reader.metadata().unwrap().len(), after.len() as u64);
}

#[test]
fn two_cannot_write_one_run() {
    let folder = set();
    let slow = |options: &mut Options, toy: &mut Toy| {
        toy.pause = Duration::from_millis(20);
        options.checkpoints = Checkpoints::Steps(1);
    };
    std::thread::scope(|scope| {
        let first = scope.spawn(|| go(folder.path(), &recipe(), slow).map(|_| ()));
        while !folder.path().join("run/resume.safetensors").exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let second = go(folder.path(), &recipe(), |_, _| ()).err().unwrap();
        assert!(
            second
                .to_string()
                .contains("another netc is writing this run")
        );
        first.join().unwrap().unwrap();
    });
}

#[test]
fn early_stopping_waits_and_the_best_weights_come_back() {
    let recipe = Recipe {
        epochs: 100,
        stop: Some(Stop {
            patience: 2,
            min_delta: 0.01,
        }),
        restore: Restore::Best,
        ..recipe()
    };
    let folder = set();
    let done = go(folder.path(), &recipe, |_, _| ()).unwrap();
    let history = &done.outcomes.history;
    assert_eq!(done.outcomes.ending, Ending::Early);
    assert!(history.len() < 60, "{}", history.len());
    assert!(done.outcomes.restored);
    let read = |name: &str| std::fs::read(folder.path().join("run").join(name)).unwrap();
    assert_eq!(read("last.safetensors"), read("best.safetensors"));
    let network = network();
    let data = data::load(&recipe, folder.path(), &network.input).unwrap();
    let experiment = Experiment::new(&network, &recipe, &data).unwrap();
    let mut toy = Toy::new(common::SIDE * common::SIDE, common::CLASSES);
    toy.set(&done.weights);
    let figure = experiment.test(&mut toy, 1).unwrap().accuracy;
    let (epoch, best) = done.outcomes.best.unwrap();
    assert_eq!(figure, best);
    assert!(
        epoch + 1 < history.len(),
        "the best is the last: nothing was restored"
    );
    let [.., best, a, b] = &history[..] else {
        panic!()
    };
    assert!(
        a.validation_loss > best.validation_loss - 0.01
            && b.validation_loss > best.validation_loss - 0.01
    );
}

#[test]
fn the_first_infinite_loss_stops_the_run() {
    for late in [false, true] {
        an_infinite_loss_stops_the_run(late);
    }
}

fn an_infinite_loss_stops_the_run(late: bool) {
    let schedule = vec![Schedule::Steps(vec![(2, 1e300)])];
    let folder = set();
    let error = go(
        folder.path(),
        &Recipe {
            schedule,
            ..recipe()
        },
        |_, toy| toy.late = late,
    )
    .err()
    .unwrap();
    assert_eq!(error.kind(), ErrorKind::Diverged);
    let text = error.to_string();
    for part in ["the loss is ", "at step 27 (epoch 3)", "learning rate 5"] {
        assert!(text.contains(part), "{text}");
    }
    // The checkpoint is that of the end of the second epoch.
    let table = std::fs::read_to_string(folder.path().join("run/metrics.csv")).unwrap();
    assert_eq!(table.lines().count(), 3);
}
