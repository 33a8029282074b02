//! A process that is killed at any moment loses at most the steps since its last checkpoint.

#![allow(clippy::unwrap_used, reason = "a test may fail by it")]

mod common;

use common::{Toy, mnist, network, recipe};
use netc_train::data;
use netc_train::run::{Checkpoints, Experiment, Interrupt, Options, Progress, RunFolder, train};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const FOLDER: &str = "NETC_TEST_RUN";

/// What the child process does.
fn work(folder: &Path) -> Vec<f32> {
    let (network, recipe) = (network(), recipe());
    let data = data::load(&recipe, folder, &network.input).unwrap();
    let experiment = Experiment::new(&network, &recipe, &data).unwrap();
    let run = folder.join("run");
    let resume = run.join("resume.safetensors").exists();
    let options = Options {
        folder: if resume {
            RunFolder::open(&run)
        } else {
            RunFolder::create(&run)
        }
        .unwrap(),
        resume,
        keep: Vec::new(),
        threads: 1,
        checkpoints: Checkpoints::Steps(3),
        interrupt: Interrupt::default(),
        progress: Progress::silent(),
    };
    let mut toy = Toy::new(common::SIDE * common::SIDE, common::CLASSES);
    toy.pause = Duration::from_millis(3);
    train(&mut toy, &experiment, options).unwrap();
    toy.values().to_vec()
}

/// Not a test of its own: the process that [`killed_at_random_moments`] starts.
#[test]
fn child() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        work(&PathBuf::from(folder));
    }
}

#[test]
fn killed_at_random_moments() {
    let folder = tempfile::tempdir().unwrap();
    mnist(folder.path(), 200, 60);
    let whole = tempfile::tempdir().unwrap();
    mnist(whole.path(), 200, 60);
    let wanted = work(whole.path());

    let mut kills = 0;
    for round in 0u64.. {
        assert!(
            round < 300,
            "no progress: each round keeps at least its checkpoints"
        );
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Spread over the whole of a run: 78 steps of at least three milliseconds.
        std::thread::sleep(Duration::from_micros(20_000 + round * 79_190 % 250_000));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(kills >= 3, "{kills}");
    // Nothing is left to do: the run gives its result.
    assert_eq!(work(folder.path()), wanted);
    let metrics = |folder: &Path| {
        let table = std::fs::read_to_string(folder.join("run/metrics.csv")).unwrap();
        let figures = |line: &str| line.split(',').take(6).collect::<Vec<_>>().join(",");
        table.lines().map(figures).collect::<Vec<_>>()
    };
    assert_eq!(metrics(folder.path()), metrics(whole.path()));
}
