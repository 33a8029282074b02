//! `netc runs`: past runs beside each other.

#![allow(clippy::unwrap_used, reason = "a test fails by its panics")]

mod common;

use common::Folder;

/// A folder with three runs: of two epochs, of one with another rate, and one that has just begun.
fn folder() -> Folder {
    let folder = Folder::new();
    let head = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,waited\n";
    let run = |name: &str, rows: &str, settings: Option<&str>| {
        let path = folder.path("runs").join(name);
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("metrics.csv"), format!("{head}{rows}")).unwrap();
        if let Some(settings) = settings {
            std::fs::write(path.join("run.json"), settings).unwrap();
        }
    };
    run(
        "net-10",
        "1,1,0.5,0.9,0.6,0.1,2,0\n2,0.5,0.75,0.8,0.55,0.1,2,0\n",
        None,
    );
    let settings = "{ \"recipe\": \"fast\", \"settings\": { \"epochs\": \"1\" }, \"lr\": 0.5 }";
    run("net-2", "1,1,0.5,0.7,0.9,0.5,1,0\n", Some(settings));
    run("net-3", "", None);
    std::fs::create_dir(folder.path("runs/other")).unwrap();
    folder
}

#[test]
fn runs_stand_in_a_table() {
    let folder = folder();
    let run = folder.netc(["runs"]);
    insta::assert_snapshot!(run.succeeds().out);
    let first = |by: &str| {
        let run = folder.netc(["runs", "--sort", by]);
        let line = run.succeeds().out.lines().nth(2).unwrap().to_owned();
        line.split(' ').next().unwrap().to_owned()
    };
    let firsts = ["name", "accuracy", "loss", "time"].map(first);
    assert_eq!(firsts, ["net-2", "net-2", "net-2", "net-3"]);
    let run = folder.netc(["runs", "runs/net-10", "--json"]);
    let object: serde_json::Value = serde_json::from_str(run.succeeds().out.trim()).unwrap();
    assert_eq!(object["best_accuracy"], 0.6);
    assert_eq!(object["best_epoch"], 1);
    assert_eq!(object["loss"], 0.8);
}

#[test]
fn a_page_has_all_curves() {
    let folder = folder();
    let run = folder.netc(["runs", "-o", "all.html"]);
    assert!(run.succeeds().err.contains("Wrote all.html"), "{}", run.err);
    let page = folder.text("all.html");
    for part in [
        "net-10",
        "net-2",
        "net-3",
        "--recipe fast --epochs 1 --lr 0.5",
        "Validation loss",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(
        !page.contains("src=") && !page.contains("<script"),
        "it needs nothing else"
    );
}

#[test]
fn what_is_no_run_is_said() {
    let folder = folder();
    folder
        .netc(["runs", "gone"])
        .fails(2, &["cannot read `gone`: no such file"]);
    folder
        .netc(["runs", "runs/other"])
        .fails(1, &["there is no run in `runs/other`"]);
    folder.write("runs/other/metrics.csv", "a,b\n1,2\n");
    folder
        .netc(["runs"])
        .fails(1, &["other/metrics.csv` is not the table of a run"]);
    folder.write("runs/other/metrics.csv", [0xff, 0xfe]);
    folder
        .netc(["runs"])
        .fails(1, &["other/metrics.csv` is not the table of a run"]);
}
