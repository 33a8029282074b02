//! A whole run with its pictures. `NETC_PICTURES=folder cargo test -p netc-train --test pictures` keeps them, to be looked at.

#![allow(clippy::unwrap_used, reason = "a test may fail by it")]

mod common;

use common::{Toy, mnist, network, recipe};
use netc_plan::{Augment, Recipe};
use netc_train::run::{Checkpoints, Experiment, Interrupt, Options, Progress, RunFolder, train};
use netc_train::{augment, data, pictures};
use std::time::Duration;

#[test]
fn a_run_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    mnist(folder.path(), 300, 120);
    let recipe = Recipe {
        augment: vec![Augment::Rotate(15.0), Augment::Shift(0.1, None)],
        ..recipe()
    };
    let network = network();
    let data = data::load(&recipe, folder.path(), &network.input).unwrap();
    let experiment = Experiment::new(&network, &recipe, &data).unwrap();
    let run = RunFolder::create(&folder.path().join("run")).unwrap();
    let options = Options {
        folder: run.clone(),
        resume: false,
        keep: Vec::new(),
        threads: 2,
        checkpoints: Checkpoints::Time(Duration::from_secs(60)),
        interrupt: Interrupt::default(),
        progress: Progress::silent(),
    };
    let mut toy = Toy::new(common::SIDE * common::SIDE, common::CLASSES);
    let outcomes = train(&mut toy, &experiment, options).unwrap();
    let test = experiment.test(&mut toy, 2).unwrap();
    let page = pictures::Page {
        name: "Toy & <co>",
        source: "INPUT(6x6x1) => FC(3)\n",
        test_name: data.test_name,
        facts: &[],
    };
    pictures::all(&run, &outcomes.history, &test, &experiment, &page).unwrap();
    augment::sheet(
        &experiment.pipeline,
        &data.train,
        6,
        9,
        &run.path().join("augmented.png"),
    )
    .unwrap();

    for name in ["accuracy", "loss", "confusion", "mistakes", "augmented"] {
        let picture = image::open(run.path().join(format!("{name}.png")))
            .unwrap()
            .to_rgb8();
        let first = *picture.get_pixel(0, 0);
        assert!(picture.pixels().any(|p| *p != first), "{name} is empty");
    }
    // Text is drawn: with the font that comes along, wherever this runs.
    let title = image::open(run.path().join("accuracy.png"))
        .unwrap()
        .crop_imm(128, 30, 200, 50)
        .to_luma8();
    assert!(title.pixels().filter(|p| p.0[0] < 128).count() > 300);
    let html = std::fs::read_to_string(run.path().join("index.html")).unwrap();
    assert!(html.contains("Toy &amp; &lt;co&gt;") && html.matches("<svg").count() == 4);
    if let Some(keep) = std::env::var_os("NETC_PICTURES") {
        for entry in std::fs::read_dir(run.path()).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(
                &path,
                std::path::Path::new(&keep).join(path.file_name().unwrap()),
            )
            .unwrap();
        }
    }
}
